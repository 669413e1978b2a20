"""What a person is told about a result: *tried, seen, means, who, do, reproduce*, as labelled sentences that every renderer for people shares.

All of it expects a report that went through `safe.clean`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from shlex import quote
from string import Formatter
from typing import Final, TypeAlias

from preflight import codes
from preflight.model import Blame, Cause, CheckResult, Finding, Report, Status, Step, Target, Via, authority
from preflight.untrusted import Json

Labelled: TypeAlias = tuple[str, str]
"""A label such as `seen`, and what stands beside it."""

_PEOPLE: Final = {
    Blame.NOBODY: "nobody",
    Blame.CLIENT: "you",
    Blame.PROXY: "the proxy's administrator",
    Blame.MIDDLEBOX: "the network team, who run what stands between here and there",
    Blame.ORIGIN: "whoever runs the target",
    Blame.DNS: "whoever runs the DNS resolver or the zone",
    Blame.AWS: "whoever administers the AWS account",
    Blame.UNKNOWN: "not known yet",
}
_TENTHS_BELOW: Final = 9.95
_PLAIN_IN_QUOTES: Final = re.compile(r"[A-Za-z0-9._:/?&@%+=,~\[\]-]*")
"""What stands for itself between a template's own quotes, where it cannot be quoted once more."""


def who(blame: Blame) -> str:
    """The person behind a blame."""
    return _PEOPLE[blame]


def took(seconds: float) -> str:
    """A duration in milliseconds, with a decimal where that is half of it."""
    ms = seconds * 1000
    return f"{ms:.1f} ms" if 0 < ms < _TENTHS_BELOW else f"{ms:.0f} ms"


def grouped(report: Report) -> Mapping[str, list[CheckResult]]:
    """The results by group, both in the order of the plan."""
    groups: dict[str, list[CheckResult]] = {}
    for result in report.results:
        groups.setdefault(result.group, []).append(result)
    return groups


def worst(result: CheckResult) -> Finding | None:
    """The finding that decides the result."""
    return max(result.findings, key=lambda finding: finding.status, default=None)


def gist(result: CheckResult) -> str:
    """The result in a few words: its code and message, or what blocked it. A plain pass needs none."""
    finding = worst(result)
    if finding is None:
        return "the check said nothing"
    if result.blocked_by and result.status is Status.SKIP:
        return f"blocked by {', '.join(result.blocked_by)}"
    if result.status in {Status.PASS, Status.SKIP}:
        said = "" if result.target and result.status is Status.PASS else finding.message
        return f"{said} ({result.attempts} attempts)".strip() if result.attempts > 1 else said
    rest = len([other for other in result.findings if other.status > Status.SKIP]) - 1
    return f"{finding.code}: {finding.message}" + (f" (and {rest} more)" if rest > 0 else "")


def detailed(report: Report, *, verbose: bool = False) -> Iterator[tuple[CheckResult, list[str]]]:
    """The results to tell at length, the worst first, and the names of those that need no telling of their own.

    One cause explains these in the same way, or a signal ended the run before they had begun.
    """
    told: dict[tuple[int, str], list[str]] = {}
    cause_of = {name: number for number, cause in enumerate(report.causes) for name in cause.checks if len(cause.checks) > 1}
    shown: list[tuple[CheckResult, list[str]]] = []
    for result in sorted(report.results, key=lambda result: -result.status):
        if verbose:
            shown.append((result, []))
        elif result.status > Status.SKIP:
            decisive = worst(result)
            alike = "" if unfinished(result) else f"{result.status} {decisive.code if decisive else ''} {len(result.findings)}"
            key = (cause_of.get(result.name, -1), alike)
            if key in told and (key[0] >= 0 or not alike):
                told[key].append(result.name)
            else:
                told[key] = []
                shown.append((result, told[key]))
    yield from shown


def unfinished(result: CheckResult) -> bool:
    """Whether a signal ended the run before the check had found anything."""
    return any(finding.code == "internal.interrupted" for finding in result.findings)


def heading(result: CheckResult) -> str:
    """Status and name; a failure that only warns says why."""
    mild = result.verdict is not result.status
    return f"{result.status.name:<5} {result.name}" + (f" ({result.verdict.word}, but not required)" if mild else "")


def detail(report: Report, result: CheckResult, *, verbose: bool = False) -> Iterator[Labelled]:
    """Everything there is to tell about a result, but for a hint that stands word for word in a cause about this check alone."""
    said = {cause.hint for cause in report.causes if cause.checks == (result.name,)}
    for label, text in told(result, report.vantage, verbose=verbose):
        if verbose or label != "do" or text not in said:
            yield label, text


def told(result: CheckResult, vantage: str, *, verbose: bool = False) -> Iterator[Labelled]:
    """Everything there is to tell about a result, label by label. Findings that pass are told only if asked or if there is nothing else."""
    if result.about:
        yield "about", result.about
    if result.target or result.steps:
        yield "tried", tried(result, vantage)
    loud = [finding for finding in result.findings if finding.status > Status.SKIP]
    for finding in result.findings if verbose or not loud else loud:
        yield from _finding(result, finding, verbose=verbose)
    if result.blocked_by:
        yield "blocked by", ", ".join(result.blocked_by)
    if verbose:
        yield from (("step", _step(step, facts=True)) for step in result.steps)
    elif result.steps:
        yield "steps", walked(result)


