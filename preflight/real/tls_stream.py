"""TLS over any stream, from a client's side: OpenSSL turns bytes into other bytes in memory, and this carries them.

`anyio.streams.tls.TLSStream` does the same and more, which no walk needs: a server's side, closing alerts, attributes. This one also remembers
what came, because how a peer begins tells what it is when it does not speak TLS.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable
from typing import Final, TypeVar

import anyio
from anyio.abc import ByteStream

KEPT: Final = 320
_CHUNK: Final = 65536

T = TypeVar("T")


class TlsStream(ByteStream):
    """A client's TLS connection. `received` counts the peer's raw bytes, and `first` holds how they began."""

    def __init__(self, stream: ByteStream, context: ssl.SSLContext, host: str) -> None:
        """Say nothing yet. The context's settings as they are now hold for this connection."""
        self._stream = stream
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.handle = context.wrap_bio(self._incoming, self._outgoing, server_hostname=_server_name(host))
        self.received = 0
        self.first = b""

    async def handshake(self) -> None:
        """Agree with the peer and verify it. Raises ssl.SSLError, anyio.EndOfStream or anyio.BrokenResourceError.

        What TLS 1.3 has to say last waits for the first request, which may go in the same segment, or for `flush`.
        """
        await self._carried(self.handle.do_handshake)

    async def receive(self, max_bytes: int = _CHUNK) -> bytes:
        """See ByteReceiveStream. Raises ssl.SSLError as well."""
        data = await self._carried(lambda: self.handle.read(max_bytes))
        if not data:
            raise anyio.EndOfStream
        return data

    async def send(self, item: bytes) -> None:
        """See ByteSendStream. Raises ssl.SSLError as well."""
        await self._carried(lambda: self.handle.write(item))
        await self.flush()

    async def flush(self) -> None:
        """Send what OpenSSL has to say."""
        if self._outgoing.pending:
            await self._stream.send(self._outgoing.read())

    async def send_eof(self) -> None:
        """See ByteStream. A walk ends with the connection, never with half of it."""
        raise NotImplementedError

    async def aclose(self) -> None:
        """See AsyncResource."""
        await self._stream.aclose()

    async def _carried(self, act: Callable[[], T]) -> T:
        """What `act` gives, once OpenSSL has been brought all that it waits for."""
        while True:
            try:
                return act()
            except ssl.SSLWantReadError:
                await self.flush()
                await self._fetch()
            except ssl.SSLEOFError:
                raise anyio.EndOfStream from None
            except ssl.SSLError as error:
                if error.reason == "UNEXPECTED_EOF_WHILE_READING":
                    raise anyio.EndOfStream from None
                raise

    async def _fetch(self) -> None:
        try:
            data = await self._stream.receive()
        except anyio.EndOfStream:
            self._incoming.write_eof()
            return
        self._incoming.write(data)
        self.received += len(data)
        if len(self.first) < KEPT:
            self.first += data[:KEPT]


def _server_name(host: str) -> str | bytes:
    """As bytes where that is possible: a text is put through the IDNA codec, which refuses names that DNS would take."""
    return host.encode("ascii") if host.isascii() else host
