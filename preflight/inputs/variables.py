"""What `${name}` in a profile stands for, and who said so."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

import msgspec

from preflight.inputs.documents import remark
from preflight.inputs.manifests import Manifests, Value, issuer_host
from preflight.inputs.options import Options
from preflight.inputs.problem import Remarks, Where, did_you_mean
from preflight.inputs.profile import Profile
from preflight.inputs.tree import Node, Plain

REGION: Final = re.compile(r"[a-z]{2}(?:-[a-z]+)+-\d")
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_USE: Final = re.compile(r"\$(\$)?\{([^{}\s]*\}?)")
_FROM_MANIFESTS: Final = ("region", "vpc", "vpc_cidr", "pod_cidr", "service_cidr", "kms_key")
_HOW: Final = {
    "region": "give --region, or a manifest with spec.region",
    "vpc": "give --vpc, or a manifest with spec.networking.vpcID",
    "vpc_cidr": "give --set vpc_cidr=10.0.0.0/16, or a manifest with spec.dedicatedVPC.vpcCIDRBlock",
    "oidc_host": "give --set oidc_host=HOST, or a manifest with an issuerURI",
}

_EVERYWHERE: Final = ("region", "vpc")
"""What a manifest of a kind with such a field has to say; other fields may be left out."""


class Variable(msgspec.Struct, frozen=True):
    """A variable's value and where it came from."""

    value: str
    source: str


def variables(options: Options, profile: Profile | None, manifests: Manifests, remarks: Remarks) -> dict[str, Variable]:
    """The variables that hold: flags before the user's own profile, that before the manifests, those before the packaged profile."""
    written = {name: Variable(value, where.source) for name, (value, where) in (profile.variables if profile else {}).items()}
    own = written if profile and not profile.packaged else {}
    flags = _flags(options, remarks)
    known = {"region", "vpc", *_FROM_MANIFESTS, *written, *(profile.uses if profile else ())}
    for name in flags.keys() - known if profile else ():
        remarks.problem("input.variable", Where("--set"), f"nothing in the profile uses a variable {name!r}", did_you_mean(name, known))
    found = {**written, **_declared(manifests, remarks), **own, **flags}
    region = found.get("region")
    if region and not REGION.fullmatch(region.value):
        remarks.problem("input.value", Where(region.source), "this is not the name of an AWS region", "write it like us-west-1")
    return found


def _declared(manifests: Manifests, remarks: Remarks) -> dict[str, Variable]:
    found = {name: Variable(value.text, value.where.source) for name in _FROM_MANIFESTS if (value := manifests.one(name))}
    issuers: dict[str, Value] = {}
    for value in manifests.all("oidc_issuer"):
        host = issuer_host(value.text)
        if host:
            issuers.setdefault(host, value)
    for host, value in list(issuers.items())[:1]:
        found["oidc_host"] = Variable(host, value.where.source)
    for value in list(issuers.values())[1:]:
        hint = "add a check for it to your checks.yaml"
        remark(remarks, "input.value", value.where, "this issuer differs from the first, and only the first one's host is checked", hint)
    return found


def _flags(options: Options, remarks: Remarks) -> dict[str, Variable]:
    found = {name: Variable(value, f"--{name}") for name, value in (("region", options.region), ("vpc", options.vpc)) if value}
    for text in options.set:
        name, equals, value = text.partition("=")
        if not equals or not _NAME.fullmatch(name):
            remarks.problem("input.value", Where("--set"), "what follows must be NAME=VALUE, the name of letters, digits and _", "e.g. --set ubuntu=jammy")
        elif name in found and found[name].value != value:
            message = f"`{name}` is given twice, with different values (also by {found[name].source})"
            remarks.problem("input.conflict", Where("--set"), message, "give it once")
        else:
            found[name] = Variable(value, f"--set {name}")
    return found


class Substitution(msgspec.Struct):
    """Puts the variables' values into the strings of a profile, and remembers which variables were missing."""

    values: Mapping[str, Variable]
    missing: dict[str, list[Where]] = msgspec.field(default_factory=dict)

    @property
    def misses(self) -> int:
        """How often a variable was missing so far."""
        return sum(map(len, self.missing.values()))

    def plain(self, node: Node) -> Plain:
        """The node as plain data, every `${name}` in a string replaced."""
        if node.entries is not None:
            return {key: self.plain(entry.value) for key, entry in node.entries.items()}
        if node.items is not None:
            return [self.plain(item) for item in node.items]
        return self.text(node.scalar, node.where) if isinstance(node.scalar, str) else node.scalar

    def text(self, text: str, where: Where) -> str:
        """`text` with every `${name}` replaced; one that is missing stays as it is."""

        def missed(name: str) -> None:
            self.missing.setdefault(name, []).append(where)

        return replaced(text, self.values, missed)

    def complain(self, manifests: Manifests, remarks: Remarks) -> None:
        """Turn each missing variable into one problem that says where it is needed first and how to set it, unless the manifests' own problem does."""
        for name, places in self.missing.items():
            if name in manifests.spoiled:
                continue
            more = f" (and elsewhere; {len(places)} times in all)" if len(places) > 1 else ""
            if not _NAME.fullmatch(name):
                hint = "write ${name}, or $${ for the characters themselves"
                remarks.problem("input.variable", places[0], f"`${{` here does not begin a variable{more}", hint)
                continue
            manifest = _lacking(name, manifests)
            if manifest:
                remarks.problem("input.variable", manifest, f"nothing here sets `{name}`, which is needed at {places[0].source}{more}", _HOW[name])
                continue
            hint = _HOW.get(name, f"give --set {name}=VALUE, or put it under `variables` in the profile")
            remarks.problem("input.variable", places[0], f"the variable `${{{name}}}` is needed here and nothing sets it{more}", hint)


def _lacking(name: str, manifests: Manifests) -> Where | None:
    """Where the user's manifest should have set this variable, if every installation's does."""
    if name not in _EVERYWHERE:
        return None
    lacks = (document for document in manifests.documents if document.field(name))
    return next((document.root.nearest(("spec",)) for document in lacks), None)


def replaced(text: str, values: Mapping[str, Variable], missed: Callable[[str], None] = lambda _: None) -> str:
    """`text` with `${name}` replaced by its value and `$${` by `${`. A name without a value is told to `missed` and left."""

    def one(match: re.Match[str]) -> str:
        if match[1]:
            return match.group()[1:]
        name = match[2].removesuffix("}")
        if not match[2].endswith("}") or name not in values:
            missed(name if match[2].endswith("}") else "")
            return match.group()
        return values[name].value

    return _USE.sub(one, text)
