"""What history forgets: the oldest, and what failed later than what passed. A bounded piece of work for each run that is recorded."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

import msgspec

BATCH: Final = 16
"""Runs that are forgotten at most when one is recorded."""
RECENT: Final = 100
"""The newest runs stay while there are others to forget, passed or not: they are what the pages show."""
PAGES: Final = 512
"""Free pages that are given back to the file system at most when a run is recorded."""


class Retention(msgspec.Struct, frozen=True):
    """How long runs are kept, and how large the file may become."""

    passes: timedelta = timedelta(days=30)
    failures: timedelta = timedelta(days=365)
    """For runs with an error or a failure."""
    size: int = 256 * 1024 * 1024
    """Bytes of the database, to which its write-ahead log may add 4 MiB. Beyond it the oldest passes go, then the oldest failures, then whatever is oldest; the
    newest run always stays."""

    def __post_init__(self) -> None:
        if not timedelta(0) < self.passes <= self.failures:
            raise ValueError("failures are kept at least as long as passes")
        if self.size <= 0:
            raise ValueError("the size of history is a positive number of bytes")


def forget(connection: sqlite3.Connection, keep: Retention, now: datetime) -> None:
    """Forget what is too old, then what is too much. Within the caller's transaction. Raises sqlite3.Error."""
    left = BATCH
    for run in _too_old(connection, keep, now, left):
        _drop(connection, run)
        left -= 1
    candidates = _oldest(connection, left)
    while left and _used(connection) > keep.size and (oldest := next(candidates, None)) is not None:
        _drop(connection, oldest)
        left -= 1
    for _ in range(min(_pragma(connection, "freelist_count"), PAGES)):
        connection.execute("PRAGMA incremental_vacuum(1)")  # one by one: the sqlite3 module takes one step of a statement without columns, which is one page


def _too_old(connection: sqlite3.Connection, keep: Retention, now: datetime, limit: int) -> list[int]:
    """The oldest runs of each sort, as far as they are too old. In the order in which they were recorded, since clocks are set."""
    old: list[int] = []
    for failed, age in ((0, keep.passes), (1, keep.failures)):
        rows = connection.execute("SELECT id, started FROM runs WHERE failed = ? ORDER BY id LIMIT ?", (failed, limit - len(old)))
        old += [run for run, started in rows if started < (now - age).timestamp()]
    return old


def _oldest(connection: sqlite3.Connection, limit: int) -> Iterator[int]:
    """What to forget first where there is too much."""
    (newest,) = connection.execute("SELECT max(id) FROM runs").fetchone()
    sieves = (
        ("failed = 0 AND id <= ?", newest - RECENT),
        ("failed = 1 AND id <= ?", newest - RECENT),
        ("id < ?", newest),
    )
    seen: set[int] = set()
    for where, bound in sieves:
        rows = connection.execute(f"SELECT id FROM runs WHERE {where} ORDER BY id LIMIT ?", (bound, limit)).fetchall()  # noqa: S608 - our own words
        yield from (run for (run,) in rows if run not in seen)
        seen.update(run for (run,) in rows)


def _drop(connection: sqlite3.Connection, run: int) -> None:
    connection.execute("DELETE FROM results WHERE run = ?", (run,))
    connection.execute("DELETE FROM runs WHERE id = ?", (run,))


def _used(connection: sqlite3.Connection) -> int:
    """Bytes that hold something."""
    return (_pragma(connection, "page_count") - _pragma(connection, "freelist_count")) * _pragma(connection, "page_size")


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    return int(connection.execute(f"PRAGMA {name}").fetchone()[0])
