"""Worlds that the whole service is put into."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from anyio.from_thread import start_blocking_portal

from preflight.demo import demo_world
from preflight.demo.scenarios import GOOD
from tests.lab import closed_port
from tests.serve.running import PROFILE, WORD


@dataclass
class Proxied:
    """A directory with a profile, and where the lab's proxy is."""

    home: Path
    env: dict[str, str]
    good: str
    """The text of the proxy file."""

    def use(self, text: str) -> None:
        file = self.home / "proxy.json"
        file.touch(mode=0o600)
        file.write_text(text)

    def use_dead(self) -> None:
        self.use(json.dumps({"httpProxy": f"http://installer:{WORD}@127.0.0.1:{closed_port()}", "noProxy": "169.254.169.254"}))


@pytest.fixture
def proxied(tmp_path: Path) -> Iterator[Proxied]:
    """A world in which all is well."""
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(demo_world(GOOD)) as lab:
        (tmp_path / "checks.yaml").write_text(PROFILE)
        (tmp_path / "ca.pem").write_bytes(lab.ca_pem)
        (tmp_path / "none").mkdir()
        env = {"SSL_CERT_FILE": str(tmp_path / "ca.pem"), "SSL_CERT_DIR": str(tmp_path / "none")}
        made = Proxied(tmp_path, env, lab.proxy_json)
        made.use(lab.proxy_json)
        yield made


@pytest.fixture
def dead(tmp_path: Path) -> Proxied:
    """A proxy that does not answer."""
    (tmp_path / "checks.yaml").write_text(PROFILE)
    made = Proxied(tmp_path, {}, "")
    made.use_dead()
    return made
