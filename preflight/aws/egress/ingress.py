"""Whether the groups of the proxy's own interface let one kind of machine in: by its groups, or by the CIDRs of all its subnets."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Final

import msgspec

from preflight.aws.addresses import network
from preflight.aws.carriers import INTERFACES_ACTION, Candidates, Carrier, End, Link, Nobody
from preflight.aws.conclusion import Conclusion, few, listed
from preflight.aws.egress import openings
from preflight.aws.egress.doubts import Doubt, Way, about, evidence, unknown
from preflight.aws.facts import Facts, Group, Unread, Vpc
from preflight.aws.groups import Permission, installers, permits
from preflight.aws.nodes import Nodes
from preflight.aws.remedy import Command

_WHOSE: Final = (
    "Look whose they are. Where none is the proxy, as when it stands on premises, their groups say nothing about it, and nothing there is to be changed."
)


class Admission(msgspec.Struct, frozen=True):
    """What the proxy's own groups say. `notes` are clauses for a message that passes, by the way that they are about."""

    conclusions: tuple[Conclusion, ...]
    notes: Mapping[Way, str]


class _Entry(msgspec.Struct, frozen=True):
    """What the proxy's groups say about one way: let in or not to be judged (`note`), a doubt, or neither, which is shut."""

    way: Way
    end: End
    note: str = ""
    doubt: Doubt | None = None
    near: str = ""
    sources: tuple[str, ...] = ()


class _Sources(msgspec.Struct, frozen=True):
    """From where the machines will connect, and why that is not certain."""

    cidrs: tuple[str | None, ...]
    """None stands for a place that is not known: it is admitted by reference only."""
    doubt: Doubt | None = None


def admission(facts: Facts, nodes: Nodes, ends: Iterable[tuple[Way, End]], *, declared: Collection[str] = (), quiet: Collection[Way] = ()) -> Admission:
    """What follows about every way and who carries its end. `declared` are the groups of all kinds of machines.

    Doubts about the `quiet` ones, which are shut on our side already, are left out.
    """
    entries = [_entry(facts, nodes, way, end, {*declared, *nodes.groups}) for way, end in ends]
    doubts = [(each.way, each.doubt) for each in entries if each.doubt and each.way not in quiet]
    shut = [each for each in entries if not (each.note or each.doubt)]
    by_way = {each.way: each for each in entries}
    told = unknown(facts, nodes, doubts, lambda found: _opening(facts, nodes, [by_way[way] for way in found]))
    return Admission((*told, *_refused(facts, nodes, shut)), {each.way: each.note for each in entries})


def _entry(facts: Facts, nodes: Nodes, way: Way, end: End, declared: Collection[str]) -> _Entry:
    if isinstance(end, Unread):
        doubt = Doubt(end, f"which interface carries {way.address}, and so whether its groups let {nodes.name} in, could not be read")
        return _Entry(way, end, doubt=doubt)
    if isinstance(end, Nobody):
        return _Entry(way, end, note=f"{end.why}, so what lets traffic in there is not judged")
    if isinstance(end, Candidates):
        return _undecided(facts, way, end, [_carried(facts, nodes, way, each, declared) for each in end.carriers])
    return _carried(facts, nodes, way, end, declared)


def _undecided(facts: Facts, way: Way, end: Candidates, entries: Collection[_Entry]) -> _Entry:
    """Whichever of them is met, each lets the machines in; or else nothing is known, and nobody is asked to open what may be a stranger's."""
    if all(each.note and not each.doubt for each in entries):
        return _Entry(way, end, note=f"{end.unknown}, and {few(each.note for each in entries)}")
    unread = facts.peerings if isinstance(facts.peerings, Unread) and any(each.link is Link.UNREAD for each in end.carriers) else None
    shut = few(f"{_whose(each)}: {each.doubt.why if each.doubt else each.near}" for each in entries if each.doubt or not each.note)
    several = any(each.referable for each in end.carriers)
    why = f"{end.unknown}, for {'more than one has this address' if several else 'no active peering is known that leads there'}; {shut}"
    return _Entry(way, end, doubt=Doubt(unread or Unread(INTERFACES_ACTION, "", ""), why, "" if unread and unread.code else _WHOSE))


