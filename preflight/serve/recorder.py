"""Writes history beside the loop: a disk that is slow, full or dead is told on the board, and delays no run for long."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Final, Protocol

import anyio

from preflight.model import Phase, Report
from preflight.real.daemon import in_daemon
from preflight.serve.board import Board
from preflight.serve.damping import Damped
from preflight.serve.history import History, PastResult, PastRun, Unreadable, Unusable, Unwritten
from preflight.serve.journal import bug
from preflight.untrusted import neutral

SECONDS: Final = 5.0
"""How long a run waits for its own record."""


class Archive(Protocol):
    """What keeps the past."""

    def record(self, report: Report, stands: Mapping[str, Damped] | None = None, new: Collection[str] | None = None) -> int:
        """Keep a run, of which these results are new, and how everything stands after it. Raises Unwritten."""

    def stands(self) -> Mapping[str, Damped]:
        """How everything stood after the last run. Raises Unreadable."""

    def close(self) -> None:
        """Let go of it."""


class NoHistory:
    """Remembers nothing, as was asked for."""

    def record(self, report: Report, stands: Mapping[str, Damped] | None = None, new: Collection[str] | None = None) -> int:
        """See Archive."""
        del report, stands, new
        return 0

    def stands(self) -> Mapping[str, Damped]:
        """See Archive."""
        return {}

    def runs(self, limit: int) -> tuple[PastRun, ...]:
        """No runs."""
        del limit
        return ()

    def check(self, name: str, limit: int) -> tuple[PastResult, ...]:
        """No results."""
        del name, limit
        return ()

    def latencies(self, name: str, limit: int) -> Mapping[Phase, tuple[float, ...]]:
        """No latencies."""
        del name, limit
        return {}

    def close(self) -> None:
        """See Archive."""


class Unopened(NoHistory):
    """History for which there was no room when the service started. Each run tries again: probing does not wait for a disk."""

    def __init__(self, open_: Callable[[], History]) -> None:
        self._open = open_
        self._opened: History | None = None

    def record(self, report: Report, stands: Mapping[str, Damped] | None = None, new: Collection[str] | None = None) -> int:
        """See Archive."""
        if self._opened is None:
            try:
                self._opened = self._open()
            except Unusable as why:
                raise Unwritten(str(why)) from None
        return self._opened.record(report, stands, new)

    def runs(self, limit: int) -> tuple[PastRun, ...]:
        """The last runs."""
        return self._opened.runs(limit) if self._opened else ()

    def check(self, name: str, limit: int) -> tuple[PastResult, ...]:
        """The last results."""
        return self._opened.check(name, limit) if self._opened else ()

    def latencies(self, name: str, limit: int) -> Mapping[Phase, tuple[float, ...]]:
        """The last latencies."""
        return self._opened.latencies(name, limit) if self._opened else {}

    def close(self) -> None:
        """See Archive."""
        if self._opened:
            self._opened.close()


class Recorder:
    """Records runs, one at a time."""

    def __init__(self, archive: Archive, board: Board) -> None:
        self._archive, self._board = archive, board
        self._busy = False

    def saved(self) -> Mapping[str, Damped]:
        """How everything stood before this process began. What cannot be read is said on the board."""
        try:
            return self._archive.stands()
        except Unreadable as why:
            self._board.history = neutral(str(why))
            return {}

    async def record(self, report: Report, stands: Mapping[str, Damped], new: Collection[str] | None = None) -> None:
        """Keep this run, of which these results are new. Whatever comes of it, the board says whether history is being written."""
        if self._busy:
            self._board.history = "the disk has not answered since an earlier run"
            return
        with anyio.move_on_after(SECONDS) as bound:
            try:
                await in_daemon(lambda: self._write(report, stands, new), "history")
            except Unwritten as why:
                self._board.history = neutral(str(why))
            except Exception as error:  # noqa: BLE001 - whatever history stumbles over, probing goes on
                self._board.history = f"a bug: {bug(error)}"
            else:
                self._board.history = ""
        if bound.cancelled_caught:
            self._board.history = f"the disk has not answered for {SECONDS:g} s"

    def _write(self, report: Report, stands: Mapping[str, Damped], new: Collection[str] | None) -> None:
        self._busy = True
        try:
            self._archive.record(report, stands, new)
        finally:
            self._busy = False
