"""One line for each thing that happened, `key=value` after `key=value`, for people and for grep alike."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from enum import IntEnum
from queue import Full, Queue
from select import select
from threading import Thread
from typing import Final

from preflight.serve.ago import iso
from preflight.untrusted import Redactor, neutral

_PLAIN: Final = re.compile(r"[^\s\"=]+")
_LONGEST: Final = 500
WAITING: Final = 1000
"""Lines that wait for a reader at most."""


class Level(IntEnum):
    """How loud, as syslog counts (sd-daemon(3))."""

    ERROR = 3
    WARNING = 4
    NOTICE = 5
    INFO = 6


class Journal:
    """Writes lines. A reader that went away stops nothing."""

    def __init__(self, write: Callable[[str], None], now: Callable[[], datetime], *, prefixed: bool) -> None:
        """`prefixed`: systemd reads it, so that each line begins with its priority and needs no time."""
        self._write, self._now, self._prefixed = write, now, prefixed
        self.secrets = Redactor()
        """What is never to be written; replaced when the inputs are."""

    def say(self, level: Level, event: str, **fields: object) -> None:
        """Write the line of this event; empty fields are left out."""
        pairs = {"event": event, **{key: value for key, value in fields.items() if value not in (None, "")}}
        line = " ".join(f"{key}={self._value(value)}" for key, value in pairs.items())
        head = f"<{level.value}>" if self._prefixed else f"{iso(self._now())} {level.name.lower()} "
        with suppress(OSError, ValueError):
            self._write(f"{head}{line}\n")

    def _value(self, value: object) -> str:
        text = f"{value:.3f}" if isinstance(value, float) else self.secrets.clean(str(value), _LONGEST)
        return text if _PLAIN.fullmatch(text) else '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


class Stderr:
    """Standard error, written by a thread of its own: whoever reads it may stall, and must not stall the loop with it."""

    def __init__(self, write: Callable[[str], None] | None = None) -> None:
        self._write = write or _whole
        self._lines: Queue[str] = Queue(WAITING)
        self._lost = 0
        Thread(target=self._forever, daemon=True, name="journal").start()

    def __call__(self, line: str) -> None:
        """Leave the line here; returns at once. Beyond WAITING lines that nobody reads it is lost, and counted."""
        try:
            self._lines.put_nowait(line)
        except Full:
            self._lost += 1

    def emptied(self, seconds: float) -> bool:
        """Wait until all is written, no longer than that."""
        end = time.monotonic() + seconds
        while self._lines.unfinished_tasks and time.monotonic() < end:
            time.sleep(0.01)
        return not self._lines.unfinished_tasks

    def _forever(self) -> None:
        while True:
            line = self._lines.get()
            with suppress(OSError, ValueError):
                self._write(line)
                if self._lost:
                    lost, self._lost = self._lost, 0
                    head = re.sub(r"^<\d>", f"<{Level.WARNING.value}>", line.partition("event=")[0])
                    self._write(f"{head}event=journal lost={lost}\n")
            self._lines.task_done()


def _whole(line: str) -> None:
    """Past Python's own stream: its lock, held by a write that hangs, would keep the process from ending."""
    left = line.encode("utf-8", "backslashreplace")
    while left:
        try:
            left = left[os.write(2, left) :]
        except BlockingIOError:  # whoever shares the pipe or terminal made it so
            select([], [2], [])


def journald_reads(environ: Mapping[str, str], descriptor: int = 2) -> bool:
    """Whether standard error is connected to systemd's journal (systemd.exec(5), JOURNAL_STREAM)."""
    try:
        status = os.fstat(descriptor)
    except OSError:
        return False
    return environ.get("JOURNAL_STREAM") == f"{status.st_dev}:{status.st_ino}"


def bug(error: BaseException) -> str:
    """A bug by its type and place; its text may quote anything."""
    while isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    where = f"{trace.tb_frame.f_globals.get('__name__', '?')}:{trace.tb_lineno}" if trace else "?"
    return neutral(f"{type(error).__name__} at {where}")
