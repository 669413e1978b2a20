"""Our own walks to AWS's names: why an API did not answer, and whether a service whose name no endpoint has can be reached all the same."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import anyio

from preflight.aws.facts import Endpoint, Service, Walked
from preflight.declared import Declared
from preflight.model import Direct, Phase, Route, Target, Via
from preflight.real.at_once import bound, together
from preflight.world import Net

SECONDS: Final = 3.0


class Walks:
    """Walks as far as TLS and no further, so AWS is asked nothing. `walked` is what they met, by the service's name."""

    def __init__(self, net: Net, declared: Declared) -> None:
        self._net = net
        self._declared = declared
        self.walked: dict[str, Walked] = {}
        self._turn = anyio.Lock()
        self._let_in: dict[str, str | None] = {}

    async def barred(self, target: Target) -> str:
        """Why nothing may be asked of `target`; empty if it may. Accounts lock, so a proxy that refused our credentials is not sent them by the SDK."""
        route = self._declared.route(target)
        if not isinstance(route, Via) or route.proxy.user is None:
            return ""
        url = route.proxy.url
        async with self._turn:
            if url not in self._let_in:
                self._let_in[url] = (await self._net.walk(target, route, upto=Phase.PROXY, timeout=SECONDS)).code
        code = self._let_in[url]
        return f"{url} refuses our credentials ({code}), which are not sent again" if code and code.startswith("proxy.auth") else ""

    async def explain(self, service: str, target: Target) -> str:
        """What a walk to this API meets by the route that its client took."""
        walked = self.walked[service] = await self._walk(target, self._declared.route(target))
        way = f"through {walked.through}" if walked.through else "directly"
        return f"our own walk to {target.authority} {way} " + (f"ended with {walked.code}" if walked.code else "got there")

    async def without_endpoint(self, services: Mapping[str, Service], asked: Iterable[str], endpoints: Iterable[Endpoint]) -> None:
        """Walk directly, as a node without a proxy would, to every service asked about of which no endpoint in the VPC has the public name.

        A gateway works by routes, and leaves the name as it is.
        """
        there = {each.service for each in endpoints if each.type.lower() == "gateway" or (each.private_dns and each.state.lower() == "available")}

        async def walk(name: str) -> None:
            target = Target("https", services[name].host, 443)
            self.walked[name] = await self._walk(target, Direct("AWS's services are to be reached without the proxy"))

        await together(bound(walk, name) for name in asked if not there.intersection(services[name].names))

    async def _walk(self, target: Target, route: Route) -> Walked:
        trace = await self._net.walk(target, route, upto=Phase.TCP if target.scheme == "http" else Phase.TLS, timeout=SECONDS)
        step = trace.step(Phase.DNS)
        found = step.facts.get("addresses") if step else None
        addresses = tuple(map(str, found)) if isinstance(found, list | tuple) else ()
        return Walked(target.host, addresses, trace.code, route.proxy.url if isinstance(route, Via) else "")
