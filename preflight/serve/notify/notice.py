"""What is told to whoever asked for it, in words and as a CloudEvent (CloudEvents 1.0, structured JSON). The cause comes first.

The types are under `internal.preflight`: `.internal` is the name that ICANN reserved for private use, so nobody owns it. A type's `data` only ever gains
keys; anything else is a new `vN`.

| type | when |
|---|---|
| `internal.preflight.standing.v1` | the whole or a check stands differently after a run; everything that changed in that run is one event |
| `internal.preflight.isolation.v1` | the probe's own host reaches nothing at all, or does again |

Everything in it comes from a clean report: no credentials by construction.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote

import msgspec

from preflight.model import Cause, Report
from preflight.report import verdict
from preflight.report.safe import clean
from preflight.serve.ago import iso
from preflight.serve.board import Change

STANDING: Final = "internal.preflight.standing.v1"
ISOLATION: Final = "internal.preflight.isolation.v1"


class Notice(msgspec.Struct, frozen=True):
    """One thing to tell."""

    id: str
    type: str
    vantage: str
    subject: str
    at: datetime
    title: str
    lines: tuple[str, ...]
    data: dict[str, Any]

    def event(self) -> dict[str, Any]:
        """The CloudEvent."""
        return {
            "specversion": "1.0",
            "id": self.id,
            "source": f"/preflight/{quote(self.vantage, safe='')}",
            "type": self.type,
            "subject": self.subject,
            "time": iso(self.at),
            "datacontenttype": "application/json",
            "data": {"title": self.title, **self.data},
        }


def of_changes(changes: Sequence[Change], id_: str) -> Notice:
    """What one run changed; at least one thing did. The whole comes first if it is among them, and is the subject then."""
    first, report = changes[0], clean(changes[0].report)
    causes = _causes(changes, report)
    title = f"{first.subject} is {first.after} (was {first.before}), seen from {report.vantage}"
    lines = [*(f"{cause.title}. {cause.hint}".strip() for cause in causes), verdict.sentence(report)]
    lines += [f"{change.subject}: {change.before} → {change.after}" for change in changes[1:]]
    data = {
        "causes": [
            {"code": cause.code, "title": cause.title, "blame": cause.blame.value, "hint": cause.hint, "checks": list(cause.checks)} for cause in causes
        ],
        "changes": [{"subject": change.subject, "before": change.before.value, "after": change.after.value} for change in changes],
        "sentence": verdict.sentence(report),
        "status": report.status.word,
        "exit_code": report.exit_code,
        "profile": report.profile,
        "vantage": report.vantage,
    }
    return Notice(id_, STANDING, report.vantage, first.subject, first.at, title, tuple(lines), data)


def of_isolation(reason: str, report: Report, at: datetime, id_: str) -> Notice:
    """That the probe's host is cut off, and why; or, without a reason, that it no longer is, or that what `report` asked cannot tell any more."""
    vantage = clean(report).vantage
    if reason:
        title, said = f"{vantage} reaches nothing at all: {reason}", "Nothing is known about the proxy until it does again."
    elif any(result.steps for result in report.results):
        title, said = f"{vantage} reaches the network again", "What the probe says is about the proxy again."
    else:
        title, said = f"Whether {vantage} reaches anything is not asked any more", "Since the files changed, no check connects to anything."
    return Notice(id_, ISOLATION, vantage, "isolation", at, title, (said,), {"isolated": bool(reason), "reason": reason, "vantage": vantage})


def _causes(changes: Sequence[Change], report: Report) -> tuple[Cause, ...]:
    """The causes behind these changes, in the report's order."""
    codes = {(cause.code, cause.checks) for change in changes for cause in change.causes}
    return tuple(cause for cause in report.causes if (cause.code, cause.checks) in codes)
