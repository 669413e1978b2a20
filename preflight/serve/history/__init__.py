"""What the probe remembers: every run with its results, in a SQLite file that one process writes and that survives whatever ends it.

Everything here blocks: call it from a thread beside the event loop (a daemon thread, so that a dead disk does not keep the process from ending). Writes take
turns on one connection; each read has a connection of its own, and neither waits for the other (WAL). The file belongs on a local disk.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Collection, Mapping
from contextlib import closing
from pathlib import Path
from threading import Lock
from typing import Final, TypeVar

import msgspec

from preflight.model import CheckResult, Phase, Report
from preflight.report.safe import clean
from preflight.serve.damping import Damped
from preflight.serve.history import rows
from preflight.serve.history.file import NoRoom, Unusable, occupy, place, plain, reader
from preflight.serve.history.retention import Retention, forget
from preflight.serve.history.rows import PastResult, PastRun
from preflight.untrusted import neutral

__all__ = ["History", "NoRoom", "PastResult", "PastRun", "Retention", "Unreadable", "Unusable", "Unwritten"]

T = TypeVar("T")

PATIENCE: Final = 5.0
"""Seconds that a close waits for a write to end."""


class Unwritten(Exception):
    """This run is not in history. The sentence says why; the next one may be."""


class Unreadable(OSError):
    """History cannot be read now. The sentence says why."""


class History:
    """The runs of one probe, newest first wherever there are several."""

    def __init__(self, path: Path, writer: sqlite3.Connection, held: int, keep: Retention) -> None:
        """For `open`."""
        self._path = path
        self._inode = path.stat().st_ino
        self._writer = writer
        self._held: int | None = held
        self._keep = keep
        self._turn = Lock()

    @classmethod
    def open(cls, path: str | Path, keep: Retention | None = None) -> History:
        """History in that file, which is made where there is none. Raises Unusable; a file that is not ours, or damaged, is left as it is."""
        found = place(path)
        writer, held = occupy(found)
        return cls(found, writer, held, keep or Retention())

    def record(self, report: Report, stands: Mapping[str, Damped] | None = None, new: Collection[str] | None = None) -> int:
        """Record a run, and how each check stands after it, as a whole or not at all; the run's number. Once this returns, not even a power cut undoes it.

        `report` is all that is known after the run, and makes its verdict; `new` names the checks of which it says something new, None all of them.
        Raises Unwritten; the next run may be recorded again.
        """
        found = None if new is None else {neutral(name) for name in new}
        report = clean(report)
        with self._turn:
            try:
                self._still_there()
                self._writer.execute("BEGIN IMMEDIATE")
                run = rows.insert(self._writer, report, found)
                if stands is not None:
                    rows.replace_stands(self._writer, stands)
                forget(self._writer, self._keep, report.started)
                self._writer.execute("COMMIT")
            except (sqlite3.Error, OSError) as error:
                raise Unwritten(f"{neutral(str(self._path))}: {plain(error)}") from None
            finally:
                self._undo()
        return run

    def runs(self, limit: int) -> tuple[PastRun, ...]:
        """The last runs. Raises Unreadable, as every reading does."""
        return self._read(rows.run_of, "SELECT * FROM runs ORDER BY id DESC LIMIT ?", limit)

    def check(self, name: str, limit: int) -> tuple[PastResult, ...]:
        """The last results of this check, in short."""
        return self._read(rows.past_of, "SELECT run, at, status, code, seconds FROM results WHERE name = ? ORDER BY run DESC LIMIT ?", name, limit)

    def results(self, name: str, limit: int) -> tuple[CheckResult, ...]:
        """The last results of this check, with every step and finding."""
        return self._read(rows.result_of, "SELECT * FROM results WHERE name = ? ORDER BY run DESC LIMIT ?", name, limit)

    def latest(self) -> Mapping[str, CheckResult]:
        """The latest result of each check, by name; those that are not of the profile any more are among them."""
        newest = "SELECT * FROM results WHERE (name, run) IN (SELECT name, max(run) FROM results GROUP BY name) ORDER BY run, place"
        return {result.name: result for result in self._read(rows.result_of, newest)}

    def stands(self) -> Mapping[str, Damped]:
        """How each check stood after the last run that said so, by name."""
        return dict(self._read(rows.stand_of, "SELECT * FROM stands ORDER BY name"))

    def latencies(self, name: str, limit: int) -> Mapping[Phase, tuple[float, ...]]:
        """How many seconds each step of this check took in its last results."""
        found: dict[Phase, list[float]] = {}
        for walk in self._read(rows.latencies_of, "SELECT steps FROM results WHERE name = ? ORDER BY run DESC LIMIT ?", name, limit):
            for phase, seconds in walk:
                found.setdefault(phase, []).append(seconds)
        return {phase: tuple(seconds) for phase, seconds in found.items()}

    def close(self) -> None:
        """Let go of the file. A write that hangs is waited for no longer than PATIENCE: what it was writing is then not in history, and the rest is."""
        if not self._turn.acquire(timeout=PATIENCE):
            return
        try:
            self._writer.close()
            if self._held is not None:
                os.close(self._held)
                self._held = None
        finally:
            self._turn.release()

    def _read(self, make: Callable[[sqlite3.Row], T], query: str, *parameters: object) -> tuple[T, ...]:
        try:
            with closing(reader(self._path)) as connection:
                connection.row_factory = sqlite3.Row
                return tuple(map(make, connection.execute(query, parameters).fetchall()))
        except sqlite3.Error as error:
            reason = plain(error)
        except (ValueError, msgspec.MsgspecError):
            reason = "it holds what this program did not write"
        raise Unreadable(f"{neutral(str(self._path))}: {reason}")

    def _undo(self) -> None:
        """Nothing stays half written, whatever went wrong; after a commit there is nothing to undo."""
        try:
            if self._writer.in_transaction:
                self._writer.execute("ROLLBACK")
        except sqlite3.Error:
            return  # SQLite undoes it when the file is opened next

    def _still_there(self) -> None:
        """A file that was deleted or replaced would take every run and keep none."""
        if self._path.stat().st_ino != self._inode:
            raise FileNotFoundError(0, "the file was replaced by another one, which a restart will use")
