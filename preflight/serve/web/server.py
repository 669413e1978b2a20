"""uvicorn as the service wants it: on the service's loop, port and signals, bounded, and silent."""

from __future__ import annotations

import logging
from contextlib import AbstractContextManager, nullcontext
from typing import Final, Self

import uvicorn
from starlette.types import ASGIApp

from preflight.real.listening import BACKLOG, Port
from preflight.serve.web.connections import Limits, protocol

ANSWERS: Final = 3
"""Seconds that answers under way have to end when the service stops."""
REQUESTS: Final = 512
"""Requests that are answered at a time, those whose connection is lost included; more get 503."""
HEADER_BYTES: Final = 16 * 1024


class Server(uvicorn.Server):
    """uvicorn, which leaves signals to us."""

    @classmethod
    def of(cls, site: ASGIApp, limits: Limits) -> Self:
        """A server of this application, not yet started."""
        config = uvicorn.Config(
            site,
            http=protocol(limits),
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            backlog=limits.at_once,
            limit_concurrency=REQUESTS,
            timeout_graceful_shutdown=ANSWERS,
            h11_max_incomplete_event_size=HEADER_BYTES,
        )
        return cls(config)

    def capture_signals(self) -> AbstractContextManager[None]:  # type: ignore[override]
        """Nothing is captured."""
        return nullcontext()

    async def startup(self, sockets: list[Port] | None = None) -> None:
        """Listen. asyncio makes the kernel's queue as short as what it accepts in one turn, and there newcomers would lose a second when it is full."""
        await super().startup(sockets)
        for port in sockets or ():
            port.listen(BACKLOG)


def hush() -> None:
    """Libraries log URLs, peers and tracebacks; what is worth saying is in the journal."""
    for name in ("asyncio", "uvicorn", "httpx", "httpcore", "stamina"):
        logger = logging.getLogger(name)
        logger.addHandler(logging.NullHandler())
        logger.propagate = False
