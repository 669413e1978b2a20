"""Does it work, in one word and one sentence? The page, the title of its tab and the health endpoints say the same, because they all ask here.

What is not known to work is not well: before the first run, after news has stopped, and where this host itself is cut off, the answer is *unknown*,
whatever the last run said.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Final

import msgspec

from preflight.model import CheckResult, Report, Status
from preflight.report import verdict, words
from preflight.serve.ago import lasting
from preflight.serve.board import WELL, Board, Stand, Standing
from preflight.serve.damping import worst

_WORDS: Final = {Standing.UP: "Up", Standing.DEGRADED: "Degraded", Standing.UNKNOWN: "Unknown", Standing.DOWN: "Down"}
_WORD: Final = re.compile(r"[a-z]+[ ,]")
_NAMED: Final = 3
_LIKE: Final = {
    Status.PASS: Standing.UP,
    Status.SKIP: Standing.UNKNOWN,
    Status.WARN: Standing.DEGRADED,
    Status.ERROR: Standing.UNKNOWN,
    Status.FAIL: Standing.DOWN,
}


class Headline(msgspec.Struct, frozen=True):
    """How something stands now, all things considered."""

    standing: Standing
    sentence: str
    since: datetime | None = None
    cause: str = ""
    """What is to blame first, with its code."""
    note: str = ""
    """What the sentence does not say: that the last run and the standing differ, and why."""

    @property
    def word(self) -> str:
        """The standing as a heading says it."""
        return _WORDS[self.standing]

    @property
    def well(self) -> bool:
        """Whether a health endpoint answers 200. What is unknown is not well."""
        return self.standing in WELL


def whole(board: Board, report: Report | None, now: datetime) -> Headline:
    """How all required checks together stand. `report` is the board's, clean."""
    doubt = _doubt(board, now)
    if report is None or doubt:
        return Headline(Standing.UNKNOWN, doubt)
    old = board.old(now)
    rest = [stand.standing for stand in board.stands.values() if stand.result.required and stand not in old]
    if old and (not rest or worst(rest) in WELL):
        age = lasting(max((now - stand.checked).total_seconds() for stand in old))
        return Headline(Standing.UNKNOWN, f"Not looked at for {age}: {_listed([stand.name for stand in old])}", board.since)
    if board.unasked and board.standing in WELL:
        return Headline(Standing.UNKNOWN, f"Not asked since the files changed: {_listed(board.unasked)}", board.since)
    note = _damped(board.standing, _LIKE[verdict.status(report)])
    cause = "" if board.standing is Standing.UP else _first(report)
    return Headline(board.standing, _capital(verdict.sentence(report)), board.since, cause, note)


def one(board: Board, stand: Stand | None, result: CheckResult, now: datetime) -> Headline:
    """How one check stands. `result` is its latest, clean."""
    doubt = _doubt(board, now)
    finding = words.worst(result)
    said = _capital(finding.message if finding and result.status > Status.SKIP else words.gist(result)) or "It passed"
    if doubt or stand is None:
        return Headline(Standing.UNKNOWN, doubt or said)
    if stand.stale(now):
        return Headline(Standing.UNKNOWN, f"Not looked at for {lasting((now - stand.checked).total_seconds())}: what is known is of the past", stand.since)
    counted = board.report.counted if board.report else {}
    notes = [_damped(stand.standing, _LIKE[counted.get(stand.name, result.status)]), _held(stand, now)]
    return Headline(stand.standing, said, stand.since, note=" ".join(filter(None, notes)))


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:_NAMED]) + (f" and {len(names) - _NAMED} more" if len(names) > _NAMED else "")


def _doubt(board: Board, now: datetime) -> str:
    """Why nothing can be said about the present; empty where it can."""
    age = board.age(now)
    if board.report is None or age is None:
        return "No run has ended yet"
    if board.stale(now):
        return f"No run has ended for {lasting(age)}: what is known is of the past"
    return "This host reaches nothing at all, so it cannot tell" if board.isolated else ""


def _first(report: Report) -> str:
    """The first cause, as the list of troubles has it; where there is none, the worst finding of the worst check."""
    for cause in report.causes:
        return f"{_capital(cause.title)} [{cause.code}]"
    result = max(report.results, key=lambda each: each.status, default=None)
    finding = words.worst(result) if result and result.status > Status.SKIP else None
    return f"{_capital(finding.message)} [{finding.code}]" if finding else ""


def _damped(standing: Standing, latest: Standing) -> str:
    order = list(Standing)
    if order.index(latest) > order.index(standing):
        return "The last run was worse. It takes more of them before this changes."
    return "The last run was better. It takes more of them before this changes." if latest is not standing else ""


def _held(stand: Stand, now: datetime) -> str:
    if stand.asked_again is None:
        return ""
    left = lasting((stand.asked_again - now).total_seconds())
    return f"It is asked again in {left}, or as soon as other credentials are given: the proxy refused the credentials, and accounts lock."


def _capital(text: str) -> str:
    """A sentence's first word with a capital; a code, an id or a URL stays as it is."""
    return text[:1].upper() + text[1:] if _WORD.match(text) else text
