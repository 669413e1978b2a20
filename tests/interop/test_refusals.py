"""The proxy says no, or is not there, or cannot get through: one story, one cause, one code."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from .command import run_preflight, verdict
from .conftest import start
from .lab import USER, Lab
from .origins import EXPIRED, INCOMPLETE, MIRROR
from .page import workdir
from .squid import Squid
from .test_good import TARGETS

pytestmark = pytest.mark.interop


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    """Blocks that a test enters; they end with it."""
    with ExitStack() as blocks:
        yield blocks


def test_one_name_denied(lab: Lab, stack: ExitStack, tmp_path: Path) -> None:
    """Exactly one failure, told as policy, and the text has the line for the allow-list."""
    proxy = start(stack, lambda: lab.squid(auth=USER, deny=["gkehub.googleapis.com"]))
    seen = verdict(lab, workdir(tmp_path, proxy.port))
    assert seen.exit_code == 1
    assert seen.named("fail") == ["gkehub.googleapis.com"]
    assert seen.codes("gkehub.googleapis.com") == ["proxy.denied"]
    assert seen.result("gkehub.googleapis.com")["attempts"] == 1
    [finding] = seen.result("gkehub.googleapis.com")["findings"]
    assert finding["blame"] == "proxy"
    assert "gkehub.googleapis.com" in finding["hint"]
    assert seen.says(finding["hint"])
    assert "allow" in finding["hint"]
    assert "proxy.denied" in seen.stdout


def test_the_mirror_denied(lab: Lab, stack: ExitStack, tmp_path: Path) -> None:
    """A 403 page of squid in place of the archive is the proxy's refusal, not an answer."""
    proxy = start(stack, lambda: lab.squid(auth=USER, deny=[MIRROR]))
    seen = verdict(lab, workdir(tmp_path, proxy.port))
    assert seen.exit_code == 1
    assert seen.named("fail") == [MIRROR]
    assert seen.codes(MIRROR) == ["proxy.denied"]


def test_everything_denied(lab: Lab, stack: ExitStack, tmp_path: Path) -> None:
    """The proxy itself is fine; all targets fail by one cause that names them all."""
    proxy = start(stack, lambda: lab.squid(auth=USER, extra="http_access deny all"))
    seen = verdict(lab, workdir(tmp_path, proxy.port))
    assert seen.exit_code == 1
    assert {"proxy-http", "proxy-https"} <= set(seen.named("pass"))
    assert set(seen.named("fail")) == set(TARGETS)
    assert seen.causes() == ["proxy.denied"]
    assert set(TARGETS) <= set(seen.report["causes"][0]["checks"])


def test_squid_stopped(lab: Lab, stack: ExitStack, tmp_path: Path) -> None:
    """One cause, the proxy; its eight targets are skipped and say by what they are blocked."""
    proxy = start(stack, lambda: lab.squid(auth=USER))
    proxy.stop()
    seen = verdict(lab, workdir(tmp_path, proxy.port))
    assert seen.exit_code == 1
    assert seen.causes() == ["tcp.refused"]
    for name in TARGETS:
        result = seen.result(name)
        assert result["status"] == "skip"
        assert result["blocked_by"] == ["proxy-http" if name == MIRROR else "proxy-https"]
        assert result["route"]["via"] == "proxy"
    assert set(TARGETS) <= set(seen.report["causes"][0]["checks"])


def test_wrong_credentials_are_sent_once(lab: Lab, stack: ExitStack, tmp_path: Path) -> None:
    """One cause, and one request with credentials in squid's own log: accounts lock."""
    proxy = start(stack, lambda: lab.squid(auth=USER))
    seen = verdict(lab, workdir(tmp_path, proxy.port, word="not-the-right-one"))
    assert seen.exit_code == 1
    assert seen.causes() == ["proxy.auth-rejected"]
    assert seen.report["causes"][0]["blame"] == "client"
    assert not set(TARGETS) & {*seen.named("pass"), *seen.named("warn")}
    assert len(proxy.with_credentials()) == 1, proxy.requests()


def test_no_credentials(lab: Lab, squid: Squid, tmp_path: Path) -> None:
    """It wants some, the proxy file has none."""
    seen = verdict(lab, workdir(tmp_path, squid.port, user=""))
    assert seen.exit_code == 1
    assert seen.causes() == ["proxy.auth-required"]


def test_https_in_the_proxy_url_of_a_plain_proxy(lab: Lab, squid: Squid, tmp_path: Path) -> None:
    """The most common slip: httpsProxy is the proxy for https, not a proxy that speaks it."""
    seen = verdict(lab, workdir(tmp_path, squid.port, scheme="https"))
    assert seen.exit_code == 1
    assert seen.causes() == ["proxy-tls.not-tls"]


def test_squid_cannot_reach_the_origin(lab: Lab, stack: ExitStack, tmp_path: Path) -> None:
    """The proxy works; what it could not do is told apart from what it would not do."""
    stack.enter_context(lab.names.changed({"gcr.io": lab.dead, "k8s.gcr.io": None}))
    proxy = start(stack, lambda: lab.squid(auth=USER))
    seen = verdict(lab, workdir(tmp_path, proxy.port))
    assert seen.exit_code == 1
    assert set(seen.named("fail")) == {"gcr.io", "k8s.gcr.io"}
    assert seen.codes("gcr.io") == ["proxy.upstream-refused"]
    assert seen.codes("k8s.gcr.io")[0] in {"proxy.upstream-dns", "proxy.upstream-failed"}  # squid 5 says ERR_CANNOT_FORWARD, newer ones ERR_DNS_FAIL


@pytest.mark.parametrize(("name", "code"), [(EXPIRED, "tls.expired"), (INCOMPLETE, "tls.incomplete-chain")])
def test_an_origin_with_a_bad_certificate(lab: Lab, squid: Squid, tmp_path: Path, name: str, code: str) -> None:
    """Seen through squid, by a walk to that one URL."""
    done = run_preflight(lab, ["walk", f"https://{name}/"], workdir(tmp_path, squid.port))
    assert done.returncode == 1
    assert code in done.stdout
    assert name in done.stdout
