"""What stands before every route: whom we answer at all, and what every answer forbids the browser to do.

A page on `evil.test` whose name suddenly resolves to 127.0.0.1 could read what we serve (DNS rebinding); its requests carry `Host: evil.test`, so only
names that somebody configured are answered. Nothing here reads a body, and nothing that a request says makes anything run.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable
from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from preflight.serve.pages.press import style_source

LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
"""Hosts that are always answered: nobody else can own these names."""
METHODS: Final = ("GET", "HEAD")
_HOST: Final = re.compile(r"(?:\[(?P<six>[0-9a-f:.]+)\]|(?P<name>[a-z0-9._-]+))(?::[0-9]{1,5})?", re.IGNORECASE | re.ASCII)


class Guard:
    """Refuses strangers and writers, sets the headers, and turns a bug into an answer."""

    def __init__(self, app: ASGIApp, hosts: Iterable[str]) -> None:
        self._app = app
        self._hosts = LOOPBACK | {_bare(host) for host in hosts}
        self._headers = headers()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
            return
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = False

        async def sealed(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                MutableHeaders(scope=message).update(self._headers)
            await send(message)

        try:
            await (self._refusal(scope) or self._app)(scope, receive, sealed)
        except Exception as bug:  # noqa: BLE001 - the server would log its text and a traceback, which may quote anything
            asyncio.get_running_loop().call_exception_handler({"message": "a bug in a page", "exception": bug})  # says it as it says its own
            if begun:
                raise ConnectionError("an answer broke off") from None  # the server must not end it as if it were whole
            await PlainTextResponse("This page could not be made: a bug.\n", 500)(scope, receive, sealed)

    def _refusal(self, scope: Scope) -> ASGIApp | None:
        if scope["method"] not in METHODS:
            return PlainTextResponse("Only GET and HEAD: nothing here can be changed.\n", 405, {"Allow": ", ".join(METHODS)})
        named = [value.decode("latin-1") for key, value in scope["headers"] if key == b"host"]
        match = _HOST.fullmatch(named[0]) if len(named) == 1 else None
        if match is None:
            return PlainTextResponse("A request names one host.\n", 400)
        if _bare(match["six"] or match["name"]) not in self._hosts:
            return PlainTextResponse("This is not the host you asked for. Who runs it may add the name with --allow-host.\n", 421)
        return None


def _bare(host: str) -> str:
    """The host without what does not make it another: case, brackets, a final dot."""
    return host.strip("[]").rstrip(".").lower()


def headers() -> dict[str, str]:
    """The headers of every answer."""
    policy = f"default-src 'none'; style-src {style_source()}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    return {
        "Content-Security-Policy": policy,
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cache-Control": "no-store",
    }
