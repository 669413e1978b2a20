"""The loopback servers of one test, and addresses at which nobody answers."""

from __future__ import annotations

import contextlib
import select
import socket
from types import TracebackType
from typing import Self

import anyio
from anyio.abc import SocketAttribute, SocketStream

from tests.loopback import GONE, Script, Server, Talk


class Lab:
    """Loopback servers that live as long as the block."""

    def __init__(self) -> None:
        self.routes: dict[str, int] = {}
        """Where `relay` goes, by host; `*` for all others."""
        self._group = anyio.create_task_group()
        self._stack = contextlib.AsyncExitStack()
        self._listeners: list[int] = []

    async def __aenter__(self) -> Self:
        await self._group.__aenter__()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> bool | None:
        with anyio.CancelScope(shield=True):
            await anyio.sleep(0.01)  # asyncio loses a connection that is accepted while its `accept` is cancelled
            while self._listeners and select.select(self._listeners, [], [], 0)[0]:  # noqa: ASYNC110 - the kernel has no event for it
                await anyio.sleep(0.01)
        self._group.cancel_scope.cancel()
        try:
            return await self._group.__aexit__(kind, error, trace)
        finally:
            with anyio.CancelScope(shield=True):
                await self._stack.aclose()

    async def serve(self, script: Script, *, host: str = "127.0.0.1", port: int = 0) -> Server:
        """Play `script` to everybody who connects."""
        listener = await self._stack.enter_async_context(await anyio.create_tcp_listener(local_host=host, local_port=port))
        self._listeners.append(listener.extra(SocketAttribute.raw_socket).fileno())
        server = Server(listener.extra(SocketAttribute.local_port))

        async def play(stream: SocketStream) -> None:
            server.connections += 1
            talk = Talk(self.routes, server, stream)
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
    """A port that refuses connections as long as this process lives: it stays taken, so that nobody else comes to listen there meanwhile."""
    taken = socket.socket()
    taken.bind((host, 0))
    port = int(taken.getsockname()[1])
    taken.detach()
    return port
