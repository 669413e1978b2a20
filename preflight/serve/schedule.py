"""Which checks are due now, and when is the next moment? Pure: clocks are read, and random numbers drawn, by the caller.

Checks with the same rhythm stand on one line and run together. A slot that was missed, because the run before it was still going or the host was asleep,
is made up for by one run and counted; nothing runs twice or in a burst.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import msgspec
from msgspec.structs import replace

from preflight.serve.rhythm import Cron, Jitter, Moment, Rhythm

GRACE: Final = 1.0
"""Seconds after which a start counts as late."""
TOGETHER: Final = 0.5
"""Seconds by which a line may be early, so that rhythms that meet make one run."""
ROUNDING: Final = 0.001
"""Seconds too early that are no reason to sleep once more."""
LOOK: Final = 60.0
"""Seconds to sleep at most where a wall clock counts: it may be set meanwhile (cron wakes every minute for this reason)."""


class Line(msgspec.Struct, frozen=True):
    """Checks that share a rhythm. Slots are seconds on the clock that this rhythm goes by."""

    rhythm: Rhythm
    names: tuple[str, ...]
    slot: float
    delay: float
    """Seconds by which jitter puts this slot off."""
    read: float
    """What the clock said when it was last looked at."""

    def wait(self, now: Moment) -> float:
        """Seconds until the line is due; negative where it is overdue."""
        return self.slot + self.delay - self.rhythm.reading(now)

    def looked(self, now: Moment) -> Line:
        """The line after a look at its clock; where that was set back too far to wait for it, the next slot is a nearer one."""
        reading = self.rhythm.reading(now)
        if reading < self.read - self.rhythm.patience:
            return replace(self, slot=self.rhythm.first(now), read=reading)
        return replace(self, read=reading)

    def moved(self, now: Moment, jitter: Jitter, chance: float) -> tuple[Line, int]:
        """The line at its next slot, and how many slots were late: this one, and those that are left out."""
        overdue = -self.wait(now)
        late = overdue > GRACE
        slot, left_out = self.rhythm.after(self.slot, self.read + (self.rhythm.spacing if late else 0))
        return replace(self, slot=slot, delay=jitter.delay(self.rhythm.gap(slot), chance)), late + left_out


class Turn(msgspec.Struct, frozen=True):
    """What is due at a moment, and the timetable from then on."""

    names: tuple[str, ...]
    """The checks to run now; none where it was only time to look at the clock."""
    late: int
    """Slots that begin more than a second after they were due, or were left out."""
    table: Timetable


class Timetable(msgspec.Struct, frozen=True):
    """When each check is due next."""

    lines: tuple[Line, ...]
    jitter: Jitter = Jitter()

    @classmethod
    def of(cls, rhythms: Mapping[str, Rhythm], now: Moment, *, jitter: Jitter, random: Callable[[], float]) -> Timetable:
        """The timetable for these checks. What has an interval is due at once. Raises ValueError where there is nothing to run."""
        if not rhythms:
            raise ValueError("there is nothing to run")
        together: dict[Rhythm, list[str]] = {}
        for name, rhythm in rhythms.items():
            together.setdefault(rhythm, []).append(name)
        chance = random()
        lines = []
        for rhythm, names in together.items():
            slot = rhythm.first(now)
            delay = jitter.delay(rhythm.gap(slot), chance) if isinstance(rhythm, Cron) else 0.0
            lines.append(Line(rhythm, tuple(names), slot, delay, rhythm.reading(now)))
        return cls(tuple(lines), jitter)

    def due_in(self, now: Moment) -> float:
        """Seconds until the next check is due; 0 where one is."""
        return max(0.0, min(line.wait(now) for line in self.lines))

    def sleep(self, now: Moment) -> float:
        """Seconds until `take` is to be asked again: until something is due, or sooner where a wall clock counts."""
        bound = min(self.due_in(now), LOOK)
        return bound if any(isinstance(line.rhythm, Cron) for line in self.lines) else self.due_in(now)

    def take(self, now: Moment, random: Callable[[], float]) -> Turn:
        """The checks that are due now. Ask as a run begins, never while one is going, and go on with the table that comes back."""
        looked = [line.looked(now) for line in self.lines]
        if min(line.wait(now) for line in looked) > ROUNDING:
            return Turn((), 0, replace(self, lines=tuple(looked)))
        chance = random()
        names: list[str] = []
        late = 0
        for number, line in enumerate(looked):
            if line.wait(now) <= TOGETHER:
                names.extend(line.names)
                looked[number], more = line.moved(now, self.jitter, chance)
                late += more
        return Turn(tuple(names), late, replace(self, lines=tuple(looked)))
