"""The words of this program, as frozen data: what was asked, which way it went, what each step saw, and what follows.

Nothing here does anything. Seconds are floats, addresses are text, times are aware UTC datetimes.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import IntEnum, StrEnum
from functools import cached_property

import msgspec

from preflight.target import DEFAULT_PORTS, Direct, Proxy, Route, Target, Via, authority, bracketed
from preflight.untrusted import Json

__all__ = [
    "DEFAULT_PORTS",
    "Blame",
    "Cause",
    "CheckResult",
    "Direct",
    "Finding",
    "Input",
    "Phase",
    "Proxy",
    "Report",
    "Route",
    "Status",
    "Step",
    "Target",
    "Via",
    "authority",
    "bracketed",
]


class Status(IntEnum):
    """How a finding, a check or a report ended, worst last, so that the worst of several is their `max`."""

    PASS = 0
    SKIP = 1
    WARN = 2
    ERROR = 3
    FAIL = 4

    @property
    def word(self) -> str:
        """The status as reports spell it."""
        return self.name.lower()

    @property
    def good_enough(self) -> bool:
        """Whether a check that depends on this one may run."""
        return self in {Status.PASS, Status.WARN}


class Blame(StrEnum):
    """Whose side of the wire the trouble is on."""

    NOBODY = "nobody"
    CLIENT = "client"
    PROXY = "proxy"
    MIDDLEBOX = "middlebox"
    ORIGIN = "origin"
    DNS = "dns"
    AWS = "aws"
    UNKNOWN = "unknown"


class Phase(StrEnum):
    """The prefix of every code; the network phases are in the order in which a walk meets them."""

    INPUT = "input"
    DNS = "dns"
    TCP = "tcp"
    PROXY_TLS = "proxy-tls"
    PROXY = "proxy"
    TUNNEL = "tunnel"
    TLS = "tls"
    HTTP = "http"
    CLOCK = "clock"
    AWS = "aws"
    ENDPOINT = "endpoint"
    EGRESS = "egress"
    ROUTE = "route"
    INTERNAL = "internal"


class Step(msgspec.Struct, frozen=True):
    """One phase of a walk: its duration, what it learned, and the code it failed with."""

    phase: Phase
    seconds: float
    code: str | None = None
    facts: Mapping[str, Json] = msgspec.field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether the walk got past this step."""
        return self.code is None


class Finding(msgspec.Struct, frozen=True):
    """One thing a check or the engine says. Make it with `codes.finding`, which knows the code's status and blame."""

    code: str
    status: Status
    blame: Blame
    message: str
    hint: str = ""
    evidence: Mapping[str, Json] = msgspec.field(default_factory=dict)


class CheckResult(msgspec.Struct, frozen=True):
    """How one check ended. Its status is the worst of its findings; one that nobody requires counts as a warning at most."""

    name: str
    kind: str
    group: str
    about: str
    required: bool
    findings: tuple[Finding, ...]
    steps: tuple[Step, ...] = ()
    target: str | None = None
    route: Route | None = None
    blocked_by: tuple[str, ...] = ()
    attempts: int = 0
    started: datetime | None = None
    seconds: float = 0.0

    @property
    def verdict(self) -> Status:
        """The worst of the findings. Without any finding nothing is known, which is an error."""
        return max((finding.status for finding in self.findings), default=Status.ERROR)

    @property
    def status(self) -> Status:
        """What the check counts as."""
        return self.capped(self.verdict)

    def capped(self, status: Status) -> Status:
        """`status` as it counts for this check: a check that is not required warns at most."""
        return status if self.required else min(status, Status.WARN)


class Cause(msgspec.Struct, frozen=True):
    """What one person has to change, and the checks that it explains."""

    code: str
    title: str
    blame: Blame
    hint: str
    checks: tuple[str, ...]


class Input(msgspec.Struct, frozen=True):
    """One effective setting, already redacted, and where it came from."""

    name: str
    value: Json
    source: str


class Report(msgspec.Struct, frozen=True, dict=True):
    """A finished or interrupted run."""

    results: tuple[CheckResult, ...]
    causes: tuple[Cause, ...]
    inputs: tuple[Input, ...]
    started: datetime
    seconds: float
    version: str
    profile: str
    vantage: str
    strict: bool = False
    interrupted_by: int | None = None
    complete: bool = True

    @property
    def status(self) -> Status:
        """The worst of what each result counts as: a blocked check counts as what blocked it; no result at all is an error."""
        return max(self.counted.values(), default=Status.ERROR)

    @cached_property
    def counted(self) -> dict[str, Status]:
        """What each result, by name, counts as in the verdict."""
        counted: dict[str, Status] = {}
        verdicts = {result.name: result.verdict for result in self.results}
        for result in self.results:  # a blocker stands before what it blocks: the plan is in order
            inherited = [verdicts[name] for name in result.blocked_by if name in verdicts]
            verdicts[result.name] = max([result.verdict, *inherited])
            counted[result.name] = result.capped(verdicts[result.name])
        return counted

    def number(self, status: Status) -> int:
        """How many results have this status."""
        return sum(result.status is status for result in self.results)

    @property
    def exit_code(self) -> int:
        """0 good, 1 failed, 3 could not tell; 128 + the signal that interrupted the run."""
        if self.interrupted_by is not None:
            return 128 + self.interrupted_by
        status = self.status
        if status is Status.FAIL or (self.strict and Status.WARN in self.counted.values()):
            return 1
        undecided = status is Status.ERROR or all(each is Status.SKIP for each in self.counted.values())
        return 3 if undecided else 0
