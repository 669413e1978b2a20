"""The lab is what it says: each server seen with curl, so that a failing interop test accuses `preflight` and not its surroundings."""

from __future__ import annotations

import json
import subprocess
from contextlib import ExitStack
from pathlib import Path

import pytest

from .authority import Authority
from .conftest import start
from .lab import USER, Lab, laboratory
from .origins import EXPIRED, GOOGLE_NAMES, INCOMPLETE, MIRROR
from .process import listens, program
from .squid import Squid

pytestmark = pytest.mark.interop

_CURL_UNTRUSTED = 60
_CURL_NO_TUNNEL = 56


def curl(url: str, port: int, trusted: Path, *more: str, user: str = "user:password") -> subprocess.CompletedProcess[str]:
    """What curl makes of a URL through the proxy on this port: the whole answer with its headers."""
    argv = [program("curl"), "-q", "-sS", "-i", "--max-time", "60", "--proxy", f"http://{user}@127.0.0.1:{port}", "--cacert", str(trusted), *more, url]
    return subprocess.run(argv, capture_output=True, text=True, check=False, timeout=90, env={"PATH": "/usr/bin:/bin"})


@pytest.mark.parametrize("name", ["gcr.io", "k8s.gcr.io"])
def test_a_google_registry_asks_for_a_token(lab: Lab, squid: Squid, name: str) -> None:
    """401, a Bearer challenge and the registry's own header."""
    seen = curl(f"https://{name}/v2/", squid.port, lab.trusted, "--http1.1").stdout
    assert "HTTP/1.1 401" in seen
    assert f'WWW-Authenticate: Bearer realm="https://{name}/v2/token",service="{name}"' in seen
    assert "Docker-Distribution-Api-Version: registry/2.0" in seen
    assert seen.endswith('"detail":null}]}')


@pytest.mark.parametrize("name", [name for name in GOOGLE_NAMES if name.endswith("googleapis.com")])
def test_a_google_api_says_not_found_in_googles_words(lab: Lab, squid: Squid, name: str) -> None:
    """404 with the JSON error that Google's front ends share."""
    seen = curl(f"https://{name}/", squid.port, lab.trusted, "--http1.1", "--suppress-connect-headers").stdout
    head, body = seen.split("\n\n", 1)
    assert "HTTP/1.1 404" in head
    assert json.loads(body)["error"]["status"] == "NOT_FOUND"


def test_the_mirror_serves_what_apt_fetches(lab: Lab, squid: Squid) -> None:
    """In clear, through the proxy in absolute form, and it lets a CONNECT through as well."""
    seen = curl(f"http://{MIRROR}/ubuntu/dists/jammy/InRelease", squid.port, lab.trusted).stdout
    assert "-----BEGIN PGP SIGNED MESSAGE-----" in seen
    assert "\nOrigin: Ubuntu\n" in seen
    assert "200" in curl(f"https://{MIRROR}/", squid.port, lab.trusted, "-I").stdout


def test_an_image_is_pulled_from_where_the_registry_sends_us(lab: Lab, squid: Squid) -> None:
    """Token, manifest, blob: the blob of docker.io comes from another host, as the real one's does."""
    token = json.loads(curl("https://auth.docker.io/token", squid.port, lab.trusted, "--no-include").stdout)["token"]
    bearer = ("-H", f"Authorization: Bearer {token}", "--no-include")
    base = "https://registry-1.docker.io/v2/library/alpine"
    wanted = "Accept: application/vnd.docker.distribution.manifest.v2+json"
    manifest = json.loads(curl(f"{base}/manifests/3.19", squid.port, lab.trusted, "-H", wanted, *bearer).stdout)
    blob = f"{base}/blobs/{manifest['config']['digest']}"
    moved = curl(blob, squid.port, lab.trusted, "-o", "/dev/null", "-w", "%{redirect_url}", *bearer).stdout
    assert moved.startswith("https://production.cloudflare.docker.com/")
    assert json.loads(curl(moved, squid.port, lab.trusted, "--no-include").stdout)["os"] == "linux"


def test_broken_certificates_are_broken(lab: Lab, squid: Squid) -> None:
    """An expired leaf and a forgotten intermediate are refused by curl too."""
    for name in (EXPIRED, INCOMPLETE):
        assert curl(f"https://{name}/", squid.port, lab.trusted).returncode == _CURL_UNTRUSTED


