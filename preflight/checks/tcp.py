"""Does a port take connections from here, without any proxy?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import ClassVar

import msgspec

from preflight import codes, diagnosis
from preflight.check import seconds
from preflight.checks.target import TargetCheck
from preflight.model import Finding, Phase, Step
from preflight.world import Trace, World


class Observed(msgspec.Struct, frozen=True):
    """The connection."""

    trace: Trace
    now: datetime


class TcpCheck(TargetCheck[Observed], frozen=True, kw_only=True, tag="tcp"):
    """Every address of `host:port` takes a TCP connection."""

    kind: ClassVar[str] = "tcp"
    scheme: ClassVar[str] = "tcp"

    async def observe(self, world: World) -> Observed:
        """See Check."""
        target = self.wants()
        trace = await world.net.walk(target, world.declared.route(target), upto=Phase.TCP, timeout=seconds(self.timeout), every_address=True)
        return Observed(trace, world.clock.now())

    def judge(self, seen: Observed) -> Iterable[Finding]:
        """See Check."""
        yield diagnosis.diagnose(seen.trace) or codes.finding("ok", message=f"{self.target} takes connections")
        yield from diagnosis.remarks(seen.trace, seen.now)

    def steps(self, seen: Observed) -> Sequence[Step]:
        """See Check."""
        return seen.trace.steps
