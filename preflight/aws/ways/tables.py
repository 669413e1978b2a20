"""Which hop of a route table decides: the longest prefix.

Sources: Amazon VPC user guide, "Route table concepts" and "Route priority". IPv4 and IPv6 are independent; a hop with a CIDR goes before one with a
prefix list of the same length; a route that a virtual private gateway propagates never overrides a local one, however specific it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Final

import msgspec

from preflight.aws.addresses import network
from preflight.aws.facts import Hop, RouteTable, Subnet, Unread
from preflight.aws.groups import Lists, Network

MOST_PIECES: Final = 512
"""A prefix list may hold a thousand entries; a table that needs more than this for one subnet is not looked at piece by piece."""
_UNLISTED: Final = Unread("ec2:GetManagedPrefixListEntries", "aws.not-asked", "its entries are not among what was read")


class Choice(msgspec.Struct, frozen=True):
    """A hop that decides, or may decide where its prefix list could not be read."""

    hop: Hop
    cidr: str = ""
    """The network it was chosen for; empty if its prefix list is unread."""
    unread: Unread | None = None

    def __str__(self) -> str:
        return f"{self.cidr or self.hop.prefix_list} → {self.hop.target}"


class Piece(msgspec.Struct, frozen=True):
    """A network that one decision holds for. Several choices: any of them may decide. None: nothing leads there."""

    network: Network
    choices: tuple[Choice, ...]
    crowded: bool = False
    """Whether it falls into too many parts to look at, none of which is known then."""


def table_of(subnet: Subnet, tables: Iterable[RouteTable]) -> RouteTable | None:
    """The route table that the subnet uses: its own, else the main one of its VPC, which no association shows."""
    near = [each for each in tables if each.vpc == subnet.vpc]
    own = next((each for each in near if subnet.id in each.subnets), None)
    return own or next((each for each in near if each.main), None)


def pieces(table: RouteTable, where: Network, lists: Lists) -> tuple[Piece, ...]:
    """Which hop decides for each part of `where`; one part only, if no hop is about less than all of it."""
    known = tuple(_known(table, where, lists))
    unread = tuple(
        Choice(hop, unread=entries) for hop in table.hops if hop.prefix_list and isinstance(entries := lists.get(hop.prefix_list, _UNLISTED), Unread)
    )
    found = tuple(Piece(each, _deciding(hops) + unread) for each, hops in islice(_split(where, known), MOST_PIECES + 1))
    return found if len(found) <= MOST_PIECES else (Piece(where, (), crowded=True),)


def _known(table: RouteTable, where: Network, lists: Lists) -> Iterator[tuple[Network, Hop]]:
    for hop in table.hops:
        entries = lists.get(hop.prefix_list, _UNLISTED) if hop.prefix_list else (hop.cidr,)
        for each in () if isinstance(entries, Unread) else map(network, entries):
            if each.version == where.version and each.overlaps(where):
                yield each, hop


def _split(where: Network, known: Sequence[tuple[Network, Hop]]) -> Iterator[tuple[Network, Sequence[tuple[Network, Hop]]]]:
    """`where` in halves, as long as some hop that leads elsewhere is about a part of it only; each with the hops that contain it."""
    overlapping = [(each, hop) for each, hop in known if each.overlaps(where)]
    containing = [(each, hop) for each, hop in overlapping if each.prefixlen <= where.prefixlen]
    fates = {(hop.target, hop.state) for _, hop in overlapping}
    if len(containing) == len(overlapping) or (containing and len(fates) == 1):
        yield where, containing
        return
    for half in where.subnets():
        yield from _split(half, overlapping)


def _deciding(containing: Sequence[tuple[Network, Hop]]) -> tuple[Choice, ...]:
    local = any(hop.target == "local" for _, hop in containing)
    able = [(each, hop) for each, hop in containing if not (local and hop.target.startswith("vgw-"))]
    longest = max((each.prefixlen for each, _ in able), default=0)
    best = [(each, hop) for each, hop in able if each.prefixlen == longest]
    plain = [(each, hop) for each, hop in best if hop.cidr]
    return tuple(dict.fromkeys(Choice(hop, str(each)) for each, hop in plain or best))
