"""How does each check stand, when one bad run need not mean anything? K of the last N runs have to say so. Pure.

A change to something worse needs K of the last N results to be at least as bad, the latest among them, and a change to something better K that are at least as
good. So a mix of `down` and `unknown` is not good because neither has K: it is `unknown`, which K of them reach. A check's first result counts at once.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from math import inf
from re import ASCII
from re import compile as pattern
from typing import Final

import msgspec
from msgspec.structs import replace

from preflight.model import Report, Status
from preflight.serve.board import Change, Standing

MOST: Final = 20
WHOLE: Final = "preflight"
"""The subject of a change of the whole."""
_RULE: Final = pattern(r"(\d{1,2})/(\d{1,2})", ASCII)
_ORDER: Final = tuple(Standing)
"""Worst last."""
LIKE: Final = {Status.PASS: Standing.UP, Status.WARN: Standing.DEGRADED, Status.ERROR: Standing.UNKNOWN, Status.FAIL: Standing.DOWN}
"""How a check stands that has always counted as that status. A skip says nothing."""


def worst(standings: Collection[Standing]) -> Standing:
    """The worst of several. Of none: unknown, for zero checks are no evidence."""
    return max(standings, key=_ORDER.index, default=Standing.UNKNOWN)


class Damping(msgspec.Struct, frozen=True):
    """So many of the last so many results have to agree before anything changes."""

    needed: int = 1
    of: int = 1

    def __post_init__(self) -> None:
        if not 1 <= self.needed <= self.of <= MOST:
            raise ValueError(f"damping is K/N with 1 ≤ K ≤ N ≤ {MOST}: a change needs K of the last N results")

    @classmethod
    def parse(cls, text: str) -> Damping:
        """The rule that `K/N` names, such as `2/3`. Raises ValueError with a sentence."""
        match = _RULE.fullmatch(text)
        if not match:
            raise ValueError(f"{text!r} is no damping: write K/N, such as 2/3: a change needs K of the last N results")
        return cls(int(match[1]), int(match[2]))


class Damped(msgspec.Struct, frozen=True):
    """How something stands, since when, and its latest results, oldest first. All that a restart has to know."""

    standing: Standing
    since: datetime
    window: tuple[Standing, ...] = ()
    """Empty where they are of something else than what is asked now: the next one counts at once then, as it does where they are too old."""
    at: datetime | None = None
    """When the latest of them was made."""
    asked: str = ""
    """What was asked, and from where, as `configuration.asked` tells one question from another."""

    def after(self, seen: Standing, at: datetime, rule: Damping) -> Damped:
        """How it stands after one more result."""
        window = (*self.window, seen)[-rule.of :]
        standing = _settled(self.standing, seen, window, rule.needed) if self.window else seen
        return replace(self, standing=standing, since=self.since if standing is self.standing else at, window=window, at=at)

    def fresh(self, at: datetime, patience: float) -> Damped:
        """The same; without its results where they are older than so many seconds, or of a future that a clock set back has left."""
        old = self.at is None or abs((at - self.at).total_seconds()) > patience
        return replace(self, window=()) if old else self


def _settled(standing: Standing, seen: Standing, window: tuple[Standing, ...], needed: int) -> Standing:
    if len(window) < needed or seen is standing:
        return standing
    ranks = sorted(map(_ORDER.index, window))
    before, latest = _ORDER.index(standing), _ORDER.index(seen)
    if latest > before:
        return _ORDER[max(before, min(latest, ranks[-needed]))]
    return _ORDER[min(before, max(latest, ranks[needed - 1]))]


class Standings(msgspec.Struct, frozen=True):
    """How each check stands, and the whole."""

    rules: Mapping[str, Damping] = msgspec.field(default_factory=dict)
    """By check. One that is not named here has `usual`."""
    usual: Damping = Damping()
    asked: Mapping[str, str] = msgspec.field(default_factory=dict)
    """What each check asks."""
    patience: Mapping[str, float] = msgspec.field(default_factory=dict)
    """Seconds after which a result of each check is too old to damp the next one. What is not named here stays fresh."""
    checks: Mapping[str, Damped] = msgspec.field(default_factory=dict)
    whole: Damped | None = None

    @classmethod
    def restored(cls, saved: Mapping[str, Damped], *, rules: Mapping[str, Damping], usual: Damping) -> Standings:
        """What `saved` gave before a restart, or before the rules changed."""
        return cls(rules, usual, checks={name: damped for name, damped in saved.items() if name}, whole=saved.get(""))

    @property
    def saved(self) -> Mapping[str, Damped]:
        """All that a restart has to know, by check; the whole has the empty name, which no check can have."""
        return {**self.checks, **({"": self.whole} if self.whole else {})}

    def asking(self, asked: Mapping[str, str], rules: Mapping[str, Damping], patience: Mapping[str, float]) -> Standings:
        """From now on, these checks ask that.

        One that is not among them is forgotten; one that asks something else stands as it stood, and its next result counts at once.
        """
        checks = {
            name: damped if damped.asked == asked[name] else replace(damped, window=(), asked=asked[name])
            for name, damped in self.checks.items()
            if name in asked
        }
        return replace(self, rules=rules, asked=asked, patience=patience, checks=checks)

    def of(self, name: str, status: Status, *, known: bool = True) -> Standing:
        """How a check stands that counts as `status`. Where no answer is `known` to what is asked now, nothing better than that status is said.

        Nor anything worse, of a check that is not required and so counts as a warning.
        """
        damped = self.checks.get(name)
        stood = [damped.standing] if damped else []
        if known:
            return worst(stood)
        return worst([LIKE[status], *stood]) if status is Status.ERROR else LIKE[status]

    def after(self, report: Report, at: datetime, *, ran: Collection[str] | None = None, unknown: Collection[str] = ()) -> tuple[Standings, tuple[Change, ...]]:
        """How everything stands after a run, and what changed, the whole first.

        `report` holds a result of every check, since a blocked check counts as its blocker does; `ran` names those that are new, None all of them; `unknown`
        those that are no answers, which count at once if they are new. A check that is skipped, and is not blocked by one that is worse, says nothing: it
        keeps what it has and is not part of the whole. What is seen for the first time was unknown before, and is no change where it is up.
        """
        counted = report.counted
        checks = dict(self.checks)
        changes: list[Change] = []
        for name, status in counted.items():
            if status in LIKE and (ran is None or name in ran):
                old = checks.get(name)
                seen = LIKE[status]
                fresh = old.fresh(at, self.patience.get(name, inf)) if old else Damped(seen, at, asked=self.asked.get(name, ""))
                if name in unknown:  # damped by nothing, and damps nothing
                    checks[name] = replace(replace(fresh, window=()).after(seen, at, self.usual), window=())
                else:
                    checks[name] = fresh.after(seen, at, self.rules.get(name, self.usual))
                changes += _changes(name, old, checks[name], report)
        new = replace(self, checks=checks)
        overall = worst([new.of(name, status, known=name not in unknown) for name, status in counted.items() if status in LIKE])
        whole = self.whole if self.whole and self.whole.standing is overall else Damped(overall, at)
        changes[:0] = _changes(WHOLE, self.whole, whole, report)
        return replace(new, whole=whole), tuple(changes)


def _changes(subject: str, old: Damped | None, new: Damped, report: Report) -> list[Change]:
    before = old.standing if old else Standing.UNKNOWN
    if new.standing is before or (old is None and new.standing is Standing.UP):
        return []
    causes = tuple(cause for cause in report.causes if subject in {WHOLE, *cause.checks})
    return [Change(subject, before, new.standing, new.since, causes, report)]
