"""Plain lines for pipes, files and CI logs: no colour, nothing truncated, one line a result.

The first line is the verdict, so that `head -1` tells it. Every line starts with a word of ours, so that no text from outside can be taken for a log
command that must stand at the start of a line (`::error::`); the markers that count anywhere in a line (`##vso[`, `##[`) are broken up.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from preflight.model import CheckResult, Report, Status
from preflight.report import verdict, words
from preflight.report.safe import clean, no_command

_WIDEST: Final = 48
"""A longer name or target pushes its own line aside, not everybody's."""


def render(report: Report, *, verbose: bool = False) -> str:
    """The report as plain text; `verbose` tells every step and finding of every check."""
    return "".join(chunks(report, verbose=verbose))


def chunks(report: Report, *, verbose: bool = False) -> Iterator[str]:
    """The same, line by line."""
    for line in _lines(clean(report), verbose=verbose):
        yield no_command(line) + "\n"


def _lines(report: Report, *, verbose: bool) -> Iterator[str]:
    yield verdict.first_line(report)
    for cause in report.causes:
        yield from ("", f"CAUSE  {cause.title} [{cause.code}]", *_indented(words.cause(cause)))
    yield from _table(report)
    for result, alike in words.detailed(report, verbose=verbose):
        yield from ("", words.heading(result), *_indented(words.detail(report, result, verbose=verbose)))
        if alike:
            yield from _indented([("the same", ", ".join(alike))])
    yield ""
    yield from (f"WITH  {setting}" for setting in words.configured(report))
    yield f"BY    {words.made(report)}"
    yield from (f"CAUSE {cause.title} [{cause.code}]" for cause in report.causes)
    yield verdict.last_line(report)


def _table(report: Report) -> Iterator[str]:
    names = _width(result.name for result in report.results)
    targets = _width(result.target or "" for result in report.results)
    for group, results in words.grouped(report).items():
        yield from ("", f"GROUP {group}")
        yield from (_row(result, names, targets) for result in results)


def _row(result: CheckResult, names: int, targets: int) -> str:
    took = "" if result.status is Status.SKIP else words.took(result.seconds)
    return f"{result.status.name:<5} {result.name:<{names}}  {result.target or '':<{targets}}  {took:>8}  {words.gist(result)}".rstrip()


def _width(texts: Iterable[str]) -> int:
    return max((len(text) for text in texts if len(text) <= _WIDEST), default=0)


def _indented(labelled: Iterable[words.Labelled]) -> Iterator[str]:
    for label, text in labelled:
        yield f"      {label:<10} {text}".rstrip()