def _whose(entry: _Entry) -> str:
    return entry.end.interface.id if isinstance(entry.end, Carrier) else ""


def _carried(facts: Facts, nodes: Nodes, way: Way, end: Carrier, declared: Collection[str]) -> _Entry:
    if not end.interface.groups:
        return _Entry(way, end, note=f"{end.interface.id} ({end.interface.type}) has no group, so what lets traffic in behind it is not judged")
    return _judged(facts, nodes, way, end, declared)


def _judged(facts: Facts, nodes: Nodes, way: Way, end: Carrier, declared: Collection[str]) -> _Entry:
    known = {group.id: group for group in facts.groups} if not isinstance(facts.groups, Unread) else {}
    rules = [(name, rule) for name in end.interface.groups if name in known for rule in known[name].ingress]
    missing = [name for name in end.interface.groups if name not in known]
    sources = _sources(facts, nodes, way)
    carried = nodes.groups if end.referable else ()
    told = [permits(rules, source, way.port, peer_groups=carried, prefix_lists=facts.prefix_lists, direction="from") for source in sources.cidrs or (None,)]
    if all(each.allowed for each in told):
        behind = "" if end.interface.type == "interface" else f"; what lets traffic in behind the {end.interface.type} is not judged"
        return _Entry(way, end, note=listed(each.by for each in told) + behind)
    doubt = _missing(missing) or _unresolved(told) or _over(facts, nodes, end, told)
    if not doubt and sources.doubt and (not sources.cidrs or any(each.other_addresses or each.allowed for each in told)):
        doubt = sources.doubt
    doubt = doubt or _undeclared(facts, nodes, known, told, declared)
    return _Entry(way, end, doubt=doubt, near=_near(told, known, end.interface.groups), sources=tuple(filter(None, sources.cidrs)))


def _missing(groups: Collection[str]) -> Doubt | None:
    return Doubt(Unread("ec2:DescribeSecurityGroups", "", ""), f"the group {listed(groups)} of the proxy's interface was not read") if groups else None


def _unresolved(told: Iterable[Permission]) -> Doubt | None:
    doubtful = [each for each in told if each.undecided]
    unread = [one for each in doubtful for one in each.unknown] or [Unread("ec2:DescribeSecurityGroups", "", "")]
    return Doubt(unread[0], "; ".join(dict.fromkeys(text for each in doubtful for text in each.doubts))) if doubtful else None


def _over(facts: Facts, nodes: Nodes, end: Carrier, told: Iterable[Permission]) -> Doubt | None:
    """A reference to the machines' groups from another VPC holds over an active peering, and inbound over a transit gateway that supports it."""
    if not any(reference.to in nodes.groups for each in told for reference in each.references):
        return None
    if end.link is Link.UNREAD and isinstance(facts.peerings, Unread):
        return Doubt(facts.peerings, f"the proxy's group admits a group of {nodes.name}, and whether a peering leads to {end.interface.vpc} could not be read")
    if end.link is Link.APART and not any(reference.peering for each in told for reference in each.references if reference.to in nodes.groups):
        gateway = Unread("ec2:DescribeTransitGatewayVpcAttachments", "", "")
        return Doubt(gateway, f"the proxy's group admits a group of {nodes.name} in another VPC, which holds only over a transit gateway that supports it")
    return None


