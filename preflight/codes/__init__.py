"""The closed table of codes: everything a check may say, what it means, how it was told apart, and who mends it.

One file a phase. A code's text is data, so that a report, `preflight explain` and `docs/codes.md` say the same thing.
`says`, `do` and `reproduce` are templates; the fields they may use are documented in `docs/codes.md` and filled by `finding`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib import import_module
from typing import Final

from preflight.codes.code import Code, Fields
from preflight.model import Blame, Finding, Phase, Status
from preflight.untrusted import Json

__all__ = ["TABLE", "Code", "Fields", "UnknownCode", "find", "finding"]


class UnknownCode(LookupError):
    """There is no such code. `like` holds the nearest names."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        from difflib import get_close_matches  # noqa: PLC0415 - 5 ms, for a misspelling only

        self.like = get_close_matches(name, TABLE, n=3)


def _all() -> Iterable[Code]:
    yield Code(
        "ok",
        Status.PASS,
        Blame.NOBODY,
        says="{target} answered as itself",
        means="The real thing answered, and the answer proves it.",
        told="The evidence of the finding names the proof.",
        who="Nobody.",
    )
    for phase in Phase:
        yield from import_module(f"preflight.codes.{phase.name.lower()}").CODES


TABLE: Final[Mapping[str, Code]] = {code.name: code for code in _all()}


def find(name: str) -> Code:
    """The code of that name. Raises UnknownCode."""
    try:
        return TABLE[name]
    except KeyError:
        raise UnknownCode(name) from None


def finding(
    name: str,
    *,
    fields: Mapping[str, Json] | None = None,
    message: str | None = None,
    hint: str | None = None,
    status: Status | None = None,
    blame: Blame | None = None,
    evidence: Mapping[str, Json] | None = None,
) -> Finding:
    """A finding with this code: its texts filled from `fields` unless given. Raises UnknownCode."""
    code = find(name)
    known = Fields(fields or {})
    return Finding(
        name,
        code.status if status is None else status,
        code.blame if blame is None else blame,
        code.says.format_map(known) if message is None else message,
        code.do.format_map(known) if hint is None else hint,
        evidence or {},
    )
