"""Which network interface carries the proxy's address, and whether groups may be referred to across to it."""

from __future__ import annotations

from enum import StrEnum
from ipaddress import ip_address, ip_network
from typing import Final

import msgspec

from preflight.aws.facts import Facts, Interface, Unread, Vpc

INTERFACES_ACTION: Final = "ec2:DescribeNetworkInterfaces"
PEERINGS_ACTION: Final = "ec2:DescribeVpcPeeringConnections"


class Link(StrEnum):
    """How the nodes' VPC and the VPC of an interface hang together, nearest first."""

    SAME = "same"
    PEERED = "peered"
    UNREAD = "unread"
    """The peerings could not be read."""
    APART = "apart"
    """No active peering: another way, such as a transit gateway, or none."""


class Carrier(msgspec.Struct, frozen=True):
    """An interface that carries an address of the proxy."""

    interface: Interface
    link: Link

    @property
    def referable(self) -> bool:
        """Whether a rule on either side may name a group of the other side."""
        return self.link in {Link.SAME, Link.PEERED}


def carrier(facts: Facts, address: str) -> Carrier | Unread | None:
    """The interface that the nodes meet at `address`; None where no interface that AWS shows us carries it.

    Where VPCs repeat each other's addresses, the nearest counts. A public address is met at a gateway, where groups refer to nothing, so nobody carries it.
    """
    if isinstance(facts.interfaces, Unread):
        return facts.interfaces
    if _public(facts, address):
        return None
    found = [Carrier(each, _link(facts, each.vpc)) for each in facts.interfaces if any(same(one, address) for one in each.addresses)]
    return min(found, key=lambda each: (list(Link).index(each.link), each.interface.id), default=None)


def same(one: str, other: str) -> bool:
    """Whether two texts are the same address."""
    try:
        return ip_address(one) == ip_address(other)
    except ValueError:
        return one == other


def _link(facts: Facts, vpc: str) -> Link:
    if vpc == facts.vpc_id:
        return Link.SAME
    if isinstance(facts.peerings, Unread):
        return Link.UNREAD
    ends = {vpc, facts.vpc_id}
    return Link.PEERED if any({each.requester, each.accepter} == ends and each.state.lower() == "active" for each in facts.peerings) else Link.APART


def _public(facts: Facts, address: str) -> bool:
    try:
        asked = ip_address(address)
        inside = isinstance(facts.vpc, Vpc) and any(asked in ip_network(cidr, strict=False) for cidr in facts.vpc.cidrs)
    except ValueError:
        return False
    return asked.version == 4 and asked.is_global and not inside  # noqa: PLR2004 - IPv4; every IPv6 address of a VPC is global