def _undeclared(facts: Facts, nodes: Nodes, known: Mapping[str, Group], told: Iterable[Permission], declared: Collection[str]) -> Doubt | None:
    """A reference to a group that the installer may have made for these machines."""
    references = [one for each in told for one in installers(each.references, known.values(), declared, facts.vpc_id)]
    if not references:
        return None
    clauses = few(f"{each.group} admits the group {each.to}" for each in references)
    why = f"{clauses}, which no manifest declares and {nodes.name} may or may not carry"
    hint = f"Add an ingress rule for the groups or the subnets of {nodes.name}, or list the group in the manifest or in the check's `groups` if it is theirs."
    return Doubt(Unread("ec2:DescribeSecurityGroups", "", ""), why, hint)


def _sources(facts: Facts, nodes: Nodes, way: Way) -> _Sources:
    if not nodes.subnets:
        whole = facts.vpc.cidrs if isinstance(facts.vpc, Vpc) else ()
        doubt = Doubt(
            Unread("ec2:DescribeSubnets", "", ""), f"the subnets of {nodes.name} are not declared, and the proxy's group does not admit the whole VPC"
        )
        return _Sources(_of_family(whole, way), doubt)
    if isinstance(facts.subnets, Unread):
        return _Sources((), Doubt(facts.subnets, f"the proxy's group admits no group of {nodes.name}, and the CIDRs of its subnets could not be read"))
    known = {each.id: each.cidrs for each in facts.subnets}
    missing = [name for name in nodes.subnets if name not in known]
    cidrs = _of_family((cidr for name in nodes.subnets for cidr in known.get(name, ())), way)
    if not missing:
        return _Sources(cidrs)
    return _Sources((*cidrs, None), Doubt(Unread("ec2:DescribeSubnets", "", ""), f"the subnet {listed(missing)} is not among those that were read"))


def _of_family(cidrs: Iterable[str], way: Way) -> tuple[str, ...]:
    return tuple(dict.fromkeys(cidr for cidr in cidrs if network(cidr).version == way.version))


def _near(told: Iterable[Permission], known: Mapping[str, Group], groups: Iterable[str]) -> str:
    if not any(known[name].ingress for name in groups if name in known):
        return "there is no ingress rule"
    clauses = [text for each in told if not each.allowed for text in (*_references(each), *each.other_addresses, *each.other_family, *each.other_ports)]
    return few(clauses) or "no ingress rule has this port or these addresses"


def _references(permission: Permission) -> Iterator[str]:
    for each in permission.references:
        yield f"{each.group} admits the group {each.to}{f' over a peering that is {each.peering}' if each.peering else ''}"


def _refused(facts: Facts, nodes: Nodes, shut: Iterable[_Entry]) -> Iterator[Conclusion]:
    """One conclusion for each proxy whose groups refuse, with all its ports in one command."""
    proxies: dict[tuple[str, ...], list[_Entry]] = {}
    for each in shut:
        if isinstance(each.end, Carrier):
            proxies.setdefault(each.end.interface.groups, []).append(each)
    for groups, those in proxies.items():
        found = [each.way for each in those]
        why = few(f"needs tcp {each.way.port} from {listed((*nodes.groups, *each.sources))}, and {each.near}" for each in those)
        fields = about(facts, nodes, found) | {"group": listed(groups), "why": why}
        told = evidence(nodes, found) | {"proxy_groups": list(groups)}
        yield Conclusion("egress.proxy-ingress", fields, (_opening(facts, nodes, those),), evidence=told)


def _opening(facts: Facts, nodes: Nodes, entries: Collection[_Entry]) -> Command:
    """What would let the machines in at the first proxy of these; where too little is known for that, what shows who carries its address."""
    ends = [each.end for each in entries if isinstance(each.end, Carrier)]
    groups = ends[0].interface.groups if len(ends) == len(entries) else ()
    near = all(each.link is Link.SAME for each in ends)
    sources = tuple(dict.fromkeys(source for each in entries for source in each.sources))
    found = [each.way for each in entries]
    if not groups or not (sources or (near and nodes.groups)):
        return openings.carriers_of(facts, found)
    return openings.ingress(facts, groups[0], sorted({way.port for way in found}), nodes.groups if near else (), sources)
