"""A timetable, moved through time by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from preflight.serve.rhythm import Cron, Every, Jitter, Moment, Rhythm
from preflight.serve.schedule import GRACE, LOOK, Timetable

NOON = datetime(2024, 5, 17, 12, tzinfo=UTC)


def at(seconds: float, *, wall_is_ahead: float = 0.0) -> Moment:
    """So many seconds after noon."""
    return Moment(10_000 + seconds, NOON + timedelta(seconds=seconds + wall_is_ahead))


def never() -> float:
    return 0.0


def table(*rhythms: Rhythm, jitter: Jitter | None = None, chance: float = 0.0) -> Timetable:
    return Timetable.of({f"check-{number}": rhythm for number, rhythm in enumerate(rhythms)}, at(0), jitter=jitter or Jitter(), random=lambda: chance)


def taken(timetable: Timetable, *moments: Moment) -> list[tuple[int, int]]:
    """How many checks were due, and how many slots were late, at each of these moments."""
    turns = []
    for moment in moments:
        turn = timetable.take(moment, never)
        timetable = turn.table
        turns.append((len(turn.names), turn.late))
    return turns


def test_nothing_to_run_is_told() -> None:
    with pytest.raises(ValueError, match="nothing"):
        Timetable.of({}, at(0), jitter=Jitter(), random=never)


def test_an_interval_runs_at_once_and_then_on_its_grid() -> None:
    assert taken(table(Every(10)), at(0), at(0.1), at(9.4), at(10.2), at(19.9), at(20.0)) == [(1, 0), (0, 0), (0, 0), (1, 0), (0, 0), (1, 0)]


def test_sleeping_as_told_meets_every_slot() -> None:
    timetable, now, starts = table(Every(10), Every(25)), 0.0, []
    while now <= 50:
        turn = timetable.take(at(now), never)
        starts.append((now, turn.names))
        timetable = turn.table
        now += timetable.sleep(at(now))
    assert starts == [
        (0, ("check-0", "check-1")),
        (10, ("check-0",)),
        (20, ("check-0",)),
        (25, ("check-1",)),
        (30, ("check-0",)),
        (40, ("check-0",)),
        (50, ("check-0", "check-1")),
    ]


def test_a_late_start_counts_once_and_the_grid_stays() -> None:
    assert taken(table(Every(10)), at(0), at(11.5), at(19.9), at(20)) == [(1, 0), (1, 1), (0, 0), (1, 0)]


def test_slots_that_a_long_run_left_out_are_counted_and_made_up_for_by_one_run() -> None:
    # 10 begins late, 20 and 30 are left out
    assert taken(table(Every(10)), at(0), at(33), at(33.1), at(40)) == [(1, 0), (1, 3), (0, 0), (1, 0)]


def test_a_late_start_is_not_followed_by_the_next_at_once() -> None:
    # begun at 28, so 30 is left out as well: it would come two seconds after
    assert taken(table(Every(10)), at(0), at(28), at(30), at(40)) == [(1, 0), (1, 3), (0, 0), (1, 0)]


@given(
    seconds=st.integers(4, 600),
    share=st.integers(0, 50),
    runs=st.lists(st.tuples(st.floats(0, 2000), st.floats(0, 1)), min_size=2, max_size=30),
)
def test_starts_never_come_in_a_burst_and_every_slot_is_run_or_counted(seconds: int, share: int, runs: list[tuple[float, float]]) -> None:
    timetable, now, starts, late = table(Every(seconds), jitter=Jitter(share=share / 100)), 0.0, [], 0
    for duration, chance in runs:
        now += timetable.sleep(at(now))
        turn = timetable.take(at(now), lambda chance=chance: chance)  # type: ignore[misc]
        assert turn.names
        starts.append(now)
        late += turn.late
        timetable = turn.table
        now += duration
    assert all(later - earlier >= seconds / 2 - GRACE - 1e-6 for earlier, later in pairwise(starts))
    slots = round((timetable.lines[0].slot - 10_000) / seconds)  # before the next one
    assert len(starts) <= slots <= len(starts) + late


@given(seconds=st.integers(2, 600), jumps=st.lists(st.floats(-1e7, 1e7), min_size=5, max_size=5))
def test_a_wall_clock_that_jumps_neither_repeats_nor_skips_an_interval(seconds: int, jumps: list[float]) -> None:
    assert taken(table(Every(seconds)), *(at(number * seconds, wall_is_ahead=jump) for number, jump in enumerate(jumps))) == [(1, 0)] * 5


def test_cron_runs_on_the_clock_of_the_wall() -> None:
    assert taken(table(Cron("*/5 * * * *")), at(0), at(299), at(300), at(301), at(600.5)) == [(0, 0), (0, 0), (1, 0), (0, 0), (1, 0)]


def test_cron_wakes_to_look_at_the_clock_and_tells_when_the_next_run_is() -> None:
    timetable = table(Cron("0 13 * * *"))
    assert (timetable.sleep(at(0)), timetable.due_in(at(0))) == (LOOK, 3600)
    assert timetable.sleep(at(3590)) == 10


def test_a_clock_set_forward_past_a_slot_runs_it_once() -> None:
    assert taken(table(Cron("0 13 * * *")), at(0), at(60, wall_is_ahead=7200), at(120, wall_is_ahead=7200)) == [(0, 0), (1, 1), (0, 0)]


def test_a_clock_set_back_a_little_does_not_repeat_a_slot() -> None:
    assert taken(table(Cron("5 12 * * *")), at(0), at(300), at(301, wall_is_ahead=-3600), at(3900, wall_is_ahead=-3600)) == [(0, 0), (1, 0), (0, 0), (0, 0)]
    assert taken(table(Cron("* * * * *")), at(0), at(60), at(61, wall_is_ahead=-2)) == [(0, 0), (1, 0), (0, 0)]


def test_a_clock_that_was_wrong_by_a_year_and_is_set_back_does_not_stop_the_probe_for_a_year() -> None:
    year = 366 * 86400.0
    for expression in ("5 12 * * *", "*/5 * * * *"):
        timetable = Timetable.of({"x": Cron(expression)}, at(0, wall_is_ahead=year), jitter=Jitter(), random=never)
        assert taken(timetable, at(60), at(300)) == [(0, 0), (1, 0)]


def test_a_frequent_cron_follows_a_clock_that_was_set_back_by_an_hour() -> None:
    assert taken(table(Cron("*/5 * * * *")), at(0), at(300), at(301, wall_is_ahead=-3600), at(600, wall_is_ahead=-3600)) == [(0, 0), (1, 0), (0, 0), (1, 0)]


def test_jitter_puts_every_slot_off_but_the_first() -> None:
    timetable = table(Every(60), jitter=Jitter(share=0.1), chance=0.5)
    turn = timetable.take(at(0), lambda: 0.5)
    assert (turn.names, turn.table.due_in(at(0))) == (("check-0",), 63.0)
    assert turn.table.take(at(63), lambda: 0.0).table.due_in(at(63)) == 57.0  # the grid has not moved


def test_jitter_puts_the_first_slot_of_cron_off() -> None:
    assert table(Cron("5 12 * * *"), jitter=Jitter(seconds=10), chance=1.0).due_in(at(0)) == 310


def test_rhythms_that_meet_make_one_run_for_hours_on_end() -> None:
    timetable = Timetable.of({"net": Every(60), "aws": Every(600)}, Moment(0.1, NOON), jitter=Jitter(seconds=3), random=lambda: 0.3)
    now, starts = Moment(0.1, NOON), 0
    while now.monotonic < 36_000:
        turn = timetable.take(now, lambda: 0.3)
        assert "net" in turn.names
        assert turn.late == 0
        timetable, starts = turn.table, starts + 1
        now = Moment(now.monotonic + timetable.sleep(now), NOON)
    assert starts == 600


def test_checks_with_one_rhythm_run_together() -> None:
    turn = table(Every(60), Cron("@hourly"), Every(60)).take(at(0), never)
    assert turn.names == ("check-0", "check-2")
