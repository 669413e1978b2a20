"""What a JSON text says, strictly by RFC 8259: no key twice, no NaN, no comments, and each value with its place.

Own reader instead of the standard library's, which keeps the last of two equal keys without saying so, takes NaN, and knows no positions.
No message repeats any part of the text: a proxy file holds credentials.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from math import isfinite
from typing import Final

from preflight.inputs.problem import Problem, Where
from preflight.inputs.tree import DEEPEST, Entry, Node

_SPACE: Final = re.compile(r"[ \t\r\n]*")
_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?")
_STRING: Final = re.compile(r'[^"\\\x00-\x1f]+')
_ESCAPES: Final = {'"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_UNICODE: Final = re.compile(r"[0-9A-Fa-f]{4}")
_WORD: Final = re.compile(r"-?[A-Za-z_$][A-Za-z0-9_$]*")
_WORDS: Final = {"true": True, "false": False, "null": None}
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_EXACT: Final = 18
"""Digits of a number that is read as an integer."""

_QUOTES: Final = "\u201c\u201d\u201e\u201f\u00ab\u00bb\u2018\u2019\u2033\uff02"
_HINTS: Final = (
    (_QUOTES, "a typographic quote stands here", 'write a plain "'),
    ("'`", "a string begins with another quote here", 'write a plain "'),
    ("#/", "JSON has no comments", "remove it"),
)


class _Wrong(Exception):
    def __init__(self, code: str, offset: int, message: str, hint: str = "") -> None:
        super().__init__(code)
        self.code, self.offset, self.message, self.hint = code, offset, message, hint


def read_json(text: str, label: str, problems: list[Problem]) -> Node | None:
    """The one value of a JSON text, or None if it is not JSON; what is wrong with it goes into `problems`."""
    reader = _Reader(text, label, problems)
    try:
        return reader.whole()
    except _Wrong as wrong:
        problems.append(Problem(wrong.code, reader.where(wrong.offset), wrong.message, wrong.hint))
        return None


class _Reader:
    """One pass over one text; `at` is the offset of the next character."""

    def __init__(self, text: str, label: str, problems: list[Problem]) -> None:
        self.text, self.label, self.problems, self.at = text, label, problems, 0
        self.starts = [0, *(match.end() for match in re.finditer("\n", text))]

    def where(self, offset: int) -> Where:
        line = bisect_right(self.starts, offset)
        return Where(self.label, line, offset - self.starts[line - 1] + 1)

    def whole(self) -> Node:
        self._space()
        if self.at == len(self.text):
            raise _Wrong("input.json-syntax", self.at, "it is empty", "write a JSON object: {…}")
        value = self._value(1)
        self._space()
        if self.at < len(self.text):
            raise _Wrong("input.json-syntax", self.at, "there is more text after the end of the JSON value")
        return value

    def _space(self) -> str:
        space = _SPACE.match(self.text, self.at)
        self.at = space.end() if space else self.at
        return self.text[self.at : self.at + 1]

    def _value(self, depth: int) -> Node:
        char, start = self._space(), self.at
        if char == '"':
            text = self._string()
            return Node(self.where(start), text, text)
        if depth > DEEPEST:
            raise _Wrong("input.too-deep", start, f"it is nested more than {DEEPEST} levels deep")
        if char == "{":
            return Node(self.where(start), entries=self._entries(depth))
        if char == "[":
            return Node(self.where(start), items=tuple(self._items(depth)))
        return self._scalar(start)

    def _scalar(self, start: int) -> Node:
        word = _WORD.match(self.text, start)
        if word:
            if word.group() not in _WORDS:
                raise self._unknown_word(word.group(), start)
            self.at = word.end()
            return Node(self.where(start), _WORDS[word.group()], word.group())
        number = _NUMBER.match(self.text, start)
        if not number:
            raise self._unexpected(start, "a value")
        self.at, text = number.end(), number.group()
        value = float(text) if not text.lstrip("-").isdigit() or len(text) > _EXACT else int(text)
        if not isfinite(value):
            raise _Wrong("input.json-syntax", start, "this number is too large")
        return Node(self.where(start), value, text)

    def _unknown_word(self, word: str, start: int) -> _Wrong:
        if word.lstrip("-") in {"NaN", "Infinity"}:
            return _Wrong("input.json-syntax", start, "JSON has no NaN and no Infinity")
        hint = "write true, false or null in lower case" if word in {"True", "False", "None"} else 'put text into "…"'
        return _Wrong("input.json-syntax", start, "a bare word stands here", hint)

    def _items(self, depth: int) -> list[Node]:
        items: list[Node] = []
        self.at += 1
        if self._space() != "]":
            items.append(self._value(depth + 1))
            while self._more("]"):
                items.append(self._value(depth + 1))
        self.at += 1
        return items

    def _entries(self, depth: int) -> dict[str, Entry]:
        entries: dict[str, Entry] = {}
        self.at += 1
        if self._space() != "}":
            self._entry(entries, depth)
            while self._more("}"):
                self._entry(entries, depth)
        self.at += 1
        return entries

    def _entry(self, entries: dict[str, Entry], depth: int) -> None:
        if self._space() != '"':
            raise self._unexpected(self.at, 'a key in "…"')
        where = self.where(self.at)
        key = self._string()
        if self._space() != ":":
            raise self._unexpected(self.at, "a colon after the key")
        self.at += 1
        value = self._value(depth + 1)
        if key in entries:
            first = entries[key].where
            message = f"this key stands here a second time; the first is at {first.line}:{first.column}"
            self.problems.append(Problem("input.duplicate-key", where, message, "keep one"))
        else:
            entries[key] = Entry(where, value)

    def _more(self, closing: str) -> bool:
        """Whether a comma and another member follow; the closing bracket is left to be read."""
        char = self._space()
        if char == closing:
            return False
        if char != ",":
            raise self._unexpected(self.at, f"a comma or `{closing}`")
        comma = self.at
        self.at += 1
        if self._space() in {"}", "]"}:
            raise _Wrong("input.json-syntax", comma, "a comma stands before the closing bracket", "remove the comma")
        return True

    def _string(self) -> str:
        start, parts = self.at, []
        self.at += 1
        while True:
            run = _STRING.match(self.text, self.at)
            if run:
                parts.append(run.group())
                self.at = run.end()
            char = self.text[self.at : self.at + 1]
            if char == '"':
                self.at += 1
                break
            if char != "\\":
                raise _Wrong("input.json-syntax", start, 'the string that begins here has no closing " on its line')
            parts.append(self._escape())
        text = "".join(parts).encode("utf-16", "surrogatepass").decode("utf-16", "replace")  # joins \ud83d\ude00 into one character
        if "\ufffd" in text and _SURROGATE.search("".join(parts)):
            raise _Wrong("input.json-syntax", start, "the string that begins here holds half of a surrogate pair")
        return text

    def _escape(self) -> str:
        start, char = self.at, self.text[self.at + 1 : self.at + 2]
        self.at += 2
        if char in _ESCAPES:
            return _ESCAPES[char]
        digits = _UNICODE.match(self.text, self.at) if char == "u" else None
        if not digits:
            raise _Wrong("input.json-syntax", start, "JSON does not know this backslash escape", r"write \\ for a backslash")
        self.at = digits.end()
        return chr(int(digits.group(), 16))

    def _unexpected(self, offset: int, wanted: str) -> _Wrong:
        char = self.text[offset : offset + 1]
        if not char:
            return _Wrong("input.json-syntax", offset, f"the text ends where {wanted} should stand")
        for characters, message, hint in _HINTS:
            if char in characters:
                return _Wrong("input.json-syntax", offset, message, hint)
        if self.text[: offset + 3].endswith("..."):
            return _Wrong("input.placeholder", offset, "`...` stands for the rest of your file", "replace it")
        return _Wrong("input.json-syntax", offset, f"{wanted} should stand here")
