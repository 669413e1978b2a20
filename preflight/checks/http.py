"""Does a plain HTTP origin answer as itself, asked as apt asks it?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import ClassVar

import anyio
import msgspec

from preflight import diagnosis
from preflight.check import seconds
from preflight.checks.https import proved
from preflight.checks.target import TargetCheck
from preflight.model import Direct, Finding, Phase, Proxy, Step, Target, Via
from preflight.proof import Expect, ProofName, Request, judge
from preflight.world import Trace, World

ASIDE_SECONDS = 3.0


class Observed(msgspec.Struct, frozen=True):
    """The walk that decides, and how a CONNECT to the same host ended, which only informs."""

    trace: Trace
    now: datetime
    connect: str | None


class HttpCheck(TargetCheck[Observed], frozen=True, kw_only=True, tag="http"):
    """Walk: proxy, absolute-form GET (or the origin itself, if it is exempted), content that proves the origin."""

    kind: ClassVar[str] = "http"
    scheme: ClassVar[str] = "http"

    proof: ProofName | Expect
    redirects: tuple[str, ...] = ()

    async def observe(self, world: World) -> Observed:
        """See Check."""
        target = self.wants()
        route = world.declared.route(target)
        ask = Request(target.path, headers=(("Cache-Control", "no-cache"), ("Pragma", "no-cache")))
        aside: list[str] = []
        async with anyio.create_task_group() as group:
            if isinstance(route, Via):
                group.start_soon(_connect_too, world, target, route.proxy, min(ASIDE_SECONDS, seconds(self.timeout)), aside)
            trace = await world.net.walk(target, route, ask=ask, timeout=seconds(self.timeout), every_address=isinstance(route, Direct))
            if trace.failed:
                group.cancel_scope.cancel()
        return Observed(trace, world.clock.now(), aside[0] if aside else None)

    def judge(self, seen: Observed) -> Iterable[Finding]:
        """See Check."""
        failed = diagnosis.diagnose(seen.trace)
        if failed:
            yield failed
            return
        verdict = judge(diagnosis.answered(seen.trace), self.wants(), self.proof, redirects=self.redirects, in_clear=True)
        finding = proved(verdict.code, verdict.seen, seen.trace)
        yield msgspec.structs.replace(finding, evidence={**finding.evidence, "connect": seen.connect}) if seen.connect else finding
        yield from diagnosis.remarks(seen.trace, seen.now)

    def steps(self, seen: Observed) -> Sequence[Step]:
        """See Check."""
        return seen.trace.steps


async def _connect_too(world: World, target: Target, asked: Proxy, bound: float, aside: list[str]) -> None:
    """An account that the GET does not use is left alone: if its credentials are wrong, each CONNECT would be one more attempt that nobody counts."""
    tunnel = Target("https", target.host, 443)
    route = world.declared.route(tunnel)
    if isinstance(route, Via) and route.proxy.account in {None, asked.account}:
        trace = await world.net.walk(tunnel, route, upto=Phase.PROXY, timeout=bound)
        aside.append(trace.code or "ok")
