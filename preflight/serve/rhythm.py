"""When something recurs: every so many seconds, or as a line of a crontab says."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Final, TypeAlias
from zoneinfo import ZoneInfo

import msgspec
from cronsim import CronSim, CronSimError

from preflight.check import seconds
from preflight.world import Clock

LONGEST: Final = 7 * 24 * 3600.0
COUNTED: Final = 1000
"""Slots that are counted as left out at most; a clock that was set forward by years has left out millions."""
_MACROS: Final = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
_FIELDS: Final = 5


class Moment(msgspec.Struct, frozen=True):
    """One reading of both clocks: the one that only goes forward, and the one on the wall."""

    monotonic: float
    wall: datetime

    @classmethod
    def of(cls, clock: Clock) -> Moment:
        """What this clock says now."""
        return cls(clock.monotonic(), clock.now())


class Every(msgspec.Struct, frozen=True):
    """At once, and then every so many seconds. Counted by the monotonic clock: setting the wall clock neither repeats nor skips anything."""

    seconds: float

    def __post_init__(self) -> None:
        if not 1 <= self.seconds <= LONGEST:
            raise ValueError(f"an interval is 1s to {LONGEST / 3600:g}h")

    @classmethod
    def parse(cls, text: str) -> Every:
        """The interval that a duration names, such as `60s`. Raises ValueError with a sentence."""
        return cls(seconds(text))

    @property
    def spacing(self) -> float:
        """Seconds between a late start and the next one at least."""
        return self.seconds / 2

    @property
    def patience(self) -> float:
        """Its clock never goes back."""
        return math.inf

    def reading(self, now: Moment) -> float:
        """Seconds on the clock that counts here."""
        return now.monotonic

    def first(self, now: Moment) -> float:
        """The first slot: now."""
        return now.monotonic

    def gap(self, slot: float) -> float:
        """Seconds from this slot to the next."""
        del slot
        return self.seconds

    def after(self, slot: float, instant: float) -> tuple[float, int]:
        """The first slot after both, and how many lie between the two slots."""
        number = max(math.floor((instant - slot) / self.seconds), 0) + 1
        if slot + number * self.seconds <= instant:  # by rounding
            number += 1
        return slot + number * self.seconds, number - 1


class Cron(msgspec.Struct, frozen=True):
    """A crontab's five fields, or `@hourly` and its like, read as Debian's cron does.

    The fields mean the host's local time, as in a crontab, daylight saving time included: what falls into the hour that is left out runs right after it, what
    falls into the hour that comes twice runs once. Setting the wall clock: like cron, a change back by up to three hours does not repeat what runs at fixed
    times; a larger one is a correction, and counts at once.
    """

    expression: str
    zone: tzinfo = UTC

    def __post_init__(self) -> None:
        fields = _MACROS.get(self.expression.strip().lower(), self.expression).split()
        if len(fields) != _FIELDS:
            raise ValueError(f"{self.expression!r} is no cron expression: write five fields (minute hour day month weekday), such as '*/5 * * * *', or @hourly")
        try:
            next(CronSim(" ".join(fields), datetime(2024, 1, 1, tzinfo=UTC)))
        except StopIteration:
            raise ValueError(f"the cron expression {self.expression!r} names a date that never comes") from None
        except (CronSimError, AssertionError) as error:  # it asserts that L stands in no range
            wrong = str(error).lower().removeprefix("bad ") or "field"
            raise ValueError(f"the cron expression {self.expression!r} has a {wrong} that cron does not know") from None

    @property
    def spacing(self) -> float:
        """Seconds between a late start and the next one at least."""
        return 30.0

    @property
    def patience(self) -> float:
        """Seconds by which the clock may be set back without anything being repeated (Debian's cron(8): three hours, for jobs at fixed times)."""
        minute, hour, *_ = self._fields
        return 60.0 if minute.startswith("*") or hour.startswith("*") else 3 * 3600.0

    def reading(self, now: Moment) -> float:
        """Seconds on the clock that counts here."""
        return now.wall.timestamp()

    def first(self, now: Moment) -> float:
        """The first slot: the next that the expression names."""
        return next(self._from(self.reading(now)))

    def gap(self, slot: float) -> float:
        """Seconds from this slot to the next."""
        return next(self._from(slot)) - slot

    def after(self, slot: float, instant: float) -> tuple[float, int]:
        """The first slot after both, and how many lie between the two slots (COUNTED at most)."""
        for between, later in enumerate(self._from(slot)):
            if later > instant:
                return later, between
            if between >= COUNTED:
                break
        return next(self._from(max(slot, instant))), COUNTED

    @property
    def _fields(self) -> list[str]:
        return _MACROS.get(self.expression.strip().lower(), self.expression).split()

    def _from(self, instant: float) -> Iterator[float]:
        """Every slot after this instant. In the hour that comes twice, cronsim names the first of both, which may be over."""
        for slot in CronSim(" ".join(self._fields), datetime.fromtimestamp(instant, self.zone)):
            if slot.timestamp() > instant:
                yield slot.timestamp()


Rhythm: TypeAlias = Every | Cron


class Jitter(msgspec.Struct, frozen=True):
    """How far a slot may be put off at random, so that many hosts do not ask at the same moment: a share of the gap to the next slot, or seconds."""

    share: float = 0.0
    seconds: float = 0.0

    def __post_init__(self) -> None:
        if not (0 <= self.share <= 0.5 and 0 <= self.seconds <= LONGEST):  # noqa: PLR2004 - beyond half the gap, neighbours could meet
            raise ValueError("jitter is a share of 0% to 50%, or a duration")

    @classmethod
    def parse(cls, text: str) -> Jitter:
        """`10%`, or a duration such as `5s`. Raises ValueError with a sentence."""
        if not text.endswith("%"):
            return cls(seconds=seconds(text))
        try:
            share = float(text[:-1]) / 100
        except ValueError:
            raise ValueError(f"{text!r} is no share: write a number and a per cent sign, such as 10%") from None
        return cls(share=share)

    def delay(self, gap: float, chance: float) -> float:
        """Seconds to put a slot off, `chance` being a random number from 0 to 1. Never more than half the gap to the next slot."""
        return min(max(self.share * gap, self.seconds), gap / 2) * chance


def local_zone(environ: Mapping[str, str] = os.environ, localtime: Path = Path("/etc/localtime")) -> tzinfo:
    """This host's time zone: TZ, then /etc/localtime, then UTC. Raises ValueError where TZ names a zone that this host does not know."""
    name = environ.get("TZ")
    if name is None:
        return _zone_file(localtime) or UTC
    name = name.removeprefix(":")
    if name in {"", "UTC"}:
        return UTC
    try:
        zone = _zone_file(Path(name)) if name.startswith("/") else ZoneInfo(name)
    except (ValueError, OSError, LookupError):
        zone = None
    if zone is None:
        raise ValueError(f"TZ={name} is no time zone that this host knows: install tzdata, or name a zone such as Europe/Berlin")
    return zone


def _zone_file(path: Path) -> tzinfo | None:
    try:
        with path.open("rb") as stream:
            return ZoneInfo.from_file(stream)
    except (OSError, ValueError):
        return None


def intervals(rhythms: Mapping[str, Rhythm], now: Moment) -> Mapping[str, float]:
    """Seconds from one look at each check to the next, usually."""
    gaps = {each: each.seconds if isinstance(each, Every) else each.gap(each.first(now)) for each in set(rhythms.values())}
    return {name: gaps[rhythm] for name, rhythm in rhythms.items()}
