"""Servers on loopback whose every conversation is a script: a tuple of moves, played in order to each client that connects.

A script says what a peer does and nothing about why; `scenarios` gives the scripts their names.
"""

from __future__ import annotations

import contextlib
import os
import socket
import ssl
import struct
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias

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

    def __init__(self, routes: Mapping[str, int], server: Server, socket_stream: SocketStream) -> None:
        self.routes = routes
        self.server = server
        self.stream: ByteStream = socket_stream
        self.raw = socket_stream
        self.head = ""
        self.gone = False
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
        with contextlib.suppress(*GONE, OSError):
            if self.gone:
                return
            await self.raw.send_eof()
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
    talk.gone = True
    with socket.socket(fileno=os.dup(talk.raw.extra(SocketAttribute.raw_socket).fileno())) as twin:  # uvloop's own lets nobody set options
        twin.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    await anyio.aclose_forcefully(talk.raw)


def say(data: bytes | str | Callable[[], str]) -> Move:
    """Send `data`, or what it gives at that moment."""

    async def move(talk: Talk) -> None:
        said = data if isinstance(data, bytes | str) else data()
        await talk.stream.send(said if isinstance(said, bytes) else said.encode("latin-1"))

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
            await stream._call_sslobject_method(handle.do_handshake)
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
    port = talk.routes.get(host, talk.routes.get("*"))
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
