"""The ways that have to carry packets, from each subnet of the nodes to each address of a proxy, and what is said about them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from ipaddress import ip_address

import msgspec

from preflight.aws.addresses import network, private, within
from preflight.aws.carriers import Candidates, Carrier, End, met
from preflight.aws.conclusion import Conclusion
from preflight.aws.facts import Facts, Subnet, Unread
from preflight.aws.groups import Network
from preflight.aws.proxies import Destination


class Leg(msgspec.Struct, frozen=True):
    """From one subnet of the nodes to one address of a proxy."""

    subnet: Subnet
    address: str
    ports: tuple[int, ...]
    end: End
    """The interface that is met there, as far as it is known."""
    home: Subnet | None = None
    """The proxy's own subnet, as far as it is known: without its networks where AWS was asked for its interface only."""

    @property
    def network(self) -> Network:
        """The address as a network of one."""
        return network(self.address)

    @property
    def sources(self) -> tuple[Network, ...]:
        """Where the nodes' packets come from: the subnet's networks of the address's IP family."""
        return tuple(each for each in map(network, self.subnet.cidrs) if each.version == self.network.version)


class Verdict(msgspec.Struct, frozen=True):
    """What was concluded about all ways. `shown` are clauses that quote what carries the packets; they hold a pass only without `conclusions`."""

    conclusions: tuple[Conclusion, ...] = ()
    shown: tuple[str, ...] = ()


def named(where: Network) -> str:
    """The network in words: an address where it is one only."""
    return str(where.network_address) if where.prefixlen == where.max_prefixlen else str(where)


def inside(address: str, facts: Facts) -> bool:
    """Whether an interface of the own networks may carry the address, so that one has to look for it."""
    return private(network(address)) or within(facts, address)


def unseen(leg: Leg, facts: Facts) -> str:
    """Why nothing can be said about the proxy's own subnet, as a clause; empty where it is known, or where there is nothing to suggest that AWS has one."""
    if leg.home:
        return ""
    if isinstance(leg.end, Unread):
        return "which interface carries it could not be read"
    if isinstance(leg.end, Candidates):
        return leg.end.unknown
    if isinstance(leg.end, Carrier):
        return f"the subnet of {leg.end.interface.id} is not known to hold it"
    if leg.end.public:
        return leg.end.why
    return "its subnet is not among what was read" if inside(leg.address, facts) else ""


def legs(facts: Facts, subnets: Iterable[Subnet], destinations: Sequence[Destination]) -> Iterator[Leg]:
    """Every way that has to work. Of a proxy with addresses of both IP families a subnet uses those of its own."""
    for subnet in subnets:
        ports: dict[str, set[int]] = defaultdict(set)
        for destination in destinations:
            for address in _usable(subnet, destination.addresses):
                ports[address].add(destination.port)
        for address, wanted in ports.items():
            end = met(facts, address, subnet.vpc)
            yield Leg(subnet, address, tuple(sorted(wanted)), end, _home(facts, address, end))


def _usable(subnet: Subnet, addresses: Sequence[str]) -> Sequence[str]:
    families = {network(each).version for each in subnet.cidrs}
    return [each for each in addresses if ip_address(each).version in families] or addresses


def _home(facts: Facts, address: str, end: End) -> Subnet | None:
    """The subnet of the interface that is met. Of a peered VPC AWS was asked for no subnets, so there the interface is all that is known of it."""
    if not isinstance(end, Carrier) or not end.interface.subnet:
        return None
    known = {each.id: each for each in facts.subnets} if isinstance(facts.subnets, tuple) else {}
    home = known.get(end.interface.subnet, Subnet(end.interface.subnet, end.interface.vpc, "", ()))
    return home if not home.cidrs or any(ip_address(address) in network(cidr) for cidr in home.cidrs) else None
