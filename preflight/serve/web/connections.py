"""Who is connected to the service: how many may be, and how long each may take.

uvicorn waits for ever for the rest of a request, and for a reader to take an answer. Silence alone would then use up every connection, or the descriptors
that the walks of a run need, and the probe would report itself instead of the network. So each wait ends, and whoever has asked for nothing makes room.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any, Final, Generic, Self, TypeVar, cast

import msgspec
from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle
from uvicorn.server import ServerState

T = TypeVar("T")

CONNECTIONS: Final = 128
"""Plenty for a kubelet, Prometheus and people; each may hold an answer that nobody reads."""
REQUEST: Final = 10.0
"""Seconds that a client has for a whole request: from opening the connection, or from the end of the last answer."""
ANSWER: Final = 30.0
"""Seconds from a request to the moment when its answer is taken."""


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What connections are granted."""

    connections: int
    """Open at a time."""
    at_once: int
    """Accepted in one turn of the event loop."""
    request: float = REQUEST
    answer: float = ANSWER

    @classmethod
    def of(cls, descriptors: int) -> Self:
        """What a process that may have so many descriptors grants; a negative number is no bound (RLIM_INFINITY).

        A newcomer has its descriptor four turns of the loop before another has lost one for it: accepted, given a protocol, counted, closed. So connections
        take half of the descriptors at most.
        """
        most = CONNECTIONS if descriptors < 0 else max(1, min(CONNECTIONS, descriptors // 4))
        return cls(connections=most, at_once=max(1, most // 4))


class Room(Generic[T]):
    """Who is there. Whoever is busy stays; of those who rest, whoever has rested longest leaves first."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._resting: dict[T, None] = {}  # in the order in which they began to
        self._busy: set[T] = set()

    def __contains__(self, one: object) -> bool:
        return one in self._resting or one in self._busy

    def enter(self, one: T) -> T | None:
        """Let it in, at rest. Who has to leave for it, if anybody: the newcomer itself where all others are busy."""
        self._resting[one] = None
        return next(iter(self._resting)) if len(self._resting) + len(self._busy) > self._most else None

    def rest(self, one: T) -> None:
        """It has nothing under way, from now on."""
        self.leave(one)
        self._resting[one] = None

    def work(self, one: T) -> None:
        """It has a request under way."""
        self.leave(one)
        self._busy.add(one)

    def leave(self, one: T) -> None:
        """It is gone; once more changes nothing."""
        self._resting.pop(one, None)
        self._busy.discard(one)


class Connection(H11Protocol):
    """uvicorn's connection, which does not stay for ever. It is busy from a whole head of a request until the answer has left this process."""

    def __init__(
        self,
        limits: Limits,
        room: Room[Connection],
        *,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._limits, self._room = limits, room
        self._waits: tuple[RequestResponseCycle | None, bool] | None = None
        self._bound: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """It is open: somebody may have to leave for it."""
        super().connection_made(transport)
        transport.set_write_buffer_limits(high=0)  # `resume_writing` when the last byte is taken, not before
        leaver = self._room.enter(self)
        self._settle()
        if leaver is not None:
            leaver.drop()

    def connection_lost(self, exc: Exception | None) -> None:
        """It is closed."""
        self._leave()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Bytes of a request. Only a whole head makes a difference."""
        super().data_received(data)
        self._settle()

    def on_response_complete(self) -> None:
        """An answer is handed over, and perhaps taken. The next request may have come already."""
        super().on_response_complete()
        self._settle()

    def resume_writing(self) -> None:
        """The reader took all that was written."""
        super().resume_writing()
        self._settle()

    def drop(self) -> None:
        """Close it now, whatever is under way."""
        self._leave()
        self.transport.abort()

    def _settle(self) -> None:
        """Where it waits for something else than before, its time begins anew."""
        busy = _answering(self.cycle) or self.transport.get_write_buffer_size() > 0
        waits = (self.cycle, busy)
        if self not in self._room or waits == self._waits:
            return
        self._waits = waits
        (self._room.work if busy else self._room.rest)(self)
        self._unset_bound()
        self._bound = self.loop.call_later(self._limits.answer if busy else self._limits.request, self.drop)

    def _leave(self) -> None:
        self._room.leave(self)
        self._unset_bound()

    def _unset_bound(self) -> None:
        if self._bound is not None:
            self._bound.cancel()
            self._bound = None


def protocol(limits: Limits) -> type[asyncio.Protocol]:
    """What makes the connections of one server, for uvicorn's `http`: it calls it, and a factory does as well as a class."""
    return cast("type[asyncio.Protocol]", partial(Connection, limits, Room[Connection](limits.connections)))


def _answering(cycle: RequestResponseCycle | None) -> bool:
    return cycle is not None and not cycle.response_complete
