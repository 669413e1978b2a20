"""Whether the nodes get as far as an endpoint: zones, security groups, route tables."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from ipaddress import ip_network

import msgspec

from preflight.aws.conclusion import Conclusion, Gap, Statement
from preflight.aws.endpoints import remedies
from preflight.aws.endpoints.remedies import HTTPS
from preflight.aws.endpoints.site import Site, reached
from preflight.aws.facts import Endpoint, Rule, Unread
from preflight.aws.groups import Permission, installers, permits
from preflight.aws.nodes import Nodes
from preflight.untrusted import Json

_DECLARE = "Name the manifests with --manifest, so that the nodes' subnets are known"


def strays(site: Site, endpoint: Endpoint) -> Iterator[Statement]:
    """Declared subnets of another VPC: how the nodes in them reach the endpoint cannot be told."""
    known = site.facts.subnets
    if isinstance(known, Unread):
        yield Gap(known, "the VPC's subnets")
    elif names := site.strays():
        are = "is not a subnet" if len(names) == 1 else "are not subnets"
        command = remedies.list_subnets(site)
        hint = f"Correct the subnet in the manifest, or the VPC (--vpc). The subnets that there are: `{command}`."
        why = f"{', '.join(names)} {are} of {site.vpc.id}"
        yield site.says("endpoint.unknown", endpoint, command, hint=hint, why=why, evidence={"foreign_subnets": list(names)})


def zones(site: Site, endpoint: Endpoint) -> Iterator[Statement]:
    """Zones in which nodes will stand and the endpoint has no interface. It works from there, until its own zone fails; and it costs."""
    if isinstance(site.facts.subnets, Unread):
        return
    covered = {each.zone for each in site.subnets if each.id in endpoint.subnets}
    away = [each for each in site.standing(site.nodes) if each.zone not in covered]
    if away:
        added = [each.id for each in remedies.one_per_zone(site, {each.zone for each in away})]
        names = ", ".join(f"{each.id} ({each.zone})" for each in away)
        command = remedies.modify(site, endpoint, AddSubnetIds=added)
        yield site.says("endpoint.subnet-uncovered", endpoint, command, subnet=names, evidence={"uncovered": [each.id for each in away]})


class _Door(msgspec.Struct, frozen=True):
    """What the endpoint's groups say to one kind of nodes that they do not let in from everywhere."""

    nodes: Nodes
    shut: tuple[str, ...]
    """The CIDRs that nothing lets in for certain."""
    doubts: tuple[str, ...]
    """Why they may be let in all the same."""
    unread: tuple[Unread, ...]
    near: tuple[str, ...]


def ingress(site: Site, endpoint: Endpoint) -> Iterator[Statement]:
    """Nodes that the endpoint's groups do not let in on 443: by the CIDR of each subnet, or by a declared group."""
    groups = site.facts.groups
    if isinstance(groups, Unread):
        yield Gap(groups, f"the security groups of {endpoint.id}")
        return
    held = sorted((each for each in groups if each.id in endpoint.groups), key=lambda each: each.id)
    if not held:
        why = f"AWS names no security group of {endpoint.id}" if not endpoint.groups else f"{', '.join(sorted(endpoint.groups))} could not be found"
        yield site.says("endpoint.unknown", endpoint, remedies.look(site, endpoint), why=why)
        return
    absent = sorted(set(endpoint.groups) - {each.id for each in held})
    rules = [(each.id, rule) for each in held for rule in each.ingress]
    doors = [door for nodes in site.everyone if (door := _door(site, nodes, rules, absent))]
    firm = [door for door in doors if not door.doubts and not door.unread]
    unsure = [door for door in doors if door.doubts]
    yield from (Gap(each, f"a prefix list in the rules of {endpoint.id}'s groups") for each in dict.fromkeys(one for door in doors for one in door.unread))
    if unsure:
        yield _unsure(site, endpoint, held[0].id, unsure)
    if firm:
        cidrs = list(dict.fromkeys(cidr for door in firm for cidr in door.shut))
        names = f"{', '.join(door.nodes.name for door in firm)} ({', '.join(cidrs)})"
        near = list(dict.fromkeys(text for door in firm for text in door.near))
        command = remedies.admit(site, held[0].id, cidrs)
        carried = ", ".join(each.id for each in held)
        yield site.says("endpoint.no-ingress", endpoint, command, nodes=names, group=carried, evidence={"shut_out": cidrs, "near": near})


def _unsure(site: Site, endpoint: Endpoint, group: str, doors: Sequence[_Door]) -> Conclusion:
    why = "; ".join(dict.fromkeys(text for door in doors for text in door.doubts))
    command = remedies.admit(site, group, (cidr for door in doors for cidr in door.shut))
    hint = f"Let the nodes in by address, which holds whatever groups they will carry: `{command}`. Or list the group in the manifest, or name the manifests."
    names = ", ".join(door.nodes.name for door in doors)
    return site.says("endpoint.unknown", endpoint, command, hint=hint, why=f"TCP {HTTPS} from {names}: {why}", evidence={"doubts": why})


