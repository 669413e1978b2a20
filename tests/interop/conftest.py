"""The lab for a whole session, and the proxies that several tests look through."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import pytest

from .lab import USER, Lab, laboratory
from .process import Missing
from .squid import Squid

if TYPE_CHECKING:
    from tests.real.aws.moto_server import Lab as Aws

    from .installation import Installation

Started = TypeVar("Started")


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line("markers", "interop: runs against real servers from Debian packages, on loopback")


def start(stack: ExitStack, make: Callable[[], AbstractContextManager[Started]]) -> Started:
    """Enter a server's block. What this machine lacks is a visible skip, and where CI is set a failure: there everything must be installed."""
    try:
        return stack.enter_context(make())
    except Missing as missing:
        if os.environ.get("CI", "").lower() in {"true", "1"}:
            pytest.fail(f"the interop tests need {missing}", pytrace=False)
        pytest.skip(f"needs {missing}")


@pytest.fixture(scope="session")
def lab() -> Iterator[Lab]:
    """The world behind the proxies."""
    with ExitStack() as stack:
        yield start(stack, laboratory)


@pytest.fixture(scope="session")
def squid(lab: Lab) -> Iterator[Squid]:
    """A squid that wants the page's credentials and allows everything."""
    with ExitStack() as stack:
        yield start(stack, lambda: lab.squid(auth=USER))


@pytest.fixture(scope="session")
def aws() -> Iterator[Aws]:
    """AWS's API, as moto plays it."""
    from tests.real.aws.moto_server import Lab as Server

    with Server().running() as server:
        yield server


@pytest.fixture
def installation(lab: Lab, squid: Squid, aws: Aws, tmp_path: Path) -> Installation:
    """An installation in an account of its own in which everything is right."""
    from .installation import install

    return install(lab, aws, squid.port, tmp_path)
