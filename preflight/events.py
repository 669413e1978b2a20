"""What the engine tells whoever listens, while it runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from preflight.model import CheckResult, Report


@dataclass(frozen=True, slots=True)
class RunStarted:
    """The names of the checks that will be run, in plan order."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CheckStarted:
    """A worker took this check."""

    name: str


@dataclass(frozen=True, slots=True)
class CheckFinished:
    """A check ended, or was skipped."""

    result: CheckResult


@dataclass(frozen=True, slots=True)
class RunFinished:
    """The run is over, whole or interrupted."""

    report: Report


Event: TypeAlias = RunStarted | CheckStarted | CheckFinished | RunFinished
Listener: TypeAlias = Callable[[Event], None]
