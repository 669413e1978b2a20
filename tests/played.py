"""A scenario, played: the loopback servers it describes, the checks it names, and a run of the real engine on the real network."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import msgspec

from preflight import engine, plan
from preflight.check import Check
from preflight.checks.clock import ClockCheck
from preflight.checks.dns import DnsCheck
from preflight.checks.http import HttpCheck
from preflight.checks.https import HttpsCheck
from preflight.checks.proxy import ProxyCheck
from preflight.checks.proxy_honest import ProxyHonestCheck
from preflight.checks.tcp import TcpCheck
from preflight.declared import Declared
from preflight.model import Proxy, Report
from preflight.plan import Limits, Plan
from preflight.real.clock import RealClock
from preflight.real.dns import LookUp, RealDns
from preflight.real.net import RealNet
from preflight.real.tls import Trust
from preflight.route import Proxies
from preflight.untrusted import Redactor, Secret
from preflight.world import Seen, World
from tests.fake import lookup
from tests.identities import store
from tests.lab import Lab, closed_port
from tests.loopback import Server
from tests.worlds.words import API, ARCHIVE, PASSWORD, REGISTRY, Scenario

USER = Secret("user")


@dataclass(frozen=True, slots=True)
class Stage:
    """A world that stands, and the plan for it."""

    world: World
    plan: Plan
    redactor: Redactor
    hop: Server | None
    """The first server on the way, where one is served."""

    async def run(self) -> Report:
        """What the engine says about it."""
        return await engine.run(self.plan, self.world, lambda event: None, redactor=self.redactor)


def real(declared: Declared, wanted: Plan, *, getaddrinfo: LookUp, trust: Trust, redactor: Redactor) -> World:
    """A world on real sockets."""
    clock, seen = RealClock(), Seen()
    dns = RealDns(clock, redactor, getaddrinfo=getaddrinfo)
    return World(RealNet(dns, clock, trust, redactor, seen), dns, clock, declared, wanted.wanted(), control="qzxwvkjhgfds", seen=seen)


def checks(scenario: Scenario, port: int) -> list[Check[Any]]:
    """The checks that the scenario expects something of."""
    timeout, redirects = scenario.timeout, scenario.redirects
    near = f"api.localhost:{port}"
    known: dict[str, Check[Any]] = {
        "dns": DnsCheck(name="dns", host="sunk.example"),
        "proxy-https": ProxyCheck(name="proxy-https", scheme="https", timeout=timeout),
        "proxy-http": ProxyCheck(name="proxy-http", scheme="http", timeout=timeout),
        "proxy-honest": ProxyHonestCheck(name="proxy-honest", timeout=timeout),
        "api": HttpsCheck(name="api", target=API, proof="google-api", timeout=timeout, h2=scenario.h2, redirects=redirects),
        "registry": HttpsCheck(name="registry", target=REGISTRY, path="/v2/", proof="registry", timeout=timeout, redirects=redirects),
        "archive": HttpCheck(name="archive", target=f"http://{ARCHIVE}/ubuntu/dists/jammy/InRelease", proof="ubuntu-archive", timeout=timeout),
        "direct": HttpsCheck(name="direct", proof="google-api", target=near if scenario.addresses[0] != "0.0.0.0" else f"sunk.example:{port}", timeout=timeout),
        "tcp": TcpCheck(name="tcp", target=near, timeout=timeout),
        "clock": ClockCheck(name="clock"),
    }
    return [check for name, check in known.items() if name in scenario.expected]


@asynccontextmanager
async def stage(scenario: Scenario, *, attempts: int = 1) -> AsyncIterator[Stage]:
    """The scenario's world, as long as the block lasts."""
    async with Lab() as lab:
        origin = await lab.serve(scenario.origin)
        lab.routes["*"] = origin.port
        hop = origin if scenario.proxy is None else await lab.serve(scenario.proxy)
        port = closed_port() if scenario.port == "closed" else await lab.silent_port() if scenario.port == "silent" else hop.port
        secret = Secret(PASSWORD)
        user, password = (USER, secret) if scenario.user else (None, None)
        proxy = Proxy(scenario.scheme, "proxy.localhost", port, user, password) if scenario.proxy is not None else None
        declared = Declared(Proxies(proxy, proxy))
        redactor = Redactor((secret,), pairs=((USER, secret),))
        known = dict.fromkeys(("proxy.localhost", "api.localhost", "sunk.example"), scenario.addresses)
        made = plan.make(
            [msgspec.structs.replace(check, attempts=attempts) for check in checks(scenario, port)],
            declared,
            limits=Limits(backoff=0.01),
        )
        trust = Trust(store=lambda: store(*scenario.trusts), anchors=())
        yield Stage(real(declared, made, getaddrinfo=lookup(known), trust=trust, redactor=redactor), made, redactor, hop)
