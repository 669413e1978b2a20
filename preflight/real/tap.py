"""A stream that remembers how much came through it, and how it began."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from anyio.abc import ByteStream

KEPT: Final = 320


class Tap(ByteStream):
    """Passes everything on to `stream`."""

    def __init__(self, stream: ByteStream) -> None:
        self._stream = stream
        self.received = 0
        self.first = b""

    async def receive(self, max_bytes: int = 65536) -> bytes:
        """See ByteReceiveStream."""
        data = await self._stream.receive(max_bytes)
        self.received += len(data)
        if len(self.first) < KEPT:
            self.first += data[:KEPT]
        return data

    async def send(self, item: bytes) -> None:
        """See ByteSendStream."""
        await self._stream.send(item)

    async def send_eof(self) -> None:
        """See ByteStream."""
        await self._stream.send_eof()

    async def aclose(self) -> None:
        """See AsyncResource."""
        await self._stream.aclose()

    @property
    def extra_attributes(self) -> Mapping[Any, Callable[[], Any]]:
        """See TypedAttributeProvider."""
        return self._stream.extra_attributes
