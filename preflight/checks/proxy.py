"""Is the proxy there, does it speak HTTP, and does it take our credentials?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import ClassVar, Final, Literal

import msgspec

from preflight import codes, diagnosis
from preflight.check import Check, seconds
from preflight.declared import Declared
from preflight.model import Finding, Phase, Proxy, Step, Via
from preflight.proof import Request
from preflight.untrusted import Json
from preflight.world import Trace, World

TRIED: Final = 2
"""Targets asked for at most, where the proxy says nothing: it may be one target that hangs behind it. The second gets half the time, and so does
whoever asks a proxy that kept silent before in this run: two checks with two attempts would else use up the whole run's time."""
_SILENT: Final = frozenset({"proxy.no-reply", "proxy.closed"})
_WAITED: Final = frozenset({"proxy.no-reply", "tcp.timeout"})
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

    def through(self, declared: Declared) -> Iterable[Proxy]:
        """See Check."""
        via = declared.proxies.choose(self.scheme)
        return (via.proxy,) if via else ()

    async def observe(self, world: World) -> Observed:
        """See Check."""
        routed = dict.fromkeys(each.target for each in world.wanted if each.target.scheme == self.scheme)
        ways = [(target, route) for target in routed if isinstance(route := world.declared.route(target), Via)]
        known = any(route.proxy.authority in world.seen.silent for _, route in ways[:1])
        traces: list[Trace] = []
        for number, (target, route) in enumerate(ways[: 1 if known else TRIED], 1 + known):
            ask = Request(target.path, headers=(("Cache-Control", "no-cache"),), keep=2048)
            traces.append(await world.net.walk(target, route, upto=Phase.PROXY, ask=ask, timeout=seconds(self.timeout) / number, every_address=True))
            if traces[-1].code not in _SILENT:
                break
        if traces and traces[-1].code in _WAITED:  # whoever was asked: one target that hangs behind it is not the proxy's silence
            world.seen.silent.add(ways[0][1].proxy.authority)
        return Observed(tuple(traces), world.clock.now())

    def judge(self, seen: Observed) -> Iterable[Finding]:
        """See Check."""
        if not seen.traces:
            yield codes.finding("internal.not-applicable", fields={"why": f"no {self.scheme}:// target goes through a proxy"})
            return
        trace = seen.traces[-1]
        failed = diagnosis.diagnose(trace)
        if failed and failed.code not in _BEYOND:
            yield msgspec.structs.replace(failed, evidence={**failed.evidence, **_asked(trace)})
        elif self.scheme == "http" and trace.answer and trace.answer.status in _NO_PROXY_SAYS:
            yield diagnosis.explain("proxy.not-a-proxy", trace, {"reply": f"{trace.answer.status} {trace.answer.reason}"})
        else:
            yield codes.finding("ok", message=_good(trace, failed), evidence={"proof": failed.evidence.get("reply") if failed else "it did what was asked"})
        yield from diagnosis.remarks(trace, seen.now, hop=True)

    def steps(self, seen: Observed) -> Sequence[Step]:
        """See Check."""
        return seen.traces[-1].steps if seen.traces else ()


def _asked(trace: Trace) -> dict[str, Json]:
    """What was asked of whom, for a line that shows the same; the result itself has no target."""
    account = isinstance(trace.route, Via) and trace.route.proxy.user is not None
    return {"proxy": _proxy_of(trace), "url": trace.target.url, **({"credentials": True} if account else {})}


def _proxy_of(trace: Trace) -> str:
    return trace.route.proxy.url if isinstance(trace.route, Via) else "?"


def _good(trace: Trace, beyond: Finding | None) -> str:
    """What is shown about the proxy; a failure beyond it shows that it speaks HTTP, and no more."""
    proxy = trace.route.proxy if isinstance(trace.route, Via) else None
    name = _proxy_of(trace)
    if beyond:
        return f"{name} speaks HTTP; it answered {beyond.evidence.get('reply')}"
    if trace.target.scheme == "http" and trace.answer and not 200 <= trace.answer.status < 300:  # noqa: PLR2004 - whose answer it is, the target's own check judges
        return f"{name} speaks HTTP; it answered {trace.answer.status} {trace.answer.reason}".rstrip()
    taken = "takes our credentials" if proxy and proxy.user else "wants no credentials"
    return f"{name} speaks HTTP, {taken}, and {'forwards' if trace.target.scheme == 'http' else 'says yes to tunnels'}"
