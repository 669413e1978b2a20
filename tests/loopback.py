"""Servers on loopback whose every conversation is a script: a tuple of moves, played in order to each client that connects.

A script says what a peer does and nothing about why; `scenarios` gives the scripts their names.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Final, Self, TypeAlias

import anyio
from anyio.abc import ByteStream, SocketAttribute, SocketStream
from anyio.streams.tls import TLSStream

GONE: Final = (anyio.EndOfStream, anyio.BrokenResourceError, anyio.ClosedResourceError, ssl.SSLError)


@dataclass(slots=True)
class Server:
    """One listening port, and what was said to it."""

    port: int
    heads: list[str] = field(default_factory=list)
    """Every request head that a script heard."""
    connections: int = 0

    def carried(self, header: str) -> list[str]:
        """The values of that header, in the order in which they came."""
        lines = (line.partition(": ") for head in self.heads for line in head.split("\r\n"))
        return [value for name, _, value in lines if name.lower() == header.lower()]


class Talk:
    """One connection, as a script sees it."""

    def __init__(self, lab: Lab, server: Server, socket_stream: SocketStream) -> None:
        self.lab = lab
        self.server = server
        self.stream: ByteStream = socket_stream
        self.raw = socket_stream
        self.head = ""
        self._held = b""

    @property
    def requested(self) -> str:
        """The request-target of the last head."""
        return self.head.split(" ")[1]

    async def receive(self) -> bytes:
        """What came next, and was not taken yet."""
        held, self._held = self._held, b""
        return held or await self.stream.receive()

    async def hear(self) -> None:
        """Take one request head."""
        data = b""
        while b"\r\n\r\n" not in data:
            data += await self.receive()
        head, _, self._held = data.partition(b"\r\n\r\n")
        self.head = head.decode("latin-1")
        self.server.heads.append(self.head)

    async def finish(self) -> None:
        """Say that nothing more comes, and wait until the client has gone."""
        with contextlib.suppress(OSError):
            self.raw.extra(SocketAttribute.raw_socket).shutdown(socket.SHUT_WR)
        with contextlib.suppress(*GONE):
            while True:
                await self.raw.receive()


Move: TypeAlias = Callable[[Talk], Awaitable[None]]
Script: TypeAlias = tuple[Move, ...]


async def hear(talk: Talk) -> None:
    """Take one request head."""
    await talk.hear()


async def listen_only(talk: Talk) -> None:
    """Take whatever comes first, a ClientHello for example."""
    await talk.receive()


async def hang(talk: Talk) -> None:
    """Say nothing until the client goes."""
    with contextlib.suppress(*GONE):
        while True:
            await talk.receive()


async def reset(talk: Talk) -> None:
    """Send RST."""
    talk.raw.extra(SocketAttribute.raw_socket).setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    await anyio.aclose_forcefully(talk.raw)


def say(data: bytes | str) -> Move:
    """Send `data`."""

    async def move(talk: Talk) -> None:
        await talk.stream.send(data if isinstance(data, bytes) else data.encode("latin-1"))

    return move


def drip(data: bytes, every: float = 0.02) -> Move:
    """Send `data` byte by byte, again and again."""

    async def move(talk: Talk) -> None:
        while True:
            for index in range(len(data)):
                await talk.stream.send(data[index : index + 1])
                await anyio.sleep(every)

    return move


def pause(seconds: float) -> Move:
    """Wait."""

    async def move(talk: Talk) -> None:
        del talk
        await anyio.sleep(seconds)

    return move


def secure(context: Callable[[], ssl.SSLContext]) -> Move:
    """Go on in TLS, as the server. The context is made when the first client comes: making keys costs."""

    async def move(talk: Talk) -> None:
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        handle = context().wrap_bio(incoming, outgoing, server_side=True)
        stream = TLSStream(talk.stream, False, handle, incoming, outgoing)
        try:
            await stream._call_sslobject_method(handle.do_handshake)  # noqa: SLF001 - `wrap` does the same and swallows the alert
        finally:
            if alert := outgoing.read():
                await talk.stream.send(alert)
        talk.stream = stream

    return move


def by_request(scripts: Mapping[str, Script], otherwise: Script) -> Move:
    """Go on with the script for the request-target, or with the first whose key it contains."""

    async def move(talk: Talk) -> None:
        chosen = next((script for key, script in scripts.items() if key in talk.requested), otherwise)
        for step in chosen:
            await step(talk)

    return move


def in_turn(*scripts: Script) -> Move:
    """Another script for each connection; the last one for all further ones."""
    count = 0

    async def move(talk: Talk) -> None:
        nonlocal count
        chosen = scripts[min(count, len(scripts) - 1)]
        count += 1
        for step in chosen:
            await step(talk)

    return move


def if_authorized(value: str, granted: Script, refused: Script) -> Move:
    """Go on with `granted` where the head carries that Proxy-Authorization."""

    async def move(talk: Talk) -> None:
        chosen = granted if f"\r\nproxy-authorization: {value}".lower() in talk.head.lower() and value in talk.head else refused
        for step in chosen:
            await step(talk)

    return move


async def relay(talk: Talk) -> None:
    """Pass everything on to the lab's server for the request-target, both ways, until either side ends."""
    host = talk.requested.removesuffix(":443")
    port = talk.lab.routes.get(host, talk.lab.routes.get("*"))
    if port is None:
        raise LookupError(f"the lab has no origin for {host}")
    ends: list[Exception] = []
    async with await anyio.connect_tcp("127.0.0.1", port) as other, anyio.create_task_group() as group:
        group.start_soon(_pump, talk.receive, other, group.cancel_scope, [])
        group.start_soon(_pump, other.receive, talk.stream, group.cancel_scope, ends)
    if any(isinstance(end, anyio.BrokenResourceError) for end in ends):
        await reset(talk)


