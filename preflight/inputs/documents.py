"""One document of a manifest that could be read, and its fields by what they mean: for those who compare fields with each other."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec

from preflight.inputs import placeholder
from preflight.inputs.manifests.fields import CLUSTER, FIELDS, KIND, LINTED
from preflight.inputs.problem import Remarks, Where
from preflight.inputs.tree import Node, dotted
from preflight.inputs.tree import Path as Steps

SHOWN: Final = 10
"""How many documents a message names."""

_HARMLESS: Final = re.compile(r"[\w.:/*, -]{1,64}", re.ASCII)


class Spot(msgspec.Struct, frozen=True):
    """One value of a document: its text, the field that holds it, and where it stands."""

    text: str
    field: str
    where: Where


class Document(msgspec.Struct, frozen=True):
    """One document of a kind that is ours."""

    kind: str
    owner: str
    """The name in its metadata, if it has one."""
    file: Path
    root: Node

    @property
    def where(self) -> Where:
        """Where it begins."""
        return self.root.where

    def __str__(self) -> str:
        return f"{self.kind} `{self.owner}`" if self.owner else self.kind

    @property
    def source(self) -> str:
        """What it is and where it stands, in words."""
        return f"{self} ({self.where.source})"

    def all(self, means: str) -> tuple[Spot, ...]:
        """Every value with that meaning, other than placeholders and what is no single value."""
        return tuple(spot for path in _paths(self.kind, means) for spot in _spots(self.root, path, ()))

    def one(self, means: str) -> Spot | None:
        """The first value with that meaning."""
        return next(iter(self.all(means)), None)

    def has(self, *path: str) -> bool:
        """Whether something stands at that path, a placeholder included."""
        node = self.root.get(*path)
        return node is not None and not node.empty

    def field(self, means: str) -> str:
        """The field with that meaning as its documentation names it, or nothing: `spec.controlPlane.securityGroupIDs`."""
        path = next(_paths(self.kind, means), ())
        return ".".join(step for step in path if step != "*")


def quoted(text: str) -> str:
    """The value as a message may repeat it: short, on one line, and nothing that could hold credentials. Empty for any other."""
    return f"`{text}`" if _HARMLESS.fullmatch(text) else ""


def remark(remarks: Remarks, code: str, where: Where, message: str, hint: str) -> None:
    """Have the check of the manifests warn of this, the place first."""
    remarks.lint(KIND, code, where, f"{where.source}: {message}", hint)


def named(documents: Sequence[Document]) -> str:
    """The documents in words, each with its place."""
    more = f" and {len(documents) - SHOWN} more" if len(documents) > SHOWN else ""
    return ", ".join(document.source for document in documents[:SHOWN]) + more


def clusters_of(documents: Iterable[Document]) -> Mapping[str, Document]:
    """The clusters among the documents, by name."""
    found: dict[str, Document] = {}
    for document in documents:
        if document.kind == CLUSTER:
            found.setdefault(document.owner, document)
    return found


def cluster_of(pool: Document, clusters: Mapping[str, Document]) -> Document | None:
    """The cluster that a node pool belongs to; for a pool that does not name one, the only cluster there is."""
    name = pool.one("cluster")
    if name:
        return clusters.get(name.text)
    return next(iter(clusters.values())) if len(clusters) == 1 else None


def _paths(kind: str, means: str) -> Iterator[tuple[str, ...]]:
    return (field.path for field in (*FIELDS[kind], *LINTED[kind]) if field.means == means)


def _spots(node: Node, path: tuple[str, ...], done: Steps) -> Iterator[Spot]:
    if not path:
        text = (node.text or "").strip()
        waiting = placeholder.inside(text) or (done[-1:] == (0,) and placeholder.in_brackets(text))
        if not node.empty and text and not waiting:
            yield Spot(text, dotted(done), node.where)
    elif path[0] == "*":
        for place, item in enumerate(node.items or ()):
            yield from _spots(item, path[1:], (*done, place))
    else:
        inner = node.get(path[0])
        if inner:
            yield from _spots(inner, path[1:], (*done, path[0]))