def _door(site: Site, nodes: Nodes, rules: Sequence[tuple[str, Rule]], absent: Sequence[str]) -> _Door | None:
    """None where all of the nodes' addresses are let in."""

    def asked(cidr: str) -> Permission:
        return permits(rules, cidr, HTTPS, peer_groups=nodes.groups, prefix_lists=site.facts.prefix_lists, direction="from")

    answers = {cidr: asked(cidr) for cidr in site.addresses(nodes)}
    refused = {cidr: answer for cidr, answer in answers.items() if not answer.allowed}
    if not refused and (answers or nodes.subnets):  # declared subnets that nobody knows are said by `strays`
        return None
    doubts = [f"{each} could not be found, and may let them in" for each in absent]
    for answer in refused.values():
        doubts += [] if answer.unknown else answer.doubts
    doubts += _referred(site, refused.values())
    if not nodes.subnets and any(asked(cidr).allowed for cidr in _within(site, rules)):
        doubts.append(f"only part of {site.vpc.id} is let in, and no manifest says in which subnets they will stand")
    if not answers:
        doubts.append(f"no address of {site.vpc.id} is known")
    unread = dict.fromkeys(one for answer in refused.values() for one in answer.unknown)
    near = dict.fromkeys(text for answer in refused.values() for text in (*answer.other_ports, *answer.other_addresses, *answer.other_family))
    return _Door(nodes, tuple(refused), tuple(dict.fromkeys(doubts)), tuple(unread), tuple(near))


def _within(site: Site, rules: Iterable[tuple[str, Rule]]) -> Iterator[str]:
    """The networks in the rules that hold some of the VPC's addresses."""
    named = [cidr for _, rule in rules for cidr in rule.cidrs]
    lists = [site.facts.prefix_lists.get(name, ()) for _, rule in rules for name in rule.prefix_lists]
    named += [cidr for each in lists if not isinstance(each, Unread) for cidr in each]
    blocks = [ip_network(each, strict=False) for each in reached(site.vpc.cidrs)]
    for cidr in dict.fromkeys(named):
        try:
            network = ip_network(cidr, strict=False)
        except ValueError:  # `permits` has its doubts about it
            continue
        if any(network.version == block.version and network.overlaps(block) for block in blocks):
            yield cidr


def _referred(site: Site, answers: Iterable[Permission]) -> list[str]:
    """Rules for groups that no manifest declares and the installer may have made."""
    groups = () if isinstance(site.facts.groups, Unread) else site.facts.groups
    declared = {each for nodes in site.nodes for each in nodes.groups}
    return [
        f"{each.group} lets in the group {each.to}, which no manifest declares and the nodes may or may not carry"
        for answer in answers
        for each in installers(answer.references, groups, declared, site.vpc.id)
    ]


def routes(site: Site, gateways: Sequence[Endpoint]) -> Iterator[Statement]:
    """Subnets whose route table leads to none of the gateways. Each table takes one gateway of a service, so several of them count together.

    Where a kind of machine declares no subnet it may stand in any of the VPC's: all of their tables must have the route. If only some have it, it
    cannot be told whether the machines will; if none has, they will not.
    """
    known = site.facts.route_tables
    if isinstance(known, Unread):
        yield Gap(known, f"the route tables of {site.vpc.id}")
        return
    attached = {table for each in gateways for table in each.route_tables}
    tables = {each.id: remedies.route_table(site, each) for each in site.subnets}
    declared = [each.id for each in site.standing(site.nodes)]
    lost = [name for name in declared if tables[name] is None]
    if lost:
        yield _untold(site, gateways[0], f"AWS names no route table that serves {', '.join(lost)}")
    without = [name for name in declared if tables[name] and tables[name] not in attached]
    if without:
        yield _no_route(site, gateways[0], {name: tables[name] or "" for name in without})
    if any(not nodes.subnets for nodes in site.everyone):
        yield from _anywhere(site, gateways[0], tables, attached)


def _anywhere(site: Site, gateway: Endpoint, tables: Mapping[str, str | None], attached: Collection[str]) -> Iterator[Statement]:
    """What can be said of machines that may stand in any subnet of the VPC."""
    away = {name: table for name, table in tables.items() if table and table not in attached}
    if not tables or None in tables.values():
        yield _untold(site, gateway, f"the subnets of {site.vpc.id} and their route tables are not all known")
    elif len(away) == len(tables):
        yield _no_route(site, gateway, away)
    elif away:
        yield _untold(site, gateway, f"no route leads to it from {', '.join(sorted(away))}, and no manifest says in which subnets the nodes will stand")


def _no_route(site: Site, gateway: Endpoint, tables: Mapping[str, str]) -> Conclusion:
    missing = sorted(set(tables.values()))
    command = remedies.modify(site, gateway, AddRouteTableIds=missing)
    evidence: dict[str, Json] = {"subnets": list(tables), "route_tables_without": missing}
    return site.says("endpoint.no-route", gateway, command, subnet=", ".join(tables), table=", ".join(missing), evidence=evidence)


def _untold(site: Site, gateway: Endpoint, why: str) -> Conclusion:
    command = remedies.look(site, gateway)
    return site.says("endpoint.unknown", gateway, command, hint=f"{_DECLARE}. What the endpoint serves: `{command}`.", why=why)
