"""Which network interface carries the proxy's address, and whether groups may be referred to across to it."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Final, TypeAlias

import msgspec

from preflight.aws.addresses import own, same, within
from preflight.aws.conclusion import listed
from preflight.aws.facts import Facts, Interface, Unread

INTERFACES_ACTION: Final = "ec2:DescribeNetworkInterfaces"
_NAMED: Final = 8


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


class Candidates(msgspec.Struct, frozen=True):
    """Interfaces that carry the address, none of which is known to be the one that is met: private addresses repeat themselves between VPCs."""

    carriers: tuple[Carrier, ...]

    @property
    def names(self) -> str:
        """Which they are: `eni-1 (vpc-1), eni-2 (vpc-2)`."""
        return listed((f"{each.interface.id} ({each.interface.vpc})" for each in self.carriers), most=_NAMED)

    @property
    def unknown(self) -> str:
        """What is not known of them, as a clause."""
        return f"{'whether' if len(self.carriers) == 1 else 'which of'} {self.names} is met there is not known"


class Nobody(msgspec.Struct, frozen=True):
    """No interface has the address as its own, as far as AWS shows them."""

    address: str
    missing: bool = False
    """Whether there should be one: the address is one of the nodes' own VPC, all of whose interfaces are shown."""
    public: tuple[str, ...] = ()
    """Interfaces that have it as a public address, which a gateway translates: groups refer to nothing there."""

    @property
    def why(self) -> str:
        """What is known, as a clause."""
        if self.public:
            return f"{self.address} is met at a gateway, as the public address of {listed(self.public, most=_NAMED)}"
        return f"no interface that AWS shows carries {self.address}"


End: TypeAlias = Carrier | Candidates | Nobody | Unread


def met(facts: Facts, address: str, vpc: str = "") -> End:
    """The interface that machines in `vpc`, the nodes' own one unless another is given, meet at `address`.

    An interface counts as met in the same VPC, or where it is the only one in a VPC that is actively peered. What merely has the same address
    elsewhere is a candidate; packets for an address of the own VPC never leave it, so there nothing elsewhere is one.
    """
    if isinstance(facts.interfaces, Unread):
        return facts.interfaces
    base = vpc or facts.vpc_id
    carrying = [each for each in facts.interfaces if any(same(one, address) for one in each.addresses)]
    found = sorted((Carrier(each, _link(facts, base, each.vpc)) for each in carrying if own(facts, each, address)), key=lambda each: each.interface.id)
    inside = base == facts.vpc_id and within(facts, address)
    near = [each for each in found if each.link is Link.SAME] or ([] if inside else [each for each in found if each.link is Link.PEERED])
    if len(near) == 1:
        return near[0]
    if candidates := near or ([] if inside else found):
        return Candidates(tuple(candidates))
    return Nobody(address, missing=inside and not facts.shared, public=tuple(_translated(facts, carrying, address)))


def _translated(facts: Facts, carrying: Iterable[Interface], address: str) -> Iterable[str]:
    return (each.id for each in carrying if not own(facts, each, address))


def _link(facts: Facts, base: str, vpc: str) -> Link:
    if vpc == base:
        return Link.SAME
    if isinstance(facts.peerings, Unread):
        return Link.UNREAD
    ends = {vpc, base}
    return Link.PEERED if any({each.requester, each.accepter} == ends and each.state.lower() == "active" for each in facts.peerings) else Link.APART
