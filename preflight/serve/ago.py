"""Times as a person reads them at night: how long ago, how long from now, and the moment itself in UTC."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

_MINUTE: Final = 60
_HOUR: Final = 60 * _MINUTE
_DAY: Final = 24 * _HOUR
_SINGLE: Final = 2
"""Up to so many of a unit, the smaller unit is said as well: 1 h 20 min, yet 5 h."""


def lasting(seconds: float) -> str:
    """A length of time in one or two units, rounded down: `8 s`, `12 min`, `1 h 20 min`, `3 days`."""
    whole = max(0, int(seconds))
    if whole < _MINUTE:
        return f"{whole} s"
    if whole < _HOUR:
        return f"{whole // _MINUTE} min"
    if whole < _DAY:
        return _both(whole // _HOUR, "h", whole % _HOUR // _MINUTE, "min")
    days = whole // _DAY
    return _both(days, "day" if days == 1 else "days", whole % _DAY // _HOUR, "h")


def _both(large: int, unit: str, small: int, smaller: str) -> str:
    return f"{large} {unit} {small} {smaller}" if large <= _SINGLE and small else f"{large} {unit}"


def moment(at: datetime, now: datetime) -> str:
    """A moment in UTC, its date left out where it is today's: `02:14 UTC`, `2026-03-01 02:14 UTC`."""
    at, now = at.astimezone(UTC), now.astimezone(UTC)
    return f"{at:%H:%M} UTC" if at.date() == now.date() else f"{at:%Y-%m-%d %H:%M} UTC"


def iso(at: datetime) -> str:
    """A moment as programs read it (RFC 3339)."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
