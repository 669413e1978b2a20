"""Is the proxy there, does it speak HTTP, and does it take our credentials?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import ClassVar, Final, Literal

import msgspec

from preflight import codes, diagnosis
from preflight.check import Check, seconds
from preflight.model import Finding, Phase, Step, Via
from preflight.proof import Request
from preflight.world import Trace, World

TRIED: Final = 2
"""Targets asked for at most, where the proxy says nothing: it may be one target that hangs behind it. The second gets half the time."""
_SILENT: Final = frozenset({"proxy.no-reply", "proxy.closed"})
_BEYOND: Final = frozenset({"proxy.denied", "proxy.upstream-dns", "proxy.upstream-refused", "proxy.upstream-timeout", "proxy.upstream-failed"})
_NO_PROXY_SAYS: Final = frozenset({400, 405, 501})


class Observed(msgspec.Struct, frozen=True):
    """The walks to the proxy, each for another target; the last one decides."""

    traces: tuple[Trace, ...]
    now: datetime


class ProxyCheck(Check[Observed], frozen=True, kw_only=True, tag="proxy"):
    """The hop to one of the proxies. Sends what its first routed target sends; a refusal by policy, or a failure behind the proxy, passes here."""

    kind: ClassVar[str] = "proxy"

    scheme: Literal["http", "https"]
    """Whose proxy: that of `http://` or of `https://` targets."""

    def after(self) -> Iterable[str]:
        """The tunnel goes first, so that shared credentials are tried once."""
        return ("proxy-https",) if self.scheme == "http" else ()

    async def observe(self, world: World) -> Observed:
        """See Check."""
        routed = [each.target for each in world.wanted if each.target.scheme == self.scheme and isinstance(world.declared.route(each.target), Via)]
        traces: list[Trace] = []
        bound = seconds(self.timeout)
        for number, target in enumerate(dict.fromkeys(routed[:TRIED]), 1):
            ask = Request(target.path, headers=(("Cache-Control", "no-cache"),), keep=2048)
            route = world.declared.route(target)
            traces.append(await world.net.walk(target, route, upto=Phase.PROXY, ask=ask, timeout=bound / number, every_address=True))
            if traces[-1].code not in _SILENT:
                break
        return Observed(tuple(traces), world.clock.now())

    def judge(self, seen: Observed) -> Iterable[Finding]:
        """See Check."""
        if not seen.traces:
            yield codes.finding("internal.not-applicable", fields={"why": f"no {self.scheme}:// target goes through a proxy"})
            return
        trace = seen.traces[-1]
        failed = diagnosis.diagnose(trace)
        if failed and failed.code not in _BEYOND:
            yield failed
        elif self.scheme == "http" and trace.answer and trace.answer.status in _NO_PROXY_SAYS:
            yield diagnosis.explain("proxy.not-a-proxy", trace, {"reply": f"{trace.answer.status} {trace.answer.reason}"})
        else:
            yield codes.finding("ok", message=_good(trace, failed), evidence={"proof": failed.evidence.get("reply") if failed else "it did what was asked"})
        yield from diagnosis.remarks(trace, seen.now, hop=True)

    def steps(self, seen: Observed) -> Sequence[Step]:
        """See Check."""
        return seen.traces[-1].steps if seen.traces else ()


def _good(trace: Trace, beyond: Finding | None) -> str:
    """What is shown about the proxy; a failure beyond it shows that it speaks HTTP, and no more."""
    proxy = trace.route.proxy if isinstance(trace.route, Via) else None
    name = proxy.url if proxy else "?"
    if beyond:
        return f"{name} speaks HTTP; it answered {beyond.evidence.get('reply')}"
    taken = "takes our credentials" if proxy and proxy.user else "wants no credentials"
    return f"{name} speaks HTTP, {taken}, and {'forwards' if trace.target.scheme == 'http' else 'opens tunnels'}"
