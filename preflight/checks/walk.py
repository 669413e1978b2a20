"""How far does one walk come? No profile uses this kind: it is what `preflight walk` runs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import ClassVar

import msgspec

from preflight import codes, diagnosis, proxy_reply
from preflight.check import Check, seconds
from preflight.model import Direct, Finding, Phase, Step, Target
from preflight.proof import Request
from preflight.world import Trace, World


class Observed(msgspec.Struct, frozen=True):
    """The walk."""

    trace: Trace
    now: datetime


class WalkCheck(Check[Observed], frozen=True, kw_only=True, tag="walk"):
    """One walk to the end. It passes where an answer came; whose answer it is, only a check with a proof can tell."""

    kind: ClassVar[str] = "walk"

    url: str
    attempts: int = 1

    def wants(self) -> Target:
        """See Check."""
        return Target.parse(self.url)

    async def observe(self, world: World) -> Observed:
        """See Check."""
        target = self.wants()
        route = world.declared.route(target)
        upto = Phase.TCP if target.scheme == "tcp" else Phase.HTTP
        trace = await world.net.walk(target, route, upto=upto, ask=Request(target.path), timeout=seconds(self.timeout), every_address=isinstance(route, Direct))
        return Observed(trace, world.clock.now())

    def judge(self, seen: Observed) -> Iterable[Finding]:
        """See Check."""
        failed = diagnosis.diagnose(seen.trace)
        answer = seen.trace.answer
        refusal = proxy_reply.to_forwarded(answer, sent_credentials=False, in_clear=False) if answer and not failed else None
        if failed:
            yield failed
        elif refusal:
            yield diagnosis.explain(refusal.code, seen.trace, refusal.facts)
        elif answer:
            said = f"{answer.status} {answer.reason}".strip()
            yield diagnosis.explain("http.unproven", seen.trace, {"reply": said})
        else:
            yield codes.finding("ok", message=f"{seen.trace.target} takes connections")
        yield from diagnosis.remarks(seen.trace, seen.now)

    def steps(self, seen: Observed) -> Sequence[Step]:
        """See Check."""
        return seen.trace.steps
