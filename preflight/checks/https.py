"""Does the origin answer as itself over TLS, by the route the product would take?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Annotated, ClassVar

import anyio
import msgspec

from preflight import codes, diagnosis, proxy_reply
from preflight.check import seconds
from preflight.checks.target import TargetCheck
from preflight.model import Direct, Finding, Phase, Step, Target
from preflight.proof import Expect, ProofName, Request, judge
from preflight.world import Trace, World


class Observed(msgspec.Struct, frozen=True):
    """One walk to the end, and one that only offers HTTP/2, where that was asked for."""

    trace: Trace
    now: datetime
    h2: Trace | None = None


class HttpsCheck(TargetCheck[Observed], frozen=True, kw_only=True, tag="https"):
    """Walk: proxy, CONNECT, TLS verified for the name, HTTP answer that proves the origin."""

    kind: ClassVar[str] = "https"

    path: Annotated[str, msgspec.Meta(pattern="^/")] = "/"
    proof: ProofName | Expect
    redirects: tuple[str, ...] = ()
    """Hosts that the origin may redirect to; any other redirect is somebody's block page."""
    h2: bool = False
    """Whether HTTP/2 must survive the way, as gRPC needs."""

    def wants(self) -> Target:
        """See Check."""
        bare = self.target if "/" not in self.target else super().wants().authority
        return Target.parse(f"https://{bare}{self.path}")

    async def observe(self, world: World) -> Observed:
        """See Check."""
        if not self.h2:
            return Observed(await self._walk(world), world.clock.now())
        h2: list[Trace] = []
        async with anyio.create_task_group() as group:
            group.start_soon(_offer_h2, world, self.wants(), seconds(self.timeout), h2)
            trace = await self._walk(world)
            if trace.failed:
                group.cancel_scope.cancel()
        return Observed(trace, world.clock.now(), h2[0] if h2 and not trace.failed else None)

    async def _walk(self, world: World) -> Trace:
        target = self.wants()
        route = world.declared.route(target)
        return await world.net.walk(target, route, ask=Request(target.path), timeout=seconds(self.timeout), every_address=isinstance(route, Direct))

    def judge(self, seen: Observed) -> Iterable[Finding]:
        """See Check."""
        trace = seen.trace
        failed = diagnosis.diagnose(trace)
        if failed:
            yield failed
            return
        answer = diagnosis.answered(trace)
        said_by_proxy = proxy_reply.to_forwarded(answer, sent_credentials=False, in_clear=False)
        if said_by_proxy:
            yield diagnosis.explain(said_by_proxy.code, trace, said_by_proxy.facts)
            return
        verdict = judge(answer, self.wants(), self.proof, redirects=self.redirects)
        yield proved(verdict.code, verdict.seen, trace)
        yield from diagnosis.remarks(trace, seen.now)
        if seen.h2:
            tls = seen.h2.step(Phase.TLS)
            agreed = tls.facts.get("alpn") if tls else None
            if seen.h2.failed or agreed != "h2":
                yield diagnosis.explain("tls.no-h2", trace, {"reason": seen.h2.code or f"negotiated {agreed or 'no protocol'}"})

    def steps(self, seen: Observed) -> Sequence[Step]:
        """See Check."""
        return seen.trace.steps


async def _offer_h2(world: World, target: Target, bound: float, aside: list[Trace]) -> None:
    aside.append(await world.net.walk(target, world.declared.route(target), upto=Phase.TLS, timeout=bound, alpn=("h2", "http/1.1")))


def proved(code: str, seen: str, trace: Trace) -> Finding:
    """The finding for what a proof said about an answer."""
    if code == "ok":
        return codes.finding("ok", message=f"{trace.target} answered as itself: {seen}", evidence={"proof": seen})
    facts = proxy_reply.facts(diagnosis.answered(trace))
    return diagnosis.explain(code, trace, {**facts, "reply": seen, "reason": seen})