def test_a_lab_may_hold_more_names() -> None:
    """Any number of them behind one wildcard, as the benchmarks want."""
    with ExitStack() as stack:
        lab = start(stack, lambda: laboratory({"*.many.test": "location / { return 200 here; }"}))
        proxy = start(stack, lab.squid)
        assert [curl(f"https://t{number}.many.test/", proxy.port, lab.trusted, "--no-include").stdout for number in (1, 2000)] == ["here", "here"]


def test_squid_refuses_unknown_users_and_unknown_names(lab: Lab, squid: Squid) -> None:
    """407 for the first, and no tunnel for the second."""
    wrong = curl("https://gcr.io/v2/", squid.port, lab.trusted, user="user:wrong")
    assert wrong.returncode == _CURL_NO_TUNNEL
    assert " 407 " in wrong.stdout
    unknown = curl("https://no-such-name.invalid/", squid.port, lab.trusted)
    assert unknown.returncode == _CURL_NO_TUNNEL
    assert "X-Squid-Error: ERR_" in unknown.stdout


def test_squid_says_whom_it_let_in(lab: Lab) -> None:
    """The access log tells requests with credentials from those without; a denied name is a 403; a stopped squid is gone."""
    with ExitStack() as stack:
        proxy = start(stack, lambda: lab.squid(auth=USER, deny=["gcr.io"]))
        assert "ERR_ACCESS_DENIED" in curl("https://gcr.io/v2/", proxy.port, lab.trusted).stdout
        assert curl("https://www.googleapis.com/", proxy.port, lab.trusted).returncode == 0
        assert [line.split()[0] for line in proxy.requests(at_least=2)] == ["403", "200"]
        assert len(proxy.with_credentials()) == len(proxy.requests())
        proxy.stop()
        assert not listens("127.0.0.1", proxy.port)


def test_squid_cannot_reach_what_is_not_there(lab: Lab) -> None:
    """Names of this world may point to nowhere, or be gone."""
    with ExitStack() as stack:
        stack.enter_context(lab.names.changed({"gcr.io": lab.dead, "k8s.gcr.io": None}))
        proxy = start(stack, lambda: lab.squid(auth=USER))
        assert "ERR_CONNECT_FAIL 111" in curl("https://gcr.io/v2/", proxy.port, lab.trusted).stdout
        assert curl("https://k8s.gcr.io/v2/", proxy.port, lab.trusted).returncode == _CURL_NO_TUNNEL


def test_an_inspecting_squid_shows_its_own_certificates(lab: Lab, tmp_path: Path) -> None:
    """Trusted by whoever has its authority, by nobody else; a name that does not exist gets a tunnel and an error page."""
    corporate = Authority(tmp_path, "Example Corp TLS Inspection")
    with ExitStack() as stack:
        proxy = start(stack, lambda: lab.squid(auth=USER, bump=corporate))
        assert curl("https://gcr.io/v2/", proxy.port, lab.trusted).returncode == _CURL_UNTRUSTED
        assert " 401" in curl("https://gcr.io/v2/", proxy.port, corporate.certificate).stdout
        nothing = curl("https://no-such-name.invalid/", proxy.port, corporate.certificate)
        assert "200 Connection established" in nothing.stdout
        assert "Server: squid" in nothing.stdout
        assert "HTTP/1.1 50" in nothing.stdout


def test_tinyproxy_filters_and_answers_401(lab: Lab) -> None:
    """It speaks HTTP/1.0, and wrong credentials are a 401 to it."""
    with ExitStack() as stack:
        proxy = start(stack, lambda: lab.tinyproxy(auth=USER, allow=["^gcr\\.io$"]))
        allowed = curl("https://gcr.io/v2/", proxy.port, lab.trusted).stdout
        assert "HTTP/1.0 200" in allowed
        assert " 401" in allowed
        assert "403 Filtered" in curl("https://k8s.gcr.io/v2/", proxy.port, lab.trusted).stdout
        assert "HTTP/1.0 401" in curl("https://gcr.io/v2/", proxy.port, lab.trusted, user="user:wrong").stdout


def test_privoxy_answers_404_for_a_name_that_does_not_exist(lab: Lab) -> None:
    """And passes on what exists."""
    with ExitStack() as stack:
        proxy = start(stack, lab.privoxy)
        assert " 401" in curl("https://gcr.io/v2/", proxy.port, lab.trusted).stdout
        assert "404 No such domain" in curl("https://no-such-name.invalid/", proxy.port, lab.trusted).stdout
