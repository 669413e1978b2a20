"""Reports for the tests of history, one a minute."""

from __future__ import annotations

from datetime import timedelta

from msgspec.structs import replace

from preflight.model import Report
from tests.samples import ALL_PASS, DEAD_PROXY, STARTED


def good(minute: int = 0) -> Report:
    """A run in which everything passed."""
    return replace(ALL_PASS, started=STARTED + timedelta(minutes=minute))


def bad(minute: int = 0) -> Report:
    """A run whose proxy was dead."""
    return replace(DEAD_PROXY, started=STARTED + timedelta(minutes=minute))
