"""The commands that open a way: a rule for every port that is missing, in one call."""

from __future__ import annotations

from collections.abc import Iterable

from preflight.aws.addresses import network
from preflight.aws.carriers import Carrier, End, Link
from preflight.aws.egress.doubts import Way
from preflight.aws.facts import Facts
from preflight.aws.remedy import Command
from preflight.untrusted import Json


def egress(facts: Facts, group: str, ends: Iterable[tuple[Way, End]]) -> Command:
    """What lets the group's machines out to these addresses and ports: to the proxy's own group where it carries one in the same VPC."""
    wanted: dict[int, dict[str, list[Json]]] = {}
    for way, end in ends:
        if isinstance(end, Carrier) and end.link is Link.SAME and end.interface.groups:
            kind, peer = "UserIdGroupPairs", _pair(end.interface.groups[0])
        else:
            kind, peer = _range(way.address)
        _add(wanted, way.port, kind, peer)
    return _authorize(facts, "AuthorizeSecurityGroupEgress", group, wanted)


def ingress(facts: Facts, group: str, ports: Iterable[int], groups: Iterable[str], sources: Iterable[str]) -> Command:
    """What lets the machines with these groups, else those at these CIDRs, in to the group's interfaces on these ports."""
    wanted: dict[int, dict[str, list[Json]]] = {}
    referred, blocks = tuple(groups), tuple(sources)
    for port in ports:
        for each in referred[:1]:
            _add(wanted, port, "UserIdGroupPairs", _pair(each))
        for block in () if referred else blocks:
            _add(wanted, port, *_range(block))
    return _authorize(facts, "AuthorizeSecurityGroupIngress", group, wanted)


def new_group(facts: Facts) -> Command:
    """What makes a group that lets everything out, as AWS makes every new group."""
    parameters: dict[str, Json] = {"GroupName": "nodes-to-proxy", "Description": "Lets the nodes out to the proxy", "VpcId": facts.vpc_id}
    return Command("ec2", "CreateSecurityGroup", parameters, facts.scope.region)


def carriers_of(facts: Facts, ways: Iterable[Way]) -> Command:
    """What shows the interfaces that carry these addresses, to somebody who may see them."""
    known: dict[int, list[str]] = {}
    for way in ways:
        known.setdefault(way.version, []).append(way.address)
    name = {4: "addresses.private-ip-address", 6: "ipv6-addresses.ipv6-address"}
    filters: list[Json] = [{"Name": name[version], "Values": sorted(set(addresses))} for version, addresses in sorted(known.items())[:1]]
    return Command("ec2", "DescribeNetworkInterfaces", {"Filters": filters}, facts.scope.region)


def _authorize(facts: Facts, operation: str, group: str, wanted: dict[int, dict[str, list[Json]]]) -> Command:
    permissions: list[Json] = [{"IpProtocol": "tcp", "FromPort": port, "ToPort": port, **peers} for port, peers in sorted(wanted.items())]
    return Command("ec2", operation, {"GroupId": group, "IpPermissions": permissions}, facts.scope.region)


def _add(wanted: dict[int, dict[str, list[Json]]], port: int, kind: str, peer: Json) -> None:
    peers = wanted.setdefault(port, {}).setdefault(kind, [])
    if peer not in peers:
        peers.append(peer)


def _pair(group: str) -> Json:
    return {"GroupId": group}


def _range(block: str) -> tuple[str, Json]:
    """An address or a CIDR as the EC2 API takes it."""
    where = network(block)
    return ("IpRanges", {"CidrIp": str(where)}) if where.version == 4 else ("Ipv6Ranges", {"CidrIpv6": str(where)})  # noqa: PLR2004 - IPv4
