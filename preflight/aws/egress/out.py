"""Whether security groups let one kind of machine out to the proxies, and whether the proxy's own group lets it in.

Every address of a proxy's name and every port must be covered: the nodes may try any of them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Final

import msgspec

from preflight.aws import lost
from preflight.aws.carriers import INTERFACES_ACTION, Candidates, Carrier, End, Link, Nobody, met
from preflight.aws.conclusion import Conclusion, Gap, Statement, few, listed
from preflight.aws.egress import openings
from preflight.aws.egress.doubts import Doubt, Way, about, evidence, unknown, usable, ways
from preflight.aws.egress.ingress import admission
from preflight.aws.egress.unmet import families, nobody
from preflight.aws.facts import Facts, Group, Unread
from preflight.aws.groups import Permission, permits
from preflight.aws.nodes import Nodes
from preflight.aws.proxies import destinations
from preflight.aws.remedy import Command

_NOWHERE: Final[Mapping[str, str]] = {}
_BY_ADDRESS: Final = "Add an egress rule for the proxy's address to a group of {what}: what is met there is none that the rule's group can be attached to."
_ASSOCIATIONS: Final = "ec2:DescribeSecurityGroupVpcAssociations"


class _Judged(msgspec.Struct, frozen=True):
    """One way to a proxy, who carries its end, and what the declared groups say about it."""

    way: Way
    end: End
    out: Permission
    doubts: tuple[Doubt, ...] = ()
    promises: tuple[int, ...] = ()

    @property
    def shut(self) -> bool:
        """Whether it is certain that no declared group lets it out."""
        return not self.out.allowed and not self.doubts

    @property
    def promised(self) -> bool:
        """Whether only the installer's documentation says that it is let out."""
        return self.shut and self.way.port in self.promises and self.way.version == 4  # noqa: PLR2004 - IPv4


def way_out(
    facts: Facts, nodes: Nodes, proxies: Iterable[tuple[str, int]], *, field: str = "", declared: Mapping[str, str] = _NOWHERE
) -> tuple[Statement, ...]:
    """What follows for these machines and the proxies, pairs of host and port: one `ok`, or everything that is wrong or not known.

    `field` is the manifest's field that takes the machines' groups, `declared` the ids that are declared for all kinds of
    machines, and where. The VPC must have been read.
    """
    if isinstance(facts.groups, Unread):
        return (Gap(facts.groups, f"the security groups of {nodes.name}"),)
    astray = lost.subnets(facts, (nodes,), declared)
    if absent := lost.groups(facts, (nodes,), declared):
        return (*absent, *astray)
    nodes = _without(nodes, astray)
    known = {group.id: group for group in facts.groups}
    reached, gaps = destinations(facts, proxies)
    found = ways(reached)
    strays = tuple(_strays(facts, nodes, found))
    if strays:
        return strays
    groups = tuple(known[name] for name in dict.fromkeys(nodes.groups))
    judged = tuple(_judge(facts, nodes, groups, way) for way in usable(facts, nodes, found))
    quiet = {each.way for each in judged if not (each.out.allowed or each.promised)}
    inner = admission(facts, nodes, ((each.way, each.end) for each in judged), declared=declared, quiet=quiet)
    told: tuple[Statement, ...] = (
        *gaps,
        *_foreign(facts, nodes, groups, found),
        *_doubtful(facts, nodes, groups, judged),
        *_shut(facts, nodes, groups, judged, field),
        *inner.conclusions,
        *families(facts, nodes, found),
        *nobody(facts, nodes, [(each.way, each.end) for each in judged]),
        *astray,
    )
    if told or not judged:
        return told
    return (_open(nodes, {each.way: (each.out.by, inner.notes[each.way]) for each in judged}),)


def _without(nodes: Nodes, astray: Iterable[Conclusion]) -> Nodes:
    """The machines in those of their subnets that there are; in all, where none is left: none would mean that they may stand anywhere."""
    gone = {each.evidence["absent"] for each in astray}
    return msgspec.structs.replace(nodes, subnets=tuple(name for name in nodes.subnets if name not in gone) or nodes.subnets)


