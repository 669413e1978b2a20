"""What a profile (checks.yaml) says: groups that are switched together, variables, and checks, which stay data until they are selected.

    profile: gke-on-aws-previous-generation
    variables: {ubuntu: jammy}                      # what ${ubuntu} stands for, unless a flag says otherwise
    defaults: {attempts: 2, timeout: 10s}           # for every check that does not say it itself
    limits: {deadline: 60s, concurrency: 16}        # of the whole run
    groups:
      required: {about: "…"}
      service-mesh: {enabled: false, about: "…"}    # off unless --enable service-mesh
      recommended: {required: false}                # its checks warn at most
      cloud-operations: {feature: cloud-operations}   # `enabled: auto`, that is: on when the manifests switch that feature on
    checks:
      - {kind: https, name: gcr.io, group: required, target: gcr.io, path: /v2/, proof: registry}

A check's keys are the fields of its kind. `${name}` in any string is a variable, `$${` stands for `${`. A check without a group is in `core`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, Literal

import msgspec

from preflight.inputs.files import TextFile, decoded
from preflight.inputs.problem import Remarks, Where, did_you_mean
from preflight.inputs.tree import Node
from preflight.inputs.yaml_text import read_yaml

CORE: Final = "core"
USUAL: Final = "checks.yaml"
"""The profile's file name, here and in the package."""

TOP: Final = ("profile", "variables", "defaults", "limits", "groups", "checks")
DEFAULTS: Final = ("attempts", "timeout")
LIMITS: Final = ("deadline", "concurrency")
FEATURES: Final = ("cloud-operations", "oidc", "workload-identity")
"""What manifests can switch on."""
GROUP: Final = ("about", "enabled", "required", "feature")


class Group(msgspec.Struct, frozen=True):
    """Checks that are switched on together."""

    name: str
    where: Where
    about: str = ""
    enabled: bool | Literal["auto"] = True
    required: bool = True
    feature: str | None = None


class Item(msgspec.Struct, frozen=True):
    """One check as it is written: not yet read further than its kind, name and group."""

    kind: str
    name: str
    group: str
    node: Node


class Profile(msgspec.Struct, frozen=True):
    """A whole profile."""

    name: str
    label: str
    packaged: bool = False
    variables: Mapping[str, tuple[str, Where]] = msgspec.field(default_factory=dict)
    defaults: Mapping[str, Node] = msgspec.field(default_factory=dict)
    limits: Mapping[str, Node] = msgspec.field(default_factory=dict)
    groups: Mapping[str, Group] = msgspec.field(default_factory=dict)
    items: tuple[Item, ...] = ()
    uses: frozenset[str] = frozenset()
    """The names of all variables that stand in it."""


def default_profile() -> TextFile:
    """The profile that ships with the program: inside the wheel, or the repository's own where it runs from there."""
    package = Path(__file__).resolve().parents[1]
    inside, beside = package / USUAL, package.parent / USUAL
    label = f"{USUAL} (packaged)"
    return TextFile(label, decoded((inside if inside.is_file() else beside).read_bytes(), label), 0o644)


def parse_profile(file: TextFile, remarks: Remarks, *, packaged: bool = False) -> Profile | None:
    """The profile in that text, or None if it is none; problems go into `remarks`."""
    before = len(remarks.problems)
    documents = read_yaml(file.text, file.label, remarks.problems)
    if not documents:
        if len(remarks.problems) == before:
            remarks.problem("input.missing-field", Where(file.label, 1), "the profile is empty", "run `preflight init` for one to start from")
        return None
    root = documents[0]
    if len(documents) > 1:
        remarks.problem("input.wrong-type", documents[1].where, "a profile is one YAML document, and here a second one begins", "join them")
    if root.entries is None:
        remarks.problem("input.wrong-type", root.where, f"a profile is a mapping, not {root.kind}", "run `preflight init` for one to start from")
        return None
    _refuse_unknown(root, TOP, "a profile", remarks)
    groups = _groups(root.get("groups"), remarks)
    return Profile(
        name=_text(root.get("profile"), "profile", remarks) or Path(file.label).stem,
        label=file.label,
        packaged=packaged,
        variables=dict(_variables(root.get("variables"), remarks)),
        defaults=_section(root.get("defaults"), "defaults", DEFAULTS, remarks),
        limits=_section(root.get("limits"), "limits", LIMITS, remarks),
        groups=groups,
        items=tuple(_items(root, groups, remarks)),
        uses=frozenset(re.findall(r"\$\{(\w+)\}", file.text)),
    )


