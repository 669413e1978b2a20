"""The status page as values for its template: the verdict in words, who has to change what, and each check with its hops and its past."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final
from urllib.parse import quote

import msgspec

from preflight import codes
from preflight.model import Blame, CheckResult, Direct, Phase, Report, Status
from preflight.report import verdict, words
from preflight.serve.ago import iso, lasting, moment
from preflight.serve.board import Board
from preflight.serve.pages import headline
from preflight.serve.pages.drawings import Spark, Strip, spark, strip
from preflight.serve.pages.headline import Headline
from preflight.serve.pages.memory import Memory
from preflight.untrusted import neutral

_LABELS: Final = {
    Phase.DNS: "DNS",
    Phase.TCP: "TCP",
    Phase.PROXY_TLS: "Proxy TLS",
    Phase.PROXY: "Proxy",
    Phase.TUNNEL: "Tunnel",
    Phase.TLS: "TLS",
    Phase.HTTP: "HTTP",
}
_SOONEST, _LATEST = 5, 60
"""Seconds between which the page reloads itself."""


class Link(msgspec.Struct, frozen=True):
    """A check's name and where its page is."""

    name: str
    href: str


class Moment(msgspec.Struct, frozen=True):
    """A point in time: for programs, for people, and how far away it is."""

    iso: str
    text: str
    away: str


class Hop(msgspec.Struct, frozen=True):
    """One step of a walk, or one thing that AWS was asked about."""

    label: str
    status: str
    took: str = ""
    code: str = ""
    past: Spark | None = None


class Row(msgspec.Struct, frozen=True):
    """One check on the status page."""

    link: Link
    status: str
    said: str
    target: str
    took: str
    mild: str
    hops: tuple[Hop, ...]
    blockers: tuple[Link, ...]
    strip: Strip


class Trouble(msgspec.Struct, frozen=True):
    """One thing that somebody has to change."""

    status: str
    title: str
    code: str
    who: str
    do: str
    explains: tuple[Link, ...]


class StatusPage(msgspec.Struct, frozen=True):
    """Everything on `/`."""

    headline: Headline
    since: Moment | None
    banners: tuple[str, ...]
    troubles: tuple[Trouble, ...]
    groups: tuple[tuple[str, tuple[Row, ...]], ...]
    last: Moment | None
    next: Moment | None
    counts: str
    strip: Strip
    past: bool
    """Whether what follows the headline is of the past."""


class Frame(msgspec.Struct, frozen=True):
    """What surrounds every page."""

    vantage: str
    profile: str
    version: str
    running: bool
    refresh: int | None
    """Seconds until the page reloads itself; None where the reader wants it to keep still."""
    runs: str
    made: Moment


def frame(board: Board, now: datetime, *, still: bool) -> Frame:
    """What surrounds every page of this board."""
    due = (board.next_run - now).total_seconds() + 2 if board.next_run else _LATEST
    refresh = _SOONEST if board.running else round(min(max(due, _SOONEST), _LATEST))
    tally = board.counters
    runs = f"{tally.runs} {'run' if tally.runs == 1 else 'runs'} since the start" + (f", {tally.late} late" if tally.late else "")
    runs += f", {tally.cut} cut off" if tally.cut else ""
    made = Moment(iso(now), f"{moment(now, now)}", "")
    return Frame(neutral(board.vantage), neutral(board.profile), neutral(board.version), board.running, None if still else refresh, runs, made)


def status_page(board: Board, report: Report | None, memory: Memory, now: datetime) -> StatusPage:
    """The status page. `report` is the board's, clean."""
    head = headline.whole(board, report, now)
    groups = words.grouped(report) if report else {}
    rows = tuple((name, tuple(_row(result, memory) for result in results)) for name, results in groups.items())
    drawn = strip([run.status for run in memory.runs()], gap=1)
    return StatusPage(
        headline=head,
        since=ago(head.since, now),
        banners=tuple(_banners(board, memory)),
        troubles=tuple(_troubles(report)) if report else (),
        groups=rows,
        last=ago(board.last_run, now),
        next=_ahead(board.next_run, now),
        counts=verdict.counts(report) if report else "",
        strip=drawn,
        past=bool(report) and board.past(now),
    )