def _judge(facts: Facts, nodes: Nodes, groups: Iterable[Group], way: Way) -> _Judged:
    end = met(facts, way.address)
    carried = end.interface.groups if isinstance(end, Carrier) and end.referable else ()
    rules = [(group.id, rule) for group in groups for rule in group.egress]
    out = permits(rules, way.address, way.port, peer_groups=carried, prefix_lists=facts.prefix_lists)
    return _Judged(way, end, out, () if out.allowed else (*_unresolved(out), *_unplaced(facts, way, end, out)), nodes.promised)


def _open(nodes: Nodes, by: dict[Way, tuple[str, str]]) -> Conclusion:
    clauses = [f"{way}: {out}; {inner}" for way, (out, inner) in by.items()]
    return Conclusion("ok", message=f"{nodes.name} gets out to {'. '.join(clauses)}", evidence=evidence(nodes, by) | {"by": clauses})


def _unresolved(out: Permission) -> Iterator[Doubt]:
    if out.doubts:
        yield Doubt(out.unknown[0] if out.unknown else Unread("ec2:DescribeSecurityGroups", "", ""), few(out.doubts))


def _unplaced(facts: Facts, way: Way, end: End, out: Permission) -> Iterator[Doubt]:
    """Why a reference that is not seen to fit might."""
    named = listed(each.to for each in out.references)
    if not named:
        return
    if isinstance(end, Unread):
        yield Doubt(end, f"a rule allows the group {named}, and which interface carries {way.address} could not be read")
    elif isinstance(end, Candidates) and (one := _perhaps(end, out)):
        if one.link is Link.UNREAD and isinstance(facts.peerings, Unread):
            yield Doubt(facts.peerings, f"a rule allows the group {named}, and whether a peering leads to its {one.interface.vpc} could not be read")
        else:
            yield Doubt(Unread(INTERFACES_ACTION, "", ""), f"a rule allows the group {named}, and {end.unknown}")
    elif _hidden(end) and (facts.shared or any(each.peering.lower() == "active" for each in out.references)):
        why = f"a rule allows the group {named}, and {way.address} may belong to an interface of another account, which is not shown to us"
        yield Doubt(Unread(INTERFACES_ACTION, "", ""), why)


def _hidden(end: End) -> bool:
    """Whether an interface that is not shown to us may be the one that is met."""
    return isinstance(end, Candidates) or (isinstance(end, Nobody) and not (end.public or end.missing))


def _perhaps(end: Candidates, out: Permission) -> Carrier | None:
    """One that would fit a rule, if it were the one that is met. A group is never referred to outbound without a peering."""
    wanted = {each.to for each in out.references}
    return next((each for each in end.carriers if each.link is not Link.APART and wanted & set(each.interface.groups)), None)


def _doubtful(facts: Facts, nodes: Nodes, groups: tuple[Group, ...], judged: Iterable[_Judged]) -> Iterator[Conclusion]:
    ends = {each.way: each.end for each in judged}
    doubts = [(each.way, doubt) for each in judged for doubt in each.doubts]
    yield from unknown(facts, nodes, doubts, lambda found: openings.egress(facts, groups[0].id, [(way, ends[way]) for way in found]))


def _shut(facts: Facts, nodes: Nodes, groups: tuple[Group, ...], judged: Collection[_Judged], field: str) -> Iterator[Conclusion]:
    """One conclusion for each code, about all the ways that it holds for."""
    partly = any(each.out.allowed for each in judged)
    told: dict[str, list[_Judged]] = {}
    for each in judged:
        if each.shut:
            told.setdefault(_code(each, groups, partly=partly), []).append(each)
    for code, those in told.items():
        then = hint = ""
        found = [each.way for each in those]
        fields = about(facts, nodes, found) | {"group": listed(group.id for group in groups)}
        if groups:
            fields["why"] = few(f"needs tcp {each.way.port} to {each.way.address}, and {_near(each, groups)}" for each in those)
            command = openings.egress(facts, groups[0].id, [(each.way, each.end) for each in those])
            hint = _BY_ADDRESS.format(what=nodes.name) if code == "egress.reference" and not all(_attachable(each.end) for each in those) else ""
        else:
            fields["why"] = f"no group is declared{f' in {field}' if field else ''}"
            then = f"Declare the group that this makes{f' in {field}' if field else ''}: AWS lets a new group out to everywhere."
            command = openings.new_group(facts)
        yield Conclusion(code, fields, (command,), hint=hint, then=then, evidence=evidence(nodes, found))


