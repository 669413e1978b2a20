"""One walk in progress. Every method is a step; the first that fails ends the walk."""

from __future__ import annotations

import math
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final, Self

import anyio
from anyio.abc import ByteStream

from preflight import __version__, proxy_reply
from preflight.model import DEFAULT_PORTS, Phase, Proxy, Step, Via, bracketed
from preflight.proof import Answer, Request
from preflight.real import errors, http, tls
from preflight.real.credentials import Gate, Standing
from preflight.real.dial import GRACE, Dial, Unreached
from preflight.real.dns import Unresolved
from preflight.real.errand import Ended, Errand, Means, Trusting
from preflight.real.talk import talking
from preflight.real.tls_stream import TlsStream
from preflight.untrusted import Json

AGENT: Final = f"preflight/{__version__}"
_UNPROVEN: Final = frozenset({Standing.UNKNOWN, Standing.NOT_REFUSED})
REFUSAL_PAGE: Final = 2048


class Walk:
    """The state of one walk: where it is, since when, and what it has learned."""

    def __init__(self, means: Means, errand: Errand) -> None:
        self.steps: list[Step] = []
        self.answer: Answer | None = None
        self.error: BaseException | None = None
        """What ended the TLS handshake with the origin, for a second look."""
        self.stream: ByteStream | None = None
        self._means = means
        self._errand = errand
        self._phase = Phase.DNS
        self._mark = 0.0
        self._dial: Dial | None = None
        self._origin: TlsStream | None = None
        self._progress = http.Progress()
        self._scope = anyio.CancelScope()

    async def go(self) -> None:
        """Walk, and leave the steps behind. Raises nothing for what the network does. The stream stays open until the end of the block."""
        self._mark = self._means.clock.monotonic()
        try:
            with anyio.move_on_after(self._errand.timeout) as self._scope:
                await self._all()
            if self._scope.cancelled_caught:
                begun = bool(self._progress.received if self._phase is Phase.PROXY else self.heard)
                raise self._errand.out_of_time(self._phase, begun=begun, addresses=self._dial.addresses if self._dial else ())
        except Ended as end:
            self._end(end.code, **end.facts)

    async def __aenter__(self) -> Self:
        """The walk's connection lives as long as the block."""
        return self

    async def __aexit__(self, *exception: object) -> None:
        """Let go of the connection without waiting for the peer."""
        if self._dial and self._dial.stream:
            self._dial.stream.close()

    @property
    def heard(self) -> int:
        """How many bytes the origin has sent inside the tunnel."""
        return self._origin.received if self._origin else 0

    async def _all(self) -> None:
        errand = self._errand
        await self._connect()
        if errand.upto is Phase.TCP:
            return
        if isinstance(errand.route, Via):
            if errand.route.proxy.scheme == "https":
                await self._proxy_tls(errand.route.proxy)
            if errand.target.scheme == "http":
                await self._forward(errand.route.proxy)
                return
            await self._tunnel(errand.route.proxy)
            if errand.upto is Phase.PROXY:
                return
        if errand.target.scheme == "https":
            await self._tls()
            if errand.upto is Phase.TLS:
                return
        await self._request()

    async def _connect(self) -> None:
        host, port = self._errand.hop
        try:
            addresses = await self._means.dns.addresses(host)
        except Unresolved as error:
            raise Ended(error.code, name=host, **error.facts) from None
        if addresses != (host,):
            self._done(name=host, addresses=list(addresses))
        self._phase = Phase.TCP
        self._dial = Dial(addresses, port)
        try:
            self.stream = await self._dial.connect(every=self._errand.every_address, grace=min(GRACE, self._errand.timeout / 4))
        except Unreached as error:
            code = "dns.no-address" if error.only_ipv6 else error.code
            raise Ended(code, name=host, addresses=", ".join(addresses), each=dict(error.codes), reason=error.reason) from None
        dead: dict[str, Json] = {"dead": dict(self._dial.dead)} if self._dial.dead and self._errand.every_address else {}
        self._done(address=self._dial.address, **dead)

    async def _proxy_tls(self, proxy: Proxy) -> None:
        self._phase = Phase.PROXY_TLS
        self.stream = stream = TlsStream(self._open, self._trusted(), proxy.host)
        try:
            await stream.handshake()
        except (ssl.SSLError, anyio.EndOfStream, anyio.BrokenResourceError) as error:
            raise Ended(errors.tls_code(error, to_proxy=True), reason=errors.tls_reason(error)) from None
        self._done(**self._agreed(stream))

    async def _tunnel(self, proxy: Proxy) -> None:
        self._phase = Phase.PROXY
        authority = self._errand.target.authority
        answer, leading = await self._through(proxy, Request(method="CONNECT", keep=REFUSAL_PAGE), authority, authority)
        refusal = proxy_reply.to_connect(answer, sent_credentials=bool(proxy.user))
        if refusal:
            self.answer = answer
            raise Ended(refusal.code, **refusal.facts)
        self._done(reply=f"{answer.status} {answer.reason}".strip())
        if leading and self._errand.upto is not Phase.PROXY:  # by chance in the same segment as the reply: not the proxy's hop
            raise Ended("tunnel.unexpected-bytes", first_bytes=proxy_reply.excerpt(leading))

    async def _tls(self) -> None:
        self._phase = Phase.TLS
        trusting = self._errand.trusting
        context = self._means.trust.blind if trusting is Trusting.BLINDLY else self._trusted(strict=trusting is Trusting.STRICTLY)
        self.stream = self._origin = stream = TlsStream(self._open, context, self._errand.target.host)
        try:
            await stream.handshake()
            if self._errand.upto is Phase.TLS:
                await stream.flush()
        except (ssl.SSLError, anyio.EndOfStream, anyio.BrokenResourceError) as error:
            self.error = errors.bare(error)
            raise self._broken_handshake(error) from None
        added = self._means.trust.added(stream) if trusting is not Trusting.BLINDLY else None
        self._done(**self._agreed(stream), **({"added": added} if added else {}))

    def _trusted(self, *, strict: bool = True) -> ssl.SSLContext:
        if self._means.trust.empty:
            raise Ended("internal.no-trust")
        return self._means.trust.context(self._errand.alpn if self._phase is Phase.TLS else (), strict=strict)

    def _broken_handshake(self, error: BaseException) -> Ended:
        tunnelled = isinstance(self._errand.route, Via)
        if self._origin and self._origin.first and self._origin.first[0] not in {0x15, 0x16}:
            first = proxy_reply.excerpt(self._origin.first)
            return Ended("tunnel.unexpected-bytes" if tunnelled else "tls.handshake", first_bytes=first, reason="the answer is not TLS")
        if errors.is_cut_off(error) or errors.tls_code(error) == "tls.closed":
            reset = errors.was_reset(error)
            code = ("tunnel.reset" if reset else "tunnel.closed") if tunnelled and not self.heard else "tls.closed"
            return Ended(code, reason="reset" if reset else "closed")
        return Ended(errors.tls_code(error), reason=errors.tls_reason(error))

    async def _request(self) -> None:
        self._phase = Phase.HTTP
        target = self._errand.target
        default = target.port == DEFAULT_PORTS.get(target.scheme)
        self.answer, _ = await self._exchange(self._errand.ask, self._errand.ask.path, bracketed(target.host) if default else target.authority)
        if self.answer.cut:
            raise Ended("http.closed", **proxy_reply.facts(self.answer), reason="cut off within the body")
        self._done(**proxy_reply.facts(self.answer))

    async def _forward(self, proxy: Proxy) -> None:
        """What a client does with an `http://` URL: the whole URL in the request line (RFC 9112 section 3.2.2), no tunnel."""
        self._phase = Phase.PROXY if self._errand.upto is Phase.PROXY else Phase.HTTP
        target = self._errand.target
        host = bracketed(target.host) if target.port == DEFAULT_PORTS["http"] else target.authority
        answer, _ = await self._through(proxy, self._errand.ask, f"http://{host}{self._errand.ask.path}", host)
        self.answer = answer
        refusal = proxy_reply.to_forwarded(answer, sent_credentials=bool(proxy.user), in_clear=True)
        if refusal:
            raise Ended(refusal.code, **refusal.facts)
        if answer.cut and self._errand.upto is not Phase.PROXY:
            raise Ended("http.closed", **proxy_reply.facts(answer), reason="cut off within the body")
        self._done(**proxy_reply.facts(answer))

    async def _through(self, proxy: Proxy, ask: Request, request_target: str, host: str) -> tuple[Answer, bytes]:
        """The proxy's answer. Its credentials go through the gate."""
        gate = self._means.gates.of(proxy)
        if gate is None or not proxy.basic:
            return await self._exchange(ask, request_target, host)
        authorization = ("Proxy-Authorization", proxy.basic.reveal())
        if gate.standing in _UNPROVEN:
            async with self._turn(gate):
                if gate.standing in _UNPROVEN:
                    answer, leading = await self._exchange(ask, request_target, host, authorization)
                    gate.learn(answer, connect=ask.method == "CONNECT")
                    return answer, leading
        if gate.refusal:
            facts: dict[str, Json] = {**gate.refusal.facts, "reply": "refused earlier in this run, not sent again", "sent": False}
            raise Ended(gate.refusal.code, **facts)
        answer, leading = await self._exchange(ask, request_target, host, authorization)
        if proxy_reply.refused_credentials(answer, connect=ask.method == "CONNECT"):
            reply = f"{answer.status} {answer.reason}, though it has taken the same credentials for another target"
            raise Ended("proxy.denied", **{**proxy_reply.facts(answer), "reply": reply})
        return answer, leading

    @asynccontextmanager
    async def _turn(self, gate: Gate) -> AsyncIterator[None]:
        """Wait for other walks' use of the same credentials. The wait counts in no step and against no deadline."""
        start, left = self._means.clock.monotonic(), self._scope.deadline - anyio.current_time()
        self._scope.deadline = math.inf
        async with gate.turn:
            self._scope.deadline = anyio.current_time() + left
            self._mark += self._means.clock.monotonic() - start
            yield

    async def _exchange(self, ask: Request, request_target: str, host: str, *extra: tuple[str, str]) -> tuple[Answer, bytes]:
        to_proxy = self._phase is Phase.PROXY or (isinstance(self._errand.route, Via) and self._errand.target.scheme == "http")
        headers = [("Host", host), ("User-Agent", AGENT), *extra]
        if ask.method != "CONNECT":
            headers += [("Connection", "close"), *([] if any(name == "Accept" for name, _ in ask.headers) else [("Accept", "*/*")])]
        patience = min(http.PATIENCE, self._errand.timeout / 4) if self._phase is Phase.PROXY else None
        with talking(to_proxy=to_proxy):
            return await http.exchange(self._open, ask, request_target, headers, self._means.redactor, self._progress, patience)

    @property
    def _open(self) -> ByteStream:
        if self.stream is None:
            raise RuntimeError("a walk talks before it is connected")
        return self.stream

    def _agreed(self, stream: TlsStream) -> dict[str, Json]:
        return {key: self._means.redactor.clean(value) if isinstance(value, str) else value for key, value in tls.facts(stream).items()}

    def _done(self, **facts: Json) -> None:
        now = self._means.clock.monotonic()
        self.steps.append(Step(self._phase, now - self._mark, None, facts))
        self._mark = now

    def _end(self, code: str, **facts: Json) -> None:
        now = self._means.clock.monotonic()
        self.steps.append(Step(Phase(code.partition(".")[0]), now - self._mark, code, facts))
        self._mark = now
