"""One TCP connection, as thin as it can be: a walk opens it, says three things, and is gone.

`anyio.connect_tcp` serves names, half-closing and back-pressure, for which it opens a task group, a transport and a protocol: together a fifth of
a walk's CPU time, measured. This speaks to the event loop directly, and raises what anyio's streams raise. It has the socket watched once, from the
first wait to the end: to begin and end that with each wait, as the loop's `sock_recv` does, is dear as well.
"""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress
from typing import Final

import anyio
from anyio.abc import ByteStream

_CHUNK: Final = 65536


class Wire(ByteStream):
    """A connected socket."""

    def __init__(self, end: socket.socket) -> None:
        self._end = end
        self._loop = asyncio.get_running_loop()
        self._watched = False
        self._waiting: asyncio.Future[None] | None = None

    @classmethod
    async def to(cls, address: str, port: int) -> Wire:
        """A connection to an IP address. Raises OSError."""
        host, _, zone = address.partition("%")
        six = ":" in host
        end = socket.socket(socket.AF_INET6 if six else socket.AF_INET, socket.SOCK_STREAM)
        try:
            end.setblocking(False)
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            await asyncio.get_running_loop().sock_connect(end, (host, port, 0, _scope(zone)) if six else (host, port))
        except BaseException:
            end.close()
            raise
        return cls(end)

    async def receive(self, max_bytes: int = _CHUNK) -> bytes:
        """See ByteReceiveStream."""
        data = None
        while data is None:
            await self._readable()  # nearly always there is nothing yet, and to be told so by the kernel is dearer than to wait
            try:
                with suppress(BlockingIOError):
                    data = self._end.recv(max_bytes)
            except OSError as error:
                raise anyio.BrokenResourceError from error
        if not data:
            raise anyio.EndOfStream
        return data

    async def send(self, item: bytes) -> None:
        """See ByteSendStream."""
        try:
            with suppress(BlockingIOError):
                item = item[self._end.send(item) :]  # a request is small: the kernel takes it at once
            if item:
                await self._loop.sock_sendall(self._end, item)
        except OSError as error:
            raise anyio.BrokenResourceError from error

    async def send_eof(self) -> None:
        """See ByteStream."""
        self._end.shutdown(socket.SHUT_WR)

    async def aclose(self) -> None:
        """See AsyncResource."""
        self.close()

    def close(self) -> None:
        """Let go at once."""
        self._ignore()
        self._end.close()

    async def _readable(self) -> None:
        self._waiting = self._loop.create_future()
        if not self._watched:
            self._loop.add_reader(self._end, self._arrived)
            self._watched = True
        await self._waiting

    def _arrived(self) -> None:
        if self._waiting is None or self._waiting.done():
            self._ignore()  # nobody waits for it now, and the loop would say it again and again
        else:
            self._waiting.set_result(None)

    def _ignore(self) -> None:
        if self._watched:
            self._loop.remove_reader(self._end)
            self._watched = False


def _scope(zone: str) -> int:
    return int(zone) if zone.isdecimal() else socket.if_nametoindex(zone) if zone else 0
