"""Names in the manifests that the product does not read: kinds and fields written in another case, misspelt, or in a place where they mean nothing.

What is far from every known name is left alone: later releases have fields that are not known here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from preflight.inputs.documents import Document, quoted, remark
from preflight.inputs.manifests.fields import FIELDS, FREE, GROUP, NAMES, SCHEMA, SINGULAR, homes
from preflight.inputs.problem import Remarks, Where
from preflight.inputs.tree import Node

_NEAR: Final = 0.8
"""difflib's ratio from which one name is taken for another: `securityGroups` for `securityGroupIDs` has 0.93, `subnet` for `subnetID` 0.86 (measured)."""
_NEAR_AT_TOP: Final = 0.7
"""The same among the four or five keys that Kubernetes has there: `sepc` for `spec` has 0.75."""

_BY_CASE: Final = {name.lower(): name for name in NAMES}
_PLACES: Final = frozenset().union(*SCHEMA.values())


def lint_names(document: Document, remarks: Remarks) -> None:
    """Remark every name of the document that is not read where it stands, though it nearly is."""
    places = SCHEMA[document.kind]
    for place, key, where in _keys(document.root, ()):
        meant, here = _BY_CASE.get(key.lower()), places.get(place)
        if meant and key not in NAMES:
            hint = f"write `{meant}`: names are case-sensitive, and this one is not read"
            remark(remarks, "input.unknown-field", where, f"`{key}` is written in another case than `{meant}`", hint)
        elif key in SINGULAR and place in _PLACES and key not in (here or ()):  # in no place of this kind, perhaps: a node pool has no `controlPlane`
            _misplaced(document, ".".join((*place, key)), key, where, remarks)
        elif here and key not in NAMES:
            _misspelt(key, here, where, remarks, _NEAR if place else _NEAR_AT_TOP)


def lint_kind(root: Node, remarks: Remarks) -> bool:
    """Remark a document of the product's own API group whose kind is none of its, and of no group whose kind nearly is one. Whether it did."""
    from difflib import get_close_matches  # noqa: PLC0415 - 5 ms, for a kind that is not known only

    version, named = root.get("apiVersion"), root.get("kind")
    group = (version.text or "" if version else "").strip().rpartition("/")[0]
    kind = (named.text or "" if named else "").strip()
    known = {each.lower(): each for each in FIELDS}
    near = get_close_matches(kind.lower(), sorted(known), n=1, cutoff=_NEAR)
    if group != GROUP and (group or not near):
        return False
    shown = quoted(kind)
    message = f"{shown}: no such kind in {GROUP}" if shown else f"this document of {GROUP} names no kind"
    hint = f"did you mean `{known[near[0]]}`?" if near else f"there are: {', '.join(FIELDS)}."
    remark(remarks, "input.unknown-kind", named.where if named else root.where, message, f"{hint} Nothing of this document is read")
    return True


def _keys(node: Node, place: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str, Where]]:
    for key, entry in (node.entries or {}).items():
        yield place, key, entry.where
        if key not in FREE:
            yield from _keys(entry.value, (*place, key))
    for item in node.items or ():
        yield from _keys(item, place)


def _misplaced(document: Document, path: str, name: str, where: Where, remarks: Remarks) -> None:
    message = f"`{path}` is not read there: {document} has no such field"
    right = homes(document.kind, name)
    if right:
        remark(remarks, "input.misplaced", where, message, f"move it to `{right[0]}`")
        return
    elsewhere = [f"`{home}` of {kind}" for kind in SCHEMA for home in homes(kind, name)]
    instead = {"proxy": "proxySecretName", "proxySecretName": "proxy", "subnetID": "subnetIDs", "subnetIDs": "subnetID"}.get(name, "")
    meant = "".join(f"; here the field is `{home}`" for home in homes(document.kind, instead))
    remark(remarks, "input.misplaced", where, message, f"remove it: it is {' and '.join(elsewhere)}{meant}")


def _misspelt(key: str, here: frozenset[str], where: Where, remarks: Remarks, cutoff: float) -> None:
    from difflib import get_close_matches  # noqa: PLC0415 - 5 ms, for a name that is not known only

    known = {name.lower(): name for name in here}
    near = get_close_matches(key.lower(), sorted(known), n=1, cutoff=cutoff)
    if near:
        meant = known[near[0]]
        remark(remarks, "input.unknown-field", where, f"`{key}`: no such field here", f"did you mean `{meant}`? Nothing reads the other")
