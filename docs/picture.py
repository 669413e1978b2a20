# ruff: noqa: INP001 - a directory of pages, no package
"""What a report looks like: runs the demo for real and writes what a terminal of 100 columns shows as `docs/demo.svg`.

`python -m docs.picture` makes it anew; ports and durations are those of that run.
"""

from __future__ import annotations

import io
import re
import tempfile
from pathlib import Path
from typing import Final

from anyio.from_thread import start_blocking_portal
from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

from preflight import session
from preflight.demo import SCENARIOS, demo_world
from preflight.demo.files import load_lab
from preflight.model import Report
from preflight.report.terminal import print_report

SCENARIO: Final = "denied-domain"
COLUMNS: Final = 100
PICTURE: Final = Path(__file__).with_name("demo.svg")
_FONTS: Final = re.compile(r"@font-face \{\{.*?\}\}\s*", re.DOTALL)
"""The format fetches fonts from the network; a page that shows the picture should not."""


def report() -> Report:
    """The report of the broken lab, by the same way as `preflight demo --break` goes."""
    lab = demo_world(SCENARIOS[SCENARIO])
    with tempfile.TemporaryDirectory() as folder, start_blocking_portal() as portal, portal.wrap_async_context_manager(lab) as opened:
        return session.conduct(load_lab(opened, Path(folder)), session.quiet, trust=opened.trust())


def drawn(shown: Report) -> str:
    """The report as a picture of a terminal, which folds the lines that are wider than it is."""
    sent = _console()
    with sent.capture() as captured:
        sent.print(f"$ preflight demo --break {SCENARIO}", style="bold")
        print_report(shown, sent)
    terminal = _console(record=True)
    for line in captured.get().splitlines():
        terminal.print(Text.from_ansi(line, overflow="fold"))
    picture = terminal.export_svg(title="preflight", theme=MONOKAI, code_format=_FONTS.sub("", CONSOLE_SVG_FORMAT), unique_id="preflight")
    return "".join(f"{line.rstrip()}\n" for line in picture.splitlines())


def _console(*, record: bool = False) -> Console:
    return Console(record=record, width=COLUMNS, file=io.StringIO(), force_terminal=True, color_system="standard", highlight=False)


if __name__ == "__main__":
    PICTURE.write_text(drawn(report()), encoding="utf-8")
