"""One TCP connection, as thin as it can be: a walk opens it, says three things, and is gone.

`anyio.connect_tcp` serves names, half-closing and back-pressure, for which it opens a task group, a transport and a protocol: together a fifth of
a walk's CPU time, measured. This speaks to the event loop directly, and raises what anyio's streams raise.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Final

import anyio
from anyio.abc import ByteStream

_CHUNK: Final = 65536


class Wire(ByteStream):
    """A connected socket."""

    def __init__(self, end: socket.socket) -> None:
        self._end = end
        self._loop = asyncio.get_running_loop()

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
        try:
            data = await self._loop.sock_recv(self._end, max_bytes)
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
        self._end.close()

    @property
    def extra_attributes(self) -> Mapping[Any, Callable[[], Any]]:
        """See TypedAttributeProvider."""
        return {}


def _scope(zone: str) -> int:
    return int(zone) if zone.isdecimal() else socket.if_nametoindex(zone) if zone else 0