def tried(result: CheckResult, vantage: str) -> str:
    """From where, by which route, to what, and how far it got."""
    failed = result.steps[-1] if result.steps and not result.steps[-1].ok else None
    parts = [f"from {vantage}"]
    if isinstance(result.route, Via):
        parts.append(f"through {result.route.proxy.url} ({result.route.because})")
    elif result.route:
        parts.append(f"directly ({result.route.because})")
    parts.append(f"to {result.target}" if result.target else f"{result.kind} check")
    parts += [f"got as far as {failed.phase}"] if failed else []
    parts += [f"{result.attempts} attempts"] if result.attempts > 1 else []
    return ", ".join(parts)


def walked(result: CheckResult) -> str:
    """Every step with its duration, e.g. `tcp 2 ms, proxy 5 ms FAILED proxy.denied`."""
    return ", ".join(_step(step, facts=False) for step in result.steps)


def _step(step: Step, *, facts: bool) -> str:
    outcome = "" if step.ok else f" FAILED {step.code}"
    return f"{step.phase} {took(step.seconds)}{outcome}" + (f" {pairs(step.facts)}" if facts and step.facts else "")


def _finding(result: CheckResult, finding: Finding, *, verbose: bool) -> Iterator[Labelled]:
    yield "seen", f"{finding.message} [{finding.code}]"
    code = codes.TABLE.get(finding.code)
    if finding.status > Status.SKIP:
        if code:
            yield "means", code.means
        yield "who", code.who if code and code.blame is finding.blame else who(finding.blame)
    if finding.hint:
        yield "do", finding.hint
    line = reproduced(result, code.reproduce, finding) if code else ""
    if line:
        yield "reproduce", line
    if verbose and finding.evidence:
        yield "evidence", pairs(finding.evidence)


def pairs(values: Mapping[str, Json]) -> str:
    """A mapping on one line: `key=value, key=value`, values as JSON unless they are text."""
    return ", ".join(f"{key}={plain(value)}" for key, value in values.items())


def plain(value: Json) -> str:
    """A JSON value as a person writes it."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def reproduced(result: CheckResult, template: str, finding: Finding | None = None) -> str:
    """The shell line that shows the same without this tool; empty where the result does not know every field. No credential is ever in it."""
    where = finding.evidence.get("where") if finding else None
    known = _fields(result) | ({"where": where} if isinstance(where, str) else {})
    named = result.route.proxy.user if isinstance(result.route, Via) else any(each.evidence.get("credentials") is True for each in result.findings)
    if not named:
        template = template.replace(" --proxy-user USER", "")
    line, quotes = "", 0
    for literal, name, _, _ in Formatter().parse(template):
        line, quotes = line + literal, quotes + literal.count("'") + literal.count('"')
        if name is None:
            continue
        value = known.get(name)
        if value is None or (quotes % 2 and not _PLAIN_IN_QUOTES.fullmatch(value)):
            return ""
        line += value if quotes % 2 else quote(value)
    return line


def _fields(result: CheckResult) -> dict[str, str]:
    fields = _target_fields(result.target) if result.target else {}
    if isinstance(result.route, Via):
        proxy = result.route.proxy
        address = authority(proxy.host, proxy.port)
        return fields | {"proxy": proxy.url, "proxy_address": address, "peer": address}
    return fields | {"proxy": ""} if result.route else _proxy_fields(result) | fields


def _proxy_fields(result: CheckResult) -> dict[str, str]:
    """What a check of the proxy itself, which has no target of its own, put into the evidence: `proxy`, and the `url` that it asked for."""
    known = next((finding.evidence for finding in result.findings if finding.evidence.get("proxy")), {})
    fields = {name: str(known[name]) for name in ("proxy", "url") if isinstance(known.get(name), str)}
    address = fields.get("proxy", "").partition("://")[2]
    return fields | {"proxy_address": address, "peer": address} if address else {}


def _target_fields(text: str) -> dict[str, str]:
    try:
        target = Target.parse(text)
    except ValueError:  # a plugin's target may be anything
        return {"target": text}
    return {"target": str(target), "url": target.url, "host": target.host, "port": str(target.port), "peer": target.authority}


def cause(cause: Cause) -> Iterator[Labelled]:
    """Who has to do what about a root cause, and which checks it explains."""
    code = codes.TABLE.get(cause.code)
    yield "who", code.who if code and code.blame is cause.blame else who(cause.blame)
    if cause.hint:
        yield "do", cause.hint
    number = "1 check" if len(cause.checks) == 1 else f"{len(cause.checks)} checks"
    yield "explains", f"{number}: {', '.join(cause.checks)}" if cause.checks else number


def made(report: Report) -> str:
    """Which program said this, where it stood, when it began, and what it went by."""
    profile = f", profile {report.profile}" if report.profile else ""
    return f"preflight {report.version}, from {report.vantage}{profile}, started {report.started:%Y-%m-%dT%H:%M:%SZ}"


def configured(report: Report) -> Iterator[str]:
    """Each effective setting with its source."""
    for setting in report.inputs:
        yield f"{setting.name}={plain(setting.value)} ({setting.source})"
