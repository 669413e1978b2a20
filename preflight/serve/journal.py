"""One line for each thing that happened, `key=value` after `key=value`, for people and for grep alike."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from enum import IntEnum
from typing import Final

from preflight.serve.ago import iso
from preflight.untrusted import Redactor, neutral

_PLAIN: Final = re.compile(r"[^\s\"=]+")
_LONGEST: Final = 500


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


def to_stderr(line: str) -> None:
    """The whole line at once."""
    sys.stderr.write(line)
    sys.stderr.flush()


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
