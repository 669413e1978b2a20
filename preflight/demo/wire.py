"""HTTP/1.1 as a small server sees it: one request in, one reply out, or a tunnel."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from typing import Final, TypeAlias

import anyio
import h11
from anyio.abc import ByteStream, SocketStream

from preflight.demo.acts import Reply

Now: TypeAlias = Callable[[], datetime]

GONE: Final = (anyio.EndOfStream, anyio.BrokenResourceError, anyio.ClosedResourceError, OSError, h11.RemoteProtocolError)
"""What it looks like when the other side went away, or never spoke our protocol. TLS errors are OSErrors."""
LINGER: Final = 2.0
"""Seconds to wait for the other side's end. Closing over unread bytes would reset the connection, and the reply could be lost."""


@dataclass(frozen=True, slots=True)
class Ask:
    """The head of a request. The lab's clients send no bodies."""

    method: str
    target: str
    headers: Mapping[str, str]
    """Names in lower case."""
    early: bytes = b""
    """What the client sent after it without waiting."""

    @property
    def host(self) -> str:
        """The host that an origin is asked for."""
        return self.headers.get("host", "").partition(":")[0].lower()

    @property
    def path(self) -> str:
        """The target without its query."""
        return self.target.partition("?")[0]


async def receive(stream: ByteStream) -> Ask:
    """The next request. Raises one of GONE, h11.RemoteProtocolError for what is no request."""
    connection = h11.Connection(h11.SERVER)
    while True:
        event = connection.next_event()
        if isinstance(event, h11.Request):
            headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in event.headers}
            return Ask(event.method.decode("ascii"), event.target.decode("latin-1"), headers, bytes(connection.trailing_data[0]))
        if event is not h11.NEED_DATA:
            raise anyio.EndOfStream
        connection.receive_data(await stream.receive())


async def answer(stream: ByteStream, reply: Reply, now: datetime) -> None:
    """Send the reply, which ends with the connection. Raises one of GONE."""
    headers = [("Date", format_datetime(now, usegmt=True)), *reply.headers]
    if reply.body:
        headers += [("Content-Length", str(len(reply.body))), ("Connection", "close")]
    head = f"HTTP/1.1 {reply.status} {reply.reason}\r\n" + "".join(f"{name}: {value}\r\n" for name, value in headers) + "\r\n"
    data = head.encode("latin-1") + reply.body
    size = 1 if reply.pause else len(data)
    for start in range(0, len(data), size):
        await stream.send(data[start : start + size])
        await anyio.sleep(reply.pause)


async def pump(client: ByteStream, origin: ByteStream) -> None:
    """Pass bytes both ways until the origin has said its last."""
    async with anyio.create_task_group() as group:
        group.start_soon(_copy, client, origin)
        await _copy(origin, client)
        group.cancel_scope.cancel()


async def _copy(source: ByteStream, sink: ByteStream) -> None:
    with suppress(*GONE):
        while True:
            await sink.send(await source.receive())
    with suppress(*GONE):
        await sink.send_eof()


def forgiving(serve: Callable[[SocketStream], Awaitable[None]]) -> Callable[[SocketStream], Awaitable[None]]:
    """`serve` for one connection, which it ends, whatever the client does."""

    async def handle(stream: SocketStream) -> None:
        async with stream:
            with suppress(*GONE):
                await serve(stream)
            with suppress(*GONE), anyio.move_on_after(LINGER):
                await stream.send_eof()
                while True:
                    await stream.receive()

    return handle
