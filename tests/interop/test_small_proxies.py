"""Proxies that speak otherwise than squid does."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import pytest

from .command import verdict
from .conftest import start
from .lab import USER, Lab
from .origins import GOOGLE_NAMES, MIRROR
from .page import workdir

pytestmark = pytest.mark.interop


def test_tinyproxy_opens_tunnels_with_http_1_0(lab: Lab, tmp_path: Path) -> None:
    """All is well behind it, and its HTTP/1.0 is no reason to complain."""
    with ExitStack() as stack:
        proxy = start(stack, lambda: lab.tinyproxy(auth=USER))
        seen = verdict(lab, workdir(tmp_path, proxy.port))
        assert seen.exit_code == 0, seen.stdout
        assert {*GOOGLE_NAMES, MIRROR} <= set(seen.named("pass"))


def test_tinyproxys_401_is_about_credentials(lab: Lab, tmp_path: Path) -> None:
    """It answers 401, where others say 407, to a CONNECT with wrong credentials."""
    with ExitStack() as stack:
        proxy = start(stack, lambda: lab.tinyproxy(auth=USER))
        seen = verdict(lab, workdir(tmp_path, proxy.port, word="not-the-right-one"))
        assert seen.exit_code == 1
        assert seen.causes() == ["proxy.auth-rejected"]


def test_tinyproxys_filter_is_a_policy(lab: Lab, tmp_path: Path) -> None:
    """`403 Filtered` for the one name that its list forgot."""
    allowed = ["\\.googleapis\\.com$", "^k8s\\.gcr\\.io$", "\\.ubuntu\\.com$", "^registry\\.k8s\\.io$"]
    with ExitStack() as stack:
        proxy = start(stack, lambda: lab.tinyproxy(auth=USER, allow=allowed))
        seen = verdict(lab, workdir(tmp_path, proxy.port))
        assert seen.exit_code == 1
        assert seen.named("fail") == ["gcr.io"]
        assert seen.codes("gcr.io") == ["proxy.denied"]


def test_privoxys_404_is_no_origin(lab: Lab, tmp_path: Path) -> None:
    """`404 No such domain` is the proxy's own word for a name that it cannot resolve."""
    with ExitStack() as stack:
        stack.enter_context(lab.names.changed({"www.googleapis.com": None}))
        proxy = start(stack, lab.privoxy)
        seen = verdict(lab, workdir(tmp_path, proxy.port, user=""))
        assert seen.exit_code == 1
        assert seen.named("fail") == ["www.googleapis.com"]
        assert seen.codes("www.googleapis.com") == ["proxy.upstream-dns"]
        assert seen.result("gcr.io")["status"] == "pass"
