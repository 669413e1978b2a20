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
from preflight.serve.damping import LIKE, worst
from preflight.untrusted import neutral

_WORDS: Final = {Standing.UP: "Up", Standing.DEGRADED: "Degraded", Standing.UNKNOWN: "Unknown", Standing.DOWN: "Down"}
_WORD: Final = re.compile(r"[a-z]+[ ,]")
_NAMED: Final = 3


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
    stands = board.stands.values()
    silent = [stand for stand in stands if stand.stale(now) and (stand.checked or stand.standing is Standing.UNKNOWN)]  # what was down and not asked stays down
    old = [stand for stand in silent if stand.result.required]
    known = worst([stand.counted for stand in stands if stand not in old])
    if (old and known in WELL) or len(silent) == len(stands) > 0:
        return Headline(Standing.UNKNOWN, _silence(old or silent, now))
    since = board.since if known is board.standing else None
    cause = "" if known is Standing.UP else _first(report)
    note = _damped(known, LIKE.get(verdict.status(report), Standing.UNKNOWN)) if all(stand.checked for stand in stands) else ""
    notes = [note, _holding([*stands], known, report) if note else "", _waiting([*stands], now)]
    return Headline(known, _capital(verdict.sentence(report)), since, cause, " ".join(filter(None, notes)))


def one(board: Board, stand: Stand | None, result: CheckResult, now: datetime) -> Headline:
    """How one check stands. `result` is its latest, clean."""
    doubt = _doubt(board, now)
    finding = words.worst(result)
    said = _capital(finding.message if finding and result.status > Status.SKIP else words.gist(result)) or "It passed"
    if doubt or stand is None:
        return Headline(Standing.UNKNOWN, doubt or said)
    if stand.checked is None:
        stood = f"It was {stand.standing} when it was asked last." if stand.standing is not Standing.UNKNOWN else ""
        return Headline(stand.standing, said, stand.since, note=f"{stood} {_held(stand, now)}".strip())
    if stand.stale(now):
        return Headline(Standing.UNKNOWN, f"Not looked at for {lasting((now - stand.checked).total_seconds())}: what is known is of the past")
    counted = board.report.counted if board.report else {}
    notes = [_damped(stand.standing, LIKE.get(counted.get(stand.name, result.status), Standing.UNKNOWN)), _held(stand, now)]
    return Headline(stand.standing, said, stand.since, note=" ".join(filter(None, notes)))


def _silence(old: Sequence[Stand], now: datetime) -> str:
    """Which checks nobody knows anything about, and since when."""
    unasked = [stand.name for stand in old if stand.checked is None]
    if unasked:
        return f"Not asked yet: {_listed(unasked)}"
    longest = max((now - stand.checked).total_seconds() for stand in old if stand.checked)
    return f"Not looked at for {lasting(longest)}: {_listed([stand.name for stand in old])}"


def _listed(names: Sequence[str]) -> str:
    return ", ".join(map(neutral, names[:_NAMED])) + (f" and {len(names) - _NAMED} more" if len(names) > _NAMED else "")


def _doubt(board: Board, now: datetime) -> str:
    """Why nothing can be said about the present; empty where it can."""
    age = board.age(now)
    if board.report is None or age is None:
        return "No run has ended yet"
    if board.stale(now):
        return f"No run has ended for {lasting(age)}: what is known is of the past"
    if board.isolated:
        return "This host reaches nothing at all, so it cannot tell"
    return "Nothing left this host in the last run, and everything is asked again to tell why" if board.unsure else ""


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


def _holding(stands: Sequence[Stand], known: Standing, report: Report) -> str:
    """Which checks stand so still, though the latest result of each is better."""
    names = [stand.name for stand in stands if stand.counted is known and _better(LIKE.get(report.counted.get(stand.name, Status.SKIP)), known)]
    return f"So it still is for {_listed(names)}." if names else ""


def _better(latest: Standing | None, standing: Standing) -> bool:
    order = list(Standing)
    return latest is not None and order.index(latest) < order.index(standing)


def _waiting(stands: Sequence[Stand], now: datetime) -> str:
    """How many checks are held back, and until when."""
    again = [stand.asked_again for stand in stands if stand.asked_again]
    if not again:
        return ""
    left = lasting((min(again) - now).total_seconds())
    return (
        f"{len(again)} of them {'is' if len(again) == 1 else 'are'} asked again in {left}, or as soon as other credentials are given: the proxy refused these."
    )


def _capital(text: str) -> str:
    """A sentence's first word with a capital; a code, an id or a URL stays as it is."""
    return text[:1].upper() + text[1:] if _WORD.match(text) else text