def _banners(board: Board, memory: Memory) -> Iterator[str]:
    """What is wrong with the probe itself, rather than with what it watches."""
    if board.isolated:
        yield f"This host is cut off: {neutral(board.isolated)}. Results say nothing about the proxy until that is mended."
    if board.stopping:
        yield "The probe is stopping. No further run will begin."
    if board.config:
        yield f"The last reload was refused, the files before it stay in force: {neutral(board.config)}"
    if board.history:
        yield f"History is not being written: {neutral(board.history)}. Probing goes on."
    if memory.trouble:
        yield f"{memory.trouble}. Strips and lines are missing, the present is not."


def _troubles(report: Report) -> Iterator[Trouble]:
    """Root causes first, then whatever no cause explains, the worst first."""
    counted = report.counted
    explained = {name for cause in report.causes for name in cause.checks}
    for cause in report.causes:
        status = max((counted[name] for name in cause.checks if name in counted), default=Status.WARN)
        told = dict(words.cause(cause))
        yield Trouble(status.word, cause.title, cause.code, told.get("who", ""), cause.hint, tuple(map(link, cause.checks)))
    for result in sorted(report.results, key=lambda result: -result.status):
        finding = words.worst(result)
        if result.status > Status.SKIP and result.name not in explained and finding:
            yield Trouble(result.status.word, finding.message, finding.code, who(finding.code, finding.blame), finding.hint, (link(result.name),))


def who(code: str, blame: Blame) -> str:
    """Who mends a finding with this code and blame."""
    known = codes.TABLE.get(code)
    return known.who if known and known.blame is blame else words.who(blame)


def _row(result: CheckResult, memory: Memory) -> Row:
    return Row(
        link=link(result.name),
        status=result.status.word,
        said="" if result.blocked_by else words.gist(result),
        target=_target(result),
        took=words.took(result.seconds) if result.steps else "",
        mild=f"{result.verdict.word}, but not required" if result.verdict is not result.status else "",
        hops=tuple(hops(result, memory)),
        blockers=tuple(map(link, result.blocked_by)) if result.status is Status.SKIP else (),
        strip=strip([past.status for past in memory.check(result.name)]),
    )


def hops(result: CheckResult, memory: Memory) -> Iterator[Hop]:
    """The steps of the walk; for a check that walks nowhere, the things it found out if there are several."""
    past = memory.latencies(result.name) if result.steps else {}
    for step in result.steps:
        status = Status.PASS if step.ok else result.status
        drawn = spark(past.get(step.phase, ())) if step.ok else None
        yield Hop(_LABELS.get(step.phase, step.phase.value), status.word, words.took(step.seconds), step.code or "", drawn)
    if not result.steps and len(result.findings) > 1:
        for finding in result.findings:
            yield Hop(finding.code, result.capped(finding.status).word)


def _target(result: CheckResult) -> str:
    """Where the check goes, where its name does not say it already, and whether it goes there without the proxy."""
    target = "" if result.target in {None, result.name, f"{result.name}:443"} else f"to {result.target}"
    return f"directly {target}".strip() if isinstance(result.route, Direct) else target


def link(name: str) -> Link:
    """Where the page of this check is."""
    return Link(name, f"/checks/{quote(name, safe='/')}")


def ago(at: datetime | None, now: datetime) -> Moment | None:
    """A moment that has been."""
    return Moment(iso(at), moment(at, now), lasting((now - at).total_seconds())) if at else None


def _ahead(at: datetime | None, now: datetime) -> Moment | None:
    return Moment(iso(at), moment(at, now), lasting((at - now).total_seconds())) if at and at > now else None
