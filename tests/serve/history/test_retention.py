"""What history forgets, and what it does not."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from preflight.model import Report, Status
from preflight.serve.history import History, Retention
from preflight.serve.history.retention import BATCH, RECENT, forget
from preflight.serve.history.rows import insert
from preflight.serve.history.schema import migrate
from tests.samples import STARTED, passed, report
from tests.serve.history.past import bad, good

DAY = 24 * 60
WEEK = Retention(passes=timedelta(days=7), failures=timedelta(days=70))
SMALL = 400_000


def remembered(keep: Retention, reports: Sequence[Report], *, path: str = ":memory:") -> list[tuple[int, bool]]:
    """The numbers of the runs that are left, and whether they failed."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        migrate(connection)
        connection.execute("PRAGMA synchronous = OFF")
        for one in reports:
            connection.execute("BEGIN")
            insert(connection, one)
            forget(connection, keep, one.started)
            connection.execute("COMMIT")
        (orphans,) = connection.execute("SELECT count(*) FROM results WHERE run NOT IN (SELECT id FROM runs)").fetchone()
        assert orphans == 0
        return [(run, bool(failed)) for run, failed in connection.execute("SELECT id, failed FROM runs ORDER BY id")]


def used(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        return int(connection.execute("PRAGMA page_count").fetchone()[0] * connection.execute("PRAGMA page_size").fetchone()[0])


def test_passes_go_after_their_age_and_failures_stay_for_longer() -> None:
    reports = [good(0), bad(1), good(DAY), good(7 * DAY + 2), good(8 * DAY + 1)]
    assert remembered(WEEK, reports) == [(2, True), (4, False), (5, False)]
    assert remembered(WEEK, [*reports, good(71 * DAY)]) == [(6, False)]


def test_what_counts_as_failed_is_an_error_or_a_failure() -> None:
    reports = [good(0), bad(0), report(), report(passed("x")), good(8 * DAY)]
    assert [one.status for one in reports[:4]] == [Status.PASS, Status.FAIL, Status.ERROR, Status.PASS]
    assert remembered(WEEK, reports) == [(2, True), (3, True), (5, False)]


def test_a_clock_that_was_behind_when_they_were_recorded_makes_nobody_forget_the_rest() -> None:
    reports = [good(400 * DAY), good(0), good(400 * DAY + 1)]  # the second was recorded while the clock was wrong
    assert [run for run, _ in remembered(WEEK, reports)] == [1, 3]


def test_a_backlog_is_worked_off_a_batch_a_run() -> None:
    old = [good(0)] * (2 * BATCH + 3)
    assert len(remembered(WEEK, [*old, good(30 * DAY)])) == BATCH + 4
    assert len(remembered(WEEK, [*old, *[good(30 * DAY)] * 3])) == 3


def test_beyond_the_size_passes_go_first_and_the_newest_runs_stay() -> None:
    reports = [bad(0), *(good(minute) for minute in range(1, RECENT + 30)), bad(RECENT + 31)]
    left = remembered(Retention(size=SMALL), reports)
    assert left[-1] == (len(reports), True)
    assert 1 < len(left) < RECENT
    generous = remembered(Retention(size=2 * SMALL), reports)
    assert len(generous) > RECENT
    assert generous[0] == (1, True)  # the oldest of all, kept because it failed
    assert generous[1][0] > 2


def test_a_limit_below_one_run_keeps_the_newest() -> None:
    assert remembered(Retention(size=1), [good(minute) for minute in range(5)]) == [(5, False)]


@settings(max_examples=25)
@given(fails=st.lists(st.booleans(), min_size=1, max_size=12), size=st.integers(1, 200_000))
def test_of_recent_runs_the_oldest_go_and_the_newest_always_stays(fails: list[bool], size: int) -> None:
    left = remembered(Retention(size=size), [bad(number) if failed else good(number) for number, failed in enumerate(fails)])
    assert left[-1] == (len(fails), fails[-1])
    assert [run for run, _ in left] == list(range(len(fails) - len(left) + 1, len(fails) + 1))


def test_the_file_shrinks_when_less_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    remembered(Retention(), [good(minute) for minute in range(60)], path=str(path))
    before = used(path)
    with closing(History.open(path, Retention(size=before // 4))) as history:
        for minute in range(60, 66):
            history.record(good(minute))
    assert used(path) < before // 2
    assert path.stat().st_size == used(path)


@pytest.mark.parametrize(
    "wrong",
    [{"passes": timedelta(0)}, {"passes": timedelta(days=9), "failures": timedelta(days=8)}, {"size": 0}],
)
def test_a_retention_that_makes_no_sense_is_told(wrong: dict[str, timedelta | int]) -> None:
    with pytest.raises(ValueError, match=r"kept|size"):
        Retention(**wrong)  # type: ignore[arg-type]


def test_a_restart_keeps_counting_where_it_was(tmp_path: Path) -> None:
    for number in range(1, 4):
        with closing(History.open(tmp_path / "history.db", Retention(size=1))) as history:
            assert history.record(good(number)) == number
            assert history.runs(1)[0].started == STARTED + timedelta(minutes=number)
