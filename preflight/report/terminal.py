"""The finished report on a terminal: what `text` says, with colour and a table where the window is wide enough for one.

What does not fit folds, and nothing that is wrong is cut; only the words of a pass keep to one line of the table, as `-v` tells them at length.
Text is never markup, and a line to copy into a shell stays one line.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from preflight.model import CheckResult, Report, Status
from preflight.report import verdict, words
from preflight.report.safe import clean

STYLES: Final = {Status.PASS: "green", Status.SKIP: "dim", Status.WARN: "yellow", Status.ERROR: "magenta", Status.FAIL: "bold red"}
_TABLE_FROM, _LABELS_FROM = 64, 48
"""Columns below which a table, and labels beside their text, are harder to read than plain lines."""
_NAME_UPTO: Final = 40
_COMMAND: Final = re.compile(r"`(aws [^`]+)`")
"""A command within a hint: it gets a line of its own, as what folds cannot be copied into a shell."""


def print_report(report: Report, console: Console, *, verbose: bool = False) -> None:
    """Print the report to `console`, as wide as it is."""
    report = clean(report)
    style = STYLES[verdict.status(report)]
    _line(console, verdict.first_line(report), style)
    for cause in report.causes:
        console.print()
        _line(console, f"CAUSE  {cause.title} [{cause.code}]", "bold")
        _labelled(console, words.cause(cause))
    names = min(_NAME_UPTO, max((len(result.name) for result in report.results), default=0))
    for group, results in words.grouped(report).items():
        console.print()
        _line(console, group, "bold cyan")
        _results(console, results, names)
    for result, alike in words.detailed(report, verbose=verbose):
        console.print()
        _line(console, words.heading(result), STYLES[result.status])
        _labelled(console, words.detail(report, result, verbose=verbose))
        if alike:
            _labelled(console, [("the same", ", ".join(alike))])
    console.print()
    for setting in words.configured(report):
        _line(console, f"with {setting}", "dim")
    _line(console, words.made(report), "dim")
    for cause in report.causes:
        _line(console, f"CAUSE {cause.title} [{cause.code}]", "bold")
    _line(console, verdict.last_line(report), style)


def _line(console: Console, text: str, style: str) -> None:
    console.print(_text(text, style))


def _text(text: str, style: str = "") -> Text:
    return Text(text, style=style, overflow="fold")


def _results(console: Console, results: Iterable[CheckResult], names: int) -> None:
    if console.width < _TABLE_FROM:
        for result in results:
            console.print(Text.assemble((f"{result.status.name:<5} ", STYLES[result.status]), result.name, overflow="fold"))
            console.print(Padding(_text(f"{_took(result)} {_says(result)}".strip(), "dim"), (0, 0, 0, 6)))
        return
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(width=5)
    table.add_column(width=names, overflow="fold")
    table.add_column(width=8, justify="right")
    table.add_column(overflow="fold")
    for result in results:
        table.add_row(_text(result.status.name, STYLES[result.status]), _text(result.name), _text(_took(result), "dim"), _said(result))
    console.print(table)


def _said(result: CheckResult) -> Text:
    if result.status is Status.PASS and result.target is None:
        return Text(_says(result), no_wrap=True, overflow="ellipsis")
    return _text(_says(result))


def _took(result: CheckResult) -> str:
    return "" if result.status is Status.SKIP else words.took(result.seconds)


def _says(result: CheckResult) -> str:
    """Few words: what is wrong stands at length below the tables, and a target that repeats its name says nothing."""
    if result.status > Status.SKIP:
        finding = words.worst(result)
        return finding.code if finding else words.gist(result)
    target = "" if result.target in {None, result.name, f"{result.name}:443"} else result.target
    return " ".join(part for part in (target if result.status is Status.PASS else "", words.gist(result)) if part)


def _labelled(console: Console, labelled: Iterable[words.Labelled]) -> None:
    for label, text in labelled:
        lines = [text] if label == "reproduce" else _COMMAND.findall(text) if label == "do" else []
        if label == "reproduce":
            console.print(_text(f"  {label}", "dim"))
        else:
            _beside(console, label, _COMMAND.sub("the line below", text) if lines else text)
        for line in lines:
            console.print(_text(f"  {line}"), soft_wrap=True)


def _beside(console: Console, label: str, text: str) -> None:
    if console.width < _LABELS_FROM:
        console.print(_text(f"  {label}", "dim"))
        console.print(Padding(_text(text), (0, 0, 0, 4)))
        return
    grid = Table.grid(padding=(0, 1, 0, 0))
    grid.add_column(width=12)
    grid.add_column(overflow="fold")
    grid.add_row(_text(f"  {label}", "dim"), _text(text))
    console.print(grid)
