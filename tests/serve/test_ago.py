"""Times in words."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from preflight.serve.ago import iso, lasting, moment
from tests.serve.boards import NOW


@given(st.floats(min_value=-10, max_value=1e9), st.floats(min_value=0, max_value=1e6))
def test_a_longer_time_never_reads_as_a_shorter_one(seconds: float, more: float) -> None:
    units = {"s": 1, "min": 60, "h": 3600, "day": 86400, "days": 86400}

    def read(text: str) -> int:
        words = text.split()
        return sum(int(number) * units[unit] for number, unit in zip(words[::2], words[1::2], strict=True))

    assert read(lasting(seconds)) <= max(0.0, seconds)
    assert read(lasting(seconds)) <= read(lasting(seconds + more))


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-3, "0 s"),
        (59.9, "59 s"),
        (60, "1 min"),
        (3599, "59 min"),
        (3600, "1 h"),
        (4800, "1 h 20 min"),
        (5 * 3600 + 60, "5 h"),
        (90000, "1 day 1 h"),
        (86400 * 9, "9 days"),
    ],
)
def test_times_in_words(seconds: float, text: str) -> None:
    assert lasting(seconds) == text


def test_moments_are_utc_and_dated_unless_today() -> None:
    assert moment(NOW - timedelta(hours=1), NOW) == "01:14 UTC"
    assert moment(NOW - timedelta(hours=3), NOW) == "2026-02-28 23:14 UTC"
    assert moment(datetime.fromisoformat("2026-03-01T03:14:00+01:00"), NOW) == "02:14 UTC"
    assert iso(datetime.fromisoformat("2026-03-01T03:14:00+01:00")) == "2026-03-01T02:14:00Z"
