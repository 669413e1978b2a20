"""Which files history is kept in, and which are refused as they are."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from preflight.serve.history import History, Unusable, schema
from tests.serve.history.past import good

RUNS = 8


def recorded(path: Path) -> None:
    with closing(History.open(path)) as history:
        for minute in range(RUNS):
            history.record(good(minute))


def sql(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement)


def text(path: Path) -> None:
    path.write_text("important notes\n" * 100)


def short(path: Path) -> None:
    path.write_bytes(b"SQL")


def cut(path: Path) -> None:
    recorded(path)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])


def scribbled(path: Path) -> None:
    recorded(path)
    data = bytearray(path.read_bytes())
    data[len(data) // 2 :] = os.urandom(len(data) - len(data) // 2)
    path.write_bytes(data)


def header(path: Path) -> None:
    path.write_bytes(b"SQLite format 3\x00" + b"\xff" * 4096)


def foreign(path: Path) -> None:
    sql(path, "CREATE TABLE runs (id INTEGER)", "INSERT INTO runs VALUES (1)")


def other_program(path: Path) -> None:
    sql(path, "PRAGMA application_id = 5")


def newer(path: Path) -> None:
    recorded(path)
    sql(path, "PRAGMA user_version = 99")


def headless(path: Path) -> None:
    recorded(path)
    sql(path, "PRAGMA user_version = 0")


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (text, "no SQLite database"),
        (short, "no SQLite database"),
        (cut, "damaged"),
        (scribbled, "damaged"),
        (header, "damaged"),
        (foreign, "another program"),
        (other_program, "another program"),
        (newer, r"newer version.*schema 99"),
        (headless, "no schema version"),
        (Path.mkdir, "directory"),
        (os.mkfifo, "regular file"),
    ],
)
def test_a_file_that_is_not_ours_or_not_whole_is_refused_and_left_as_it_is(tmp_path: Path, make: Callable[[Path], None], sentence: str) -> None:
    path = tmp_path / "history.db"
    make(path)
    before = path.read_bytes() if path.is_file() else b""
    for _ in range(2):  # and again: the first refusal holds nothing
        with pytest.raises(Unusable, match=sentence) as told:
            History.open(path)
        assert str(path) in str(told.value)
    assert (path.read_bytes() if path.is_file() else b"") == before


@pytest.mark.parametrize("where", ["missing/history.db", "file/history.db", "loop/history.db", "nul\0/history.db", "x" * 300])
def test_a_place_that_cannot_be_written_is_refused(tmp_path: Path, where: str) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(Unusable, match="directory must exist"):
        History.open(tmp_path / where)


def test_a_directory_that_may_not_be_written_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    place = Path("/sys") if os.geteuid() == 0 else tmp_path  # to root, everything is writable but for this
    with pytest.raises(Unusable, match="be able to write there"):
        History.open(place / "history.db")


def test_a_second_instance_is_refused_while_the_first_lives(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    other = "import sys; from preflight.serve.history import History; h = History.open(sys.argv[1]); print('held', flush=True); sys.stdin.read(); h.close()"
    with subprocess.Popen([sys.executable, "-c", other, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as first:
        assert first.stdout is not None
        assert first.stdout.readline() == b"held\n"
        with pytest.raises(Unusable, match="another process"):
            History.open(path)
        first.communicate()
    assert first.returncode == 0
    with closing(History.open(path)) as history:
        assert history.record(good()) == 1
        with pytest.raises(Unusable, match="another process"):
            History.open(path)


def test_two_names_of_one_file_are_one_file(tmp_path: Path) -> None:
    path, link = tmp_path / "history.db", tmp_path / "link.db"
    link.symlink_to(path)
    with closing(History.open(link)) as history:
        history.record(good())
        with pytest.raises(Unusable, match="another process"):
            History.open(path)
    with closing(History.open(path)) as history:
        assert len(history.runs(9)) == 1
    assert link.is_symlink()


def empty(path: Path) -> None:
    path.touch()


def with_a_header(path: Path) -> None:
    sql(path, "PRAGMA user_version = 0", "VACUUM")


def unfinished(path: Path) -> None:
    """Made by us, and killed before the first step of the schema was through."""
    sql(path, f"PRAGMA application_id = {schema.APPLICATION}")


@pytest.mark.parametrize("make", [None, empty, with_a_header, unfinished])
def test_a_file_without_tables_is_brought_to_the_newest_schema(tmp_path: Path, make: Callable[[Path], None] | None) -> None:
    path = tmp_path / "a name with 100% ?odd#characters.db"
    if make:
        make(path)
    recorded(path)
    with closing(sqlite3.connect(path)) as connection:
        pragmas = {name: connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("user_version", "application_id", "auto_vacuum", "journal_mode")}
    assert pragmas == {"user_version": len(schema.STEPS), "application_id": schema.APPLICATION, "auto_vacuum": 2, "journal_mode": "wal"}


TWO: Sequence[Sequence[str]] = (*schema.STEPS, ("ALTER TABLE runs ADD COLUMN note TEXT NOT NULL DEFAULT 'old'", "CREATE INDEX by_note ON runs (note)"))


def test_an_older_file_becomes_a_newer_one_and_keeps_what_it_has(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    recorded(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        schema.migrate(connection, TWO)
        assert schema.version(connection) == len(TWO)
        assert connection.execute("SELECT count(*), min(note) FROM runs").fetchone() == (RUNS, "old")
        schema.migrate(connection, TWO)
        schema.check(connection, len(TWO))
        with pytest.raises(schema.Foreign, match="newer"):
            schema.check(connection)


def test_a_step_that_fails_leaves_the_file_at_the_version_before(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    recorded(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        with pytest.raises(sqlite3.OperationalError):
            schema.migrate(connection, (*TWO[:-1], (*TWO[-1], "CREATE TABLE runs (x)")))
        assert not connection.in_transaction
        assert schema.version(connection) == len(schema.STEPS)
    with closing(History.open(path)) as history:
        assert len(history.runs(99)) == RUNS
