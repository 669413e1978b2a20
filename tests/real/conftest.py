"""AWS on loopback, started once for all tests that ask it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from botocore.loaders import create_loader  # type: ignore[import-untyped]

from tests.real.aws.moto_server import ENVIRON, Account, Lab, build


@cache
def _loader() -> Any:
    return create_loader()


@pytest.fixture(scope="session")
def running_lab() -> Iterator[tuple[Lab, Account]]:
    """The server and what stands in it."""
    lab = Lab()
    with lab.running():
        yield lab, build(lab)


@pytest.fixture
def lab(running_lab: tuple[Lab, Account], monkeypatch: pytest.MonkeyPatch) -> Lab:
    """The server without faults, and an environment that leads there and nowhere else."""
    found, _ = running_lab
    found.clear()
    for name in ("AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in ENVIRON.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_ENDPOINT_URL", found.url)
    monkeypatch.setattr("botocore.session.create_loader", lambda *_: _loader())  # the SDK's models are parsed once for all tests
    return found


@pytest.fixture
def account(running_lab: tuple[Lab, Account]) -> Account:
    """What stands in it."""
    return running_lab[1]
