"""Whether a value is still one of the documentation's placeholders."""

from __future__ import annotations

import re
from typing import Final

_WHOLE: Final = re.compile(
    r"\[[A-Z][A-Z0-9_]+\]"  # [AWS_REGION]
    r"|\$\{?[A-Za-z_][A-Za-z0-9_]*\}?"  # $VAR, ${VAR}
    r"|<[A-Za-z][A-Za-z0-9 _.-]*>"  # <region>
    r"|[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+"  # PROXY_JSON_FILE
    r"|\.\.\."
)
_PART: Final = re.compile(r"\$\{[A-Za-z_][A-Za-z0-9_]*\}|\$[A-Z_][A-Z0-9_]*|<[A-Za-z][A-Za-z0-9 _.-]*>|\[[A-Z][A-Z0-9_]*_[A-Z0-9_]*\]")
_IN_BRACKETS: Final = re.compile(r"[A-Z][A-Z0-9_]+")


def whole(text: str) -> bool:
    """Whether the whole of `text` is a placeholder: `[NAME]`, `$NAME`, `${NAME}`, `<name>`, `UPPER_CASE` with an underscore, or `...`."""
    return bool(_WHOLE.fullmatch(text.strip()))


def inside(text: str) -> str | None:
    """The placeholder that `text` is or contains, or None. An upper-case word counts only as a whole: `subnet-$ID`, but not `subnet-MY_ID`."""
    if whole(text):
        return text.strip()
    match = _PART.search(text)
    return match.group() if match else None


def in_brackets(text: str) -> bool:
    """Whether `[text]`, which YAML reads as a list of one, is a placeholder."""
    return bool(_IN_BRACKETS.fullmatch(text))
