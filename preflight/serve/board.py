"""What the probe knows right now. One writer, the probe; its readers are the pages, the metrics and the health endpoints, which never make anything run."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Final

import msgspec

from preflight.model import Cause, CheckResult, Report, Status


class Standing(StrEnum):
    """How something stands after damping, worst last: up, degraded (a warning), unknown (could not tell), down."""

    UP = "up"
    DEGRADED = "degraded"
    UNKNOWN = "unknown"
    DOWN = "down"


WELL: Final = frozenset({Standing.UP, Standing.DEGRADED})
"""What a health endpoint answers with 200. What is unknown is not well."""


class Stand(msgspec.Struct, frozen=True):
    """One check as it stands: damped, so a single bad run need not change it."""

    name: str
    standing: Standing
    since: datetime
    result: CheckResult
    """Its latest result, undamped."""
    checked: datetime | None
    """When that result was made. None where it was not asked yet what is asked now: the result says so, and `standing` is as it stood, or unknown."""
    stale_after: float
    """Seconds after which that result says nothing about the present any more: a check has a rhythm of its own, and may be held back."""
    asked_again: datetime | None = None
    """The moment before which it is not asked again, since the proxy refused the credentials; None where nothing holds it back."""

    @property
    def counted(self) -> Standing:
        """What it counts as in the whole: a check that is not required degrades it at the worst."""
        return self.standing if self.result.required or self.standing is Standing.UP else Standing.DEGRADED

    def stale(self, now: datetime) -> bool:
        """Whether the result is too old to speak for the present, or of a future that a clock set back has left. None is as old as it gets."""
        return self.checked is None or abs((now - self.checked).total_seconds()) > self.stale_after


class Counters(msgspec.Struct):
    """What happened since the process began."""

    runs: int = 0
    late: int = 0
    """Runs that began more than a second after they were due, or were left out because the one before was still going."""
    cut: int = 0
    """Runs that outlived their deadline."""
    by_status: dict[Status, int] = msgspec.field(default_factory=dict)
    notifications: int = 0
    notifications_lost: int = 0
    """Those that nobody took, after every attempt."""


class Board(msgspec.Struct, kw_only=True):
    """The probe's present. `report` holds the latest result of every check, whichever run it came from."""

    version: str
    profile: str
    vantage: str
    started: datetime
    stale_after: float
    """Seconds after which the last run says nothing about the present any more."""
    report: Report | None = None
    stands: Mapping[str, Stand] = msgspec.field(default_factory=dict)
    standing: Standing = Standing.UNKNOWN
    """Of all required checks together."""
    since: datetime | None = None
    last_run: datetime | None = None
    """When the last run ended."""
    last_success: datetime | None = None
    """When a run last ended with exit code 0."""
    next_run: datetime | None = None
    running: bool = False
    stopping: bool = False
    counters: Counters = msgspec.field(default_factory=Counters)
    remembers: bool = True
    """Whether history is to be written at all."""
    history: str = ""
    """Why history is not being written; empty while it is."""
    config: str = ""
    """Why the last reload was refused; empty where the files in force are the newest."""
    isolated: str = ""
    """Why nothing here says anything about the proxy: this host reaches nothing at all, itself included."""
    unsure: bool = False
    """Whether nothing that is required left this host in the last part, and the run of everything that can tell why has not ended."""

    @property
    def ready(self) -> bool:
        """Whether a first run has ended and the process is not on its way out."""
        return self.report is not None and not self.stopping

    def old(self, now: datetime) -> tuple[Stand, ...]:
        """The required checks whose latest result does not speak for the present."""
        return tuple(stand for stand in self.stands.values() if stand.result.required and stand.stale(now))

    def past(self, now: datetime) -> bool:
        """Whether what is known, as a whole, is not of the present."""
        return self.stale(now) or bool(self.isolated or self.unsure or self.old(now))

    def age(self, now: datetime) -> float | None:
        """Seconds since the last run ended; None before the first has."""
        return None if self.last_run is None else (now - self.last_run).total_seconds()

    def stale(self, now: datetime) -> bool:
        """Whether the last run is too old to speak for the present."""
        age = self.age(now)
        return age is None or abs(age) > self.stale_after  # a run of the future: the clock was set back, and its age is unknown


class Change(msgspec.Struct, frozen=True):
    """What a notification is about: the whole, or one check, stands differently than before."""

    subject: str
    """The check's name, or `preflight` for the whole."""
    before: Standing
    after: Standing
    at: datetime
    causes: tuple[Cause, ...]
    report: Report
