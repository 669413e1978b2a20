"""What a walk is asked to do, what it works with, and how it says that it ended."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum, auto

import msgspec

from preflight.model import Phase, Proxy, Route, Target, Via
from preflight.proof import Request
from preflight.real.credentials import Gates
from preflight.real.dns import RealDns
from preflight.real.tls import Trust
from preflight.untrusted import Json, Redactor
from preflight.world import Clock


class Trusting(Enum):
    """How the origin's certificate is looked at."""

    STRICTLY = auto()
    LENIENTLY = auto()
    BLINDLY = auto()
    """Not verified at all, and nothing is sent: only to read a chain that was refused."""


class Errand(msgspec.Struct, frozen=True):
    """What a walk is asked to do."""

    target: Target
    route: Route
    upto: Phase
    ask: Request
    timeout: float
    every_address: bool = False
    alpn: tuple[str, ...] = ()
    trusting: Trusting = Trusting.STRICTLY

    @property
    def hop(self) -> tuple[str, int]:
        """Host and port of the first hop: the proxy, or the target itself."""
        first: Proxy | Target = self.route.proxy if isinstance(self.route, Via) else self.target
        return first.host, first.port

    def out_of_time(self, phase: Phase, *, begun: bool, addresses: Sequence[str]) -> Ended:
        """How the step ends that the deadline cut. `begun`: whether its peer had sent anything."""
        after = f"{self.timeout:.3g} s"
        match phase:
            case Phase.DNS:
                return Ended("dns.timeout", after=after, name=self.hop[0])
            case Phase.TCP:
                return Ended("tcp.timeout", after=after, addresses=", ".join(addresses))
            case Phase.PROXY_TLS:
                return Ended("proxy-tls.handshake", after=after, reason=f"no answer within {after}")
            case Phase.PROXY:
                return Ended("proxy.slow-reply" if begun else "proxy.no-reply", after=after)
            case Phase.TLS:
                return Ended("tunnel.timeout" if isinstance(self.route, Via) and not begun else "tls.timeout", after=after)
            case _:
                return Ended("http.timeout", after=after)


class Means(msgspec.Struct, frozen=True):
    """What every walk of one run works with."""

    dns: RealDns
    clock: Clock
    trust: Trust
    redactor: Redactor
    gates: Gates
    """Which credentials were refused."""


class Ended(Exception):
    """The step that is under way failed with this code."""

    def __init__(self, code: str, **facts: Json) -> None:
        super().__init__(code)
        self.code = code
        self.facts = facts
