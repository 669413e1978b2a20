"""Whether security groups let one kind of machine out to the proxies, and whether the proxy's own group lets it in.

Every address of a proxy's name and every port must be covered: the nodes may try any of them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Final

import msgspec

from preflight.aws import lost
from preflight.aws.conclusion import Conclusion, Gap, Statement, few, listed
from preflight.aws.egress import openings
from preflight.aws.egress.carriers import INTERFACES_ACTION, Carrier, Link, carrier
from preflight.aws.egress.doubts import Doubt, Way, about, evidence, unknown, usable, ways
from preflight.aws.egress.ingress import admission
from preflight.aws.egress.openings import End
from preflight.aws.facts import Facts, Group, Unread
from preflight.aws.groups import Permission, permits
from preflight.aws.nodes import Nodes
from preflight.aws.proxies import destinations
from preflight.aws.remedy import Command

INSTALLER_PORTS: Final = frozenset({80, 443})
"""What the group that the installer makes lets out to 0.0.0.0/0, by the product's page on security groups."""
_NOWHERE: Final[Mapping[str, str]] = {}
_ASSOCIATIONS: Final = "ec2:DescribeSecurityGroupVpcAssociations"


class _Judged(msgspec.Struct, frozen=True):
    """One way to a proxy, who carries its end, and what the declared groups say about it."""

    way: Way
    end: End
    out: Permission
    doubts: tuple[Doubt, ...] = ()

    @property
    def shut(self) -> bool:
        """Whether it is certain that no declared group lets it out."""
        return not self.out.allowed and not self.doubts

    @property
    def promised(self) -> bool:
        """Whether only the installer's documentation says that it is let out."""
        return self.shut and self.way.port in INSTALLER_PORTS and self.way.version == 4  # noqa: PLR2004 - IPv4


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
    judged = tuple(_judge(facts, groups, way) for way in usable(facts, nodes, found))
    quiet = {each.way for each in judged if not (each.out.allowed or each.promised)}
    inner = admission(facts, nodes, ((each.way, each.end) for each in judged), declared=declared, quiet=quiet)
    told: tuple[Statement, ...] = (
        *gaps,
        *_foreign(facts, nodes, groups, found),
        *_doubtful(facts, nodes, groups, judged),
        *_shut(facts, nodes, groups, judged, field),
        *inner.conclusions,
        *astray,
    )
    if told or not judged:
        return told
    return (_open(nodes, {each.way: (each.out.by, inner.notes[each.way]) for each in judged}),)


def _without(nodes: Nodes, astray: Iterable[Conclusion]) -> Nodes:
    """The machines in those of their subnets that there are; in all, where none is left: none would mean that they may stand anywhere."""
    gone = {each.evidence["absent"] for each in astray}
    return msgspec.structs.replace(nodes, subnets=tuple(name for name in nodes.subnets if name not in gone) or nodes.subnets)


def _judge(facts: Facts, groups: Iterable[Group], way: Way) -> _Judged:
    end = carrier(facts, way.address)
    carried = end.interface.groups if isinstance(end, Carrier) and end.referable else ()
    rules = [(group.id, rule) for group in groups for rule in group.egress]
    out = permits(rules, way.address, way.port, peer_groups=carried, prefix_lists=facts.prefix_lists)
    return _Judged(way, end, out, () if out.allowed else (*_unresolved(out), *_unplaced(facts, way, end, out)))


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
    elif isinstance(end, Carrier):
        if end.link is Link.UNREAD and isinstance(facts.peerings, Unread) and any(each.to in end.interface.groups for each in out.references):
            yield Doubt(facts.peerings, f"a rule allows the group {named}, and whether a peering leads to its {end.interface.vpc} could not be read")
    elif any(each.peering.lower() == "active" for each in out.references) or _shared(facts):
        why = f"a rule allows the group {named}, and {way.address} may belong to an interface of another account, which is not shown to us"
        yield Doubt(Unread(INTERFACES_ACTION, "", ""), why)


def _shared(facts: Facts) -> bool:
    """Whether the VPC is another account's, whose interfaces in it are not shown to us."""
    owner, ours = getattr(facts.vpc, "owner", ""), getattr(facts.identity, "account", "")
    return bool(owner and ours and owner != ours)


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
        then = ""
        found = [each.way for each in those]
        fields = about(facts, nodes, found) | {"group": listed(group.id for group in groups)}
        if groups:
            fields["why"] = few(f"needs tcp {each.way.port} to {each.way.address}, and {_near(each, groups)}" for each in those)
            command = openings.egress(facts, groups[0].id, [(each.way, each.end) for each in those])
        else:
            fields["why"] = f"no group is declared{f' in {field}' if field else ''}"
            then = f"Declare the group that this makes{f' in {field}' if field else ''}: AWS lets a new group out to everywhere."
            command = openings.new_group(facts)
        yield Conclusion(code, fields, (command,), then=then, evidence=evidence(nodes, found))


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
    if not isinstance(judged.end, Carrier):
        return f"no interface that AWS shows carries {judged.way.address}"
    interface = judged.end.interface
    if judged.end.link is Link.APART:
        return f"{interface.id} carries {judged.way.address} in {interface.vpc}, to which no active peering leads"
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
