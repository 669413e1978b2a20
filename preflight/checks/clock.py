"""Does this host's clock agree with everybody else's?"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, Final

import msgspec

from preflight import codes
from preflight.check import EVERYTHING, Check
from preflight.model import Finding, Status
from preflight.untrusted import Json
from preflight.world import Dated, World

WARN_SECONDS: Final = 60
FAIL_SECONDS: Final = 300
"""Beyond five minutes AWS refuses signatures and tokens are not yet, or no longer, valid."""


class Observed(msgspec.Struct, frozen=True):
    """Every `Date` that came in this run."""

    dates: tuple[Dated, ...]


class ClockCheck(Check[Observed], frozen=True, kw_only=True, tag="clock"):
    """Local time against the `Date` headers (RFC 9110 section 6.6.1) seen in this run, each corrected by its `Age`."""

    kind: ClassVar[str] = "clock"
    sends: ClassVar[bool] = False

    def after(self) -> Iterable[str]:
        """See Check."""
        return (EVERYTHING,)

    async def observe(self, world: World) -> Observed:
        """See Check."""
        return Observed(tuple(world.seen.dates))

    def judge(self, seen: Observed) -> Iterable[Finding]:
        """See Check."""
        if not seen.dates:
            yield codes.finding("internal.not-applicable", fields={"why": "no answer in this run told the time"})
            return
        ordered, peers = sorted(each.ahead for each in seen.dates), sorted({each.peer for each in seen.dates})
        ahead = min(ordered[(len(ordered) - 1) // 2], ordered[len(ordered) // 2], key=abs)  # where two disagree, the one that agrees with us
        evidence: dict[str, Json] = {"ahead_seconds": round(ahead, 1), "peers": peers}
        if abs(ahead) <= WARN_SECONDS:
            count = f"{len(peers)} peer{'s' if len(peers) > 1 else ''}"
            yield codes.finding("ok", message=f"the clock agrees with {count} within {WARN_SECONDS} s", evidence=evidence)
            return
        status = Status.FAIL if abs(ahead) > FAIL_SECONDS else Status.WARN
        difference = f"about {abs(ahead) / 60:.0f} min {'ahead' if ahead > 0 else 'behind'}"
        yield codes.finding("clock.skew", fields={"difference": difference, "peer": f"{len(seen.dates)} answers"}, status=status, evidence=evidence)
