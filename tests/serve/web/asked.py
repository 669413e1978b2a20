"""The application asked in this process: no socket, no server."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

import httpx
from starlette.types import Message

from preflight.serve.board import Board
from preflight.serve.pages.memory import History
from preflight.serve.web import app
from tests.samples import HOSTS
from tests.serve.boards import NOW, Past

PATHS = (
    "/",
    f"/checks/{HOSTS[0]}",
    "/livez",
    "/readyz",
    "/healthz",
    f"/healthz/{HOSTS[0]}",
    "/metrics",
    "/api/v1/report",
    "/api/v1/history",
    "/report.json",
    "/report.xml",
)
"""Every kind of page there is."""


@asynccontextmanager
async def asking(
    board: Board, past: History | None = None, *, now: Callable[[], datetime] = lambda: NOW, hosts: tuple[str, ...] = ()
) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the pages of this board."""
    transport = httpx.ASGITransport(app(board, past or Past(), hosts=hosts, now=now))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:9716") as client:
        yield client


async def raw(
    board: Board, path: str, *, method: str = "GET", headers: list[tuple[bytes, bytes]] | None = None, past: History | None = None
) -> tuple[int, dict[str, str], bytes]:
    """What a request gets that no decent client would send. Reading its body is an error."""
    web = app(board, past or Past(), hosts=(), now=lambda: NOW)
    sent: list[Message] = []

    async def receive() -> Message:
        raise AssertionError("the body was read")

    async def send(message: Message) -> None:
        sent.append(message)

    scope: dict[str, Any] = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(b"host", b"localhost")] if headers is None else headers,
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 9716),
    }
    await web(scope, receive, send)
    start = sent[0]
    return start["status"], {key.decode().lower(): value.decode() for key, value in start["headers"]}, b"".join(each.get("body", b"") for each in sent[1:])
