"""A stranger's check, installed as strangers install theirs, is found by its entry point and runs by our rules."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

PLUGIN = Path(__file__).parent / "plugin"
ISSUER = "http://login.example.com/realms/ours"
KEYS = "http://keys.example.net/certs"
PASSWORD = "Pl4nted-in-the-proxy-file"
DOCUMENT = {"issuer": ISSUER, "jwks_uri": KEYS}
SOUND = {f"{ISSUER}/.well-known/openid-configuration": (200, DOCUMENT), KEYS: (200, {"keys": [{"kty": "RSA"}]})}

CRASHES = f"""\
from typing import ClassVar

from preflight.check import Check


class CrashCheck(Check[None], frozen=True, kw_only=True, tag="crash"):
    \"\"\"Quotes what it should not.\"\"\"

    kind: ClassVar[str] = "crash"

    async def observe(self, world):
        raise RuntimeError("{PASSWORD} is what I was given, and Pl4nted-by-the-plugin as well")
"""


@dataclass
class Proxied:
    """A forward proxy that answers for every origin: by URL, status and body. It notes what it was asked."""

    answers: dict[str, tuple[int, Any]]
    port: int = 0
    asked: list[tuple[str, str | None]] = field(default_factory=list)


@pytest.fixture
def proxied() -> Iterator[Proxied]:
    proxied = Proxied(dict(SOUND))

    class Proxy(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            proxied.asked.append((self.path, self.headers["Proxy-Authorization"]))
            status, body = proxied.answers.get(self.path, (403, "no"))
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            if status == 403:
                self.send_header("X-Squid-Error", "ERR_ACCESS_DENIED 0")
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Proxy) as server:
        proxied.port = server.server_port
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield proxied
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory that the sample was installed into, built from its own pyproject.toml without any network."""
    site = tmp_path_factory.mktemp("site")
    flags = ["--quiet", "--no-deps", "--no-index", "--no-build-isolation", "--disable-pip-version-check", "--target", str(site)]
    subprocess.run([sys.executable, "-m", "pip", "install", *flags, str(PLUGIN)], check=True, capture_output=True, timeout=120)
    return site


@dataclass(frozen=True)
class Ended:
    """How a run of the command ended: its exit code, all its output, and its JSON report if it came so far."""

    code: int
    output: str
    report: dict[str, Any] | None

    def codes(self, name: str) -> list[str]:
        results = self.report["results"] if self.report else []
        return [finding["code"] for result in results if result["name"] == name for finding in result["findings"]]


Run = Callable[..., Ended]


@pytest.fixture
def run(tmp_path: Path, proxied: Proxied) -> Run:
    """Runs the command in a directory of its own, behind the proxy; `sites` are where plugins were installed."""

    def run(*sites: Path, profile: str) -> Ended:
        proxy = f"http://user:{PASSWORD}@127.0.0.1:{proxied.port}"
        (tmp_path / "proxy.json").touch(mode=0o600)
        (tmp_path / "proxy.json").write_text(json.dumps({"httpProxy": proxy}))
        (tmp_path / "checks.yaml").write_text(profile)
        told = [tmp_path / "report.json", tmp_path / "report.xml", tmp_path / "report.md"]
        reports = [f"--report={name}={path}" for name, path in zip(("json", "junit", "markdown"), told, strict=True)]
        command = [sys.executable, "-m", "preflight", "run", "--config", "checks.yaml", "--proxy-file", "proxy.json", "-v", *reports]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, sites))}
        ended = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60, check=False)
        written = [path.read_text() for path in told if path.exists()]
        return Ended(ended.returncode, "\n".join((ended.stdout, ended.stderr, *written)), json.loads(written[0]) if written else None)

    return run


def offer(site: Path, kind: str, value: str, module: str) -> Path:
    """A distribution in `site`, as an installer leaves one behind."""
    information = site / f"{kind}-1.0.dist-info"
    information.mkdir(parents=True)
    (information / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {kind}\nVersion: 1.0\n")
    (information / "entry_points.txt").write_text(f"[preflight.checks]\n{kind} = {value}\n")
    (site / f"{value.partition(':')[0]}.py").write_text(module)
    return site


def test_the_documented_check_runs_through_its_entry_point(run: Run, installed: Path, proxied: Proxied) -> None:
    ended = run(installed, profile=(PLUGIN / "checks.yaml").read_text())
    assert (ended.code, ended.codes("login.example.com")) == (0, ["ok"])
    assert "keys.example.net has 1 of its keys" in ended.output
    urls = [url for url, _ in proxied.asked]
    assert urls[-2:] == list(SOUND)
    assert {authorization and authorization.partition(" ")[0] for _, authorization in proxied.asked} == {"Basic"}
    assert PASSWORD not in ended.output


def test_a_host_that_the_allow_list_forgot_is_named(run: Run, installed: Path, proxied: Proxied) -> None:
    del proxied.answers[KEYS]
    ended = run(installed, profile=(PLUGIN / "checks.yaml").read_text())
    assert (ended.code, ended.codes("login.example.com")) == (1, ["proxy.denied"])
    assert "add the line `keys.example.net`" in ended.output


def test_its_fields_are_as_strict_as_ours(run: Run, installed: Path, proxied: Proxied) -> None:
    ended = run(installed, profile=(PLUGIN / "checks.yaml").read_text().replace("issuer:", "isuer:"))
    assert ended.code == 2
    assert "checks.yaml:7" in ended.output
    assert "did you mean `issuer`" in ended.output
    assert proxied.asked == []


@pytest.mark.parametrize(
    ("value", "module"),
    [
        ("ill:IllCheck", f"raise RuntimeError('{PASSWORD}')"),
        ("ill:Missing", ""),
        ("ill:IllCheck", "class IllCheck: kind = 'ill'"),
    ],
)
def test_a_plugin_that_cannot_be_imported_is_an_input_error(value: str, module: str, run: Run, tmp_path: Path, proxied: Proxied) -> None:
    ended = run(offer(tmp_path / "site", "ill", value, module), profile="checks:\n- {kind: ill, name: one}\n")
    assert ended.code == 2
    assert f"the check kind 'ill' is offered by {value}" in ended.output or f"the check kind 'ill' of {value} cannot be imported" in ended.output
    assert PASSWORD not in ended.output
    assert proxied.asked == []


def test_a_plugin_that_nobody_names_is_not_imported(run: Run, installed: Path, tmp_path: Path) -> None:
    ill = offer(tmp_path / "site", "ill", "ill:IllCheck", "raise SystemExit(9)")
    assert run(installed, ill, profile=(PLUGIN / "checks.yaml").read_text()).code == 0


def test_a_plugin_that_crashes_harms_only_itself(run: Run, installed: Path, tmp_path: Path) -> None:
    crash = offer(tmp_path / "site", "crash", "crashing:CrashCheck", CRASHES)
    ended = run(installed, crash, profile=(PLUGIN / "checks.yaml").read_text() + "- {kind: crash, name: crash}\n")
    assert (ended.code, ended.codes("crash"), ended.codes("login.example.com")) == (3, ["internal.crashed"], ["ok"])
    assert "RuntimeError at crashing:12" in ended.output
    assert "Pl4nted" not in ended.output


def test_the_command_lists_a_stranger_beside_ours(installed: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(installed)}
    shown = subprocess.run([sys.executable, "-m", "preflight", "checks"], env=environment, capture_output=True, text=True, timeout=60, check=True).stdout
    assert [line.split()[0] for line in shown.splitlines()][-1] == "oidc-issuer"
