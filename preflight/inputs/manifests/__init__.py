"""What the manifests declare, as far as the way to the network depends on it: region, proxy, networks, and the features that need more hosts.

Kinds and fields that are not ours are left alone. The product reads names case-sensitively, so a name that differs in case is remarked, not read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import msgspec

from preflight.inputs import placeholder
from preflight.inputs.documents import Document, remark
from preflight.inputs.files import read
from preflight.inputs.manifests.fields import CLUSTER, FIELDS, FREE, MANAGEMENT, NODE_POOL
from preflight.inputs.manifests.names import lint_kind, lint_names
from preflight.inputs.problem import InputError, Remarks, Where
from preflight.inputs.tree import Node, dotted
from preflight.inputs.tree import Path as Steps
from preflight.inputs.yaml_text import read_yaml

USUAL: Final = "anthos-gke.yaml"
"""The manifest that is read without being asked for, if it is there."""

_ON: Final = frozenset({"true", "yes", "on"})  # the product reads YAML 1.1
_ROLES: Final = {MANAGEMENT: "management", CLUSTER: "control-plane", NODE_POOL: "node-pool"}


class Value(msgspec.Struct, frozen=True):
    """One field that was read: what it means, for which role, and where it stands."""

    means: str
    text: str
    role: str
    """`management`, `control-plane` or `node-pool`."""
    owner: str
    """The name in the document's metadata, if it has one."""
    field: str
    where: Where
    file: Path


class Manifests(msgspec.Struct, frozen=True):
    """What several manifests declare, value by value, in the order in which they stand."""

    values: tuple[Value, ...] = ()
    files: tuple[str, ...] = ()
    spoiled: frozenset[str] = frozenset()
    """The meanings of fields that are there and could not be read."""
    documents: tuple[Document, ...] = ()
    """The documents of the kinds that are ours."""
    nameless: bool = False
    """Whether there are documents of the product's whose kind is misspelt, so that nobody knows what they declare."""

    def all(self, means: str) -> tuple[Value, ...]:
        """Every value with that meaning."""
        return tuple(value for value in self.values if value.means == means)

    def one(self, means: str) -> Value | None:
        """The first value with that meaning."""
        return next((value for value in self.values if value.means == means), None)

    @property
    def features(self) -> dict[str, Value]:
        """What the manifests switch on, and by which value."""
        found: dict[str, Value] = {}
        for value in self.values:
            if value.means in {"logging", "monitoring"} and value.text.lower() in _ON:
                found.setdefault("cloud-operations", value)
            if value.means == "workload_identity":
                found.setdefault("workload-identity", value)
            if value.means == "oidc_issuer" and issuer_host(value.text):
                found.setdefault("oidc", value)
        return found


def issuer_host(url: str) -> str | None:
    """The host (with its port, unless that is 443) of an OIDC issuer's URL, or None if it has none."""
    try:
        parts = urlsplit(url.strip())
        port = parts.port
    except ValueError:
        return None
    if parts.scheme != "https" or not parts.hostname:
        return None
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return host if port in {None, 443} else f"{host}:{port}"


def read_manifests(paths: Iterable[tuple[Path, str]], remarks: Remarks, *, overridden: frozenset[str] = frozenset()) -> Manifests:
    """What the manifests at those paths (each with the name to call it by) declare. What a flag has `overridden` may hold a placeholder."""
    values: list[Value] = []
    labels: list[str] = []
    spoiled: set[str] = set()
    ours: list[Document] = []
    nameless = False
    for path, label in paths:
        labels.append(label)
        try:
            text = read(path, label).text
        except InputError as error:
            remarks.problems += error.problems
            continue
        before = len(remarks.problems)
        readers = [_Reader(root, path, overridden, remarks) for root in read_yaml(text, label, remarks.problems)]
        misnamed = [lint_kind(reader.root, remarks) for reader in readers if reader.kind not in FIELDS]
        nameless = nameless or any(misnamed)
        readers = [reader for reader in readers if reader.kind in FIELDS]
        for reader in readers:
            values += reader.values()
            spoiled |= reader.spoiled
            ours.append(Document(reader.kind, reader.owner, path, reader.root))
            lint_names(ours[-1], remarks)
        if len(remarks.problems) == before and not readers and not any(misnamed):
            hint = "nothing was read from it; name the installation's own manifests"
            remark(remarks, "input.value", Where(label), f"it holds none of {', '.join(FIELDS)}", hint)
    manifests = Manifests(tuple(values), tuple(labels), frozenset(spoiled), tuple(ours), nameless)
    for means in ("region", "vpc"):
        _agree([value for value in manifests.all(means) if means not in overridden], remarks)
    for value in manifests.all("oidc_issuer"):
        if not issuer_host(value.text):
            remarks.problem("input.value", value.where, f"`{value.field}` is not an https URL with a host")
    return manifests


