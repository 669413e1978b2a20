"""Intervals, cron expressions, jitter, and the host's time zone."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from preflight.serve.rhythm import COUNTED, Cron, Every, Jitter, Moment, local_zone

BERLIN = ZoneInfo("Europe/Berlin")


def at(text: str, zone: object = UTC) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=zone) if moment.tzinfo is None else moment  # type: ignore[arg-type]


def slots(cron: Cron, start: str, number: int) -> list[str]:
    found, instant = [], at(start, cron.zone).timestamp()
    for _ in range(number):
        instant, _ = cron.after(instant, instant)
        found.append(datetime.fromtimestamp(instant, cron.zone).isoformat())
    return found


def test_the_first_run_of_an_interval_is_at_once_and_that_of_cron_at_its_time() -> None:
    now = Moment(500.0, at("2024-05-17 12:34:56"))
    assert Every(60).first(now) == 500.0
    assert Cron("*/5 * * * *").first(now) == at("2024-05-17 12:35").timestamp()
    assert Cron("@daily").first(now) == at("2024-05-18 00:00").timestamp()


@pytest.mark.parametrize("text", ["60", "0s", "999ms", "169h", "-5s", "1s 2s", "x", "", "inf"])
def test_a_bad_interval_is_told(text: str) -> None:
    with pytest.raises(ValueError, match=r"interval|duration"):
        Every.parse(text)


def test_an_interval_that_is_no_number_is_told() -> None:
    with pytest.raises(ValueError, match="interval"):
        Every(float("nan"))


@pytest.mark.parametrize(
    ("expression", "sentence"),
    [
        ("", "five fields"),
        ("* * * *", "five fields"),
        ("0 * * * * *", "five fields"),
        ("@reboot", "five fields"),
        ("@every 5m", "five fields"),
        ("60 * * * *", "minute"),
        ("* 24 * * *", "hour"),
        ("* * 0 * *", "day-of-month"),
        ("* * 30 2 *", "day-of-month"),
        ("* * * 13 *", "month"),
        ("* * * * 8", "day-of-week"),
        ("*/0 * * * *", "minute"),
        ("5-1 * * * *", "minute"),
        ("٣ * * * *", "minute"),
        ("0 0 LW/2,L/3 2 MON#9", "day-of-week"),
    ],
)
def test_a_bad_expression_is_told(expression: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence) as told:
        Cron(expression)
    assert repr(expression) in str(told.value)


@given(st.one_of(st.text(max_size=20), st.lists(st.text("0123456789*/,-#LWMONJA", min_size=1, max_size=5), min_size=5, max_size=5).map(" ".join)))
def test_any_text_is_an_expression_or_a_sentence(text: str) -> None:
    try:
        cron = Cron(text)
    except ValueError:
        return
    assert cron.after(0.0, 0.0)[0] > 0.0


def test_what_falls_into_the_hour_that_is_left_out_runs_once() -> None:
    assert slots(Cron("30 2 * * *", BERLIN), "2024-03-30 12:00", 2) == ["2024-03-31T03:00:00+02:00", "2024-04-01T02:30:00+02:00"]


def test_what_falls_into_the_hour_that_comes_twice_runs_once() -> None:
    assert slots(Cron("30 2 * * *", BERLIN), "2024-10-26 12:00", 2) == ["2024-10-27T02:30:00+02:00", "2024-10-28T02:30:00+01:00"]


def test_it_runs_once_even_for_who_looks_in_the_second_of_the_two_hours() -> None:
    second = datetime(2024, 10, 27, 2, 10, tzinfo=BERLIN, fold=1)
    assert Cron("30 2 * * *", BERLIN).after(second.timestamp(), second.timestamp())[0] == at("2024-10-28 02:30", BERLIN).timestamp()


def test_what_runs_all_the_time_runs_in_both_hours() -> None:
    assert slots(Cron("*/30 * * * *", BERLIN), "2024-10-27 01:31", 5)[1:] == [
        "2024-10-27T02:30:00+02:00",
        "2024-10-27T02:00:00+01:00",
        "2024-10-27T02:30:00+01:00",
        "2024-10-27T03:00:00+01:00",
    ]


@given(start=st.floats(0, 1e6), seconds=st.integers(1, 7200), elapsed=st.floats(0, 1e6))
@example(start=48576.58319483104, seconds=1, elapsed=1000000.0)
def test_the_slots_of_an_interval_are_on_its_grid(start: float, seconds: int, elapsed: float) -> None:
    slot, between = Every(seconds).after(start, start + elapsed)
    assert start + elapsed < slot <= start + elapsed + seconds + 1e-6
    assert slot == start + (between + 1) * seconds


@given(elapsed=st.integers(0, 7200))
def test_the_slots_of_cron_that_were_left_out_are_counted(elapsed: int) -> None:
    slot = at("2024-05-17 12:00").timestamp()
    following, between = Cron("*/5 * * * *").after(slot, slot + elapsed)
    assert (following, between) == (slot + (elapsed // 300 + 1) * 300, elapsed // 300)


def test_a_clock_that_was_set_forward_by_years_costs_no_years_of_counting() -> None:
    slot, now = at("1970-01-01 00:00").timestamp(), at("2024-05-17 12:00:30").timestamp()
    assert Cron("* * * * *").after(slot, now) == (at("2024-05-17 12:01").timestamp(), COUNTED)


@pytest.mark.parametrize("text", ["51%", "-1%", "x%", "%", "nan%", "10", "200h"])
def test_bad_jitter_is_told(text: str) -> None:
    with pytest.raises(ValueError, match=r"jitter|share|duration"):
        Jitter.parse(text)


@given(share=st.integers(0, 50), seconds=st.integers(0, 1000), gap=st.floats(1, 1e5), chance=st.floats(0, 1))
def test_jitter_stays_within_half_the_gap_and_within_what_was_asked(share: int, seconds: int, gap: float, chance: float) -> None:
    assert 0 <= Jitter.parse(f"{share}%").delay(gap, chance) <= share / 100 * gap + 1e-9
    assert 0 <= Jitter.parse(f"{seconds}s").delay(gap, chance) <= min(seconds, gap / 2)


def test_jitter_is_a_share_or_seconds() -> None:
    assert Jitter.parse("10%").delay(60, 0.5) == pytest.approx(3.0)
    assert Jitter.parse("5s").delay(60, 1.0) == pytest.approx(5.0)
    assert Jitter().delay(60, 1.0) == 0.0


def test_the_zone_is_that_of_the_host(tmp_path: Path) -> None:
    nowhere = tmp_path / "localtime"
    assert local_zone({}, nowhere) is UTC
    assert local_zone({"TZ": ""}, nowhere) is UTC
    assert local_zone({"TZ": ":Europe/Berlin"}, nowhere) == BERLIN
    zones = Path("/usr/share/zoneinfo/Europe/Berlin")
    if zones.exists():
        nowhere.write_bytes(zones.read_bytes())
        summer = at("2024-07-01 12:00", local_zone({}, nowhere))
        assert summer.utcoffset() == at("2024-07-01 12:00", BERLIN).utcoffset()
        assert at("2024-07-01 12:00", local_zone({"TZ": str(nowhere)})).utcoffset() == summer.utcoffset()


@pytest.mark.parametrize("name", ["Europe/Berln", "../../etc/passwd", "/nowhere", "CET-1CEST,M3.5.0"])
def test_a_zone_that_this_host_does_not_know_is_told(name: str) -> None:
    with pytest.raises(ValueError, match="no time zone"):
        local_zone({"TZ": name})
