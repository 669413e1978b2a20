"""What a run changes: the board after it, how everything stands, and what is to be told."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

import msgspec
from msgspec.structs import replace

from preflight.causes import causes
from preflight.model import CheckResult, Report
from preflight.serve import portion
from preflight.serve.board import Board, Change, Stand
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
        plan = force.loaded.plan
        names = set(plan.blockers)
        self.standings = replace(self.standings.only(names), rules=force.rules)
        self.latest = {name: result for name, result in self.latest.items() if name in names}
        self._board.profile, self._board.vantage, self._board.stale_after = plan.profile, plan.vantage, force.stale_after

    def take(self, run: Report, force: InForce, at: datetime) -> Taken:
        """Show what this run found, and what follows from it. While the host is isolated its results are shown, and nothing stands differently for them."""
        board = self._board
        report, new = portion.joined(force.loaded.plan, self.latest, run)
        report = replace(report, inputs=force.loaded.declared.inputs)
        self.latest = {result.name: result for result in report.results}
        self._checked.update(dict.fromkeys(new, at))
        changes: tuple[Change, ...] = ()
        if not board.isolated:
            self.standings, changes = self.standings.after(report, at, ran=new)
        board.report, board.last_run = report, at
        board.stands = MappingProxyType(dict(self._stands(force)))
        if self.standings.whole:
            board.standing, board.since = self.standings.whole.standing, self.standings.whole.since
        if report.exit_code == 0 and not board.isolated and not any(stand.result.required and stand.stale(at) for stand in board.stands.values()):
            board.last_success = at
        found = tuple(result for result in report.results if result.name in new)
        return Taken(report, replace(report, results=found, causes=causes(found)), changes)

    def _stands(self, force: InForce) -> dict[str, Stand]:
        return {
            name: Stand(name, damped.standing, damped.since, self.latest[name], self._checked[name], force.patience.get(name, force.stale_after))
            for name, damped in self.standings.checks.items()
            if name in self.latest
        }
