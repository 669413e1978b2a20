"""A report as rows, and rows as what they were. Storage has shapes of its own: a field added to the model is stored on purpose or not at all."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec

from preflight.model import Blame, Cause, CheckResult, Direct, Finding, Phase, Proxy, Report, Route, Status, Step, Via
from preflight.serve.damping import Damped

_RUN: Final = ("started", "seconds", "status", "exit_code", "complete", "failed", "causes")
_RESULT: Final = (
    *("run", "place", "name", "at", "status", "code", "seconds", "kind", "family", "about", "required"),
    *("target", "route", "blocked_by", "attempts", "started", "steps", "findings"),
)


class PastRun(msgspec.Struct, frozen=True):
    """One run that ended."""

    id: int
    started: datetime
    seconds: float
    status: Status
    exit_code: int
    complete: bool
    causes: tuple[Cause, ...]


class PastResult(msgspec.Struct, frozen=True):
    """What came out for one check in one run."""

    run: int
    at: datetime
    status: Status
    """What it counted as in that run: a blocked check as its blocker did."""
    code: str
    """The code of the finding that decided."""
    seconds: float


class _Step(msgspec.Struct, omit_defaults=True):
    phase: Phase
    seconds: float
    code: str | None = None
    facts: dict[str, Any] = {}


class _Finding(msgspec.Struct, omit_defaults=True):
    code: str
    status: Status
    blame: Blame
    message: str
    hint: str = ""
    evidence: dict[str, Any] = {}


class _Route(msgspec.Struct):
    proxy: str | None
    """Its URL without credentials; None is a direct route."""
    because: str


_steps: Final = msgspec.json.Decoder(list[_Step])
_findings: Final = msgspec.json.Decoder(list[_Finding])
_routes: Final = msgspec.json.Decoder(_Route)
_causes: Final = msgspec.json.Decoder(tuple[Cause, ...])
_names: Final = msgspec.json.Decoder(tuple[str, ...])
_damped: Final = msgspec.json.Decoder(Damped)


def insert(connection: sqlite3.Connection, report: Report, new: Collection[str] | None = None) -> int:
    """Insert a run and its results, or those that are `new`, within the caller's transaction; the run's number. Raises sqlite3.Error."""
    run = connection.execute(_into("runs", _RUN), _run_row(report)).lastrowid or 0
    connection.executemany(_into("results", _RESULT), _result_rows(report, run, new))
    return run


def replace_stands(connection: sqlite3.Connection, stands: Mapping[str, Damped]) -> None:
    """Remember that everything stands like this, within the caller's transaction. Raises sqlite3.Error."""
    connection.execute("DELETE FROM stands")
    connection.executemany(_into("stands", ("name", "damped")), [{"name": name, "damped": _json(damped)} for name, damped in stands.items()])


def run_of(row: sqlite3.Row) -> PastRun:
    """The run of a row. Raises ValueError or msgspec.DecodeError for what this program did not write."""
    return PastRun(
        row["id"], _moment(row["started"]), row["seconds"], Status(row["status"]), row["exit_code"], bool(row["complete"]), _causes.decode(row["causes"])
    )


def past_of(row: sqlite3.Row) -> PastResult:
    """The short form of a result's row."""
    return PastResult(row["run"], _moment(row["at"]), Status(row["status"]), row["code"], row["seconds"])


def result_of(row: sqlite3.Row) -> CheckResult:
    """The whole result of a row, its route without credentials. Raises as `run_of` does."""
    return CheckResult(
        name=row["name"],
        kind=row["kind"],
        group=row["family"],
        about=row["about"],
        required=bool(row["required"]),
        findings=tuple(Finding(each.code, each.status, each.blame, each.message, each.hint, each.evidence) for each in _findings.decode(row["findings"])),
        steps=tuple(Step(step.phase, step.seconds, step.code, step.facts) for step in _steps.decode(row["steps"])),
        target=row["target"],
        route=_route(_routes.decode(row["route"])) if row["route"] else None,
        blocked_by=_names.decode(row["blocked_by"]),
        attempts=row["attempts"],
        started=None if row["started"] is None else _moment(row["started"]),
        seconds=row["seconds"],
    )


def latencies_of(row: sqlite3.Row) -> tuple[tuple[Phase, float], ...]:
    """How long each step took. Raises as `run_of` does."""
    return tuple((step.phase, step.seconds) for step in _steps.decode(row["steps"]))


def stand_of(row: sqlite3.Row) -> tuple[str, Damped]:
    """A check's name, and how it stood. Raises as `run_of` does."""
    return row["name"], _damped.decode(row["damped"])


def _run_row(report: Report) -> dict[str, object]:
    return {
        "started": report.started.timestamp(),
        "seconds": report.seconds,
        "status": int(report.status),
        "exit_code": report.exit_code,
        "complete": report.complete,
        "failed": report.status >= Status.ERROR,
        "causes": _json(report.causes),
    }


def _result_rows(report: Report, run: int, new: Collection[str] | None) -> Iterable[dict[str, object]]:
    ended = report.started.timestamp() + report.seconds
    for place, result in enumerate(result for result in report.results if new is None or result.name in new):
        yield {
            "run": run,
            "place": place,
            "name": result.name,
            "at": result.started.timestamp() + result.seconds if result.started else ended,
            "status": int(report.counted[result.name]),
            "code": max(result.findings, key=lambda finding: finding.status).code if result.findings else "",
            "seconds": result.seconds,
            "kind": result.kind,
            "family": result.group,
            "about": result.about,
            "required": result.required,
            "target": result.target,
            "route": _json(_stored(result.route)) if result.route else None,
            "blocked_by": _json(result.blocked_by),
            "attempts": result.attempts,
            "started": result.started.timestamp() if result.started else None,
            "steps": _json([_Step(step.phase, step.seconds, step.code, dict(step.facts)) for step in result.steps]),
            "findings": _json([_Finding(each.code, each.status, each.blame, each.message, each.hint, dict(each.evidence)) for each in result.findings]),
        }


def _into(table: str, columns: tuple[str, ...]) -> str:
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join(f':{column}' for column in columns)})"  # noqa: S608 - our own words


def _stored(route: Route) -> _Route:
    return _Route(route.proxy.url if isinstance(route, Via) else None, route.because)


def _route(stored: _Route) -> Route:
    if stored.proxy is None:
        return Direct(stored.because)
    parts = urlsplit(stored.proxy)
    return Via(Proxy(parts.scheme, parts.hostname or "", parts.port or 0), stored.because)


def _json(value: object) -> str:
    return msgspec.json.encode(value, enc_hook=dict).decode()  # evidence may hold any Mapping


def _moment(timestamp: float) -> datetime:
    return datetime.fromtimestamp(timestamp, UTC)
