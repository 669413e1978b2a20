"""JSON, version 1: the report for programs. Its keys and their order are a contract; a change of either is a new version in a new module.

One line a result, so that `grep` and `diff` are of use too. Written field by field: a field added to the model appears here on purpose or not at all.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, Final, TypeAlias

from preflight.model import Blame, Cause, CheckResult, Finding, Report, Route, Status, Step, Via
from preflight.report.safe import clean

SCHEMA: Final = "preflight/report/1"

_Object: TypeAlias = dict[str, Any]


def chunks(report: Report) -> Iterator[str]:
    """The report as one JSON object, in pieces."""
    report = clean(report)
    yield "{\n"
    for key, value in _head(report).items():
        yield f"  {_dumped(key)}: {_dumped(value)},\n"
    yield from ('  "causes": ', *_array(map(_cause, report.causes)), ",\n")
    yield '  "results": '
    yield from _array(map(_result, report.results))
    yield "\n}\n"


def _head(report: Report) -> _Object:
    return {
        "schema": SCHEMA,
        "tool": "preflight",
        "version": report.version,
        "vantage": report.vantage,
        "started": _moment(report.started),
        "seconds": round(report.seconds, 6),
        "complete": report.complete,
        "status": report.status.word,
        "exit_code": report.exit_code,
        "profile": report.profile,
        "inputs": {setting.name: {"value": setting.value, "source": setting.source} for setting in report.inputs},
        "summary": {status.word: report.number(status) for status in (Status.PASS, Status.WARN, Status.FAIL, Status.ERROR, Status.SKIP)},
    }


def _cause(cause: Cause) -> _Object:
    return {"code": cause.code, "title": cause.title, "blame": cause.blame.value, "hint": cause.hint, "checks": list(cause.checks)}


def _result(result: CheckResult) -> _Object:
    return {
        "name": result.name,
        "kind": result.kind,
        "group": result.group,
        "required": result.required,
        "about": result.about,
        "status": result.status.word,
        "attempts": result.attempts,
        "started": _moment(result.started),
        "seconds": round(result.seconds, 6),
        "target": result.target,
        "route": _route(result.route),
        "blocked_by": list(result.blocked_by),
        "steps": [_step(step) for step in result.steps],
        "findings": [_finding(finding) for finding in result.findings],
    }


def _route(route: Route | None) -> _Object | None:
    if isinstance(route, Via):
        return {"via": "proxy", "proxy": route.proxy.url, "because": route.because}
    return {"via": "direct", "proxy": None, "because": route.because} if route else None


def _step(step: Step) -> _Object:
    return {"phase": step.phase.value, "seconds": round(step.seconds, 6), "ok": step.ok, "code": step.code, "facts": step.facts}


def _finding(finding: Finding) -> _Object:
    return {
        "code": finding.code,
        "status": finding.status.word,
        "blame": None if finding.blame is Blame.NOBODY else finding.blame.value,
        "message": finding.message,
        "hint": finding.hint,
        "docs": f"docs/codes.md#{finding.code}",
        "evidence": finding.evidence,
    }


def _moment(moment: datetime | None) -> str | None:
    """RFC 3339, UTC, to the millisecond."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z") if moment else None


def _array(items: Iterable[_Object]) -> Iterator[str]:
    between = "[\n    "
    for item in items:
        yield between + _dumped(item)
        between = ",\n    "
    yield "[]" if between[0] == "[" else "\n  ]"


def _dumped(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, default=dict)  # facts may be any Mapping
