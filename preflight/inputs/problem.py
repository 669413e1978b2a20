"""What is wrong with an input, and where: the words in which the readers of files and flags complain."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from preflight import codes
from preflight.model import Finding, Status
from preflight.untrusted import neutral

SHOWN: Final = 40
"""How many problems an error spells out; a file that is wrong in more places is wrong as a whole."""


SLIPS: Final = frozenset({"input.unknown-field", "input.unknown-kind", "input.misplaced"})
"""Codes of names that are nearly right, so that what they set is missing."""


class Where(msgspec.Struct, frozen=True):
    """A place in an input: a file, or the name of a flag or variable, and line and column counted from 1."""

    file: str
    line: int | None = None
    column: int | None = None

    @property
    def source(self) -> str:
        """`file:line`, as reports name where a value came from."""
        return neutral(self.file) + (f":{self.line}" if self.line else "")

    def __str__(self) -> str:
        return self.source + (f":{self.column}" if self.line and self.column else "")


class Problem(msgspec.Struct, frozen=True):
    """One thing that must be changed before anything is sent. Neither text holds a value that may be a secret."""

    code: str
    where: Where
    message: str
    hint: str = ""

    def __str__(self) -> str:
        return neutral(f"{self.where}: {self.message}" + (f"; {self.hint}" if self.hint else ""))


class InputError(Exception):
    """The inputs cannot be used. `problems` are all that were found in one go, in the order of files and lines.

    `slips` are names that nearly are ones that would have been read: perhaps what a problem misses stands there, misspelt.
    """

    def __init__(self, *problems: Problem, slips: Iterable[Finding] = ()) -> None:
        super().__init__(*problems)
        self.slips = tuple(slips)
        order = {name: place for place, name in reversed(list(enumerate(problem.where.file for problem in problems)))}
        self.problems = tuple(sorted(dict.fromkeys(problems), key=lambda each: (order[each.where.file], each.where.line or 0, each.where.column or 0)))

    def __str__(self) -> str:
        lines = [neutral(f"{slip.message}; {slip.hint}") for slip in self.slips[:SHOWN]]
        lines += [str(problem) for problem in self.problems[:SHOWN]]
        if len(self.problems) > SHOWN:
            lines.append(f"and {len(self.problems) - SHOWN} more of the kind")
        return "\n".join(lines)


class Remarks(msgspec.Struct):
    """What the readers have to say: problems, which end the program once everything is read, and lints, which a check reports."""

    problems: list[Problem] = msgspec.field(default_factory=list)
    lints: dict[str, list[Finding]] = msgspec.field(default_factory=dict)

    def problem(self, code: str, where: Where, message: str, hint: str = "") -> None:
        """Note something that must be changed."""
        self.problems.append(Problem(code, where, message, hint))

    def lint(self, kind: str, code: str, where: Where, message: str, hint: str) -> None:
        """Note something that the check of that kind shall report as a warning."""
        found = codes.finding(code, message=neutral(message), hint=neutral(hint), status=Status.WARN, evidence={"where": where.source})
        self.lints.setdefault(kind, []).append(found)

    def settle(self) -> Mapping[str, tuple[Finding, ...]]:
        """The lints by kind of check. Raises InputError with all problems if there is one, and with the misspellings that may explain them."""
        if self.problems:
            raise InputError(*self.problems, slips=(each for several in self.lints.values() for each in several if each.code in SLIPS))
        return {kind: tuple(findings) for kind, findings in self.lints.items()}


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`did you mean X?` for the nearest of the known words, or the list of them all. Never repeats `word`."""
    names = sorted(known)
    by_case = {name.lower(): name for name in names}
    from difflib import get_close_matches  # noqa: PLC0415 - 5 ms, for a misspelling only

    close = get_close_matches(word.lower(), by_case, n=1)
    return f"did you mean `{by_case[close[0]]}`?" if close else f"there are: {', '.join(names)}" if names else "there are none"
