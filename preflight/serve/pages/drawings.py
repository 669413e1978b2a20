"""Pictures of the past, as numbers for SVG: a strip of runs, and a line of latencies. Each carries a sentence that says the same."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median
from typing import Final

import msgspec

from preflight.model import Status
from preflight.report.words import took

RUNS: Final = 90
"""So many runs are remembered on a page."""
_STEP, _HEIGHT = 5, 24
_TALL: Final = {Status.PASS: 14, Status.SKIP: 4, Status.WARN: 18, Status.ERROR: 21, Status.FAIL: 24}
"""Height tells the status where colour does not."""
_SAID: Final = {Status.PASS: "passed", Status.WARN: "warned", Status.FAIL: "failed", Status.ERROR: "could not tell", Status.SKIP: "skipped"}
_WIDE, _HIGH, _MARGIN = 100, 20, 2


class Strip(msgspec.Struct, frozen=True):
    """Bars, one a run, the latest at the right edge; runs that have not been yet are a faint line."""

    label: str
    width: int
    height: int
    paths: tuple[tuple[str, str], ...]
    """Each status in it, with the outline of all its bars."""
    empty: int
    """Where the first bar begins."""


class Spark(msgspec.Struct, frozen=True):
    """A line through the latencies, the latest at the right; the scale begins at zero."""

    label: str
    points: str
    last: tuple[float, float]


def strip(statuses: Sequence[Status], *, gap: int = 0) -> Strip:
    """The statuses, oldest first, as bars with so much between them, a fifth of a bar being 1."""
    kept, bar = list(statuses)[-RUNS:], _STEP - gap
    first = (RUNS - len(kept)) * _STEP
    paths: dict[Status, str] = {}
    for number, status in enumerate(kept):
        tall = _TALL[status]
        paths[status] = paths.get(status, "") + f"M{first + number * _STEP} {_HEIGHT - tall}h{bar}v{tall}h-{bar}z"
    return Strip(_counted(kept), RUNS * _STEP - gap, _HEIGHT, tuple((status.word, path) for status, path in sorted(paths.items())), first)


def _counted(statuses: Sequence[Status]) -> str:
    if not statuses:
        return "No runs are remembered"
    said = ", ".join(f"{statuses.count(status)} {word}" for status, word in _SAID.items() if status in statuses)
    return f"Last {len(statuses)} runs: {said}" if len(statuses) > 1 else f"Last run: {_SAID[statuses[0]]}"


def spark(seconds: Sequence[float]) -> Spark | None:
    """Latencies, oldest first, as a line; None where there are fewer than two."""
    kept = [max(0.0, each) for each in seconds][-RUNS:]
    if len(kept) <= 1:
        return None
    top = max(kept) or 1.0
    points = [
        (round(_MARGIN + (_WIDE - 2 * _MARGIN) * number / (len(kept) - 1), 1), round(_HIGH - _MARGIN - (_HIGH - 2 * _MARGIN) * each / top, 1))
        for number, each in enumerate(kept)
    ]
    label = f"Last {len(kept)} runs: median {took(median(kept))}, {took(min(kept))} to {took(max(kept))}"
    return Spark(label, " ".join(f"{x:g},{y:g}" for x, y in points), points[-1])
