"""The page of one check as values for its template: how it stands, every finding, every step, and when it was otherwise."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from statistics import median

import msgspec

from preflight import codes
from preflight.model import CheckResult, Finding, Report, Status, Step
from preflight.report import words
from preflight.serve.ago import iso, lasting, moment
from preflight.serve.board import Board
from preflight.serve.history import PastResult
from preflight.serve.pages import Hop, Link, Moment, ago, headline, hops, link, who
from preflight.serve.pages.drawings import Spark, Strip, spark, strip
from preflight.serve.pages.headline import Headline
from preflight.serve.pages.memory import Memory
from preflight.untrusted import neutral


class Said(msgspec.Struct, frozen=True):
    """One finding at length."""

    status: str
    code: str
    message: str
    means: str
    who: str
    do: str
    reproduce: str
    evidence: tuple[tuple[str, str], ...]


class Walked(msgspec.Struct, frozen=True):
    """One step at length."""

    phase: str
    took: str
    outcome: str
    ok: bool
    facts: tuple[tuple[str, str], ...]
    past: Spark | None


class Stretch(msgspec.Struct, frozen=True):
    """Runs in a row with the same outcome."""

    status: str
    code: str
    begun: Moment
    lasted: str
    runs: int
    took: str


class CheckPage(msgspec.Struct, frozen=True):
    """Everything on `/checks/NAME`."""

    name: str
    about: str
    kind: str
    group: str
    required: bool
    status: str
    headline: Headline
    since: Moment | None
    checked: Moment | None
    tried: str
    blockers: tuple[Link, ...]
    said: tuple[Said, ...]
    hops: tuple[Hop, ...]
    steps: tuple[Walked, ...]
    strip: Strip
    stretches: tuple[Stretch, ...]
    past: bool
    """Whether all of it is of the past."""


def check_page(board: Board, report: Report, name: str, memory: Memory, now: datetime) -> CheckPage | None:
    """The page of the check of that name; None if there is no such check. `report` is the board's, clean."""
    result = next((each for each in report.results if each.name == name), None)
    if result is None:
        return None
    stand = board.stands.get(name)
    head = headline.one(board, stand, result, now)
    past, gone = memory.check(name), board.stale(now) or bool(board.isolated or board.unsure) or (stand is not None and stand.stale(now))
    return CheckPage(
        name=name,
        about=result.about,
        kind=result.kind,
        group=result.group,
        required=result.required,
        status=result.status.word,
        headline=head,
        since=ago(head.since, now),
        checked=ago(stand.checked if stand else None, now),
        tried=words.tried(result, report.vantage) if result.steps or (result.target and result.attempts) else "",
        blockers=tuple(map(link, result.blocked_by)),
        said=tuple(_said(result, finding) for finding in sorted(result.findings, key=lambda finding: -finding.status)),
        hops=tuple(hops(result, memory)),
        steps=tuple(_walked(step, memory, name) for step in result.steps),
        strip=strip([each.status for each in past], gap=1),
        stretches=tuple(_stretches(past, now, known=not gone)),
        past=gone,
    )


def _said(result: CheckResult, finding: Finding) -> Said:
    code = codes.TABLE.get(finding.code)
    loud = finding.status > Status.SKIP
    return Said(
        status=result.capped(finding.status).word,
        code=finding.code,
        message=finding.message,
        means=code.means if code and loud else "",
        who=who(finding.code, finding.blame) if loud else "",
        do=finding.hint,
        reproduce=words.reproduced(result, code.reproduce, finding) if code and code.reproduce else "",
        evidence=tuple((key, words.plain(value)) for key, value in finding.evidence.items()),
    )


def _walked(step: Step, memory: Memory, name: str) -> Walked:
    facts = tuple((key, words.plain(value)) for key, value in step.facts.items() if value not in (None, ""))
    past = spark(memory.latencies(name).get(step.phase, ()))
    return Walked(step.phase.value, words.took(step.seconds), step.code or "ok", step.ok, facts, past)


def _stretches(past: Sequence[PastResult], now: datetime, *, known: bool) -> Iterator[Stretch]:
    """The results, oldest first, folded into runs of the same outcome, newest first. `known`: whether the newest still lasts."""
    folded: list[list[PastResult]] = []
    for each in past:
        if folded and (folded[-1][-1].status, folded[-1][-1].code) == (each.status, each.code):
            folded[-1].append(each)
        else:
            folded.append([each])
    end = now if known or not past else past[-1].at
    for stretch in reversed(folded):
        begun = stretch[0].at
        middle = words.took(median(each.seconds for each in stretch))
        shown = Moment(iso(begun), moment(begun, now), lasting((now - begun).total_seconds()))
        yield Stretch(stretch[0].status.word, neutral(stretch[0].code), shown, lasting((end - begun).total_seconds()), len(stretch), middle)
        end = begun
