"""The ways that have to carry packets, from each subnet of the nodes to each address of a proxy, and what is said about them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from ipaddress import ip_address, ip_network
from typing import Final

import msgspec

from preflight.aws.conclusion import Conclusion, listed
from preflight.aws.facts import Facts, Interface, Subnet, Unread, Vpc
from preflight.aws.groups import Network
from preflight.aws.proxies import Destination

_PRIVATE: Final = tuple(map(ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16", "fc00::/7", "fe80::/10")))
"""What the Internet does not carry: RFC 1918, 6598, 3927, 4193, 4291. Not `is_private`, which counts the documentation's networks among them."""


class Leg(msgspec.Struct, frozen=True):
    """From one subnet of the nodes to one address of a proxy."""

    subnet: Subnet
    address: str
    ports: tuple[int, ...]
    interfaces: tuple[Interface, ...] = ()
    """Those that carry the address, as far as AWS shows them."""
    home: Subnet | None = None
    """The proxy's own subnet, as far as it is known: without its networks where AWS was asked for its interface only."""

    @property
    def network(self) -> Network:
        """The address as a network of one."""
        return ip_network(self.address)

    @property
    def sources(self) -> tuple[Network, ...]:
        """Where the nodes' packets come from: the subnet's networks of the address's IP family."""
        return tuple(each for each in map(network, self.subnet.cidrs) if each.version == self.network.version)


class Verdict(msgspec.Struct, frozen=True):
    """What was concluded about all ways. `shown` are clauses that quote what carries the packets; they hold a pass only without `conclusions`."""

    conclusions: tuple[Conclusion, ...] = ()
    shown: tuple[str, ...] = ()


@lru_cache(maxsize=4096)
def network(text: str) -> Network:
    """A CIDR as AWS writes it. Raises ValueError for anything else."""
    return ip_network(text, strict=False)


def named(where: Network) -> str:
    """The network in words: an address where it is one only."""
    return str(where.network_address) if where.prefixlen == where.max_prefixlen else str(where)


def private(where: Network) -> bool:
    """Whether the Internet does not carry packets to all of it."""
    return any(each.version == where.version and each.overlaps(where) for each in _PRIVATE)


def inside(address: str, facts: Facts) -> bool:
    """Whether an interface of the own networks may carry the address, so that one has to look for it."""
    where = ip_network(address)
    own = facts.vpc.cidrs if isinstance(facts.vpc, Vpc) else ()
    return private(where) or any(each.version == where.version and each.overlaps(where) for each in map(network, own))


def unseen(leg: Leg, facts: Facts) -> str:
    """Why nothing can be said about the proxy's own subnet, as a clause; empty where it is known, or where there is nothing to suggest that AWS has one."""
    if leg.home:
        return ""
    if not leg.interfaces:
        if isinstance(facts.interfaces, Unread):
            return "which interface carries it could not be read"
        return "its subnet is not among what was read" if inside(leg.address, facts) else ""
    names = listed(each.id for each in leg.interfaces)
    if any(_own(each, leg.address) for each in leg.interfaces):
        return f"which of {names} is met there is not known"
    return f"{names} has it as a public address, which is met at a gateway"


def legs(facts: Facts, subnets: Iterable[Subnet], destinations: Sequence[Destination]) -> Iterator[Leg]:
    """Every way that has to work. Of a proxy with addresses of both IP families a subnet uses those of its own."""
    for subnet in subnets:
        ports: dict[str, set[int]] = defaultdict(set)
        for destination in destinations:
            for address in _usable(subnet, destination.addresses):
                ports[address].add(destination.port)
        for address, wanted in ports.items():
            found = _carriers(facts, address)
            yield Leg(subnet, address, tuple(sorted(wanted)), found, _home(facts, subnet, address, found))


def _usable(subnet: Subnet, addresses: Sequence[str]) -> Sequence[str]:
    families = {network(each).version for each in subnet.cidrs}
    return [each for each in addresses if ip_address(each).version in families] or addresses


def _carriers(facts: Facts, address: str) -> tuple[Interface, ...]:
    wanted = ip_address(address)
    known = facts.interfaces if isinstance(facts.interfaces, tuple) else ()
    return tuple(each for each in known if wanted in map(ip_address, each.addresses))


def _home(facts: Facts, subnet: Subnet, address: str, interfaces: Iterable[Interface]) -> Subnet | None:
    """The one subnet that the address belongs to, if it is there that it is met: the public address of an interface is met at a gateway.

    A VPC may have public ranges as its own, and of a peered one AWS was asked for no ranges, so there the interface says what its own addresses are.
    """
    known = {each.id: each for each in facts.subnets} if isinstance(facts.subnets, tuple) else {}
    where = ip_address(address)
    homes: dict[str, Subnet] = {}
    for each in interfaces:
        home = known.get(each.subnet, Subnet(each.subnet, each.vpc, "", ()))
        if each.subnet and (any(where in network(cidr) for cidr in home.cidrs) or (not home.cidrs and _own(each, address))):
            homes[each.subnet] = home
    holding = list(homes.values())
    near = [each for each in holding if each.vpc == subnet.vpc] or holding  # private addresses repeat themselves between VPCs
    return near[0] if len(near) == 1 else None


def _own(interface: Interface, address: str) -> bool:
    """Whether it is the interface's own address, and not a public one that a gateway translates. AWS translates IPv4 only."""
    where = ip_network(address)
    return private(where) or where.version == 6 or where == ip_network(interface.addresses[0])  # noqa: PLR2004 - IPv6
