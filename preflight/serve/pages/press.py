"""Prints pages: each at most once per state of the board and second, in a thread, however many people ask for it at the same time."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache
from hashlib import sha256
from pathlib import Path
from threading import Lock
from typing import Any, Final, TypeVar

import anyio
import msgspec
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from msgspec.structs import replace

from preflight.model import Report
from preflight.real.daemon import in_daemon
from preflight.report.safe import clean
from preflight.serve.board import Board
from preflight.serve.pages.memory import History, Memory
from preflight.untrusted import neutral

T = TypeVar("T")

_TEMPLATES: Final = Path(__file__).parent / "templates"
_LONG: Final = 32
"""A command of so many characters stands on its own line."""
_AWS: Final = "aws "
_JOINT: Final = re.compile(r"\A[;,.]?\s*(?:and\s*\Z)?")
"""What joins a command to what follows, and means nothing where the command has a line of its own."""


class Edition(msgspec.Struct, frozen=True):
    """What one page is made of: the board as it was at one moment, its report clean, and the past."""

    board: Board
    report: Report | None
    memory: Memory
    now: datetime


class _Sheet:
    """One page of one edition: being printed by the first who asked, or printed."""

    def __init__(self) -> None:
        self.lock = anyio.Lock()
        self.made: Any = None


class Press:
    """Keeps what it printed until the board changes or a second has passed: ages are in seconds."""

    def __init__(self, board: Board, history: History, now: Callable[[], datetime]) -> None:
        self._board, self._history, self._now = board, history, now
        self._reading = Lock()
        self._edition: Edition | None = None
        self._sheets: dict[object, _Sheet] = {}

    def latest(self) -> Edition:
        """The board as it is now. The same object as before, and all that was printed from it, while nothing changed."""
        board, now, last = _snapshot(self._board), self._now().replace(microsecond=0), self._edition
        same = last is not None and last.board == board
        if last is not None and same and last.now == now:
            return last
        known = last is not None and last.board.report is board.report
        report = last.report if last and known else clean(board.report) if board.report else None
        self._edition = Edition(board, report, last.memory if last and same else Memory(self._history, self._reading), now)
        self._sheets = {}
        return self._edition

    async def print(self, key: object, make: Callable[[Edition], T]) -> T:
        """What `make` makes of the latest edition, made once. `key` says what is made, and there are as many as there are pages."""
        edition = self.latest()
        sheet = self._sheets.setdefault(key, _Sheet())
        async with sheet.lock:
            if sheet.made is None:
                sheet.made = await in_daemon(lambda: make(edition), "page")
        made: T = sheet.made
        return made


def _snapshot(board: Board) -> Board:
    """The board as it is, whatever the probe writes on it later. Nothing that hangs on it changes, apart from these two."""
    stands = {neutral(name): stand for name, stand in board.stands.items()}  # named as in the clean report
    return replace(board, stands=stands, counters=replace(board.counters, by_status=dict(board.counters.by_status)))


@cache
def style() -> str:
    """The style sheet that stands in every page."""
    return (_TEMPLATES / "style.css").read_text(encoding="utf-8")


@cache
def style_source() -> str:
    """The style sheet's hash, as a content security policy names it (CSP 3, 2.3.1)."""
    return f"'sha256-{b64encode(sha256(style().encode()).digest()).decode()}'"


@cache
def _environment() -> Environment:
    made = Environment(loader=FileSystemLoader(_TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    made.filters["pieces"] = _pieces
    return made


def _pieces(text: str) -> list[tuple[str, str]]:
    """A hint cut at its backticks, each piece with its class: `prose`, `term`, or `command` where it deserves a line of its own."""
    pieces = text.split("`")
    if len(pieces) % 2 == 0:  # no pairs: somebody quoted half a command
        return [("prose", text)]
    kinds = ["prose" if number % 2 == 0 else "command" if len(piece) >= _LONG or piece.startswith(_AWS) else "term" for number, piece in enumerate(pieces)]
    after = ["", *kinds]
    cut = [
        (kind, _JOINT.sub("", piece) if kind == "prose" and before == "command" else piece) for kind, piece, before in zip(kinds, pieces, after, strict=False)
    ]
    return [(kind, piece) for kind, piece in cut if piece]


def filled(template: str, values: Mapping[str, object]) -> bytes:
    """The template with these values, every text in them escaped."""
    text = _environment().get_template(template).render(**values, style=Markup(style()))  # noqa: S704 - our own file
    return text.encode("utf-8", "backslashreplace")
