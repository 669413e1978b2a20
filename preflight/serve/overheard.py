"""What the event loop is told: errors of callbacks and tasks that nobody awaits, of accepting connections, and bugs in a page."""

from __future__ import annotations

import asyncio
import errno
from typing import Any, Final

from preflight.serve.journal import Journal, Level, bug

AGAIN: Final = 60.0
"""Seconds for which the same is not said again: without descriptors, asyncio repeats itself every second, many times each."""


class Overheard:
    """An exception handler of an event loop. asyncio's own writes tracebacks, arguments and peers; here type and place go into the journal."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._said: dict[tuple[str, str], float] = {}  # one for each place in the code, so no more than there are

    def __call__(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """Say it, once."""
        error = context.get("exception")
        what = bug(error) if error else str(context.get("message", "?"))  # beside an exception, the message quotes arguments
        number = errno.errorcode.get(error.errno or 0, "") if isinstance(error, OSError) else ""
        last = self._said.get((what, number))
        if last is None or loop.time() - last >= AGAIN:
            self._said[what, number] = loop.time()
            self._journal.say(Level.ERROR, "bug", what=what, errno=number)
