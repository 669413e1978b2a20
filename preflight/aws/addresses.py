"""What can be told of an address by itself: whether the Internet carries it, whether the nodes' VPC has it, whether an interface has it as its own."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import ip_address, ip_network
from typing import Final

from preflight.aws.facts import Facts, Interface, Vpc
from preflight.aws.groups import Network

_PRIVATE: Final = tuple(map(ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16", "fc00::/7", "fe80::/10")))
"""What the Internet does not carry: RFC 1918, 6598, 3927, 4193, 4291. Not `is_private`, which counts the documentation's networks among them."""


@lru_cache(maxsize=4096)
def network(text: str) -> Network:
    """A CIDR as AWS writes it. Raises ValueError for anything else."""
    return ip_network(text, strict=False)


def private(where: Network) -> bool:
    """Whether the Internet does not carry packets to all of it."""
    return any(each.version == where.version and each.overlaps(where) for each in _PRIVATE)


def within(facts: Facts, address: str) -> bool:
    """Whether the address is one of the nodes' own VPC, so that every packet for it stays there."""
    asked = ip_address(address)
    return isinstance(facts.vpc, Vpc) and any(asked in network(cidr) for cidr in facts.vpc.cidrs)


def same(one: str, other: str) -> bool:
    """Whether two texts are the same address."""
    try:
        return ip_address(one) == ip_address(other)
    except ValueError:
        return one == other


def own(facts: Facts, interface: Interface, address: str) -> bool:
    """Whether it is the interface's own address, and not a public one that a gateway translates. AWS translates IPv4 only.

    A VPC may have public ranges as its own. Of other VPCs AWS was asked for no ranges, so there the interface's primary address tells.
    """
    where = network(address)
    ours = interface.vpc == facts.vpc_id and within(facts, address)
    return ours or private(where) or where.version == 6 or same(interface.addresses[0], address)  # noqa: PLR2004 - IPv6
