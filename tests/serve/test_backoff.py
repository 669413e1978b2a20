"""Credentials that were refused are not sent every minute."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from preflight.serve.backoff import Backoff
from preflight.serve.rhythm import Every, Jitter, Moment
from preflight.serve.schedule import Timetable
from tests.samples import DEAD, STARTED, failed, passed, skipped

REFUSED = failed("proxy-https", "proxy.auth-rejected", "407", "Correct the credentials.")
TAKEN = passed("gcr.io")


def after(backoff: Backoff, *results: object, started: float = 0.0) -> Backoff:
    return backoff.after(results, started=started, interval=60)  # type: ignore[arg-type]


@pytest.mark.parametrize("code", ["proxy.auth-rejected", "proxy.auth-required", "proxy.auth-unsupported"])
def test_a_refusal_doubles_the_interval(code: str) -> None:
    backoff = after(Backoff(), failed("proxy-https", code, "407", "x"), skipped("gcr.io", blocker="proxy-https"))
    assert (backoff.holds(60), backoff.holds(120)) == (True, False)


def test_further_refusals_double_it_up_to_an_hour() -> None:
    backoff, pauses = Backoff(), []
    for _ in range(40):
        backoff = after(backoff, REFUSED)
        pauses.append(next(seconds for seconds in range(0, 7200, 60) if not backoff.holds(seconds)))
    assert pauses[:7] == [120, 240, 480, 960, 1920, 3600, 3600]
    assert set(pauses[6:]) == {3600}


def test_an_interval_longer_than_an_hour_stays() -> None:
    backoff = Backoff().after([REFUSED], started=0, interval=86400)
    assert (backoff.holds(3600), backoff.holds(86400)) == (True, False)


def test_nothing_holds_at_first_whatever_the_clock_says() -> None:
    assert not Backoff().holds(-5.0)


def test_credentials_that_are_taken_end_it() -> None:
    assert after(after(Backoff(), REFUSED), TAKEN) == Backoff()


def test_one_refusal_beside_a_success_counts() -> None:
    assert after(Backoff(), TAKEN, REFUSED).refusals == 1


def test_a_proxy_that_is_down_says_nothing_about_credentials() -> None:
    backoff = after(Backoff(), REFUSED)
    assert after(backoff, DEAD, skipped("gcr.io", blocker="proxy-https")) == backoff


@given(share=st.integers(0, 49), chances=st.lists(st.floats(0, 1), min_size=30, max_size=30))
def test_on_a_timetable_with_jitter_an_account_sees_few_attempts(share: int, chances: list[float]) -> None:
    numbers = iter(chances * 20)
    timetable = Timetable.of({"x": Every(60)}, Moment(0, STARTED), jitter=Jitter(share=share / 100), random=lambda: next(numbers))
    backoff, now, slots = Backoff(), 0.0, []
    while now < 1900:
        turn = timetable.take(Moment(now, STARTED), lambda: next(numbers))
        if not backoff.holds(now):
            slots.append(int(now // 60))
            backoff = after(backoff, REFUSED, started=now)
        timetable = turn.table
        now += timetable.sleep(Moment(now, STARTED))
    assert slots[0] == 0
    assert slots[1:] == sorted(set(slots[1:]))
    assert len(slots) == 5  # at 0, about 2, 6, 14 and 30 minutes
