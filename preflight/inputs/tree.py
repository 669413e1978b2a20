"""What a YAML or JSON file says, each value with the place where it stands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, TypeAlias

import msgspec

from preflight.inputs.problem import Where

DEEPEST: Final = 50
"""Levels of nesting. No manifest or profile comes near it."""

Plain: TypeAlias = "str | int | float | bool | list[Plain] | dict[str, Plain] | None"
Path: TypeAlias = tuple["str | int", ...]


class Entry(msgspec.Struct, frozen=True):
    """One entry of a mapping: where its key stands, and its value."""

    where: Where
    value: Node


class Node(msgspec.Struct, frozen=True):
    """One value of a file. Exactly one of three: a mapping (`entries`), a list (`items`), or a scalar (`scalar`, and `text` as it was written)."""

    where: Where
    scalar: str | int | float | bool | None = None
    text: str | None = None
    items: tuple[Node, ...] | None = None
    entries: Mapping[str, Entry] | None = None

    @property
    def kind(self) -> str:
        """What it is, in words."""
        if self.entries is not None:
            return "a mapping"
        if self.items is not None:
            return "a list"
        names = {str: "a string", bool: "a boolean", int: "a number", float: "a number"}
        return names.get(type(self.scalar), "empty")

    @property
    def empty(self) -> bool:
        """Whether it is a scalar without a value."""
        return self.entries is None and self.items is None and self.scalar is None

    def get(self, *path: str) -> Node | None:
        """The node at that path of mapping keys, or None."""
        node = self
        for key in path:
            if node.entries is None or key not in node.entries:
                return None
            node = node.entries[key].value
        return node

    def nearest(self, path: Path) -> Where:
        """Where the value at that path stands, or the innermost value around it that is there."""
        node = self
        for step in path:
            inner = node._child(step)
            if inner is None:
                break
            node = inner
        return node.where

    def _child(self, step: str | int) -> Node | None:
        if isinstance(step, str):
            entry = (self.entries or {}).get(step)
            return entry.value if entry else None
        items = self.items or ()
        return items[step] if 0 <= step < len(items) else None

    def plain(self) -> Plain:
        """The value without its places, as new plain data."""
        if self.entries is not None:
            return {key: entry.value.plain() for key, entry in self.entries.items()}
        if self.items is not None:
            return [item.plain() for item in self.items]
        return self.scalar

    def scalars(self, path: Path = ()) -> Iterator[tuple[Path, Node]]:
        """Every scalar below, with its path."""
        if self.entries is not None:
            for key, entry in self.entries.items():
                yield from entry.value.scalars((*path, key))
        elif self.items is not None:
            for place, item in enumerate(self.items):
                yield from item.scalars((*path, place))
        else:
            yield path, self


def dotted(path: Path) -> str:
    """`spec.authentication.oidc[0].issuerURI`."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).lstrip(".")
