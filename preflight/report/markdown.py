"""Markdown for a pull request or a step summary: the verdict, the causes, a table with the worst first, and the details folded away.

Text that is more than plain words goes into code spans, where GitHub sees no mention, no link, no reference and no HTML (GFM 6.1, 6.9); inside tables
a pipe is escaped (GFM 4.10). A step summary may hold 1 MiB, so what does not fit is left out, the best news first, and the report says so.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Final

from preflight.model import CheckResult, Report, Status
from preflight.report import verdict, words
from preflight.report.safe import clean, no_command

LIMIT: Final = 1024 * 1024
"""Bytes of UTF-8 that GitHub takes in one step's summary."""
_ROWS_TO, _DETAILS_TO = 600_000, 1_000_000
_SIGNS: Final = {Status.PASS: "✅", Status.SKIP: "⏩", Status.WARN: "🔶", Status.ERROR: "❓", Status.FAIL: "❌"}
_PLAIN: Final = re.compile(r"""["'(]*(?:[A-Za-z]+(?:['-][A-Za-z]+)*|[0-9]+(?:[.][0-9]+)?)[)"'.,;:!?]*|-""")
_CORE: Final = re.compile(r"""^(["'(]*)(.*?)([)"'.,;:!?]*)$""")
"""Punctuation that may stay outside a code span, on either side of what may not."""
_SPAN: Final = re.compile(r"""(?:^|(?<=\s))(["'(]*)`([^`\s](?:[^`]*[^`\s])?)`([)"'.,;:!?]*)(?=\s|$)""")
"""What stands in backticks already, such as a command to copy. It is set apart by spaces or punctuation, so that no other span touches it."""


def chunks(report: Report) -> Iterator[str]:
    """The report as GitHub-flavoured Markdown, at most `LIMIT` bytes."""
    report = clean(report)
    fitting = _Fitting()
    yield from fitting.upto(_ROWS_TO, _head(report))
    ranked = sorted(report.results, key=lambda result: -result.status)
    if ranked:
        yield "\n| status | check | target | took | says |\n| --- | --- | --- | ---: | --- |\n"
        yield from fitting.upto(_ROWS_TO, map(_row, ranked))
    yield from fitting.upto(_DETAILS_TO, (_details(result, report.vantage) for result in ranked if result.status > Status.SKIP))
    yield from fitting.upto(LIMIT - 1000, _foot(report))
    if fitting.left_out:
        yield f"\n**Cut: {fitting.left_out} pieces did not fit into 1 MiB. The JSON report has everything.**\n"


class _Fitting:
    """Counts the bytes that went out, and what had to stay behind."""

    def __init__(self) -> None:
        self._bytes = 0
        self.left_out = 0

    def upto(self, limit: int, pieces: Iterable[str]) -> Iterator[str]:
        """The pieces that end before `limit`."""
        for piece in map(no_command, pieces):
            size = len(piece.encode())
            if self._bytes + size > limit:
                self.left_out += 1
            else:
                self._bytes += size
                yield piece


def _head(report: Report) -> Iterator[str]:
    status = verdict.status(report)
    yield f"## {_SIGNS[status]} {status.name}: {prose(verdict.sentence(report))} (exit {report.exit_code})\n"
    yield f"\n{verdict.counts(report)} in {report.seconds:.2f} s\n"
    for cause in report.causes:
        yield f"\n### {prose(cause.title)} {code(cause.code)}\n\n" + _listed(words.cause(cause))


def _row(result: CheckResult) -> str:
    took = "" if result.status is Status.SKIP else words.took(result.seconds)
    cells = (code(result.name), code(result.target or ""), took, prose(words.gist(result)))
    return f"| {_SIGNS[result.status]} {result.status.word} | {' | '.join(map(_in_cell, cells))} |\n"


def _details(result: CheckResult, vantage: str) -> str:
    status, _, name = words.heading(result).partition("  ")
    summary = f"<summary>{_SIGNS[result.status]} {status} <code>{html.escape(name)}</code></summary>"
    return f"\n<details>{summary}\n\n{_listed(words.told(result, vantage))}\n</details>\n"


def _foot(report: Report) -> Iterator[str]:
    settings = [f"- {code(setting)}\n" for setting in words.configured(report)]
    if settings:
        yield f"\n<details><summary>configuration</summary>\n\n{''.join(settings)}\n</details>\n"
    yield f"\n{prose(words.made(report))}\n"


def _listed(labelled: Iterable[words.Labelled]) -> str:
    return "".join(f"- **{label}**: {code(text) if label == 'reproduce' else prose(text)}\n" for label, text in labelled)


def prose(text: str) -> str:
    """Plain words as they are, and everything else in code spans; what stands in backticks is one span, whole."""
    pieces, end = [], 0
    for match in _SPAN.finditer(text):
        pieces += [_fenced(text[end : match.start()]), match[1] + code(" ".join(match[2].splitlines())) + match[3]]
        end = match.end()
    return " ".join(piece for piece in (*pieces, _fenced(text[end:])) if piece)


def _fenced(text: str) -> str:
    runs = groupby(text.split(), key=lambda word: bool(_PLAIN.fullmatch(word)))
    return " ".join(" ".join(run) if plain else _CORE.sub(_in_code, " ".join(run), count=1) for plain, run in runs)


def _in_code(match: re.Match[str]) -> str:
    return match[1] + code(match[2]) + match[3]


def code(text: str) -> str:
    """`text` as a code span, its fence longer than any run of backticks in it."""
    if not text:
        return ""
    fence = "`" * (1 + max(map(len, re.findall("`+", text)), default=0))
    pad = " " if "`" in (text[0], text[-1]) else ""
    return f"{fence}{pad}{text}{pad}{fence}"


def _in_cell(text: str) -> str:
    """A pipe escaped; one behind a backslash, where readers disagree, spelled out."""
    return re.sub(r"(\\?)\|", lambda match: r"\x7c" if match[1] else r"\|", text)
