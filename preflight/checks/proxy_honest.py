"""Does the proxy say no to a name that does not exist?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar, Final

import msgspec

from preflight import codes, diagnosis
from preflight.check import Check, seconds
from preflight.declared import Declared
from preflight.model import Direct, Finding, Phase, Proxy, Status, Step, Target
from preflight.world import Trace, World

_NO: Final = frozenset(f"proxy.{kind}" for kind in ("denied", "upstream-dns", "upstream-refused", "upstream-timeout", "upstream-failed", "loop", "closed"))
"""How a proxy says that it does not open this tunnel. Anything else does not answer the question."""


class Observed(msgspec.Struct, frozen=True):
    """The walk to the control name; None where no proxy would be asked for it."""

    trace: Trace | None


class ProxyHonestCheck(Check[Observed], frozen=True, kw_only=True, tag="proxy-honest"):
    """Negative control: CONNECT to a random name under `.invalid` (RFC 2606). A proxy that opens that tunnel opens every tunnel."""

    kind: ClassVar[str] = "proxy-honest"

    def blockers(self, declared: Declared) -> Iterable[str]:
        """See Check."""
        del declared
        return (*self.requires, "proxy-https")

    def through(self, declared: Declared) -> Iterable[Proxy]:
        """See Check."""
        via = declared.proxies.choose("https")
        return (via.proxy,) if via else ()

    async def observe(self, world: World) -> Observed:
        """See Check."""
        target = Target("https", f"{world.control}.invalid", 443)
        route = world.declared.route(target)
        if isinstance(route, Direct):
            return Observed(None)
        return Observed(await world.net.walk(target, route, upto=Phase.PROXY, timeout=seconds(self.timeout)))

    def judge(self, seen: Observed) -> Iterable[Finding]:
        """See Check."""
        trace = seen.trace
        if trace is None:
            yield codes.finding("internal.not-applicable", fields={"why": "no proxy would be asked for a name under .invalid"})
            return
        failed = diagnosis.diagnose(trace)
        if failed is None or failed.code.startswith("tunnel."):
            yield diagnosis.explain("proxy.dishonest", trace, {"host": trace.target.host})
        elif failed.code in _NO:
            said = failed.evidence.get("reply", "the connection was closed")
            yield codes.finding("ok", message=f"the proxy says no to a name that does not exist: {said}", evidence={"proof": said})
        else:
            yield codes.finding(failed.code, message=failed.message, hint=failed.hint, status=Status.ERROR, blame=failed.blame, evidence=failed.evidence)

    def steps(self, seen: Observed) -> Sequence[Step]:
        """See Check."""
        return seen.trace.steps if seen.trace else ()
