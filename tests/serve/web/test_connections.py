"""How many connections there may be, and how long each may take: on loopback, with small bounds."""

from __future__ import annotations

import socket
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from ipaddress import IPv4Address

import anyio
import pytest
from anyio.abc import SocketStream
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

from preflight.real.listening import BACKLOG, listening
from preflight.serve.web.connections import CONNECTIONS, Connection, Limits, Room
from preflight.serve.web.server import Server

LONG = 1000.0
SHORT = 1.0
"""Time enough for what has to happen before it is over, on a busy machine too."""
HUGE = 64 * 1024 * 1024
"""More than the kernel holds for a reader that does not read."""
GONE = (anyio.EndOfStream, anyio.BrokenResourceError)
GET = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"


class Place:
    """A running server. `/` is answered at once, `/slow` once it is `released`, `/huge` is more than fits anywhere."""

    def __init__(self) -> None:
        self.server: Server
        self.port = 0
        self.released = anyio.Event()
        self.asked = 0

    async def answer(self, request: Request) -> Response:
        self.asked += 1
        if request.url.path == "/slow":
            await self.released.wait()
        return PlainTextResponse(bytes(HUGE) if request.url.path == "/huge" else b"alive\n")

    async def visit(self) -> SocketStream:
        return await anyio.connect_tcp("127.0.0.1", self.port)

    def end(self) -> float:
        """When the only connection ends if nothing happens."""
        (connection,) = self.server.server_state.connections
        assert isinstance(connection, Connection)
        assert connection._bound
        return connection._bound.when()

    async def open(self, number: int) -> None:
        """Until so many connections are open, and no more."""
        await until(lambda: len(self.server.server_state.connections) == number)


@asynccontextmanager
async def place(*, connections: int = 50, request: float = LONG, answer: float = LONG) -> AsyncIterator[Place]:
    """A server with these bounds, for as long as the block."""
    here = Place()

    async def site(scope: Scope, receive: Receive, send: Send) -> None:
        await (await here.answer(Request(scope)))(scope, receive, send)

    with listening(IPv4Address("127.0.0.1"), 0) as port:
        here.server = Server.of(site, Limits(connections=connections, at_once=4, request=request, answer=answer))
        here.port = port.getsockname()[1]
        with anyio.fail_after(120):
            async with anyio.create_task_group() as group:
                group.start_soon(here.server.serve, [port])
                await until(lambda: here.server.started)
                yield here
                here.released.set()
                here.server.should_exit = True


async def until(holds: Callable[[], bool]) -> None:
    """Until it holds, generously bounded."""
    with anyio.fail_after(60):
        while not holds():  # noqa: ASYNC110 - nobody tells
            await anyio.sleep(0.005)


async def ask(client: SocketStream, path: str = "/") -> str:
    """The answer, or what there is of it when the connection ends."""
    with suppress(*GONE):
        await client.send(GET.replace(b"/ ", path.encode() + b" ", 1))
    return await head(client)


async def head(client: SocketStream) -> str:
    """All of a small answer, or what there is of it when the connection ends."""
    got = b""
    with anyio.fail_after(60), suppress(*GONE):
        while b"alive\n" not in got:
            got += await client.receive()
    return got.decode()


async def closed(client: SocketStream) -> None:
    """Once the other side has closed it."""
    with anyio.fail_after(60), suppress(*GONE):
        while True:
            await client.receive()


async def drip(client: SocketStream) -> None:
    """A byte now and then, for ever."""
    with suppress(*GONE):
        while True:
            await client.send(b"x")
            await anyio.sleep(0.01)


@pytest.mark.anyio
async def test_whoever_asks_nothing_is_let_go() -> None:
    async with place(request=SHORT) as here, await here.visit() as client:
        await closed(client)


