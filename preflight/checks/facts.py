"""What all checks of AWS's configuration have in common: they judge facts that are read once a run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import ClassVar, Final

import msgspec

from preflight import codes
from preflight.aws.conclusion import Gap, Statement
from preflight.aws.facts import Absent, Facts, Unread, Vpc
from preflight.aws.nodes import INSTALLER_PORTS, Nodes
from preflight.aws.scope import Part, Scope
from preflight.check import Check, Seen
from preflight.declared import Declared, Role, RoleKind
from preflight.model import Finding, Proxy, Status, Target, Via

READING_SECONDS: Final = 30.0
"""Longer than AWS may take to be read (`real/aws.py`), however short the check's own timeout."""


class FactsCheck(Check[Seen], frozen=True, kw_only=True):
    """A check of what AWS says. Set `parts` to what it needs to know; it waits for the check of the credentials, `aws`, unless `requires` says otherwise."""

    parts: ClassVar[frozenset[Part]]

    def asks(self, declared: Declared) -> Scope:
        """See Check."""
        return Scope(
            region=declared.region or "",
            parts=self.parts,
            vpc=declared.variables.get("vpc", ""),
            subnets=tuple(dict.fromkeys(each.text for role in declared.roles for each in role.subnets)),
            groups=tuple(dict.fromkeys(each.text for role in declared.roles for each in role.groups)),
            proxies=tuple(dict.fromkeys(host for host, _ in proxies(declared))),
        )

    def through(self, declared: Declared) -> Iterable[Proxy]:
        """The proxy of AWS's own API in that region, if it is reached by one."""
        route = declared.route(Target.parse(f"https://ec2.{declared.region or 'us-east-1'}.amazonaws.com"))
        return (route.proxy,) if isinstance(route, Via) else ()

    def budget(self) -> float:
        """Whoever asks first waits for the reading, which has its own bound."""
        return max(super().budget(), READING_SECONDS)

    def blockers(self, declared: Declared) -> Iterable[str]:
        """See Check."""
        del declared
        return self.requires or ("aws",)


def nodes(role: Role) -> Nodes:
    """The role as AWS's side of a judgement needs to know it. The product's page on security groups promises nothing for a node pool."""
    groups, subnets = (tuple(dict.fromkeys(each.text for each in found)) for found in (role.groups, role.subnets))
    return Nodes(role.title, groups, subnets, () if role.kind is RoleKind.NODE_POOL else INSTALLER_PORTS)


def sources(roles: Iterable[Role]) -> Mapping[str, str]:
    """Where each subnet and group of these roles is declared, by its id."""
    found: dict[str, dict[str, None]] = {}
    for role in roles:
        for each in (*role.subnets, *role.groups):
            found.setdefault(each.text, {})[each.source] = None
    return {name: ", ".join(places) for name, places in found.items()}


def proxies(declared: Declared) -> tuple[tuple[str, int], ...]:
    """The declared proxies as host and port, each once."""
    return tuple(dict.fromkeys((each.host, each.port) for each in (declared.proxies.http, declared.proxies.https) if each))


def worded(statement: Statement) -> Finding:
    """The finding that says it. Its hint names the commands, and they are its evidence."""
    if isinstance(statement, Gap):
        return unread(statement.part, statement.what)
    command = " && ".join(map(str, statement.commands))
    fields = {**statement.fields, **({"command": command} if command else {})}
    hint = statement.hint or codes.find(statement.code).do.format_map(codes.Fields(fields))
    run = f"Run: `{command}`." if command and command not in hint else ""
    evidence = {**statement.evidence, **({"command": command} if command else {}), **({"then": statement.then} if statement.then else {})}
    hint = " ".join(filter(None, (hint, run, statement.then)))
    return codes.finding(statement.code, fields=fields, message=statement.message or None, hint=hint, evidence=evidence)


def unread(part: Unread, what: str) -> Finding:
    """The finding for something that could not be read: its own code, with the IAM action named. `what` it is, in words."""
    fields = {"action": part.action, "reason": part.reason, "what": what}
    finding = codes.finding(part.code, fields=fields, evidence={"unread": part.code, "action": part.action, "reason": part.reason})
    if part.code == "internal.deadline":
        hint = "Run again, when this host is less busy: what came from the disk once comes faster. Without AWS: --no-aws."
        return msgspec.structs.replace(finding, message=f"nothing is known about {what}: {part.reason}", hint=hint)
    return _unresolved(finding, part, what) if part.code.startswith("dns.") else finding


def _unresolved(finding: Finding, part: Unread, what: str) -> Finding:
    """Where this host found no address of the proxy nothing is known of the nodes, so the resolver's own code is an error here."""
    message = f"{what} are not known here, so nothing can be told of the way there: {part.reason}"
    hint = "Run this where the proxy's name resolves, or write the proxy's address into the proxy file."
    return msgspec.structs.replace(finding, status=Status.ERROR, message=message, hint=hint)


def without_vpc(facts: Facts, declared: Declared, needed: str = "") -> Finding | None:
    """Why nothing can be said about the VPC's parts; None where the VPC is there and was read. `needed` is what a VPC still to be made will have to have."""
    if isinstance(facts.vpc, Vpc):
        return None
    if isinstance(facts.vpc, Unread):
        return unread(facts.vpc, "the VPC")
    if isinstance(facts.vpc, Absent):
        what = f"VPC {facts.scope.vpc}" if facts.scope.vpc else "subnet or group that the manifests name"
        return codes.finding("aws.not-found", fields={"what": what, "reason": facts.vpc.reason, "region": facts.scope.region})
    if declared.dedicated:
        why = f"the installation will make its own VPC ({declared.dedicated.text}, {declared.dedicated.source}), which does not exist yet"
        why += f"; it will have to have {needed}" if needed else ""
        return codes.finding("internal.not-applicable", fields={"why": why})
    return codes.finding("aws.no-vpc", fields={})
