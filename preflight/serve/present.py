"""What a run changes: the board after it, how everything stands, and what is to be told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType

import msgspec
from msgspec.structs import replace

from preflight.causes import causes
from preflight.model import CheckResult, Report, Status
from preflight.plan import Plan
from preflight.serve import portion
from preflight.serve.board import Board, Change, Stand, Standing
from preflight.serve.configuration import InForce
from preflight.serve.damping import Damped, Damping, Standings


class Taken(msgspec.Struct, frozen=True):
    """What a run came to."""

    report: Report
    """All that is known now."""
    new: Report
    """What is new of it: for history."""
    changes: tuple[Change, ...]


class Present:
    """The writer of the board's results."""

    def __init__(self, board: Board, usual: Damping, saved: Mapping[str, Damped]) -> None:
        """`saved` is how everything stood before a restart."""
        self._board = board
        self._checked: dict[str, datetime] = {}
        self.latest: Mapping[str, CheckResult] = {}
        """The latest result of each check."""
        self.standings = Standings.restored(saved, rules={}, usual=usual)

    def adopt(self, force: InForce) -> None:
        """Go by a new configuration: what is not of it any more is forgotten, the rest stands as it stood."""
        plan, before = force.loaded.plan, self.standings.asked
        self.standings = self.standings.asking(force.asked, force.rules)
        self.latest = {name: result for name, result in self.latest.items() if name in force.asked and before.get(name) == force.asked[name]}
        self._checked = {name: at for name, at in self._checked.items() if name in self.latest}
        board, report = self._board, self._board.report
        board.profile, board.vantage, board.stale_after = plan.profile, plan.vantage, force.stale_after
        board.stands = {name: stand for name, stand in board.stands.items() if name in self.latest}
        kept = tuple(result for result in report.results if result.name in self.latest) if report else ()
        board.report = replace(report, results=kept, causes=causes(kept)) if report and kept else None
        board.unasked = self._unasked(plan) if report else ()

    def take(self, run: Report, force: InForce, at: datetime, held: Mapping[str, float]) -> Taken:
        """Show what this run found, and what follows from it. While the host is isolated its results are shown, and nothing stands differently for them.

        `held` are the checks that are held back from now on, each with for how many seconds.
        """
        board = self._board
        report, new = portion.joined(force.loaded.plan, self.latest, run)
        report = replace(report, inputs=force.loaded.declared.inputs)
        self.latest = {result.name: result for result in report.results}
        board.unasked = self._unasked(force.loaded.plan)
        self.standings = self.standings.forgetting({name for name in new if name in board.stands and board.stands[name].stale(at)})
        self._checked.update(dict.fromkeys(new, at))
        changes: tuple[Change, ...] = ()
        if not board.isolated:
            self.standings, changes = self.standings.after(report, at, ran=new)
        board.report, board.last_run = report, at
        board.stale_after = max(force.stale_after, min(force.patience[name] + held.get(name, 0.0) for name in force.rhythms)) if held else force.stale_after
        board.stands = MappingProxyType(dict(self._stands(force, report, at, held)))
        if self.standings.whole:
            board.standing, board.since = self.standings.whole.standing, self.standings.whole.since
        if report.exit_code == 0 and not board.past(at):
            board.last_success = at
        found = tuple(result for result in report.results if result.name in new)
        return Taken(report, replace(report, results=found, causes=causes(found)), changes)

    def _unasked(self, plan: Plan) -> tuple[str, ...]:
        return tuple(check.name for check in plan.checks if check.required and check.name not in self.latest)

    def _stands(self, force: InForce, report: Report, at: datetime, held: Mapping[str, float]) -> Iterator[tuple[str, Stand]]:
        """How each check stands that applies now.

        One that is bad, stands so, and is held back stays bad as long: the refusal itself is what is known of the present. One that stands up still grows old.
        """
        for name, status in report.counted.items():
            damped = self.standings.checks.get(name)
            if damped and status is not Status.SKIP:
                bad = damped.standing is not Standing.UP and not self.latest[name].verdict.good_enough
                again = at + timedelta(seconds=held[name]) if name in held and bad else None
                pause = (again - self._checked[name]).total_seconds() if again else 0.0
                yield name, Stand(name, damped.standing, damped.since, self.latest[name], self._checked[name], force.patience[name] + pause, again)
