"""Bytes from outside become safe text here, and secrets never do.

Everything a remote peer, a file or a library hands us is untrusted. `Redactor.clean` is the one way such bytes become a `str` that may be
printed: secrets are masked first, then control, bidirectional and invisible characters are spelled out, then the text is cut to a bound.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property, lru_cache
from typing import Final, TypeAlias

Json: TypeAlias = "str | int | float | bool | Sequence[Json] | Mapping[str, Json] | None"

MASK: Final = "***"
EXCERPT: Final = 200
SHORTEST_SECRET: Final = 4
"""A shorter secret is masked only inside a URL or a header: masking every `a` would destroy the report and hide nothing."""

_LONGEST_CUT: Final = 64
"""Beyond so many characters of a secret, what follows them at the end of a text is masked unseen."""
_NONCHARACTERS = "".join(f"{chr(plane + 0xFFFE)}{chr(plane + 0xFFFF)}" for plane in range(0, 0x110000, 0x10000))
_UNSAFE: Final = (
    "[\x00-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufdd0-\ufdef"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\ud800-\udfff\U000e0000-\U000e0fff" + _NONCHARACTERS + "]"
)
_BLANK = re.compile(r"[ \t\r\n\f\v]+")
_PATTERNS: Final = (
    (re.compile(r"(?<=://)[^/@\s]+(?=@)"), MASK),
    (re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"), MASK),
    (re.compile(r"(?i)\b((?:proxy-)?authorization|x-amz-security-token|aws_secret_access_key|aws_session_token)(\"?\s*[:=]\s*).+"), rf"\1\2{MASK}"),
    (re.compile(r"(?i)\b(basic|bearer)\s+[a-z0-9+/_.~-]{8,}={0,2}"), rf"\1 {MASK}"),
)
_SUSPECT: Final = r"://[^/@\s]*@|AKIA|ASIA|(?i:authorization|x-amz-|aws_se|basic|bearer)"
"""What every text contains that one of the patterns changes."""
_SIGNS: Final = ("%", "@", "akia", "asia", "authorization", "x-amz-", "aws_se", "basic", "bearer")
"""In lower case, what every ASCII text contains in which `_SUSPECT` is found, or an ASCII letter of a secret that is spelled otherwise."""


class Secret:
    """A value that is never printed: `str()` and `repr()` give a mask, `reveal()` gives the value to the one place that must send it."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The value itself. Call it only where the bytes leave for their intended reader."""
        return self._value

    def __repr__(self) -> str:
        return MASK

    def __bool__(self) -> bool:
        return bool(self._value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._value == other._value

    def __hash__(self) -> int:
        return hash(self._value)


def neutral(text: str) -> str:
    """`text` on one line, every control, bidirectional, invisible or unencodable character spelled as its Python escape."""
    if text.isascii() and text.isprintable() and "  " not in text:
        return text.strip()
    return re.sub(_UNSAFE, _spelled, _BLANK.sub(" ", text)).strip()


def _spelled(match: re.Match[str]) -> str:
    return ascii(match.group())[1:-1]


class Redactor:
    """Masks a fixed set of secrets in every form in which a library, a peer or an encoder may repeat them."""

    def __init__(self, secrets: Iterable[Secret] = (), *, pairs: Iterable[tuple[Secret, Secret]] = ()) -> None:
        """`secrets` are masked wherever they stand; `pairs` are (user, password), masked joined as well: `user:password` and its base64."""
        words = {word for secret in secrets for word in _pieces(secret.reveal())}
        for user, password in pairs:
            words |= set(_pieces(password.reveal())) | set(_joined(user.reveal(), password.reveal()))
        ordered = sorted(words, key=len, reverse=True)
        self._words = ordered
        self._doubt = re.compile("|".join([*(_spelled_out(word[:SHORTEST_SECRET]) for word in ordered), _SUSPECT]))
        self._signs = tuple(dict.fromkeys((*_SIGNS, *map(_head, ordered))))

    @cached_property
    def _known(self) -> re.Pattern[str]:
        return re.compile("|".join(map(_any_spelling, self._words)))

    @cached_property
    def _cut(self) -> re.Pattern[str]:
        return re.compile("|".join(map(_cut_short, self._words)))

    def redact(self, text: str) -> str:
        """`text` with every secret, in whatever spelling, replaced by the mask."""
        if self._words:
            text = self._known.sub(MASK, text)
        for pattern, mask in _PATTERNS:
            text = pattern.sub(mask, text)
        return text

    def clean(self, data: bytes | str, limit: int = EXCERPT) -> str:
        """Untrusted `data` as one safe line of at most `limit` characters (the cut is shown as `…`)."""
        text = data.decode("utf-8", "backslashreplace") if isinstance(data, bytes) else data
        if self._doubtful(text):
            text = self.redact(text)
            text = self._cut.sub(MASK, text) if self._words else text
        return _shortened(neutral(text), limit)

    def clean_json(self, value: object, limit: int = 2000) -> Json:
        """`value` as JSON data in which every string is clean; what is not JSON is named by its type."""
        if value is None or isinstance(value, bool | int | float):
            return value
        if isinstance(value, str | bytes):
            return self.clean(value, limit)
        if isinstance(value, Mapping):
            return {self.clean(str(key)): self.clean_json(item, limit) for key, item in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [self.clean_json(item, limit) for item in value]
        return f"<{type(value).__name__}>"

    def leaves(self, text: str) -> bool:
        """Whether every piece of `text`, however it is cut up, is already clean: the quick way for many short texts at once."""
        return text.isascii() and text.isprintable() and not self._doubtful(text)

    def _doubtful(self, text: str) -> bool:
        """Whether there may be something to mask. Most texts hold no sign of it, and to look for signs takes a tenth of what the pattern takes."""
        lower = text.lower()
        return (not text.isascii() or any(sign in lower for sign in self._signs)) and self._doubt.search(text) is not None


def _shortened(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _pieces(secret: str) -> Iterator[str]:
    """The secret, and what is left of it where a parser split it at a URL delimiter."""
    for piece in {secret, *re.split(r"[/#?@:]", secret)}:
        if len(piece) >= SHORTEST_SECRET:
            yield piece
            yield from _base64_forms(piece)


def _joined(user: str, password: str) -> Iterator[str]:
    if password:
        yield f"{user}:{password}"
        yield from _base64_forms(f"{user}:{password}")


def _base64_forms(text: str) -> Iterator[str]:
    data = text.encode("utf-8", "surrogatepass")
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        yield encode(data).decode().rstrip("=")


@lru_cache(maxsize=512)
def _spellings(char: str) -> str:
    """A pattern for one character as itself, percent-encoded, as a JSON, HTML or Python escape, or mis-decoded as Latin-1."""
    if char.isalnum() and char.isascii():
        return f"(?:{char}|%(?i:{ord(char):02x}))"
    import json  # noqa: PLC0415 - 5 ms, and only who has a secret needs it

    data = char.encode("utf-8", "surrogatepass")
    forms = [
        re.escape(char),
        "".join(f"%(?i:{byte:02x})" for byte in data),
        "".join(rf"\\x(?i:{byte:02x})" for byte in data),
        rf"\\u(?i:{ord(char):04x})",
        rf"&\#0*{ord(char)};",
        rf"&\#[xX]0*(?i:{ord(char):x});",
        re.escape(data.decode("latin-1")),
    ]
    entity = {'"': "&quot;", "&": "&amp;", "<": "&lt;", ">": "&gt;", "'": "&apos;"}.get(char)
    forms += [re.escape(json.dumps(char)[1:-1]), re.escape(ascii(char)[1:-1])]
    forms += [entity] if entity else []
    forms += [re.escape("\\" + char)] if char in "\"\\/'" else []
    forms += [r"\+"] if char == " " else []
    return f"(?:{'|'.join(sorted(set(forms), key=len, reverse=True))})"


def _head(word: str) -> str:
    """What stands at the start of the word in every spelling that escapes nothing, in lower case."""
    head = re.match(r"[0-9A-Za-z]*", word[:SHORTEST_SECRET])
    return head[0].lower() if head else ""


def _any_spelling(word: str) -> str:
    return _spelled_out(word) + ("=*" if len(word) % 4 else "")


def _spelled_out(word: str) -> str:
    return "".join(map(_spellings, word))


def _cut_short(word: str) -> str:
    """A pattern for the word broken off at the end of the text, even within an escape, as a bounded read or an excerpt leaves it."""
    head, tail = word[:SHORTEST_SECRET], word[SHORTEST_SECRET:_LONGEST_CUT]
    pattern = ".*" if len(word) > _LONGEST_CUT else ""
    for char in reversed(tail):
        pattern = f"(?:{_spellings(char)}{pattern})?"
    return _spelled_out(head) + pattern + r"[%&\\#0-9A-Za-z]{0,7}…?\Z"
