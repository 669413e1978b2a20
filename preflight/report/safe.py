"""A report with nothing in it that a terminal, a parser or a browser could take for a command.

The engine has cleaned every finding already. Renderers do it again, because a report may come from elsewhere, and a report that is clean stays the same
object: this costs a look at each string and no memory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC
from math import isfinite
from re import IGNORECASE
from re import compile as pattern
from typing import Final, TypeVar

import msgspec

from preflight.model import Cause, CheckResult, Direct, Finding, Input, Report, Route, Step, Via
from preflight.untrusted import Json, neutral

T = TypeVar("T")

_MARKER: Final = pattern(r"##(?=\[|vso\[)", IGNORECASE)


def no_command(text: str) -> str:
    """The text with the marker broken up that Azure Pipelines obeys anywhere in a line of its log."""
    return _MARKER.sub("# #", text)


def clean(report: Report) -> Report:
    """The same report, all its text neutral, all its numbers finite and all its times in UTC."""
    return msgspec.structs.replace(
        report,
        results=_each(_result, report.results),
        causes=_each(_cause, report.causes),
        inputs=_each(_input, report.inputs),
        started=report.started.astimezone(UTC),
        seconds=_finite(report.seconds),
        version=neutral(report.version),
        profile=neutral(report.profile),
        vantage=neutral(report.vantage),
    )


def _each(cleaned: Callable[[T], T], values: Iterable[T]) -> tuple[T, ...]:
    return tuple(_kept(value, cleaned(value)) for value in values)


def _kept(old: T, new: T) -> T:
    """The old object where the new one says the same, so that a clean report is not held twice."""
    return old if new == old else new


def _result(result: CheckResult) -> CheckResult:
    return msgspec.structs.replace(
        result,
        name=neutral(result.name),
        kind=neutral(result.kind),
        group=neutral(result.group),
        about=neutral(result.about),
        findings=_each(_finding, result.findings),
        steps=_each(_step, result.steps),
        target=None if result.target is None else neutral(result.target),
        route=_route(result.route),
        blocked_by=tuple(map(neutral, result.blocked_by)),
        started=result.started.astimezone(UTC) if result.started else None,
        seconds=_finite(result.seconds),
    )


def _finding(finding: Finding) -> Finding:
    return msgspec.structs.replace(
        finding,
        code=neutral(finding.code),
        message=neutral(finding.message),
        hint=neutral(finding.hint),
        evidence=_mapping(finding.evidence),
    )


def _step(step: Step) -> Step:
    code = None if step.code is None else neutral(step.code)
    return msgspec.structs.replace(step, seconds=_finite(step.seconds), code=code, facts=_mapping(step.facts))


def _route(route: Route | None) -> Route | None:
    if isinstance(route, Via):
        proxy = msgspec.structs.replace(route.proxy, scheme=neutral(route.proxy.scheme), host=neutral(route.proxy.host))
        return Via(proxy, neutral(route.because))
    return Direct(neutral(route.because)) if route else None


def _cause(cause: Cause) -> Cause:
    title, hint = neutral(cause.title), neutral(cause.hint)
    return msgspec.structs.replace(cause, code=neutral(cause.code), title=title, hint=hint, checks=tuple(map(neutral, cause.checks)))


def _input(setting: Input) -> Input:
    return Input(neutral(setting.name), _json(setting.value), neutral(setting.source))


def _mapping(values: Mapping[str, Json]) -> Mapping[str, Json]:
    return {neutral(str(key)): _json(value) for key, value in values.items()}


def _json(value: object) -> Json:
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return value if isfinite(value) else None
    if isinstance(value, str):
        return neutral(value)
    if isinstance(value, Mapping):
        return _mapping(value)
    if isinstance(value, list | tuple | set | frozenset):
        return [_json(item) for item in value]
    return f"<{type(value).__name__}>"


def _finite(seconds: float) -> float:
    """A duration that can be printed; a clock that went wrong counts as nothing."""
    return seconds if isfinite(seconds) and seconds >= 0 else 0.0
