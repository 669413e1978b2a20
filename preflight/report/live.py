"""What a run is doing, on a terminal, while it does it; nothing of it is left when it ends."""

from __future__ import annotations

from collections import deque
from types import TracebackType
from typing import Final, Self

from rich.console import Console
from rich.live import Live
from rich.text import Text

from preflight.events import CheckFinished, CheckStarted, Event, RunStarted
from preflight.model import CheckResult
from preflight.report.terminal import STYLES
from preflight.report.words import took
from preflight.untrusted import neutral

_AROUND: Final = 4
"""Lines of the window that finished results leave free: for the progress line, the running names, and the cursor."""
_ECHO: Final = 3
"""Columns left free behind the last line: the terminal echoes `^C` there, and must not scroll for it."""


class Progress:
    """A listener to use as a context manager: `with Progress(console) as listen: …`. Leaving it, however, gives the cursor and the lines back."""

    def __init__(self, console: Console) -> None:
        """`console` is the terminal to draw on; what is printed elsewhere meanwhile is not touched."""
        self._console = console
        self._total = 0
        self._done = 0
        self._running: dict[str, None] = {}
        self._finished: deque[Text] = deque(maxlen=max(1, console.height - _AROUND))
        self._live = Live(
            console=console,
            get_renderable=self._drawn,
            transient=True,
            refresh_per_second=8,
            redirect_stdout=False,
            redirect_stderr=False,
            vertical_overflow="crop",
        )

    def __enter__(self) -> Self:
        """Begin to draw."""
        self._live.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Wipe what was drawn and show the cursor again."""
        self._live.stop()

    def __call__(self, event: Event) -> None:
        """Take note of the event; the picture follows at the next refresh."""
        if isinstance(event, RunStarted):
            self._total = len(event.names)
        elif isinstance(event, CheckStarted):
            self._running[event.name] = None
        elif isinstance(event, CheckFinished):
            self._running.pop(event.result.name, None)
            self._done += 1
            self._finished.append(_line(event.result))

    def _drawn(self) -> Text:
        """The last results, then how many are done and which are running. Called from the refreshing thread: it reads copies."""
        lines = list(self._finished.copy())
        lines.append(Text(f"{self._done}/{self._total}", style="bold"))
        running = Text(", ".join(map(neutral, self._running.copy())), style="dim")
        running.truncate(max(1, self._console.width - _ECHO), overflow="ellipsis")
        lines.append(running)
        return Text("\n", overflow="ellipsis", no_wrap=True).join(lines)


def _line(result: CheckResult) -> Text:
    return Text.assemble((f"{result.status.name:<5} ", STYLES[result.status]), neutral(result.name), (f"  {took(result.seconds)}", "dim"))
