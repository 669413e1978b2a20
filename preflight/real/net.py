"""The walk: one target, one route, step by step, each with its duration, its facts and, where it ends, its code."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from preflight import dates
from preflight.model import Phase, Route, Target
from preflight.proof import Answer, Request
from preflight.real.credentials import Gates
from preflight.real.dns import RealDns
from preflight.real.errand import Errand, Means
from preflight.real.second_look import look_again
from preflight.real.tls import Trust
from preflight.real.walk import Walk
from preflight.untrusted import Redactor
from preflight.world import Clock, Dated, Seen, Trace

if TYPE_CHECKING:
    import httpx


class RealNet:
    """Walks over real sockets. One instance a run: it remembers which credentials were refused."""

    def __init__(self, dns: RealDns, clock: Clock, trust: Trust, redactor: Redactor, seen: Seen) -> None:
        self.means = Means(dns, clock, trust, redactor, Gates())
        self._seen = seen

    async def walk(
        self,
        target: Target,
        route: Route,
        *,
        upto: Phase = Phase.HTTP,
        ask: Request | None = None,
        timeout: float = 10.0,  # noqa: ASYNC109
        every_address: bool = False,
        alpn: Sequence[str] = ("http/1.1",),
    ) -> Trace:
        """See `world.Net.walk`."""
        errand = Errand(target, route, upto, ask or Request(target.path), timeout, every_address, tuple(alpn))
        walk = Walk(self.means, errand)
        async with walk:
            await walk.go()
        if walk.error is not None:
            walk = await look_again(self.means, errand, walk)
        if walk.answer:
            self._date(errand.hop[0] if walk.steps[-1].phase is Phase.PROXY else target.host, walk.answer)
        return Trace(target, route, tuple(walk.steps), walk.answer)

    def client(self, route: Callable[[Target], Route], *, timeout: float, traces: list[Trace]) -> httpx.AsyncClient:
        """See `world.Net.client`."""
        from preflight.real.client import client  # noqa: PLC0415 - httpx costs 100 ms, and only pulls need it

        return client(self, route, timeout=timeout, traces=traces)

    def _date(self, peer: str, answer: Answer) -> None:
        """Note the peer's clock: `Date`, plus the `Age` that a cache added since."""
        age, date = answer.age, dates.of_http(answer.get("Date"))
        if age is not None and date:
            self._seen.dates.append(Dated(peer, (self.means.clock.now() - date).total_seconds() - age))
