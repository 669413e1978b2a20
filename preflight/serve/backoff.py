"""How long not to ask where credentials were refused: accounts lock after a few wrong attempts. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec

from preflight.model import CheckResult, Phase, Via

LONGEST: Final = 3600.0
REFUSED: Final = "proxy.auth-"


class Backoff(msgspec.Struct, frozen=True):
    """Whether a group of checks that send the same credentials may send them now. Begin with `Backoff()`, and again whenever an input has changed."""

    refusals: int = 0
    """Runs in a row whose credentials were refused."""
    until: float = 0.0
    """Seconds on the monotonic clock before which the group is not run."""

    def holds(self, now: float) -> bool:
        """Whether the group has to wait still; `now` is the monotonic clock."""
        return self.refusals > 0 and now < self.until

    def after(self, results: Iterable[CheckResult], *, started: float, interval: float) -> Backoff:
        """What follows from a run of the group that began at `started` on the monotonic clock. `interval` is the group's usual one, in seconds.

        The interval is doubled for each refusal in a row, up to an hour; one that is longer by itself stays. Credentials that were taken end it.
        A run that says nothing about them, because the proxy was down, changes nothing.
        """
        seen = tuple(results)
        if any(_refused(result) for result in seen):
            refusals = self.refusals + 1
            pause = max(interval, min(LONGEST, interval * 2.0 ** min(refusals, 32)))
            return Backoff(refusals, started + pause - interval / 2)  # half an interval before the slot that is meant, which jitter may have moved
        return Backoff() if any(_taken(result) for result in seen) else self


def _refused(result: CheckResult) -> bool:
    return any(finding.code.startswith(REFUSED) for finding in result.findings)


def _taken(result: CheckResult) -> bool:
    """Whether the proxy did what was asked: it opened a tunnel, or fetched a page."""
    phases = {step.phase for step in result.steps if step.ok}
    return Phase.PROXY in phases or (Phase.HTTP in phases and isinstance(result.route, Via))
