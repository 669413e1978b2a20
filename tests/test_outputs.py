"""A proxy that repeats our password and sends everything a terminal, a browser, an XML parser or a CI log would obey: no output passes any of it on."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import unicodedata
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pytest
from anyio.from_thread import start_blocking_portal

from tests.lab import Lab
from tests.leaks import PASSWORD, Planted
from tests.loopback import Script, by_request, hear, say

PLANTED = Planted("svc")
USER, PAIR, FORMS = PLANTED.user, PLANTED.pair, PLANTED.forms
HOSTILE = (
    "\x1b[31m\x1b]0;owned\x07 \x9b2J \r\n::error::owned\r\n##vso[task.complete] ]]> <script>alert(1)</script> "
    "\u202egnp.exe\u2066 \u200b\ufeff\x00 @everyone ![x](http://evil)"
)
FORMATS = {"text": "txt", "json": "json", "junit": "xml", "markdown": "md"}

PROFILE = """
profile: hostile
defaults: {attempts: 1, timeout: 20s}
checks:
- {kind: proxy-config, name: proxy-config}
- {kind: no-proxy, name: no-proxy}
- {kind: proxy, name: proxy-https, scheme: https}
- {kind: proxy-honest, name: proxy-honest}
- {kind: https, name: denied, target: denied.example, proof: google-api}
- {kind: https, name: redirected, target: redirected.example, proof: google-api}
- {kind: https, name: failed, target: failed.example, proof: google-api}
- {kind: https, name: banner, target: banner.example, proof: google-api}
- {kind: https, name: broken, target: broken.example, proof: google-api}
- {kind: https, name: leading, target: leading.example, proof: google-api}
- {kind: http, name: page, target: "http://page.example/", proof: ubuntu-archive}
- {kind: clock, name: clock}
"""


def repeated(form: str) -> bytes:
    return f"{form} {HOSTILE}".encode().replace(b"\r\n", b" ").replace(b"\x00", b"")


def answer(status: str, form: str, *headers: str) -> bytes:
    body = f"<html><title>{form} {HOSTILE}</title>{form}</html>".encode()
    told = repeated(form).replace(b"\x1b", b"").replace(b"\x07", b"").decode("utf-8").encode("latin-1", "replace")
    lines = [f"HTTP/1.1 {status} ".encode() + told, b"Server: squid " + told, b"Via: " + told, *(line.encode() for line in headers)]
    return b"\r\n".join([*lines, b"Content-Type: text/html", b"Content-Length: %d" % len(body), b"", body])


def world() -> Script:
    forms = sorted(FORMS)
    talks = {
        "denied": answer("403", forms[0], f"X-Squid-Error: ERR_ACCESS_DENIED {PAIR}"),
        "redirected": answer("302", forms[1], f"Location: http://portal.example/?p={quote(PASSWORD, safe='')}&authorization=Basic+{PAIR}"),
        "failed": answer("502", forms[2], f'Proxy-Status: x; error=dns_error; details="{PAIR}"'),
        "banner": f"SSH-2.0-{PASSWORD}".encode() + HOSTILE.encode(),
        "broken": f"HTTP/1.1 2xx {PASSWORD} {PAIR}".encode() + HOSTILE.encode() + b"\r\n\r\n",
        "leading": b"HTTP/1.1 200 OK\r\n\r\n<html><title>" + f"{PASSWORD} {HOSTILE} {PAIR}".encode(),
        "page": answer("200", forms[-1]),
        ".invalid": answer("503", forms[3]),
    }
    return (hear, by_request({name: (say(data),) for name, data in talks.items()}, (say(answer("500", PASSWORD)),)))


@dataclass(frozen=True, slots=True)
class Home:
    """A directory with the two files in it, and the outputs of one run."""

    path: Path

    def preflight(self, *args: str) -> str:
        """What the command printed, both streams, as it came."""
        env = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
        done = subprocess.run([sys.executable, "-m", "preflight", *args], cwd=self.path, env=env, capture_output=True, check=False, timeout=60)
        assert done.returncode in {0, 1, 2, 3}, done.stderr
        return (done.stdout + done.stderr).decode("utf-8")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    path = tmp_path_factory.mktemp("hostile")
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(portal.call(Lab)) as lab:
        server = portal.call(lab.serve, world())
        proxy = path / "proxy.json"
        proxy.touch(0o600)
        url = f"http://{USER}:{quote(PASSWORD, safe='')}@127.0.0.1:{server.port}"
        proxy.write_text(json.dumps({"httpProxy": url, "noProxy": "localhost,127.0.0.1"}))
        (path / "checks.yaml").write_text(PROFILE)
        yield Home(path)
        assert any(PAIR in value for value in server.carried("Proxy-Authorization")), "the password was really sent"


@pytest.fixture(scope="module")
def outputs(home: Home) -> dict[str, str]:
    """Every output there is."""
    reports = [part for name, suffix in FORMATS.items() for part in ("--report", f"{name}=out.{suffix}")]
    walks = [f"https://{name}.example" for name in ("denied", "banner", "broken", "leading", "redirected")]
    found = {
        "run": home.preflight("run", "--proxy-file", "proxy.json", *reports),
        "run -v": home.preflight("run", "--proxy-file", "proxy.json", "-v"),
        "walk": home.preflight("walk", "--proxy-file", "proxy.json", *walks),
        "plan": home.preflight("plan", "--proxy-file", "proxy.json"),
        "plan json": home.preflight("plan", "--proxy-file", "proxy.json", "--report", "json"),
    }
    return found | {name: (home.path / f"out.{suffix}").read_text() for name, suffix in FORMATS.items()}


NAMES = ("run", "run -v", "walk", "plan", "plan json", *FORMATS)


@pytest.mark.parametrize("name", NAMES)
def test_the_password_is_in_no_output(outputs: dict[str, str], name: str) -> None:
    assert not PLANTED.leaks(outputs[name])


@pytest.mark.parametrize("name", NAMES)
def test_no_control_or_bidi_character_gets_out(outputs: dict[str, str], name: str) -> None:
    obeyed = {char for char in outputs[name] if unicodedata.category(char) in {"Cc", "Cf", "Cs", "Zl", "Zp"} and char != "\n"}
    assert not obeyed


@pytest.mark.parametrize("name", ["run", "run -v", "walk", "text", "markdown"])
def test_no_line_is_a_command_to_ci(outputs: dict[str, str], name: str) -> None:
    assert not re.search(r"^\s*::|##vso\[", outputs[name], re.MULTILINE)


def test_the_xml_is_well_formed_and_the_json_is_json(outputs: dict[str, str]) -> None:
    ET.fromstring(outputs["junit"])  # noqa: S314 - our own file
    assert json.loads(outputs["json"])["schema"] == "preflight/report/1"


def test_the_markdown_holds_no_markup_of_theirs(outputs: dict[str, str]) -> None:
    outside = re.sub(r"(`+)(?:.*?[^`])\1(?!`)", "", outputs["markdown"], flags=re.DOTALL)
    assert "<script" not in outside
    assert "![x](" not in outside


def test_the_hostile_world_was_met(outputs: dict[str, str]) -> None:
    """Else the tests above would prove nothing."""
    codes = {finding["code"] for result in json.loads(outputs["json"])["results"] for finding in result["findings"]}
    assert {"proxy.denied", "proxy.captive-portal", "proxy.upstream-dns", "proxy.not-http", "proxy.malformed", "tunnel.unexpected-bytes"} <= codes
    assert "***" in outputs["text"]


@pytest.mark.parametrize("spoilt", [f'{{"httpProxy": "http://{USER}:{PASSWORD}@127.0.0.1:1"}}', f'{{"httpProxy": "{PASSWORD}', f"[{PASSWORD!r}]"])
def test_a_file_that_does_not_parse_is_not_repeated(home: Home, spoilt: str) -> None:
    (home.path / "spoilt.json").write_text(spoilt)
    said = home.preflight("run", "--proxy-file", "spoilt.json")
    assert "spoilt.json" in said
    assert not PLANTED.leaks(said)


def test_a_bug_is_reported_without_what_the_variables_held(home: Home) -> None:
    """The last line of defence says where, and nothing that the exception says."""
    code = f"""
import sys
import preflight.session
def broken(*_): raise RuntimeError({PASSWORD!r})
preflight.session.world = broken
sys.argv = ["preflight", "run", "--proxy-file", "proxy.json"]
from preflight.__main__ import main
main()
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=home.path, capture_output=True, check=False, timeout=60)
    assert done.returncode == 4
    assert b"RuntimeError at" in done.stderr
    assert not PLANTED.leaks(done.stdout + done.stderr)
