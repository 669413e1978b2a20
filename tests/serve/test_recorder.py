"""A run waits for its own record, and not for long."""

from __future__ import annotations

import errno
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest

from preflight.serve.history import History, NoRoom, file
from preflight.serve.recorder import SECONDS, Recorder, Unopened
from tests.samples import ALL_PASS, HOSTS
from tests.serve.boards import board
from tests.serve.history.past import good


@pytest.mark.anyio
@pytest.mark.parametrize("lock", ["BEGIN IMMEDIATE", "BEGIN EXCLUSIVE"])
async def test_a_lock_is_named_in_time_hides_nothing_and_is_forgotten_once_it_is_gone(tmp_path: Path, lock: str) -> None:
    """As somebody's sqlite3 shell holds it."""
    shown, path = board(ALL_PASS), tmp_path / "history.db"
    with closing(History.open(path)) as history, closing(sqlite3.connect(path, isolation_level=None)) as shell:
        recorder = Recorder(history, shown)
        await recorder.record(good(0), {})
        shell.execute(lock)
        for minute in (1, 2):
            begun = time.monotonic()
            await recorder.record(good(minute), {})
            assert time.monotonic() - begun < SECONDS / 2
            assert shown.history == f"{path}: another program has locked it"
            begun = time.monotonic()
            assert len(history.runs(9)) == len(history.check(HOSTS[0], 9)) == 1
            assert time.monotonic() - begun < 0.5
        shell.execute("ROLLBACK")
        await recorder.record(good(3), {})
        assert shown.history == ""
        assert [run.started for run in history.runs(9)] == [good(3).started, good(0).started]


def test_a_lock_does_not_prevent_the_start(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    History.open(path).close()
    with closing(sqlite3.connect(path, isolation_level=None)) as shell:
        shell.execute("BEGIN EXCLUSIVE")
        with closing(History.open(path)) as history:
            assert history.runs(9) == ()


@pytest.mark.anyio
async def test_history_for_which_there_was_no_room_at_the_start_is_written_once_there_is(tmp_path: Path) -> None:
    shown, path, full = board(ALL_PASS), tmp_path / "history.db", [True]

    def opening() -> History:
        if full:
            raise NoRoom("history cannot be kept: the disk is full")
        return History.open(path)

    with closing(Unopened(opening)) as history:
        recorder = Recorder(history, shown)
        await recorder.record(good(0), recorder.saved())
        assert shown.history == "history cannot be kept: the disk is full"
        assert (history.runs(9), history.check(HOSTS[0], 9), history.latencies(HOSTS[0], 9)) == ((), (), {})
        full.clear()
        await recorder.record(good(1), {})
        assert shown.history == ""
        assert [run.started for run in history.runs(9)] == [good(1).started]
        assert history.check(HOSTS[0], 9)


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left on device"), OSError(errno.EIO, "Input/output error")])
def test_a_disk_that_is_full_is_told_from_a_file_that_cannot_be_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: OSError) -> None:
    def refuse(_path: Path) -> None:
        raise error

    monkeypatch.setattr(file, "_look", refuse)
    with pytest.raises(NoRoom, match="Make room on that disk"):
        History.open(tmp_path / "history.db")
