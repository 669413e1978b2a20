"""A world without sockets: what each walk will meet is written down beforehand, by target."""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import anyio

from preflight.declared import Declared
from preflight.model import Phase, Route, Step, Target, Via
from preflight.plan import Plan
from preflight.proof import Answer, Request
from preflight.untrusted import Json
from preflight.world import Dated, Seen, Trace, World

if TYPE_CHECKING:
    import httpx

NOON: Final = datetime(2024, 5, 17, 12, 0, tzinfo=UTC)
GOOGLE: Final = Answer(404, "Not Found", (("Server", "ESF"),), b'{"error": {"code": 404, "message": "x", "status": "NOT_FOUND"}}')
_ORDER: Final = (Phase.DNS, Phase.TCP, Phase.PROXY_TLS, Phase.PROXY, Phase.TUNNEL, Phase.TLS, Phase.HTTP)


@dataclass(frozen=True, slots=True)
class Ends:
    """A walk that ends with this code."""

    code: str
    facts: Mapping[str, Json] = field(default_factory=dict)
    answer: Answer | None = None


@dataclass(frozen=True, slots=True)
class Arrives:
    """A walk that gets an answer. `facts` are those of its steps, by phase."""

    answer: Answer = GOOGLE
    facts: Mapping[Phase, Mapping[str, Json]] = field(default_factory=dict)


Meets = Ends | Arrives


@dataclass(slots=True)
class FakeNet:
    """What walks meet, by the target's host; a list is played in turn, its last entry for ever. `*` is for all others."""

    script: Mapping[str, Meets | Sequence[Meets]] = field(default_factory=dict)
    delay: float = 0.0
    walks: list[tuple[Target, Route, Phase]] = field(default_factory=list)
    _played: dict[str, int] = field(default_factory=dict)

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
        del ask, timeout, every_address, alpn
        self.walks.append((target, route, upto))
        await anyio.sleep(self.delay)
        return trace(self._next(target.host), target, route, upto)

    def client(self, route: Callable[[Target], Route], *, timeout: float, traces: list[Trace]) -> httpx.AsyncClient:
        """No check that is tested with fakes asks for one."""
        raise NotImplementedError

    def _next(self, host: str) -> Meets:
        entry = self.script.get(host, self.script.get("*", Arrives()))
        if isinstance(entry, Ends | Arrives):
            return entry
        count = self._played[host] = self._played.get(host, -1) + 1
        return entry[min(count, len(entry) - 1)]


def trace(meets: Meets, target: Target, route: Route, upto: Phase = Phase.HTTP) -> Trace:
    """The trace of a walk that meets this on its way."""
    end = Phase(meets.code.partition(".")[0]) if isinstance(meets, Ends) else upto
    arrived = isinstance(meets, Arrives) or _ORDER.index(end) > _ORDER.index(upto)
    last = upto if arrived else end
    steps = [
        Step(phase, 0.01, None, meets.facts.get(phase, {}) if isinstance(meets, Arrives) else {})
        for phase in _way(target, route)
        if _ORDER.index(phase) < _ORDER.index(last)
    ]
    if isinstance(meets, Ends) and not arrived:
        return Trace(target, route, (*steps, Step(end, 0.01, meets.code, meets.facts)), meets.answer)
    steps += [Step(last, 0.01, None, meets.facts.get(last, {}) if isinstance(meets, Arrives) else {})]
    answered = isinstance(meets, Arrives) and (upto is Phase.HTTP or target.scheme == "http")
    return Trace(target, route, tuple(steps), meets.answer if answered else None)


def _way(target: Target, route: Route) -> tuple[Phase, ...]:
    proxied = (Phase.PROXY,) if isinstance(route, Via) and target.scheme == "https" else ()
    secured = (Phase.TLS,) if target.scheme == "https" else ()
    return (Phase.DNS, Phase.TCP, *proxied, *secured, Phase.HTTP)


@dataclass(slots=True)
class FakeDns:
    """Names and their addresses, or the code with which a look-up ends."""

    names: Mapping[str, Sequence[str] | str] = field(default_factory=dict)

    async def resolve(self, host: str, *, timeout: float) -> Step:  # noqa: ASYNC109
        """See `world.Dns.resolve`."""
        del timeout
        found = self.names.get(host, "dns.nxdomain")
        if isinstance(found, str):
            return Step(Phase.DNS, 0.01, found, {"name": host, "resolver": "192.0.2.53", "after": "3 s", "addresses": "0.0.0.0"})
        return Step(Phase.DNS, 0.01, None, {"name": host, "addresses": list(found)})


@dataclass(slots=True)
class FakeClock:
    """A clock that stands still unless told otherwise."""

    time: datetime = NOON
    ticks: float = 0.0

    def now(self) -> datetime:
        """See `world.Clock.now`."""
        return self.time

    def monotonic(self) -> float:
        """See `world.Clock.monotonic`."""
        return self.ticks


def world(
    plan: Plan | None = None,
    *,
    net: FakeNet | None = None,
    dns: FakeDns | None = None,
    declared: Declared | None = None,
    dates: Sequence[Dated] = (),
) -> World:
    """A world of fakes for that plan."""
    wanted = plan.wanted() if plan else ()
    return World(net or FakeNet(), dns or FakeDns(), FakeClock(), declared or Declared(), wanted, control="qzxwvkjhgfds", seen=Seen(list(dates)))


def lookup(addresses: Mapping[str, Sequence[str]]) -> Callable[..., list[Any]]:
    """A `getaddrinfo` that knows these names only."""

    def getaddrinfo(host: str, port: int | None, *, type: int) -> list[Any]:  # noqa: A002 - the signature of socket.getaddrinfo
        del port
        if host not in addresses:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [(socket.AF_INET, type, 6, "", (address, 0)) for address in addresses[host]]

    return getaddrinfo
