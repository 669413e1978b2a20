"""The rows of the table, and the table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

TIMES: Final = "\N{MULTIPLICATION SIGN}"
_HEAD: Final = ("row", "what", "measured", "bound", "stretch", "held", "aside")


@dataclass(frozen=True, slots=True)
class Row:
    """One number: smaller is better. Without `value` the row says why not."""

    name: str
    what: str
    bound: float
    stretch: float | None = None
    value: float | None = None
    unit: str = TIMES
    aside: str = ""
    """Absolute numbers of this machine today: information, never a promise."""

    @property
    def held(self) -> str:
        """Whether the bound, or even the stretch, is held."""
        if self.value is None:
            return "skipped"
        if self.stretch is not None and self.value <= self.stretch:
            return "stretch"
        return "yes" if self.value <= self.bound else "NO"

    def cells(self) -> tuple[str, ...]:
        """The row as text."""
        measured = "-" if self.value is None else _number(self.value, self.unit)
        stretch = "" if self.stretch is None else _number(self.stretch, self.unit)
        return (self.name, self.what, measured, f"≤ {_number(self.bound, self.unit)}", stretch and f"≤ {stretch}", self.held, self.aside)


@dataclass(slots=True)
class Table:
    """Rows in the order in which they were measured."""

    rows: list[Row] = field(default_factory=list)

    def add(self, rows: Iterable[Row]) -> None:
        """Take rows in."""
        self.rows += rows

    def plain(self) -> str:
        """The table with aligned columns."""
        lines = [_HEAD, *(row.cells() for row in self.rows)]
        widths = [max(len(line[column]) for line in lines) for column in range(len(_HEAD))]
        return "\n".join(_joined(line, widths) for line in lines)

    def markdown(self) -> str:
        """The table as Markdown."""
        lines = [_HEAD, ("---",) * len(_HEAD), *(row.cells() for row in self.rows)]
        return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _joined(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()


def _number(value: float, unit: str) -> str:
    digits = f"{value:g}" if value == int(value) else f"{value:.2f}" if unit == TIMES or value < 10 else f"{value:.0f}"
    return f"{digits} {unit}".rstrip()
