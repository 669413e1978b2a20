"""What the pages and the API ask of history, read once for each state of the board however many people look."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from threading import Lock
from typing import Final, Protocol, TypeVar

from preflight.model import Phase
from preflight.serve.history import PastResult, PastRun, Unreadable
from preflight.serve.pages.drawings import RUNS
from preflight.untrusted import neutral

T = TypeVar("T")

PATIENCE: Final = 2.0
"""Seconds that a page waits for another page's reading, which a dead disk may never let go."""


class History(Protocol):
    """The past, each list with its newest entry first. Asked from any thread; raises Unreadable."""

    def runs(self, limit: int) -> Sequence[PastRun]:
        """The last runs."""

    def check(self, name: str, limit: int) -> Sequence[PastResult]:
        """The last results of this check."""

    def latencies(self, name: str, limit: int) -> Mapping[Phase, Sequence[float]]:
        """How many seconds each step of this check took in its last results."""


class Memory:
    """History as the pages of one state of the board see it: whatever was read stays as it was read. What cannot be read is empty, and `trouble` says why."""

    def __init__(self, history: History, reading: Lock) -> None:
        """`reading` is held while history is read, by one page at a time."""
        self._history, self._reading = history, reading
        self._read: dict[tuple[str, str], object] = {}
        self.trouble = ""

    def runs(self, limit: int = RUNS) -> Sequence[PastRun]:
        """The last runs, oldest first."""
        return self._once(("runs", str(limit)), lambda: tuple(self._history.runs(limit))[::-1], ())

    def check(self, name: str) -> Sequence[PastResult]:
        """The last results of a check, oldest first."""
        return self._once(("check", name), lambda: tuple(self._history.check(name, RUNS))[::-1], ())

    def latencies(self, name: str) -> Mapping[Phase, Sequence[float]]:
        """The last latencies of each of a check's steps, oldest first."""
        return self._once(("latencies", name), lambda: {phase: tuple(each)[::-1] for phase, each in self._history.latencies(name, RUNS).items()}, {})

    def _once(self, key: tuple[str, str], read: Callable[[], T], nothing: T) -> T:
        if key in self._read:
            return self._read[key]  # type: ignore[return-value]  # what was kept under this key is what `read` gave
        if self.trouble or not self._reading.acquire(timeout=PATIENCE):
            self.trouble = self.trouble or "History cannot be read: it does not answer"
            return nothing
        try:
            return self._read.setdefault(key, read())  # type: ignore[return-value]
        except Unreadable as why:
            self.trouble = f"History cannot be read: {neutral(str(why))}"
            return nothing
        finally:
            self._reading.release()
