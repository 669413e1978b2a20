"""What the engine tells whoever listens, while it runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import msgspec

from preflight.model import CheckResult, Report


class RunStarted(msgspec.Struct, frozen=True):
    """The names of the checks that will be run, in plan order."""

    names: tuple[str, ...]


class CheckStarted(msgspec.Struct, frozen=True):
    """A worker took this check."""

    name: str


class CheckFinished(msgspec.Struct, frozen=True):
    """A check ended, or was skipped."""

    result: CheckResult


class RunFinished(msgspec.Struct, frozen=True):
    """The run is over, whole or interrupted."""

    report: Report


Event: TypeAlias = RunStarted | CheckStarted | CheckFinished | RunFinished
Listener: TypeAlias = Callable[[Event], None]
