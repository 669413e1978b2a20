"""An image pull through squid from a real registry, and the host that the allow-list forgot."""

from __future__ import annotations

import json
from contextlib import ExitStack
from pathlib import Path

import pytest

from .command import verdict
from .conftest import start
from .lab import USER, Lab
from .origins import REGISTRIES
from .page import workdir
from .squid import Squid

pytestmark = pytest.mark.interop

_BLOBS = REGISTRIES["registry-1.docker.io"].blobs_from


def test_every_registry_is_pulled_from(lab: Lab, squid: Squid, tmp_path: Path) -> None:
    """Ping, token, manifest and a blob, each hop through the proxy and seen by the origins."""
    before = len(lab.seen())
    seen = verdict(lab, workdir(tmp_path, squid.port), "--enable", "deep", "--only", "pull/*")
    assert seen.exit_code == 0, seen.stdout
    assert set(seen.named("pass")) == {"pull/gcr.io", "pull/k8s.gcr.io", "pull/docker.io", "pull/quay.io"}
    lab.wait_until_seen(before, "auth.docker.io:443 GET /token", f"{_BLOBS}:443 ", "/blobs/sha256:")


def test_the_host_that_serves_the_blobs_is_named(lab: Lab, tmp_path: Path) -> None:
    """docker.io may be allowed and its blobs not: the finding names the host that is missing."""
    with ExitStack() as stack:
        proxy = start(stack, lambda: lab.squid(auth=USER, deny=[_BLOBS]))
        seen = verdict(lab, workdir(tmp_path, proxy.port), "--enable", "deep", "--only", "pull/docker.io")
        assert seen.result("pull/docker.io")["status"] != "pass"
        assert "proxy.denied" in seen.codes("pull/docker.io")
        assert _BLOBS in json.dumps(seen.result("pull/docker.io")["findings"])