def _refuse_unknown(node: Node, known: tuple[str, ...], what: str, remarks: Remarks) -> None:
    for key, entry in (node.entries or {}).items():
        if key not in known:
            remarks.problem("input.unknown-field", entry.where, f"{what} has no field of this name", did_you_mean(key, known))


def _mapping(node: Node | None, name: str, remarks: Remarks) -> Iterator[tuple[str, Where, Node]]:
    if node is None or node.empty:
        return
    if node.entries is None:
        remarks.problem("input.wrong-type", node.where, f"`{name}` must be a mapping, not {node.kind}")
        return
    for key, entry in node.entries.items():
        yield key, entry.where, entry.value


def _section(node: Node | None, name: str, known: tuple[str, ...], remarks: Remarks) -> dict[str, Node]:
    if node is not None:
        _refuse_unknown(node, known, f"`{name}`", remarks)
    return {key: value for key, _, value in _mapping(node, name, remarks) if key in known}


def _text(node: Node | None, name: str, remarks: Remarks) -> str | None:
    if node is None:
        return None
    if not isinstance(node.scalar, str) or not node.scalar:
        remarks.problem("input.wrong-type", node.where, f"`{name}` must be a string, not {node.kind}", "put it into quotes" if node.text else "")
        return None
    return node.scalar


def _variables(node: Node | None, remarks: Remarks) -> Iterator[tuple[str, tuple[str, Where]]]:
    for name, where, value in _mapping(node, "variables", remarks):
        if value.text is None:
            remarks.problem("input.wrong-type", value.where, f"the variable must be a single value, not {value.kind}")
        elif not (name.isascii() and name.isidentifier()):
            remarks.problem("input.value", where, "a variable's name is of letters, digits and _")
        else:
            yield name, (value.text, value.where)


def _groups(node: Node | None, remarks: Remarks) -> dict[str, Group]:
    groups = {name: _group(name, where, value, remarks) for name, where, value in _mapping(node, "groups", remarks)}
    groups.setdefault(CORE, Group(CORE, Where("default")))
    return groups


def _group(name: str, where: Where, node: Node, remarks: Remarks) -> Group:
    _refuse_unknown(node, GROUP, "a group", remarks)
    fields = {key: value for key, _, value in _mapping(node, f"groups.{name}", remarks)}
    enabled = fields["enabled"].scalar if "enabled" in fields else "auto" if "feature" in fields else True
    if not (isinstance(enabled, bool) or enabled == "auto"):
        remarks.problem("input.wrong-type", fields["enabled"].where, "`enabled` must be true, false or auto")
        enabled = True
    required = fields["required"].scalar if "required" in fields else True
    if not isinstance(required, bool):
        remarks.problem("input.wrong-type", fields["required"].where, "`required` must be true or false")
        required = True
    about = _text(fields.get("about"), "about", remarks) or ""
    feature = _text(fields.get("feature"), "feature", remarks)
    if enabled == "auto" and "feature" not in fields:
        remarks.problem("input.missing-field", where, "`enabled: auto` needs a `feature`", "name the feature of the manifests that switches the group on")
    if feature and feature not in FEATURES:
        remarks.problem("input.value", fields["feature"].where, "no manifest can switch such a feature on", did_you_mean(feature, FEATURES))
    return Group(name, where, about, "auto" if enabled == "auto" else bool(enabled), required, feature)


def _items(root: Node, groups: Mapping[str, Group], remarks: Remarks) -> Iterator[Item]:
    checks = root.get("checks")
    if checks is None or checks.items is None:
        where, what = (checks.where, f"not {checks.kind}") if checks else (root.where, "and is missing")
        remarks.problem("input.wrong-type" if checks else "input.missing-field", where, f"`checks` must be a list, {what}")
        return
    for node in checks.items:
        if node.entries is None:
            remarks.problem("input.wrong-type", node.where, f"a check is a mapping, not {node.kind}")
            continue
        missing = [key for key in ("kind", "name") if key not in node.entries]
        for key in missing:
            remarks.problem("input.missing-field", node.where, f"this check has no `{key}`")
        kind, name = (_text(node.get(key), key, remarks) for key in ("kind", "name"))
        group = (_text(node.get("group"), "group", remarks) or "") if "group" in node.entries else CORE
        if group and group not in groups:
            remarks.problem("input.value", node.nearest(("group",)), "this group is not among the profile's `groups`", did_you_mean(group, groups))
        elif kind and name and group:
            yield Item(kind, name, group, node)
