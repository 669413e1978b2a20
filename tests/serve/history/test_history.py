"""What went into history comes out of it, and nothing that must not be there."""

from __future__ import annotations

import base64
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import MappingProxyType

import anyio
import pytest
from msgspec.structs import replace

from preflight.model import CheckResult, Direct, Phase, Report, Status, Via
from preflight.real.daemon import in_daemon
from preflight.serve.board import Standing
from preflight.serve.damping import Damped, Damping, Standings
from preflight.serve.history import History, Unreadable, Unwritten
from preflight.serve.pages.memory import History as Asked
from preflight.serve.pages.memory import Memory
from tests.samples import ALL_PASS, DEAD_PROXY, HOSTILE, HOSTS, PROXY, STARTED, report, step
from tests.serve.history.past import bad, good


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "history.db"


@pytest.fixture
def history(path: Path) -> Iterator[History]:
    with closing(History.open(path)) as opened:
        yield opened


def without_credentials(result: CheckResult) -> CheckResult:
    if isinstance(result.route, Via):
        return replace(result, route=replace(result.route, proxy=replace(result.route.proxy, user=None, password=None)))
    return result


def test_an_empty_history_is_empty(history: History) -> None:
    assert (history.runs(9), history.check("x", 9), history.results("x", 9), history.latest(), history.stands(), history.latencies("x", 9)) == (
        *((), (), ()),
        *({}, {}, {}),
    )


@pytest.mark.parametrize("sample", [ALL_PASS, DEAD_PROXY])
def test_every_result_comes_back_as_it_was_but_for_credentials(history: History, sample: Report) -> None:
    history.record(sample)
    assert list(history.latest().values()) == [without_credentials(result) for result in sample.results]


def test_every_run_comes_back_newest_first(history: History) -> None:
    numbers = [history.record(one) for one in (good(0), bad(1), good(2))]
    runs = history.runs(2)
    assert [run.id for run in runs] == numbers[:0:-1]
    assert [(run.started, run.seconds, run.status, run.exit_code, run.complete) for run in runs] == [
        (one.started, one.seconds, one.status, one.exit_code, one.complete) for one in (good(2), bad(1))
    ]
    assert runs[1].causes == DEAD_PROXY.causes


def test_the_past_of_a_check_counts_a_blocked_run_as_its_blocker_did(history: History) -> None:
    for one in (good(0), bad(1)):
        history.record(one)
    past = history.check(HOSTS[0], 5)
    assert [(each.status, each.code) for each in past] == [(Status.FAIL, "internal.blocked"), (Status.PASS, "ok")]
    assert [each.at for each in past] == sorted((each.at for each in past), reverse=True)
    assert [result.status for result in history.results(HOSTS[0], 5)] == [Status.SKIP, Status.PASS]
    assert history.check("no such check", 5) == ()


def test_the_latest_result_of_each_check_is_its_own_latest(history: History) -> None:
    history.record(good(0))
    history.record(report(DEAD_PROXY.results[1]))
    latest = history.latest()
    assert set(latest) == {result.name for result in ALL_PASS.results}
    assert (latest["proxy-https"].status, latest[HOSTS[0]].status) == (Status.FAIL, Status.PASS)


def test_latencies_are_those_of_the_steps_that_were_reached(history: History) -> None:
    for one in (good(0), good(1), bad(2)):
        history.record(one)
    assert history.latencies("proxy-https", 5) == {
        Phase.TCP: (0.0004, 0.0012, 0.0012),
        **dict.fromkeys((Phase.PROXY,), (0.0034, 0.0034)),
        **dict.fromkeys((Phase.TLS,), (0.0205, 0.0205)),
        **dict.fromkeys((Phase.HTTP,), (0.01625, 0.01625)),
    }
    assert history.latencies("proxy-https", 1) == {Phase.TCP: (0.0004,)}


def test_how_everything_stands_comes_back_after_a_restart(path: Path) -> None:
    rules = {HOSTS[0]: Damping(2, 3)}
    standings = Standings(rules)
    with closing(History.open(path)) as history:
        for minute, one in enumerate((good(0), bad(1), good(2), good(3), bad(4))):
            standings, _ = standings.after(one, one.started)
            history.record(one, standings.saved)
            assert minute == len(history.check(HOSTS[0], 9)) - 1
    with closing(History.open(path)) as history:
        assert Standings.restored(history.stands(), rules=rules, usual=Damping()) == standings
        assert standings.checks[HOSTS[0]].standing is Standing.UP
        history.record(good(5))
        assert history.stands() == standings.saved  # a run that says nothing about it leaves it
        history.record(good(6), {"x": Damped(Standing.UP, STARTED)})
        assert set(history.stands()) == {"x"}


def test_no_credentials_are_in_the_file(path: Path) -> None:
    with closing(History.open(path)) as history:
        for one in (good(0), bad(1)):
            history.record(one)
        files = [each.read_bytes() for each in sorted(path.parent.iterdir())]
    assert PROXY.user is not None
    assert PROXY.password is not None
    files.append(path.read_bytes())  # with what was in the log
    everything = b"".join(files)
    assert b"http://10.0.1.20:3128" in everything
    for planted in (PROXY.password.reveal(), PROXY.user.reveal(), base64.b64encode(f"{PROXY.user.reveal()}:{PROXY.password.reveal()}".encode()).decode()):
        assert planted.encode() not in everything


