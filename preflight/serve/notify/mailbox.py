"""Delivers notices to one destination: in their order, each at most once, retried for a while, and never in anybody's way."""

from __future__ import annotations

from collections import deque
from typing import Final, Protocol

import anyio
import msgspec
import stamina
from stamina.instrumentation import set_on_retry_hooks

from preflight.serve.board import Counters
from preflight.serve.journal import Journal, Level, bug
from preflight.serve.notify.notice import Notice

ROOM: Final = 64
"""Notices that wait at most. Beyond that the oldest is given up: the newest says how things stand."""


class NotTaken(Exception):
    """The destination did not take it. The text names no URL."""

    def __init__(self, why: str, *, again: bool, wait: float | None = None) -> None:
        super().__init__(why)
        self.again = again
        """Whether it may take it later."""
        self.wait = wait
        """Seconds that it asked to be left alone."""


class Destination(Protocol):
    """Somewhere to send notices."""

    name: str
    """Scheme and host: what may be printed."""

    async def send(self, notice: Notice) -> None:
        """Hand it over. Raises NotTaken."""


class Patience(msgspec.Struct, frozen=True):
    """How long a notice is tried: so many attempts, the wait before the second, the longest wait, and the time for all together, in seconds."""

    attempts: int = 10
    first: float = 1.0
    longest: float = 120.0
    total: float = 900.0


class Mailbox:
    """The queue of one destination."""

    def __init__(self, destination: Destination, counters: Counters, journal: Journal, patience: Patience | None = None) -> None:
        self._destination, self._counters, self._journal = destination, counters, journal
        self._patience = patience or Patience()
        self._waiting: deque[Notice] = deque()
        self._under_way: Notice | None = None
        self._more = anyio.Event()
        self._empty = anyio.Event()
        self._empty.set()
        set_on_retry_hooks(())  # stamina would log what it retries, arguments and all

    def put(self, notice: Notice) -> None:
        """Leave it here; returns at once."""
        if len(self._waiting) == ROOM:
            self._lost(self._waiting.popleft(), "too many were waiting")
        self._waiting.append(notice)
        self._more.set()
        if self._empty.is_set():
            self._empty = anyio.Event()

    async def deliver(self) -> None:
        """Deliver for ever."""
        while True:
            while self._waiting:
                self._under_way = self._waiting.popleft()
                await self._deliver(self._under_way)
                self._under_way = None
            self._empty.set()
            self._more = anyio.Event()
            await self._more.wait()

    async def emptied(self) -> None:
        """Wait until nothing is left to deliver."""
        await self._empty.wait()

    def give_up(self) -> None:
        """Say what is lost: nobody delivers it any more."""
        for notice in filter(None, (self._under_way, *self._waiting)):
            self._lost(notice, "the probe was told to stop before anybody took it")
        self._under_way = None
        self._waiting.clear()

    async def _deliver(self, notice: Notice) -> None:
        patience = self._patience
        retrying = stamina.retry_context(
            on=_again, attempts=patience.attempts, timeout=patience.total, wait_initial=patience.first, wait_max=patience.longest, wait_jitter=patience.first
        )
        try:
            async for attempt in retrying:
                with attempt:
                    await self._send(notice, first=attempt.num == 1)
        except NotTaken as refusal:
            self._lost(notice, str(refusal))
        except Exception as error:  # noqa: BLE001 - a library's bug must not end the service
            self._lost(notice, bug(error))
        else:
            self._counters.notifications += 1
            self._journal.say(Level.INFO, "notified", to=self._destination.name, subject=notice.subject, id=notice.id)

    async def _send(self, notice: Notice, *, first: bool) -> None:
        try:
            await self._destination.send(notice)
        except NotTaken as refusal:
            if first and refusal.again:
                self._journal.say(Level.WARNING, "notification-delayed", to=self._destination.name, subject=notice.subject, id=notice.id, why=refusal)
            raise

    def _lost(self, notice: Notice, why: str) -> None:
        self._counters.notifications_lost += 1
        self._journal.say(Level.WARNING, "notification-lost", to=self._destination.name, subject=notice.subject, id=notice.id, why=why)


def _again(error: Exception) -> bool | float:
    if not isinstance(error, NotTaken) or not error.again:
        return False
    return True if error.wait is None else error.wait
