"""Disks that are full or broken, files that vanish, and processes that are killed in mid-write."""

from __future__ import annotations

import resource
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from random import Random

import pytest

from preflight.model import Status
from preflight.serve.board import Standing
from preflight.serve.history import History, Unreadable, Unusable, Unwritten
from tests.samples import HOSTS, passed, report
from tests.serve.history.past import good

ROOT = Path(__file__).parents[3]
ENDLESS = """
import sys
from preflight.serve.damping import Standings
from preflight.serve.history import History, Retention
from tests.serve.history.past import bad, good

history, standings, minute = History.open(sys.argv[1], Retention(size=int(sys.argv[2]))), Standings(), 0
print("ready", flush=True)
while True:
    minute += 1
    report = bad(minute) if minute % 3 == 0 else good(minute)
    standings, _ = standings.after(report, report.started)
    print(history.record(report, standings.saved), flush=True)
"""


@pytest.fixture
def history(tmp_path: Path) -> Iterator[History]:
    with closing(History.open(tmp_path / "history.db")) as opened:
        opened.record(good(0))
        yield opened


def record_several(history: History) -> None:
    for minute in range(1, 9):
        history.record(good(minute))


@contextmanager
def files_no_larger_than(size: int) -> Iterator[None]:
    """Every write beyond that size fails, as on a disk that is full; the kernel's word for it is EFBIG."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_database_is_told_and_taken_up_again(history: History) -> None:
    (pages,) = history._writer.execute("PRAGMA page_count").fetchone()
    history._writer.execute(f"PRAGMA max_page_count = {pages}")
    for _ in range(2):
        with pytest.raises(Unwritten, match="disk is full"):
            record_several(history)
    kept = len(history.runs(99))
    history._writer.execute("PRAGMA max_page_count = 1000000")
    history.record(good(9))
    assert len(history.runs(99)) == kept + 1
    assert len(history.results(HOSTS[0], 99)) == kept + 1  # nothing half written


def test_a_disk_that_takes_no_more_is_told_and_taken_up_again(history: History, tmp_path: Path) -> None:
    wal = (tmp_path / "history.db-wal").stat().st_size
    with files_no_larger_than(wal + 6000):  # a part of the next run fits
        for _ in range(2):
            with pytest.raises(Unwritten, match="disk"):
                history.record(good(1))
            assert len(history.runs(9)) == 1  # and what there is can be read
    history.record(good(2))
    assert [run.started for run in history.runs(9)] == [good(2).started, good(0).started]
    assert len(history.check(HOSTS[0], 9)) == 2


@pytest.mark.skipif(not shutil.which("mount"), reason="needs mount")
def test_a_file_system_that_is_full_is_told_and_taken_up_again(tmp_path: Path) -> None:
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", str(tmp_path)], capture_output=True, check=False).returncode:
        pytest.skip("may not mount a small file system")
    try:
        with closing(History.open(tmp_path / "history.db")) as history:
            history.record(good(0))
            (tmp_path / "ballast").write_bytes(b"x" * (shutil.disk_usage(tmp_path).free - 4096))
            with pytest.raises(Unwritten, match="disk"):
                record_several(history)
            kept = len(history.runs(99))
            (tmp_path / "ballast").unlink()
            history.record(good(9))
            assert len(history.runs(99)) == kept + 1
    finally:
        subprocess.run(["umount", str(tmp_path)], check=True)


def test_a_report_that_cannot_be_stored_leaves_nothing_behind(history: History) -> None:
    with pytest.raises(Unwritten, match="UNIQUE"):
        history.record(report(passed("x"), passed("x")))
    assert history.check("x", 9) == ()
    history.record(good(1))
    assert len(history.runs(9)) == 2


def test_a_file_that_another_program_has_locked_is_told(history: History, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "history.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Unwritten, match="another program"):
            history.record(good(1))
        other.execute("ROLLBACK")
    history.record(good(1))


def test_a_file_that_was_deleted_or_replaced_is_told(history: History, tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    path.rename(tmp_path / "moved")
    with pytest.raises(Unwritten, match="No such file"):
        history.record(good(1))
    with pytest.raises(Unreadable, match="cannot be opened"):
        history.runs(1)
    shutil.copy(tmp_path / "moved", path)
    with pytest.raises(Unwritten, match="replaced"):
        history.record(good(1))


def test_a_file_that_is_damaged_while_it_is_used_is_told(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    with closing(History.open(path)) as history:
        for minute in range(8):
            history.record(good(minute))
    with closing(History.open(path)) as history:
        with path.open("r+b") as stream:  # the header's page stays
            stream.seek(4096)
            stream.write(b"\xff" * (path.stat().st_size - 4096))
        with pytest.raises(Unreadable, match="damaged"):
            history.latest()
        with pytest.raises(Unwritten, match="damaged"):
            history.record(good(9))


@pytest.mark.parametrize(("seed", "size"), [(0, 10**9), (1, 10**9), (2, 200_000)])
def test_a_process_that_is_killed_in_mid_write_loses_no_run_that_it_had_recorded(tmp_path: Path, seed: int, size: int) -> None:
    path, random = tmp_path / "history.db", Random(seed)
    acknowledged: list[int] = []
    for kills in (1, 2):  # the second process goes on with what the first left
        with subprocess.Popen([sys.executable, "-c", ENDLESS, str(path), str(size)], stdout=subprocess.PIPE, cwd=ROOT) as endless:
            assert endless.stdout is not None
            assert endless.stdout.readline() == b"ready\n"
            time.sleep(random.uniform(0.05, 0.3))
            endless.kill()
            acknowledged += [int(line) for line in endless.stdout.read().split(b"\n")[:-1]]
        with closing(History.open(path)) as history:
            kept = [run.id for run in history.runs(9999)][::-1]
            assert kept == list(range(kept[0], kept[-1] + 1)) if kept else not acknowledged
            assert set(acknowledged) - set(kept) == (set() if size > 10**6 else {run for run in acknowledged if run < kept[0]})
            assert len(kept) >= min(len(acknowledged), 15)
            assert len(acknowledged) <= max(kept, default=0) <= len(acknowledged) + kills  # one run under way at each kill
            assert [past.run for past in history.check(HOSTS[0], 9999)] == kept[::-1]
            stood = {Status.PASS: Standing.UP, Status.FAIL: Standing.DOWN}
            assert [stood[past.status] for past in history.check(HOSTS[0], 1)] == [history.stands()[HOSTS[0]].standing for _ in kept[:1]]
            with closing(sqlite3.connect(path)) as connection:
                assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_what_is_recorded_has_reached_the_disk(history: History) -> None:
    assert history._writer.execute("PRAGMA synchronous").fetchone() == (2,)  # FULL: SQLite syncs the log at every commit


def test_a_write_that_hangs_does_not_keep_the_process_from_ending(history: History, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("preflight.serve.history.PATIENCE", 0.01)
    with history._turn:  # as `record` does while the disk does not answer
        history.close()
        with pytest.raises(Unusable, match="another process"):
            History.open(tmp_path / "history.db")
    history.close()
    History.open(tmp_path / "history.db").close()
