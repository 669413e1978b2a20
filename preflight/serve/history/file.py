"""The file that history is kept in: ours alone, whole, and of a schema that this program knows, or refused and left as it is."""

from __future__ import annotations

import errno
import fcntl
import os
import sqlite3
import stat
from contextlib import closing
from pathlib import Path
from typing import Final

from preflight.serve.history import schema
from preflight.untrusted import neutral

MAGIC: Final = b"SQLite format 3\x00"
PRIVATE: Final = 0o600
OPENING: Final = 5.0
"""Seconds that the start waits for whoever has locked the file: to give up is to refuse to start."""
BUSY: Final = 1.0
"""Seconds that a reading or a record waits, such as for a sqlite3 shell that is writing. Well below what a run waits for its record, which would else be
cut off before it can say who is in the way."""
WAL_BYTES: Final = 4 * 1024 * 1024
"""What the write-ahead log is cut to once it has been copied into the file."""
CACHE_KIB: Final = 512
"""What the writer keeps of the file in memory: it appends, and has no use for the two MiB that SQLite would fill in time."""
_DISK: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EIO})
_PLAIN: Final = {
    sqlite3.SQLITE_FULL: "the disk is full",
    sqlite3.SQLITE_IOERR: "the disk does not do what it is asked",
    sqlite3.SQLITE_CORRUPT: "the file is damaged",
    sqlite3.SQLITE_NOTADB: "the file is no SQLite database, or is damaged",
    sqlite3.SQLITE_READONLY: "the file may not be written",
    sqlite3.SQLITE_CANTOPEN: "it cannot be opened",
    sqlite3.SQLITE_BUSY: "another program has locked it",
}


class Unusable(Exception):
    """History cannot be kept in that file. The sentence says why and what to do; the file is as it was."""


class NoRoom(Unusable):
    """The disk is full, or fails: it may be better soon."""


def plain(error: Exception) -> str:
    """Why the file could not be read or written, in words."""
    if isinstance(error, OSError):
        return error.strerror or type(error).__name__
    code = getattr(error, "sqlite_errorcode", None)
    return _PLAIN.get(code & 0xFF, neutral(str(error))) if isinstance(code, int) else neutral(str(error))


def reader(path: Path, patience: float = BUSY) -> sqlite3.Connection:
    """A connection that only reads. Raises sqlite3.Error."""
    return sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=patience)


def place(path: str | Path) -> Path:
    """The absolute path behind every link, so that two names of one file are one. Raises Unusable."""
    try:
        return Path(os.path.realpath(path))
    except ValueError as error:  # NUL
        raise Unusable(f"history cannot be kept in {neutral(str(path))}: {error}. Its directory must exist") from None


def occupy(path: Path) -> tuple[sqlite3.Connection, int]:
    """The one connection that writes to this `place`, and the descriptor that keeps others away until it is closed. Raises Unusable."""
    held = _hold(path)
    try:
        _look(path)
        return _connected(path), held
    except schema.Foreign as error:
        reason = str(error)
    except (sqlite3.Error, OSError) as error:
        reason = plain(error)
        if _of_the_disk(error):
            os.close(held)
            raise NoRoom(f"history cannot be kept in {neutral(str(path))}: {reason}. Make room on that disk, or name a file on another one") from None
    os.close(held)
    raise Unusable(f"history cannot be kept in {neutral(str(path))}: {reason}. Move that file away, or name another one")


def _of_the_disk(error: Exception) -> bool:
    code = getattr(error, "sqlite_errorcode", None)
    return (code & 0xFF in {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR}) if isinstance(code, int) else getattr(error, "errno", None) in _DISK


def _hold(path: Path) -> int:
    """A lock beside the file, which ends with the process. Not on the file: closing any descriptor of it would drop SQLite's own locks."""
    try:
        held = os.open(path.with_name(f"{path.name}.lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, PRIVATE)
    except (OSError, ValueError) as error:
        reason = plain(error)
        raise (NoRoom if _of_the_disk(error) else Unusable)(
            f"history cannot be kept in {neutral(str(path))}: {reason}. Its directory must exist, and this user must be able to write there"
        ) from None
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(held)
        raise Unusable(f"another process keeps its history in {neutral(str(path))}. Stop that one, or name another file") from None
    return held


def _look(path: Path) -> None:
    """Make the file, for this user's eyes only, or make sure that what is there is empty or a database. Raises Foreign, OSError."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NONBLOCK, PRIVATE)
    with os.fdopen(descriptor, "rb") as stream:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise schema.Foreign("it is no regular file")
        if stream.read(len(MAGIC)) not in {b"", MAGIC}:
            raise schema.Foreign("it is no SQLite database, or is damaged")


def _connected(path: Path) -> sqlite3.Connection:
    """The connection that writes, to a file that was looked at before anything is changed. Raises Foreign, sqlite3.Error, OSError."""
    with closing(reader(path, OPENING)) as looking:
        schema.check(looking)
        damage = looking.execute("PRAGMA quick_check(1)").fetchone()[0]
    if damage != "ok":
        raise schema.Foreign("the file is damaged")
    path.chmod(PRIVATE)
    writer = sqlite3.connect(path, timeout=OPENING, isolation_level=None, check_same_thread=False)
    try:
        _set_up(writer)
    except BaseException:
        writer.close()
        raise
    return writer


def _set_up(writer: sqlite3.Connection) -> None:
    schema.migrate(writer)
    if writer.execute("PRAGMA journal_mode = WAL").fetchone()[0] != "wal":
        raise schema.Foreign("its file system cannot keep a write-ahead log beside it")
    writer.execute("PRAGMA synchronous = FULL")
    writer.execute(f"PRAGMA busy_timeout = {round(BUSY * 1000)}")
    writer.execute(f"PRAGMA journal_size_limit = {WAL_BYTES}")
    writer.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
