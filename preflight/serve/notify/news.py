"""Which changes are worth telling, and how the journal tells them: one trouble once, however many checks come to feel it, and whichever run finds them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from preflight.model import Cause, Report
from preflight.report import words
from preflight.serve.board import Change, Standing
from preflight.serve.damping import WHOLE

NAMED: Final = 3
"""How many checks a line of the journal names."""
_ORDER: Final = tuple(Standing)


def lines(changes: Iterable[Change]) -> Iterator[Mapping[str, object]]:
    """The changes as the journal says them: one line for the whole, and one for all checks that changed alike for the same reason."""
    alike: dict[tuple[Standing, Standing, str, str], list[str]] = {}
    for change in changes:
        code, reason = _reason(change)
        if change.subject == WHOLE:
            yield {"subject": WHOLE, "before": change.before, "after": change.after, "code": code, "cause": reason}
        else:
            alike.setdefault((change.before, change.after, code, reason), []).append(change.subject)
    for (before, after, code, reason), names in alike.items():
        more = ",…" if len(names) > NAMED else ""
        yield {"checks": len(names), "names": ",".join(names[:NAMED]) + more, "before": before, "after": after, "code": code, "cause": reason}


def _reason(change: Change) -> tuple[str, str]:
    """The code and the words of what moved it: of a cause that is its own, else of its own worst finding. A recovery needs none."""
    if change.after is Standing.UP:
        return "", ""
    if change.causes:
        return change.causes[0].code, change.causes[0].title
    result = next((each for each in change.report.results if each.name == change.subject), None)
    finding = words.worst(result) if result else None
    return (finding.code, finding.message) if finding else ("", "")


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
