"""What a run changes: the board after it, how everything stands, and what is to be told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

import msgspec
from msgspec.structs import replace

from preflight.causes import causes
from preflight.check import answer
from preflight.model import CheckResult, Report, Status
from preflight.serve.board import WELL, Board, Change, Stand, Standing
from preflight.serve.configuration import InForce
from preflight.serve.damping import LIKE, Damped, Damping, Standings
from preflight.serve.portion import joined, unasked

CUT_OFF: Final = " "
"""Among what is saved, that this host was cut off. No check has such a name."""


class Taken(msgspec.Struct, frozen=True):
    """What a run came to."""

    report: Report
    """All that is known now."""
    new: frozenset[str]
    """The checks of which this run says something new."""
    changes: tuple[Change, ...]


class Present:
    """The writer of the board's results. It holds one of every check: the latest answer, or that it was not asked yet what is asked now."""

    def __init__(self, board: Board, usual: Damping, saved: Mapping[str, Damped]) -> None:
        """`saved` is how everything stood before a restart, as `saved` told it."""
        self._board = board
        if CUT_OFF in saved:
            board.isolated = "it was before a restart"
        self._answered: Mapping[str, datetime] = {}
        self._blind: frozenset[str] = frozenset()  # answered while this host was cut off
        self.latest: Mapping[str, CheckResult] = {}
        """A result of each check."""
        self.standings = Standings.restored(saved, rules={}, usual=usual)

    def adopt(self, force: InForce, at: datetime, held: Mapping[str, float]) -> None:
        """Go by a new configuration: what is not of it any more is forgotten, and what asks something else was not asked yet. The rest stands as it stood.

        `held` are the checks that are held back from now on, each with for how many seconds.
        """
        plan, before, board = force.loaded.plan, self.standings.asked, self._board
        self.standings = self.standings.asking(force.asked, force.rules, force.patience)
        self._answered = {name: when for name, when in self._answered.items() if before.get(name) == force.asked.get(name)}
        self._answered = {name: when for name, when in self._answered.items() if set(self.latest[name].blocked_by) <= set(plan.blockers[name])}
        why = "since the files changed" if before else "yet"
        nothing = {check.name: unasked(answer(check, force.loaded.declared, ()), why) for check in plan.checks}
        self.latest = {name: self.latest[name] if name in self._answered else nothing[name] for name in nothing}
        board.profile, board.vantage = plan.profile, plan.vantage
        self._show(force, at, held)

    def see_again(self, force: InForce, at: datetime, held: Mapping[str, float]) -> None:
        """This host is not cut off: what was found while it was says nothing."""
        if self._blind:
            self._answered = {name: when for name, when in self._answered.items() if name not in self._blind}
            self.latest = {name: unasked(result, "since this host was cut off") if name in self._blind else result for name, result in self.latest.items()}
            self._blind = frozenset()
            self._show(force, at, held)

    def take(self, run: Report, force: InForce, at: datetime, held: Mapping[str, float], *, blind: bool = False) -> Taken:
        """Show what this run found, and what follows from it. Of a `blind` one nothing follows: this host was cut off."""
        board = self._board
        known = joined(force.loaded.plan, self.latest, run, self._unanswered, self.silent(at))
        report = replace(known.report, inputs=force.loaded.declared.inputs)
        self.latest = {result.name: result for result in report.results}
        self._answered = {name: at if name in known.new else self._answered[name] for name in self.latest if name not in known.unknown}
        changes: tuple[Change, ...] = ()
        if blind:
            self._blind |= known.new
        else:
            self.standings, changes = self.standings.after(report, at, ran=known.new, unknown=known.unknown)
        board.report, board.last_run = report, at
        self._show(force, at, held)
        if report.exit_code == 0 and not board.past(at):
            board.last_success = at
        return Taken(report, known.new, changes)

    def silent(self, at: datetime) -> frozenset[str]:
        """The checks that nobody has asked what is asked now, or not for too long: it is time to ask them."""
        return frozenset(name for name in self.latest if name not in self._answered or self._aged(name, at))

    @property
    def saved(self) -> Mapping[str, Damped]:
        """All that a restart has to know."""
        cut = {CUT_OFF: Damped(Standing.UNKNOWN, self._board.last_run or self._board.started)} if self._board.isolated else {}
        return {**self.standings.saved, **cut}

    def _aged(self, name: str, at: datetime) -> bool:
        return abs((at - self._answered[name]).total_seconds()) > self.standings.patience[name]

    @property
    def _unanswered(self) -> frozenset[str]:
        return frozenset(self.latest) - self._answered.keys()

    def _show(self, force: InForce, at: datetime, held: Mapping[str, float]) -> None:
        """Bring to the board what is known. Before the first run has ended, that is nothing."""
        board = self._board
        soonest = min(force.patience[name] + held.get(name, 0.0) for name in force.rhythms)
        board.stale_after = max(force.stale_after, soonest + max(board.age(at) or 0.0, 0.0)) if held else force.stale_after
        if board.report is None:
            return
        results = tuple(self.latest.values())
        board.report = replace(board.report, results=results, causes=causes(results))
        board.stands = MappingProxyType({stand.name: stand for stand in self._stands(force, board.report, at, held)})
        if self.standings.whole:
            board.standing, board.since = self.standings.whole.standing, self.standings.whole.since

    def _stands(self, force: InForce, report: Report, at: datetime, held: Mapping[str, float]) -> Iterator[Stand]:
        """How each check stands that applies now.

        One that is bad, stands so, and is held back stays bad as long: the refusal itself is what is known of the present. One that stands well grows old.
        """
        for name, status in report.counted.items():
            if status is Status.SKIP:
                continue
            result, answered = self.latest[name], self._answered.get(name)
            standing = self.standings.of(name, status, known=answered is not None)
            if not (answered or result.required):
                standing = Standing.UNKNOWN  # of the whole it is a warning
            bad = not result.verdict.good_enough and (standing not in WELL or standing is LIKE[status])
            again = at + timedelta(seconds=held[name]) if name in held and bad else None
            pause = (again - answered).total_seconds() if again and answered else 0.0
            damped, shown = self.standings.checks.get(name), self._board.stands.get(name)
            since = damped.since if damped and damped.standing is standing else shown.since if shown and shown.standing is standing else at
            yield Stand(name, standing, since, result, answered, force.patience[name] + pause, again)
