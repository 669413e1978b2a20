"""A proxy with an origin behind it, and a network to reach them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import anyio

from preflight.model import Proxy, Target, Via
from preflight.real.clock import RealClock
from preflight.real.dns import RealDns
from preflight.real.net import RealNet
from preflight.real.tls import Trust
from preflight.untrusted import Redactor, Secret
from preflight.world import Seen, Trace
from tests.fake import lookup
from tests.identities import store
from tests.lab import Lab
from tests.loopback import Script, Server
from tests.worlds.words import API, GOOD, GRANT, PASSWORD

TARGET = Target.parse(API)
WANTS = 'Proxy-Authenticate: Basic realm="x"'


@dataclass(slots=True)
class Place:
    """A proxy with an origin behind it, and a network to reach them."""

    net: RealNet
    seen: Seen
    proxy: Server
    origin: Server
    lab: Lab

    def via(self, *, user: bool = False, port: int = 0) -> Via:
        names = (Secret("user"), Secret(PASSWORD)) if user else (None, None)
        return Via(Proxy("http", "proxy.localhost", port or self.proxy.port, *names), "httpsProxy")


@asynccontextmanager
async def place(proxy: Script = GRANT, behind: Script = GOOD, addresses: Sequence[str] = ("127.0.0.1",)) -> AsyncIterator[Place]:
    async with Lab() as lab:
        server = await lab.serve(behind)
        lab.routes["*"] = server.port
        clock, seen, redactor = RealClock(), Seen(), Redactor([Secret(PASSWORD)])
        dns = RealDns(clock, redactor, getaddrinfo=lookup(dict.fromkeys(("proxy.localhost", "api.localhost"), addresses)))
        net = RealNet(dns, clock, Trust(store=store, anchors=()), redactor, seen)
        yield Place(net, seen, await lab.serve(proxy), server, lab)


async def together(net: RealNet, routes: Sequence[Via], *, bound: float = 5, targets: Sequence[Target] = ()) -> list[Trace]:
    traces: dict[int, Trace] = {}

    async def one(index: int, route: Via) -> None:
        traces[index] = await net.walk(targets[index] if targets else TARGET, route, timeout=bound)

    async with anyio.create_task_group() as group:
        for index, route in enumerate(routes):
            group.start_soon(one, index, route)
    return [traces[index] for index in range(len(routes))]
