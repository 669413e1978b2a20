"""Programs that some of these tests need."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.interop.process import Missing, program

Installed = Callable[[str], str]


@pytest.fixture
def installed() -> Installed:
    """The path of an installed program. What this machine lacks is a visible skip, and where CI is set a failure: there everything must be installed."""

    def path(name: str) -> str:
        try:
            return program(name)
        except Missing as missing:
            if os.environ.get("CI", "").lower() in {"true", "1"}:
                pytest.fail(f"the interop tests need {missing}", pytrace=False)
            pytest.skip(f"needs {missing}")

    return path


@pytest.fixture(scope="session")
def deploy() -> Path:
    """The directory that ships."""
    return Path(__file__).parents[2] / "deploy"
