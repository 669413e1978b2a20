"""What ends this process, from its first moment on.

The first process of a container never hears of a signal for which it has no handler, not even of one that it sends to itself (pid_namespaces(7)). So no
moment may be left to the kernel's defaults: told to end while it starts, the container would wait out its grace and be killed.
"""

from __future__ import annotations

import os
import signal
from types import FrameType
from typing import Final, NoReturn

ENDING: Final = (signal.SIGINT, signal.SIGTERM)

_told: list[int] = []


def heeded() -> tuple[signal.Signals, ...]:
    """Those of SIGINT and SIGTERM that are not ignored: a shell's background job leaves Ctrl-C to the foreground, and so do we."""
    return tuple(each for each in ENDING if signal.getsignal(each) is not signal.SIG_IGN)


def heed_from_now_on(*, serves: bool) -> None:
    """Until a command heeds signals itself, SIGINT and SIGTERM end the program: exit code 0 for what serves until it is told to stop, else 130 or 143.

    SIGHUP means nothing yet to what serves: it reads its files for the first time, and once more before its first run if they have changed.
    """

    def end(number: int, _frame: FrameType | None) -> None:
        if _told:
            end_at_once(number)
        _told.append(number)
        raise SystemExit(0 if serves else 128 + number)

    for each in heeded():
        signal.signal(each, end)
    if serves:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)


def tell_again() -> None:
    """Send once more what came too early and ended nothing: an exception that is raised within a destructor or a weak reference's callback goes nowhere."""
    while _told:
        signal.raise_signal(_told.pop())


def end_at_next() -> None:
    """The next SIGINT or SIGTERM ends the process on the spot."""
    for each in heeded():
        signal.signal(each, lambda number, _frame: end_at_once(number))


def end_at_once(number: int) -> NoReturn:
    """End as that signal ends a process, so that whoever waits sees by what; where it cannot, in a container's first process, with the code that tells it."""
    signal.signal(number, signal.SIG_DFL)
    signal.raise_signal(number)
    os._exit(128 + number)