def _attachable(end: End) -> bool:
    """Whether the group that a rule names can be attached to what the machines meet: to an instance's interface, not to one that AWS keeps."""
    return isinstance(end, Carrier) and end.interface.type == "interface"


def _code(judged: _Judged, groups: Iterable[Group], *, partly: bool) -> str:
    if judged.promised:
        return "egress.installer"
    if partly:
        return "egress.partial"
    if not any(group.egress for group in groups):
        return "egress.none"
    if judged.out.references:
        return "egress.reference"
    return "egress.family" if judged.out.other_family and not judged.out.other_addresses else "egress.blocked"


def _near(judged: _Judged, groups: Collection[Group]) -> str:
    """How near the rules come, nearest first."""
    if not any(group.egress for group in groups):
        return f"{listed(group.id for group in groups)} {'has' if len(groups) == 1 else 'have'} no egress rule"
    out = judged.out
    stale = [each for each in out.references if each.peering and each.peering.lower() != "active"]
    clauses = [f"{each.group} allows the group {each.to} over a peering that is {each.peering}" for each in stale]
    clauses += [f"{each.group} allows the group {each.to}, while {_carried(judged)}" for each in out.references if each not in stale]
    return few((*clauses, *out.other_addresses, *out.other_family, *out.other_ports)) or "no egress rule has this port or this address"


def _carried(judged: _Judged) -> str:
    """What is known of the groups at the way's end."""
    if isinstance(judged.end, Nobody):
        return judged.end.why
    if isinstance(judged.end, Candidates):
        reason = "to which no active peering leads" if all(each.link is Link.APART for each in judged.end.carriers) else "none of which carries it"
        return f"{judged.end.names} has {judged.way.address}, {reason}"
    if isinstance(judged.end, Unread):
        return f"who carries {judged.way.address} could not be read"
    interface = judged.end.interface
    return f"{interface.id} at {judged.way.address} carries {listed(interface.groups) or 'no group'}"


def _strays(facts: Facts, nodes: Nodes, found: Collection[Way]) -> Iterator[Conclusion]:
    """Subnets of another VPC than the one that was read: nothing that is judged here would hold for the machines in them."""
    known = () if isinstance(facts.subnets, Unread) else facts.subnets
    for subnet in known:
        if subnet.id in nodes.subnets and subnet.vpc != facts.vpc_id:
            why = f"{subnet.id} is a subnet of {subnet.vpc}, and this run looked at {facts.vpc_id}"
            command = Command("ec2", "DescribeSubnets", {"SubnetIds": [subnet.id]}, facts.scope.region)
            hint = f"Run again with --vpc {subnet.vpc}, or declare subnets of {facts.vpc_id}."
            fields = about(facts, nodes, found) | {"why": why}
            yield Conclusion("egress.unknown", fields, (command,), hint=hint, evidence=evidence(nodes, found))


def _foreign(facts: Facts, nodes: Nodes, groups: Iterable[Group], found: Iterable[Way]) -> Iterator[Conclusion]:
    """Groups of another VPC: AWS attaches one only where it is associated with the machines' VPC as well, which the group itself does not tell."""
    for group in groups:
        if group.vpc != facts.vpc_id:
            why = f"{group.id} belongs to {group.vpc}, and AWS refuses to attach it in {facts.vpc_id} unless it is associated with that VPC as well"
            command = Command("ec2", "AssociateSecurityGroupVpc", {"GroupId": group.id, "VpcId": facts.vpc_id}, facts.scope.region)
            hint = f"Declare a group of {facts.vpc_id} instead, or associate {group.id} with it."
            fields = about(facts, nodes, found) | {"group": group.id, "why": why, "action": _ASSOCIATIONS}
            yield Conclusion("egress.unknown", fields, (command,), hint=hint, evidence=evidence(nodes, found) | {"action": _ASSOCIATIONS})
