"""Which changes are worth telling: one trouble is told once, however many checks come to feel it, and whichever run finds them."""

from __future__ import annotations

from typing import Final

from preflight.model import Cause, Report
from preflight.serve.board import Change, Standing
from preflight.serve.damping import WHOLE

_ORDER: Final = tuple(Standing)


class News:
    """Remembers what was told and still holds."""

    def __init__(self) -> None:
        self._told: frozenset[tuple[str, str]] = frozenset()

    def of(self, changes: tuple[Change, ...], report: Report) -> tuple[Change, ...]:
        """The changes if they are news, else none: checks that follow others down, for a cause that was told, are not."""
        self._told &= _keys(report.causes)
        if not any(self._is_news(change) for change in changes):
            return ()
        self._told |= frozenset[tuple[str, str]]().union(*(_keys(change.causes) for change in changes))
        return changes

    def _is_news(self, change: Change) -> bool:
        better = _ORDER.index(change.after) < _ORDER.index(change.before)
        return change.subject == WHOLE or better or not change.causes or not _keys(change.causes) <= self._told


def _keys(causes: tuple[Cause, ...]) -> frozenset[tuple[str, str]]:
    """What tells one trouble from another; titles count checks, and change with them."""
    return frozenset((cause.code, cause.hint) for cause in causes)
