"""What a YAML text says: YAML 1.2's plain scalars, no aliases, no tags, no merges, no key twice.

PyYAML's own constructors would keep the last of two equal keys and read `NO` as false and `1:30` as 90, so the tree is built from parser events.
libyaml's parser is not recursive, and the depth is checked while it runs: a megabyte of brackets ends at the 51st (measured).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from math import isfinite
from typing import Any, Final

import yaml
from yaml.events import AliasEvent, DocumentStartEvent, Event, MappingEndEvent, ScalarEvent, SequenceEndEvent, SequenceStartEvent

from preflight.inputs.problem import Problem, Where
from preflight.inputs.tree import DEEPEST, Entry, Node
from preflight.untrusted import neutral

MANY: Final = 20
"""Problems of one text after which the rest of it is not read."""

_LONGEST_KEY: Final = 60
ELLIPSIS: Final = "the documentation's `...` stands for the rest of your file"
_ELLIPSIS_LINE: Final = re.compile(r"[ \t]+\.\.\.[ \t]*\r?")
_UNPRINTABLE: Final = r"[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"
_UNPRINTABLE_ASCII: Final = re.compile(r"[^\t\n\r\x20-\x7e]")
_INTEGER: Final = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,17})")
_FLOAT: Final = re.compile(r"[-+]?(?:\.[0-9]+|(?:0|[1-9][0-9]*)(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]{1,3})?")
_WORDS: Final = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_NULLS: Final = frozenset({"", "~", "null", "Null", "NULL"})
_QUOTED: Final = re.compile(r"['\"].{2,}['\"]")


class _Stop(Exception):
    """The text is not read any further; the problems say why."""


def read_yaml(text: str, label: str, problems: list[Problem]) -> tuple[Node, ...]:
    """The documents of a text, empty ones left out, as far as it could be read; what is wrong with it goes into `problems`."""
    bad = _UNPRINTABLE_ASCII.search(text) if text.isascii() else re.search(_UNPRINTABLE, text)  # the large class takes 9 ms to compile
    if bad:
        problems.append(Problem("input.encoding", _place(text, label, bad.start()), "it holds a control character", "remove it"))
        return ()
    lines = text.split("\n")
    placeholders = {number for number, line in enumerate(lines) if _ELLIPSIS_LINE.fullmatch(line)}
    reader = _Reader(lines, label, placeholders)
    documents = reader.read()
    if reader.literal:  # some of those lines are the content of a block or quoted scalar, and stay
        reader = _Reader(lines, label, placeholders - reader.literal)
        documents = reader.read()
    problems += reader.problems
    return documents


def _place(text: str, label: str, offset: int) -> Where:
    return Where(label, text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset))


class _Reader:
    """One pass over one text."""

    def __init__(self, lines: list[str], label: str, placeholders: set[int]) -> None:
        self.label, self.lines, self.placeholders = label, lines, placeholders
        self.literal: set[int] = set()
        self.problems: list[Problem] = []

    def read(self) -> tuple[Node, ...]:
        documents: list[Node] = []
        for number in sorted(self.placeholders):
            self._say("input.placeholder", Where(self.label, number + 1, self.lines[number].index("...") + 1), ELLIPSIS, "remove the line")
        text = "\n".join("" if number in self.placeholders else line for number, line in enumerate(self.lines))
        loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        events: Iterator[Event] = iter(yaml.parse(text, Loader=loader))
        try:
            for event in events:
                if isinstance(event, DocumentStartEvent):
                    document = self._node(next(events), events, 1)
                    documents += [] if document.empty else [document]
        except _Stop:
            pass
        except yaml.YAMLError as error:
            self._syntax(error)
        return tuple(documents)

    def _say(self, code: str, where: Where, message: str, hint: str = "") -> None:
        self.problems.append(Problem(code, where, message, hint))
        if len(self.problems) >= MANY + len(self.placeholders):
            raise _Stop

    def _where(self, event: Event) -> Where:
        mark = event.start_mark
        return Where(self.label, mark.line + 1, mark.column + 1) if mark else Where(self.label)

    def _node(self, event: Event, events: Iterator[Event], depth: int) -> Node:
        where = self._where(event)
        if isinstance(event, AliasEvent):
            self._say("input.yaml-alias", where, "aliases (`*name`) are not read", "write the value out")
            return Node(where)
        if getattr(event, "anchor", None) is not None:
            self._say("input.yaml-alias", where, "anchors (`&name`) are not read", "write the value out where it is needed")
        if getattr(event, "tag", None) is not None:
            self._say("input.yaml-tag", where, "tags (`!name`) are not read", "write the value without its tag")
        if isinstance(event, ScalarEvent):
            return self._scalar(event, where)
        if depth > DEEPEST:
            self.problems.append(Problem("input.too-deep", where, f"it is nested more than {DEEPEST} levels deep"))
            raise _Stop
        if isinstance(event, SequenceStartEvent):
            return Node(where, items=tuple(self._items(events, depth)))
        return Node(where, entries=self._entries(events, depth))

    def _items(self, events: Iterator[Event], depth: int) -> Iterator[Node]:
        for event in events:
            if isinstance(event, SequenceEndEvent):
                return
            yield self._node(event, events, depth + 1)

    def _entries(self, events: Iterator[Event], depth: int) -> dict[str, Entry]:
        entries: dict[str, Entry] = {}
        for event in events:
            if isinstance(event, MappingEndEvent):
                break
            key = self._node(event, events, depth + 1)
            value = self._node(next(events), events, depth + 1)
            name = key.text
            if name is None:
                if not isinstance(event, AliasEvent):
                    self._say("input.yaml-syntax", key.where, f"a key is a word, not {key.kind}")
            elif name == "<<" and not getattr(event, "style", None):
                self._say("input.yaml-alias", key.where, "merges (`<<`) are not read", "write the entries out")
            elif name in entries:
                first = entries[name].where.line
                self._say("input.duplicate-key", key.where, f"the key `{_short(name)}` stands here a second time; the first is in line {first}", "keep one")
            else:
                entries[name] = Entry(key.where, value)
        return entries

    def _scalar(self, event: ScalarEvent, where: Where) -> Node:
        if event.style in {"|", ">", "'", '"'}:
            if event.start_mark and event.end_mark:
                inside = range(event.start_mark.line + 1, event.end_mark.line + (1 if event.end_mark.column else 0))
                self.literal |= self.placeholders.intersection(inside)
            return Node(where, event.value, event.value)
        return Node(where, _resolved(event.value), event.value)

    def _syntax(self, error: yaml.YAMLError) -> None:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        number = min(mark.line, len(self.lines) - 1) if mark else 0
        where = Where(self.label, number + 1, mark.column + 1) if mark else Where(self.label)
        near = [place for place in (number - 1, number, number + 1) if 0 <= place < len(self.lines) and _ELLIPSIS_LINE.fullmatch(self.lines[place])]
        if near and near[0] not in self.placeholders:
            self.problems.append(Problem("input.placeholder", Where(self.label, near[0] + 1), ELLIPSIS, "remove the line"))
            return
        reason = neutral(_QUOTED.sub("…", str(getattr(error, "problem", None) or "it cannot be read")))
        tabbed = "\t" in self.lines[number][: len(self.lines[number]) - len(self.lines[number].lstrip())]
        hint = "YAML is indented with spaces; replace the tabs" if tabbed or "\\t" in str(error) else ""
        self.problems.append(Problem("input.yaml-syntax", where, f"this is not YAML: {reason}", hint))


def _resolved(text: str) -> str | int | float | bool | None:
    """A plain scalar by YAML 1.2's core schema, without its octal, hexadecimal, infinite and zero-padded numbers: those stay text."""
    if text in _NULLS:
        return None
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text) and isfinite(float(text)):
        return float(text)
    return text


def _short(name: str) -> str:
    return neutral(name if len(name) <= _LONGEST_KEY else name[: _LONGEST_KEY - 1] + "…")