def test_the_files_are_for_this_user_only(path: Path, history: History) -> None:
    history.record(good())
    assert {each.name: each.stat().st_mode & 0o777 for each in path.parent.iterdir()} == {
        "history.db": 0o600,
        "history.db-shm": 0o600,
        "history.db-wal": 0o600,
        "history.db.lock": 0o600,
    }


def test_a_file_that_others_could_read_is_closed_to_them(path: Path) -> None:
    History.open(path).close()
    path.chmod(0o644)
    History.open(path).close()
    assert path.stat().st_mode & 0o777 == 0o600


def test_whatever_a_plugin_says_can_be_recorded_and_read(history: History) -> None:
    odd = {"big": 2**80, "nan": float("nan"), "deep": MappingProxyType({"a": (1, {"b": None})}), HOSTILE: HOSTILE, "object": object()}
    finding = replace(DEAD_PROXY.results[1].findings[0], message=HOSTILE, evidence=odd)
    history.record(
        report(replace(DEAD_PROXY.results[1], name="x", about=HOSTILE, findings=(finding,), steps=(step(Phase.TCP, float("nan")),), route=Direct(HOSTILE)))
    )
    read = history.latest()["x"]
    assert read.findings[0].evidence["deep"] == {"a": [1, {"b": None}]}
    assert read.findings[0].evidence["nan"] is None
    assert read.findings[0].evidence["big"] == 2**80
    assert "\x1b" not in read.findings[0].message
    assert read.steps[0].seconds == 0.0


def test_a_result_without_findings_can_be_recorded(history: History) -> None:
    history.record(report(CheckResult("x", "k", "g", "", True, ())))
    assert history.check("x", 1)[0].status is Status.ERROR


def test_reading_waits_for_no_write_and_no_write_for_reading(history: History, path: Path) -> None:
    history.record(good(0))
    history._writer.execute("BEGIN IMMEDIATE")  # a write under way
    history._writer.execute("DELETE FROM runs")
    assert len(history.runs(9)) == 1
    history._writer.execute("ROLLBACK")
    with closing(sqlite3.connect(path)) as reader:
        reader.execute("BEGIN")
        assert reader.execute("SELECT count(*) FROM runs").fetchone() == (1,)
        history.record(good(1))  # a page that is still being made
        assert reader.execute("SELECT count(*) FROM runs").fetchone() == (1,)
    assert len(history.runs(9)) == 2


def test_writers_take_turns(history: History) -> None:
    threads = [threading.Thread(target=history.record, args=(good(number),)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(run.started for run in history.runs(20)) == [good(number).started for number in range(12)]


@pytest.mark.anyio
async def test_it_works_beside_the_event_loop(history: History) -> None:
    async with anyio.create_task_group() as group:
        group.start_soon(in_daemon, partial(history.record, good()), "history")
        group.start_soon(in_daemon, partial(history.runs, 5), "history")
    assert len(await in_daemon(partial(history.runs, 5), "history")) == 1


@pytest.mark.parametrize("change", ["UPDATE results SET steps = '{'", "UPDATE results SET route = '5'", "UPDATE results SET findings = '[{}]'"])
def test_a_row_that_somebody_else_wrote_is_unreadable_and_not_a_crash(history: History, path: Path, change: str) -> None:
    history.record(good())
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute(change)
    with pytest.raises(Unreadable, match="did not write"):
        history.latest()
    assert len(history.runs(1)) == 1


def test_a_status_that_somebody_else_wrote_is_unreadable_and_not_a_crash(history: History, path: Path) -> None:
    history.record(good())
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("UPDATE runs SET status = 77")
    with pytest.raises(Unreadable, match="did not write"):
        history.runs(1)


def test_a_closed_history_takes_nothing(history: History) -> None:
    history.close()
    history.close()
    with pytest.raises(Unwritten):
        history.record(good())


def test_the_pages_can_ask_it(history: History) -> None:
    history.record(good())
    asked: Asked = history
    memory = Memory(asked, threading.Lock())
    assert [run.status for run in memory.runs()] == [good().status]
    assert memory.check(HOSTS[0])[0].code == "ok"
    assert memory.latencies(HOSTS[0])[Phase.TLS] == (0.0205,)
    assert memory.trouble == ""


def test_times_come_back_in_utc(history: History) -> None:
    history.record(good())
    assert history.runs(1)[0].started.tzinfo is UTC
    assert history.runs(1)[0].started == datetime(2026, 3, 1, 12, 30, 45, 123456, tzinfo=UTC)


def test_a_run_of_a_part_has_the_verdict_of_all_that_is_known_and_its_own_results(path: Path) -> None:
    """Else an outage in which the failing checks are held back would be a row of passes."""
    with closing(History.open(path)) as history:
        history.record(DEAD_PROXY, new={DEAD_PROXY.results[-1].name})
        [run] = history.runs(9)
        assert (run.status, run.exit_code, run.causes) == (DEAD_PROXY.status, 1, DEAD_PROXY.causes)
        assert [len(history.check(result.name, 9)) for result in DEAD_PROXY.results] == [0] * (len(DEAD_PROXY.results) - 1) + [1]
