"""One HTTP/1.1 exchange over a stream, bounded, with the bytes kept that a message may quote."""

from __future__ import annotations

import ssl
from contextlib import nullcontext
from typing import Final

import anyio
import h11
import msgspec
from anyio.abc import ByteStream

from preflight.proof import Answer, Request
from preflight.untrusted import Redactor

HEADER_BOUND: Final = 16384
PATIENCE: Final = 1.0
"""Seconds to wait for a body that only explains what the head already said: the page of a refusal, an answer that shows that a proxy is there."""
VALUE_BOUND: Final = 1000
_PREFIX: Final = b"HTTP/"
_RECEIVE: Final = 65536
_END: Final = h11.EndOfMessage()

_GUESSES: Final = (
    (b"SSH-", "an SSH server"),
    (b"220", "an SMTP or FTP server"),
    (b"\x05", "a SOCKS proxy"),
    (b"\x04", "a SOCKS proxy"),
    (b"\x15\x03", "a TLS server (use https:// for this proxy)"),
    (b"\x16\x03", "a TLS server (use https:// for this proxy)"),
    (b"RFB ", "a VNC server"),
    (b"+OK", "a POP3 server or Redis"),
    (b"-ERR", "a Redis server"),
    (b"* OK", "an IMAP server"),
    (b"<", "something that sends a page without HTTP"),
    (b"ICY", "a streaming server"),
)


class NotHttp(Exception):
    """The peer's first bytes are not HTTP. `guess` says what they look like."""

    def __init__(self, first: bytes) -> None:
        super().__init__("not HTTP")
        self.first = first
        self.guess = next((guess for prefix, guess in _GUESSES if first.startswith(prefix)), "not an HTTP server")


class Malformed(Exception):
    """The peer began with `HTTP/` and went on with something that is not HTTP/1."""

    def __init__(self, reason: str, first: bytes) -> None:
        super().__init__(reason)
        self.reason = reason
        self.first = first


class Progress(msgspec.Struct):
    """How far an exchange came, for a deadline that cuts it."""

    received: int = 0


async def exchange(
    stream: ByteStream,
    ask: Request,
    target: str,
    headers: list[tuple[str, str]],
    redactor: Redactor,
    progress: Progress,
    patience: float | None = None,
) -> tuple[Answer, bytes]:
    """Send `ask` for the request-target `target` and read the answer; also what came after the head of a 2xx to CONNECT.

    `patience` bounds the wait for a body that nothing depends on.

    Raises NotHttp, Malformed, anyio.EndOfStream (ended before a whole head), anyio.BrokenResourceError (reset).
    """
    connection = h11.Connection(h11.CLIENT, max_incomplete_event_size=HEADER_BOUND)
    request = h11.Request(method=ask.method, target=target, headers=[*headers, *ask.headers])
    events = (request, *((h11.Data(data=ask.body),) if ask.body else ()), _END)
    await stream.send(b"".join(connection.send(event) or b"" for event in events))
    first = b""
    try:
        head, first = await _head(stream, connection, progress)
        body = Body(whole=connection.their_state is h11.SWITCHED_PROTOCOL)
        if not body.whole:
            with anyio.move_on_after(patience) if patience else nullcontext():
                await body.read(stream, connection, ask.keep, progress)
    except h11.RemoteProtocolError as error:
        raise Malformed(str(error), first or connection.trailing_data[0][:80]) from None
    answer = Answer(
        head.status_code,
        redactor.clean(head.reason),
        _clean(head.headers.raw_items(), redactor),
        bytes(body.data),
        head.http_version.decode("ascii", "replace"),
        body.whole,
        body.cut,
    )
    return answer, bytes(connection.trailing_data[0]) if connection.their_state is h11.SWITCHED_PROTOCOL else b""


def _clean(headers: list[tuple[bytes, bytes]], redactor: Redactor) -> tuple[tuple[str, str], ...]:
    """Headers as text that may be printed. Most need no change, which one look at all of them shows."""
    plain = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in headers)
    if redactor.leaves(" ".join(f"{name}: {value}" for name, value in plain)):
        return plain
    return tuple((redactor.clean(name), redactor.clean(value, VALUE_BOUND)) for name, value in headers)


async def _head(stream: ByteStream, connection: h11.Connection, progress: Progress) -> tuple[h11.Response, bytes]:
    """The final response's head, interim ones passed over, and the first bytes that came."""
    first = b""
    while True:
        data = await stream.receive(_RECEIVE)
        progress.received += len(data)
        if len(first) < len(_PREFIX):
            first = (first + data)[:80]
            if not first.startswith(_PREFIX[: len(first)]):
                raise NotHttp(first)
        connection.receive_data(data)
        event = connection.next_event()
        while isinstance(event, h11.InformationalResponse):
            event = connection.next_event()
        if isinstance(event, h11.Response):
            return event, first
        if event is not h11.NEED_DATA:
            raise anyio.EndOfStream


class Body(msgspec.Struct):
    """As much of a body as came within the bounds, and how it ended."""

    data: bytearray = msgspec.field(default_factory=bytearray)
    whole: bool = False
    cut: bool = False

    async def read(self, stream: ByteStream, connection: h11.Connection, keep: int, progress: Progress) -> None:
        """Read at most `keep` bytes."""
        while len(self.data) < keep:
            event = connection.next_event()
            if isinstance(event, h11.Data):
                self.data += event.data[: keep - len(self.data)]
            elif event is h11.NEED_DATA:
                try:
                    data = await stream.receive(_RECEIVE)
                except anyio.EndOfStream:
                    self.whole = _ended(connection)
                    self.cut = not self.whole
                    return
                except (anyio.BrokenResourceError, ssl.SSLError):
                    self.cut = True
                    return
                progress.received += len(data)
                connection.receive_data(data)
            else:
                self.whole = True
                return


def _ended(connection: h11.Connection) -> bool:
    """Whether the end of the stream was the end of the message."""
    connection.receive_data(b"")
    try:
        return isinstance(connection.next_event(), h11.EndOfMessage)
    except h11.RemoteProtocolError:
        return False
