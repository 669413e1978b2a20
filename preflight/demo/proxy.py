"""The lab's forward proxy: Basic authentication, CONNECT, absolute-form GET, and the rules of a scenario."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hmac import compare_digest
from typing import Final
from urllib.parse import urlsplit

import anyio
import h11
from anyio.abc import SocketStream

from preflight.demo import origins
from preflight.demo.acts import CONNECT, GET, Act, Front, Lead, Reply, Rule, squid
from preflight.demo.wire import Ask, Now, answer, pump, receive
from preflight.untrusted import Secret

LOOPBACK: Final = "127.0.0.1"
_CREDENTIALS: Final = squid(407, "Proxy Authentication Required", "ERR_CACHE_ACCESS_DENIED 0", ("Proxy-Authenticate", 'Basic realm="preflight demo"'))
_INVALID: Final = squid(400, "Bad Request", "ERR_INVALID_REQ 0")
_NO_NAME: Final = squid(503, "Service Unavailable", "ERR_DNS_FAIL 0")
_REFUSED: Final = squid(503, "Service Unavailable", "ERR_CONNECT_FAIL 111")
_ESTABLISHED: Final = b"HTTP/1.1 200 Connection established\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Ports:
    """Where a front listens on loopback."""

    tls: int
    clear: int

    def of(self, port: int) -> int | None:
        """The port that plays the part of a well-known one."""
        return {443: self.tls, 80: self.clear}.get(port)


@dataclass(frozen=True, slots=True)
class _Wish:
    """Whom a request is for."""

    host: str
    port: int
    path: str = "/"


class ForwardProxy:
    """Leads wherever the table of fronts says, after credentials and rules. Names are looked up in the lab's own table, never resolved."""

    def __init__(self, basic: Secret, rules: Iterable[Rule], fronts: Mapping[Front, Ports], now: Now) -> None:
        """`basic` is the one value of Proxy-Authorization that is accepted."""
        self._basic = basic.reveal()
        self._rules = tuple(rules)
        self._used: Counter[Rule] = Counter()
        self._fronts = fronts
        self._now = now

    async def serve(self, stream: SocketStream) -> None:
        """One connection, one request. Raises one of wire.GONE."""
        try:
            ask = await receive(stream)
        except h11.RemoteProtocolError:
            await answer(stream, _INVALID, self._now())
            return
        wish = _wish(ask)
        act = self._act(ask, wish) if wish else _INVALID
        if isinstance(act, Reply):
            await answer(stream, act, self._now())
        elif isinstance(act, Lead) and wish:
            await self._lead(stream, ask, wish, act.front)

    def _act(self, ask: Ask, wish: _Wish) -> Act:
        if not compare_digest(ask.headers.get("proxy-authorization", "").encode(), self._basic.encode()):
            return _CREDENTIALS
        for rule in self._rules:
            if rule.covers(ask.method, wish.host) and (rule.times is None or self._used[rule] < rule.times):
                self._used[rule] += 1
                return rule.act
        return Lead() if origins.find(wish.host) else _NO_NAME

    async def _lead(self, stream: SocketStream, ask: Ask, wish: _Wish, front: Front) -> None:
        port = self._fronts[front].of(wish.port)
        if port is None:
            await answer(stream, _REFUSED, self._now())
            return
        async with await anyio.connect_tcp(LOOPBACK, port) as origin:
            if ask.method == CONNECT:
                await stream.send(_ESTABLISHED)
                if ask.early:
                    await origin.send(ask.early)
            else:
                await origin.send(f"GET {wish.path} HTTP/1.1\r\nHost: {wish.host}\r\nConnection: close\r\n\r\n".encode("latin-1"))
            await pump(stream, origin)


def _wish(ask: Ask) -> _Wish | None:
    """Whom the request is for; None for what a forward proxy is not asked."""
    try:
        parts = urlsplit(f"//{ask.target}" if ask.method == CONNECT else ask.target)
        port = parts.port
    except ValueError:
        return None
    host = (parts.hostname or "").rstrip(".")
    if ask.method == CONNECT:
        return _Wish(host, port) if host and port else None
    if ask.method != GET or parts.scheme != "http" or not host:
        return None
    return _Wish(host, port or 80, (parts.path or "/") + (f"?{parts.query}" if parts.query else ""))