async def _pump(receive: Callable[[], Awaitable[bytes]], to: ByteStream, both: anyio.CancelScope, ends: list[Exception]) -> None:
    try:
        while True:
            await to.send(await receive())
    except GONE as end:
        ends.append(end)
        both.cancel()


class Lab:
    """Loopback servers that live as long as the block."""

    def __init__(self) -> None:
        self.routes: dict[str, int] = {}
        """Where `relay` goes, by host; `*` for all others."""
        self._group = anyio.create_task_group()
        self._stack = contextlib.AsyncExitStack()

    async def __aenter__(self) -> Self:
        await self._group.__aenter__()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> bool | None:
        with anyio.CancelScope(shield=True):
            await anyio.sleep(0.01)  # asyncio loses a connection that is accepted while its `accept` is cancelled
        self._group.cancel_scope.cancel()
        try:
            return await self._group.__aexit__(kind, error, trace)
        finally:
            with anyio.CancelScope(shield=True):
                await self._stack.aclose()

    async def serve(self, script: Script, *, host: str = "127.0.0.1", port: int = 0) -> Server:
        """Play `script` to everybody who connects."""
        listener = await self._stack.enter_async_context(await anyio.create_tcp_listener(local_host=host, local_port=port))
        server = Server(listener.extra(SocketAttribute.local_port))

        async def play(stream: SocketStream) -> None:
            server.connections += 1
            talk = Talk(self, server, stream)
            try:
                with contextlib.suppress(*GONE):
                    for move in script:
                        await move(talk)
                    await talk.finish()
            finally:
                await anyio.aclose_forcefully(stream)

        self._group.start_soon(listener.serve, play)
        return server

    async def silent_port(self) -> int:
        """A port of 127.0.0.1 that never answers a SYN: its queue of connections is full."""
        deaf = self._stack.enter_context(socket.socket())
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(0)
        for _ in range(4):
            waiting = self._stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(deaf.getsockname())
        await anyio.sleep(0.05)
        return int(deaf.getsockname()[1])


def closed_port(host: str = "127.0.0.1") -> int:
    """A port on which nothing listens."""
    with socket.socket() as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])
