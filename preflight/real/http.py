"""One HTTP/1.1 exchange over a stream, bounded, with the bytes kept that a message may quote."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import anyio
import h11
from anyio.abc import ByteStream

from preflight.proof import Answer, Request
from preflight.untrusted import Redactor

HEADER_BOUND: Final = 16384
PATIENCE: Final = 1.0
"""Seconds to wait for the page of a refusal, which only explains what the status already said."""
_PREFIX: Final = b"HTTP/"
_RECEIVE: Final = 65536

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


@dataclass(slots=True)
class Progress:
    """How far an exchange came, for a deadline that cuts it."""

    received: int = 0


async def exchange(
    stream: ByteStream,
    ask: Request,
    target: str,
    headers: list[tuple[str, str]],
    redactor: Redactor,
    progress: Progress,
) -> tuple[Answer, bytes]:
    """Send `ask` for the request-target `target` and read the answer; also what came after the head of a 2xx to CONNECT.

    Raises NotHttp, Malformed, anyio.EndOfStream (ended before a whole head), anyio.BrokenResourceError (reset).
    """
    connection = h11.Connection(h11.CLIENT, max_incomplete_event_size=HEADER_BOUND)
    request = h11.Request(method=ask.method, target=target, headers=[*headers, *ask.headers])
    await stream.send((connection.send(request) or b"") + (connection.send(h11.Data(data=ask.body)) or b"" if ask.body else b"") + (connection.send(h11.EndOfMessage()) or b""))
    first = b""
    try:
        head, first = await _head(stream, connection, progress)
        body, whole = b"", False
        with anyio.move_on_after(PATIENCE if ask.method == "CONNECT" else None):
            body, whole = await _body(stream, connection, ask.keep, progress)
    except h11.RemoteProtocolError as error:
        raise Malformed(str(error), first or connection.trailing_data[0][:80]) from None
    answer = Answer(
        head.status_code,
        redactor.clean(head.reason),
        tuple((redactor.clean(name), redactor.clean(value, 1000)) for name, value in head.headers.raw_items()),
        body,
        head.http_version.decode("ascii", "replace"),
        whole,
    )
    return answer, bytes(connection.trailing_data[0]) if connection.their_state is h11.SWITCHED_PROTOCOL else b""


async def _head(stream: ByteStream, connection: h11.Connection, progress: Progress) -> tuple[h11.Response, bytes]:
    """The final response's head, interim ones passed over, and the first bytes that came."""
    first = b""
    while True:
        event = connection.next_event()
        if isinstance(event, h11.Response):
            return event, first
        if isinstance(event, h11.InformationalResponse):
            continue
        if event is not h11.NEED_DATA:
            raise anyio.EndOfStream
        data = await stream.receive(_RECEIVE)
        progress.received += len(data)
        if len(first) < len(_PREFIX):
            first = (first + data)[:80]
            if not first.startswith(_PREFIX[: len(first)]):
                raise NotHttp(first)
        connection.receive_data(data)


async def _body(stream: ByteStream, connection: h11.Connection, keep: int, progress: Progress) -> tuple[bytes, bool]:
    """At most `keep` bytes of the body, and whether it ended within them. A body that is cut off is not whole."""
    pieces: list[bytes] = []
    size = 0
    while size < keep:
        event = connection.next_event()
        if isinstance(event, h11.Data):
            pieces.append(bytes(event.data))
            size += len(event.data)
        elif event is h11.NEED_DATA:
            try:
                data = await stream.receive(_RECEIVE)
            except (anyio.EndOfStream, anyio.BrokenResourceError):
                return b"".join(pieces), _ended(connection)
            progress.received += len(data)
            connection.receive_data(data)
        else:
            return b"".join(pieces), True
    return b"".join(pieces)[:keep], False


def _ended(connection: h11.Connection) -> bool:
    """Whether the end of the stream was the end of the message."""
    connection.receive_data(b"")
    try:
        return isinstance(connection.next_event(), h11.EndOfMessage)
    except h11.RemoteProtocolError:
        return False
