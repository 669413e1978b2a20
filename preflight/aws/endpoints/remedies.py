"""The commands that mend a VPC endpoint, with every id filled in."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import ip_network

from preflight.aws.endpoints.site import Site
from preflight.aws.facts import Endpoint, Group, Subnet, Unread
from preflight.aws.groups import permits
from preflight.aws.remedy import Command
from preflight.aws.ways.tables import table_of
from preflight.untrusted import Json

HTTPS = 443
_EC2 = "ec2"


def create(site: Site) -> tuple[Command, str]:
    """What makes the endpoint, and what has to be said beside it (nothing, or a sentence)."""
    common: dict[str, Json] = {"VpcId": site.vpc.id, "ServiceName": site.service.names[0], "VpcEndpointType": site.type}
    if site.type == "Gateway":
        tables = serving(site)
        said = "" if tables else "The route tables of the nodes' subnets are not known: add them with --route-table-ids."
        return Command(_EC2, "CreateVpcEndpoint", common | ({"RouteTableIds": tables} if tables else {}), site.region), said
    subnets = [each.id for each in one_per_zone(site)]
    group = _admitting_group(site)
    chosen: dict[str, Json] = {"SubnetIds": subnets} if subnets else {}
    chosen |= {"SecurityGroupIds": [group]} if group else {}
    said = (
        ""
        if group
        else f"Add --security-group-ids with a group that admits TCP {HTTPS} from the nodes: no other endpoint of {site.vpc.id} has one,"
        " and without it AWS takes the VPC's default group, which as AWS makes it admits its own members only."
    )
    return Command(_EC2, "CreateVpcEndpoint", common | chosen | {"PrivateDnsEnabled": True}, site.region), said


def modify(site: Site, endpoint: Endpoint, **changes: Json) -> Command:
    """What changes the endpoint in place; `changes` are spelled as the API spells them."""
    return Command(_EC2, "ModifyVpcEndpoint", {"VpcEndpointId": endpoint.id, **changes}, site.region)


def look(site: Site, endpoint: Endpoint) -> Command:
    """What shows the endpoint, where nothing can be changed yet."""
    return Command(_EC2, "DescribeVpcEndpoints", {"VpcEndpointIds": [endpoint.id]}, site.region)


def list_subnets(site: Site) -> Command:
    """What lists the VPC's subnets."""
    return Command(_EC2, "DescribeSubnets", {"Filters": [{"Name": "vpc-id", "Values": [site.vpc.id]}]}, site.region)


def switch_on(site: Site, attribute: str) -> Command:
    """What switches a DNS attribute of the VPC on. AWS takes one attribute a call."""
    return Command(_EC2, "ModifyVpcAttribute", {"VpcId": site.vpc.id, attribute: {"Value": True}}, site.region)


def admit(site: Site, group: str, cidrs: Iterable[str]) -> Command:
    """What lets HTTPS in from these networks."""
    blocks = sorted(set(cidrs), key=lambda each: (ip_network(each, strict=False).version, each))
    four: list[Json] = [{"CidrIp": each} for each in blocks if ":" not in each]
    six: list[Json] = [{"CidrIpv6": each} for each in blocks if ":" in each]
    permission: dict[str, Json] = {"IpProtocol": "tcp", "FromPort": HTTPS, "ToPort": HTTPS}
    permission |= {"IpRanges": four} if four else {}
    permission |= {"Ipv6Ranges": six} if six else {}
    return Command(_EC2, "AuthorizeSecurityGroupIngress", {"GroupId": group, "IpPermissions": [permission]}, site.region)


def one_per_zone(site: Site, zones: Iterable[str] | None = None) -> tuple[Subnet, ...]:
    """The nodes' first subnet in each zone (of `zones`, if given); where none is declared, the VPC's, those without public addresses first."""
    candidates = site.standing(site.nodes) or sorted(site.subnets, key=lambda each: each.public_addresses)
    wanted = None if zones is None else set(zones)
    chosen: dict[str, Subnet] = {}
    for each in candidates:
        if wanted is None or each.zone in wanted:
            chosen.setdefault(each.zone, each)
    return tuple(chosen.values())


def serving(site: Site) -> list[str]:
    """The route tables of the subnets in which the nodes will or may stand."""
    declared = all(each.subnets for each in site.everyone)
    found = (route_table(site, each) for each in (site.standing(site.nodes) if declared else site.subnets))
    return sorted({table for table in found if table})


def route_table(site: Site, subnet: Subnet) -> str | None:
    """The id of the table that routes for the subnet; None where AWS names none."""
    known = site.facts.route_tables
    found = None if isinstance(known, Unread) else table_of(subnet, known)
    return found.id if found else None


def _admitting_group(site: Site) -> str | None:
    """A group of the VPC's other interface endpoints that lets all nodes in."""
    known, groups = site.facts.endpoints, site.facts.groups
    if isinstance(known, Unread) or isinstance(groups, Unread):
        return None
    used = {group for each in known if each.vpc == site.vpc.id for group in each.groups}
    return next((each.id for each in sorted(groups, key=lambda each: each.id) if each.id in used and each.vpc == site.vpc.id and _admits(site, each)), None)


def _admits(site: Site, group: Group) -> bool:
    rules = [(group.id, rule) for rule in group.ingress]
    answers = [
        permits(rules, cidr, HTTPS, peer_groups=nodes.groups, prefix_lists=site.facts.prefix_lists, direction="from").allowed
        for nodes in site.everyone
        for cidr in site.addresses(nodes)
    ]
    return bool(answers) and all(answers)