@pytest.mark.anyio
@pytest.mark.parametrize(
    "begun",
    [
        pytest.param(b"GET / HTTP/1.1\r\nHost: localhost\r\nX: ", id="head"),
        pytest.param(GET + b"GET /", id="next-head"),
        pytest.param(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 999999\r\n\r\n", id="body"),
        pytest.param(b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nfffff\r\n", id="chunk"),
    ],
)
async def test_a_drip_extends_nothing(begun: bytes) -> None:
    """Neither before the first answer nor after it, wherever in a request."""
    async with place(request=SHORT) as here, await here.visit() as client:
        await client.send(begun)
        async with anyio.create_task_group() as group:
            group.start_soon(drip, client)
            await closed(client)
            group.cancel_scope.cancel()
        assert here.asked == (not begun.endswith(b"X: "))


@pytest.mark.anyio
async def test_each_answer_gives_the_next_request_its_time_and_single_bytes_give_none() -> None:
    async with place() as here, await here.visit() as client:
        assert "200 OK" in await ask(client)
        before = here.end()
        assert "200 OK" in await ask(client)
        after = here.end()
        assert before < after
        for byte in GET[:-1]:
            await client.send(bytes([byte]))
        assert here.end() == after
        await client.send(GET[-1:])
        assert "200 OK" in await head(client)
        assert here.end() > after


@pytest.mark.anyio
async def test_an_answer_may_take_longer_than_a_request() -> None:
    async with place(request=SHORT) as here, await here.visit() as client:
        await client.send(GET.replace(b"/ ", b"/slow ", 1))
        await until(lambda: here.asked == 1)
        async with await here.visit() as silent:
            await closed(silent)  # it came later, and its time is over
        here.released.set()
        assert "200 OK" in await head(client)


@pytest.mark.anyio
async def test_an_answer_that_is_never_made_ends() -> None:
    async with place(answer=SHORT) as here, await here.visit() as client:
        assert await ask(client, "/slow") == ""


@pytest.mark.anyio
async def test_an_answer_that_nobody_reads_is_let_go() -> None:
    async with place(answer=SHORT) as here, await here.visit() as client:
        await client.send(GET.replace(b"/ ", b"/huge ", 1))
        await until(lambda: here.asked == 1)
        await here.open(0)


@pytest.mark.anyio
async def test_what_is_read_slowly_arrives_and_stays_while_others_come() -> None:
    """Unread, it counts as busy; read, it makes room like any other."""
    async with place(connections=1) as here, await here.visit() as reader:
        await reader.send(GET.replace(b"/ ", b"/huge ", 1))
        await until(lambda: here.asked == 1)
        (connection,) = here.server.server_state.connections
        assert connection.transport.get_write_buffer_limits() == (0, 0)  # else the last bytes are taken without a word
        async with await here.visit() as other:
            assert await ask(other) == ""
        got = 0
        with anyio.fail_after(60):
            while got < HUGE:
                got += len(await reader.receive(HUGE))
        await until(lambda: connection.transport.get_write_buffer_size() == 0)
        async with await here.visit() as other:
            assert "200 OK" in await ask(other)
        await closed(reader)


@pytest.mark.anyio
async def test_whoever_rested_longest_makes_room_and_a_newcomer_is_answered() -> None:
    async with place(connections=3) as here:
        clients = [await here.visit() for _ in range(3)]
        await here.open(3)
        assert "200 OK" in await ask(clients[0])  # it has not rested for long
        for _ in range(9):
            async with await here.visit() as newcomer:
                assert "200 OK" in await ask(newcomer)
                await here.open(3)
            await here.open(2)
        await closed(clients[1])
        assert "200 OK" in await ask(clients[0])
        assert "200 OK" in await ask(clients[2])
        for client in clients:
            await client.aclose()


@pytest.mark.anyio
async def test_where_all_are_busy_the_newcomer_leaves() -> None:
    async with place(connections=2) as here, await here.visit() as one, await here.visit() as two:
        for client in (one, two):
            await client.send(GET.replace(b"/ ", b"/slow ", 1))
        await until(lambda: here.asked == 2)
        async with await here.visit() as newcomer:
            assert await ask(newcomer) == ""
        here.released.set()
        assert "200 OK" in await head(one)
        assert "200 OK" in await head(two)
        async with await here.visit() as newcomer:
            assert "200 OK" in await ask(newcomer)


@pytest.mark.anyio
async def test_requests_that_come_together_are_all_answered() -> None:
    async with place(request=SHORT, answer=SHORT) as here, await here.visit() as client:
        await client.send(GET * 50)
        await closed(client)
        assert here.asked == 50


@pytest.mark.anyio
async def test_the_queue_of_the_kernel_is_longer_than_one_turn() -> None:
    """In a queue that is full, a newcomer loses a second."""
    with listening(IPv4Address("127.0.0.1"), 0) as port:
        server = Server.of(PlainTextResponse("alive\n"), Limits.of(1024))
        async with anyio.create_task_group() as group:
            group.start_soon(server.serve, [port])
            await until(lambda: server.started)
            (longest,) = struct.unpack_from("I", port.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 104), 28)
            server.should_exit = True
    assert longest == BACKLOG


@pytest.mark.parametrize(("descriptors", "connections"), [(1024, CONNECTIONS), (-1, CONNECTIONS), (1 << 20, CONNECTIONS), (256, 64), (64, 16), (20, 5), (1, 1)])
def test_descriptors_bound_the_connections(descriptors: int, connections: int) -> None:
    """With those that were accepted and are not counted yet, they are half of them at most."""
    made = Limits.of(descriptors)
    assert made.connections == connections
    assert made.connections + 4 * made.at_once <= max(descriptors // 2, 5) or descriptors < 0


@given(st.lists(st.tuples(st.sampled_from(["enter", "rest", "work", "leave"]), st.integers(0, 9))))
def test_a_room_never_holds_too_many_and_nobody_busy_has_to_leave(moves: list[tuple[str, int]]) -> None:
    room, inside, busy = Room[int](3), list[int](), set[int]()
    for move, one in moves:
        if (move == "enter") == (one in inside):
            continue
        inside = [each for each in inside if each != one] + [one] * (move != "leave")
        busy = busy | {one} if move == "work" else busy - {one}
        leaver = getattr(room, move)(one)
        if leaver is not None:
            assert leaver == next(each for each in inside if each not in busy)
            room.leave(leaver)
            inside.remove(leaver)
        assert len(inside) <= 3
        assert [each for each in range(10) if each in room] == sorted(inside)


def test_uvicorn_still_calls_what_we_build_on() -> None:
    """None of it is promised; a name that went away would lift the bounds in silence."""
    ours = {name for name in vars(Connection) if name in vars(H11Protocol) and not name.startswith("__")}
    assert ours == {"connection_made", "connection_lost", "data_received", "on_response_complete", "resume_writing"}
    assert {"cycle", "transport", "loop"} <= set(H11Protocol.__init__.__code__.co_names)
    assert "response_complete" in RequestResponseCycle.__init__.__code__.co_names
