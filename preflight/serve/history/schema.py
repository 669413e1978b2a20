"""The tables of history, and how an older file becomes a newer one."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Final

APPLICATION: Final = 0x5046_4C54
"""Stands in the header of our files (`PFLT`), so that no other program's database is taken for one."""

STEPS: Final[Sequence[Sequence[str]]] = (
    (  # 0 is a file without tables
        """CREATE TABLE runs (
            id INTEGER PRIMARY KEY,
            started REAL NOT NULL,
            seconds REAL NOT NULL,
            status INTEGER NOT NULL,
            exit_code INTEGER NOT NULL,
            complete INTEGER NOT NULL,
            failed INTEGER NOT NULL,
            causes TEXT NOT NULL
        )""",
        """CREATE TABLE results (
            run INTEGER NOT NULL REFERENCES runs,
            place INTEGER NOT NULL,
            name TEXT NOT NULL,
            at REAL NOT NULL,
            status INTEGER NOT NULL,
            code TEXT NOT NULL,
            seconds REAL NOT NULL,
            kind TEXT NOT NULL,
            family TEXT NOT NULL,
            about TEXT NOT NULL,
            required INTEGER NOT NULL,
            target TEXT,
            route TEXT,
            blocked_by TEXT NOT NULL,
            attempts INTEGER NOT NULL,
            started REAL,
            steps TEXT NOT NULL,
            findings TEXT NOT NULL,
            PRIMARY KEY (run, name)
        )""",
        "CREATE TABLE stands (name TEXT PRIMARY KEY, damped TEXT NOT NULL)",
        "CREATE INDEX runs_by_age ON runs (failed, id)",
        "CREATE INDEX results_by_name ON results (name, run)",
    ),
)
"""What makes version n + 1 of version n. A step that was ever released is never changed; a new one is added."""


class Foreign(Exception):
    """The file is not ours to write: its sentence says why."""


def check(connection: sqlite3.Connection, newest: int = len(STEPS)) -> None:
    """Make sure that the file is empty, or ours and not newer than this program. Reads only. Raises Foreign; sqlite3.Error where it cannot be read."""
    application = _pragma(connection, "application_id")
    tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if application != APPLICATION and (application or tables or version(connection)):
        raise Foreign("it is a database of another program")
    if version(connection) > newest:
        raise Foreign(f"a newer version of preflight wrote it (schema {version(connection)}; this one knows {newest})")
    if application == APPLICATION and not version(connection) and tables:
        raise Foreign("it has tables and no schema version")


def version(connection: sqlite3.Connection) -> int:
    """The schema version of the file; 0 while it has no tables."""
    return _pragma(connection, "user_version")


def migrate(connection: sqlite3.Connection, steps: Sequence[Sequence[str]] = STEPS) -> None:
    """Bring the file to the newest version, each step as a whole or not at all. Raises sqlite3.Error."""
    if not version(connection):
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
        connection.execute("VACUUM")  # an empty file with a header takes the setting in no other way
    for number in range(version(connection), len(steps)):
        connection.execute("BEGIN IMMEDIATE")
        try:
            for statement in steps[number]:
                connection.execute(statement)
            connection.execute(f"PRAGMA application_id = {APPLICATION}")
            connection.execute(f"PRAGMA user_version = {number + 1}")
            connection.execute("COMMIT")
        except sqlite3.Error:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    return int(connection.execute(f"PRAGMA {name}").fetchone()[0])