def _agree(values: Sequence[Value], remarks: Remarks) -> None:
    for value in values[1:]:
        if value.text != values[0].text:
            message = f"`{value.field}` differs from `{values[0].field}` at {values[0].where.source}"
            remarks.problem("input.conflict", value.where, message, "one installation lives in one region and one VPC: make them equal")
            return


class _Reader:
    """Reads one document of a manifest, field by field."""

    def __init__(self, root: Node, file: Path, overridden: frozenset[str], remarks: Remarks) -> None:
        self.root, self.file, self.overridden, self.remarks = root, file, overridden, remarks
        kind = root.get("kind")
        self.kind = kind.text or "" if kind else ""
        name = root.get("metadata", "name")
        self.owner = name.text or "" if name else ""
        self.read: set[Steps] = set()
        self.spoiled: set[str] = set()

    def values(self) -> Iterator[Value]:
        """The fields of the document that are read."""
        for field in FIELDS[self.kind]:
            for path, node in self._find(self.root, field.path, ()):
                self.read.add(path)
                text = self._text(path, node, field.means)
                if text is None:
                    self.spoiled.add(field.means)
                else:
                    yield Value(field.means, text, _ROLES[self.kind], self.owner, dotted(path), node.where, self.file)
        self._lint_placeholders()

    def _find(self, node: Node, path: Steps, done: Steps) -> Iterator[tuple[Steps, Node]]:
        if not path or node.empty:
            yield from [] if node.empty else [(done, node)]
            return
        step, rest = path[0], path[1:]
        if step == "*":
            if node.items is not None:
                for place, item in enumerate(node.items):
                    yield from self._find(item, rest, (*done, place))
            else:
                self._wrong_type(node, done, "a list")
        elif node.entries is not None:
            inner = node.get(str(step))
            if inner:
                yield from self._find(inner, rest, (*done, step))
        else:
            self._wrong_type(node, done, "a mapping")

    def _wrong_type(self, node: Node, path: Steps, wanted: str) -> None:
        if path in self.read:
            return  # several fields lie behind the same wrong value
        self.read.add(path)
        text = (node.text or "").strip()
        if node.scalar is not None and placeholder.whole(text):
            self.remarks.problem("input.placeholder", node.where, f"`{dotted(path)}` is still the placeholder `{text}`", f"write {wanted}")
        else:
            self.remarks.problem("input.wrong-type", node.where, f"`{dotted(path)}` must be {wanted}, not {node.kind}")

    def _text(self, path: Steps, node: Node, means: str) -> str | None:
        if node.items is not None and len(node.items) == 1 and placeholder.in_brackets(node.items[0].text or ""):
            found: str | None = f"[{node.items[0].text}]"
            self.read.add((*path, 0))
        elif node.text is None:
            self.remarks.problem("input.wrong-type", node.where, f"`{dotted(path)}` must be a single value, not {node.kind}", _type_hint(means))
            return None
        else:
            found = None if "://" in node.text and "@" in node.text else placeholder.inside(node.text)
        if found is None:
            return (node.text or "").strip()
        message = f"`{dotted(path)}` is still the placeholder `{found}`"
        if means in self.overridden:
            hint = "a flag stands in for it here; replace it before the installation reads the file"
            remark(self.remarks, "input.placeholder", node.where, message, hint)
        elif means == "proxy":
            return found  # who resolves the path says more about it
        else:
            self.remarks.problem("input.placeholder", node.where, message, "replace it")
        return None

    def _lint_placeholders(self) -> None:
        for path, node in self.root.scalars():
            if path in self.read or node.text is None or FREE.intersection(path):
                continue
            if placeholder.whole(node.text) or (path and path[-1] == 0 and placeholder.in_brackets(node.text)):
                message = f"`{dotted(path)}` is still one of the documentation's placeholders"
                remark(self.remarks, "input.placeholder", node.where, message, "replace it before the installation reads the file")


def _type_hint(means: str) -> str:
    return "give the path of the proxy's JSON file" if means == "proxy" else ""
