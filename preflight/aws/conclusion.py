"""What follows from the facts, in the form in which it becomes a finding: something is so, or it had to be known and could not be read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeAlias

import msgspec

from preflight.aws.facts import Unread
from preflight.aws.remedy import Command
from preflight.untrusted import Json


class Conclusion(msgspec.Struct, frozen=True):
    """Something that is so: a code of the table, the fields of its texts, and the commands that mend it, in order."""

    code: str
    fields: Mapping[str, Json] = msgspec.field(default_factory=dict)
    commands: tuple[Command, ...] = ()
    message: str = ""
    """Replaces the code's own sentence."""
    hint: str = ""
    """Replaces the code's own hint, where that would say too little."""
    then: str = ""
    """What the person has to choose before the commands can be run, or to do after them."""
    evidence: Mapping[str, Json] = msgspec.field(default_factory=dict)


class Gap(msgspec.Struct, frozen=True):
    """Something that had to be known and could not be read. `what` it is, in words."""

    part: Unread
    what: str


Statement: TypeAlias = Conclusion | Gap


def listed(words: Iterable[str], most: int | None = None) -> str:
    """The distinct words in the order they came: `a, b, c`; beyond `most` of them their number only."""
    told = list(dict.fromkeys(words))
    return ", ".join(told[:most]) + (f" and {len(told) - most} more" if most is not None and len(told) > most else "")


def few(clauses: Iterable[str], most: int = 3) -> str:
    """The first distinct clauses, and how many there are besides."""
    told = list(dict.fromkeys(clauses))
    return "; ".join(told[:most]) + (f"; and {len(told) - most} more" if len(told) > most else "")
