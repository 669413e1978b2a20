"""What becomes of packets that take a hop: carried, dropped, or nobody can tell.

Sources: Amazon VPC user guide ("Example routing options", "NAT gateway basics", "Enable internet access using an internet gateway") and VPC peering
guide ("VPC peering limitations": no edge-to-edge routing, nothing transitive).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

import msgspec

from preflight.aws.addresses import private
from preflight.aws.conclusion import listed
from preflight.aws.facts import Facts, RouteTable, Subnet, Unread
from preflight.aws.groups import Network
from preflight.aws.remedy import Command
from preflight.aws.ways.tables import MOST_PIECES, Choice, Piece, pieces


class Trip(msgspec.Struct, frozen=True):
    """Packets that leave a subnet for a network: the nodes' to the proxy, or the proxy's answers back."""

    origin: Subnet
    """The subnet whose route table decides."""
    where: Network
    there: frozenset[str] = frozenset()
    """The VPCs in which the other end is known to stand."""
    perhaps: frozenset[str] = frozenset()
    """Those in which it may stand, where that is not known."""
    nodes: str = ""
    """The nodes' subnet that it is about."""
    back: bool = False


class Fate(msgspec.Struct, frozen=True):
    """What becomes of the packets: the code of what is wrong, empty where they are carried; and why, as a clause."""

    code: str = ""
    why: str = ""
    unread: Unread | None = None
    """What would have decided, and could not be read."""
    look: Command | None = None
    """The question to AWS that a person can ask instead."""
    remark: str = ""
    """What was taken to work unseen, where that has to be said."""


_Judge: TypeAlias = Callable[[Choice, Trip, Facts], Fate]
_FAILS: Final = frozenset({"route.none", "route.blackhole"})
CARRIED: Final = Fate()


def fate(choice: Choice, trip: Trip, facts: Facts) -> Fate:
    """What becomes of packets of this trip that take this hop. What lies beyond gateways whose own routes are not among the facts is taken to work."""
    hop, state = choice.hop, choice.hop.state.lower()
    if state == "blackhole":
        return Fate("route.blackhole", f"{choice} is a black hole")
    if state != "active" or not hop.target:
        return Fate("route.unknown", f"{choice} is in the state {hop.state!r}, which says nothing", look=_table(trip, facts.scope.region))
    judge = _JUDGES.get(hop.target.partition("-")[0])
    return judge(choice, trip, facts) if judge else CARRIED


def decided(piece: Piece, trip: Trip, facts: Facts) -> tuple[Choice | None, Fate]:
    """What becomes of packets for one part of a trip, and by which hop. Where any of several hops may decide, only what holds for all of them is known."""
    if piece.crowded:
        why = f"its routes part {piece.network} into more than {MOST_PIECES} pieces, which were not looked at one by one"
        return None, Fate("route.unknown", why, look=_table(trip, facts.scope.region))
    none = Fate("route.none", f"none of its routes contains {piece.network}")
    met: list[tuple[Choice | None, Fate]] = [(each, fate(each, trip, facts)) for each in piece.choices]
    if all(each.unread for each in piece.choices):
        met.insert(0, (None, none))
    codes = {each.code for _, each in met}
    if len(codes) == 1 or codes <= _FAILS:
        return met[0]
    if unread := next((each for each in piece.choices if each.unread), None):
        name, reason = unread.hop.prefix_list, unread.unread
        look = Command("ec2", "GetManagedPrefixListEntries", {"PrefixListId": name}, facts.scope.region)
        why = f"the prefix list {name} could not be read, and its route to {unread.hop.target} may be the one for {piece.network}"
        return unread, Fate("route.unknown", why, reason, look)
    why = f"several routes of the same length contain {piece.network} ({listed(map(str, piece.choices))}), and AWS does not say which one it takes"
    return piece.choices[0], Fate("route.unknown", why, look=_table(trip, facts.scope.region))


def _table(trip: Trip, region: str) -> Command:
    return Command("ec2", "DescribeRouteTables", {"Filters": [{"Name": "vpc-id", "Values": [trip.origin.vpc]}]}, region)


def _local(choice: Choice, trip: Trip, facts: Facts) -> Fate:
    if not trip.there or trip.origin.vpc in trip.there:
        return CARRIED
    why = f"{choice} keeps {trip.where} within {trip.origin.vpc}, and the interface that it belongs to is in {listed(sorted(trip.there))}: the networks overlap"
    names = [{"Name": "vpc-id", "Values": sorted({trip.origin.vpc, *trip.there})}]
    return Fate("route.unknown", why, look=Command("ec2", "DescribeNetworkInterfaces", {"Filters": names}, facts.scope.region))


def _internet(choice: Choice, trip: Trip, facts: Facts) -> Fate:
    del facts
    if private(trip.where):
        return Fate("route.none", f"{choice} is the Internet, which carries no private addresses")
    if not trip.back and trip.where.version == 4 and not trip.origin.public_addresses:  # noqa: PLR2004 - IPv4
        return Fate("route.no-public-address", f"{choice}")
    return CARRIED


def _nat(choice: Choice, trip: Trip, facts: Facts) -> Fate:
    if trip.back:
        return Fate("route.none", f"{choice} is a NAT gateway, which carries no answers")
    tables = facts.route_tables if isinstance(facts.route_tables, tuple) else ()
    onward = any(_leads_on(each, trip, facts) for each in tables if each.vpc == trip.origin.vpc)
    if not onward and not facts.shared:
        return Fate("route.none", f"{choice} is a NAT gateway, and no route table of {trip.origin.vpc} leads on from one to {trip.where}")
    if private(trip.where):
        why = f"{choice} is a NAT gateway, and whether the routes of its own subnet lead to {trip.where} is not among what was read"
        gateway = Command("ec2", "DescribeNatGateways", {"NatGatewayIds": [choice.hop.target]}, facts.scope.region)
        return Fate("route.unknown", why, look=gateway)
    if not onward:
        owner = f"{trip.origin.vpc} is another account's, whose other route tables are not shown"
        return Fate(remark=f"where {choice.hop.target} leads on was not looked at, for {owner}")
    return CARRIED


def _leads_on(table: RouteTable, trip: Trip, facts: Facts) -> bool:
    """Whether the table may be that of the NAT gateway's subnet, for all that is known."""
    parts = pieces(table, trip.where, facts.prefix_lists)
    chosen = [each for piece in parts for each in piece.choices]
    ways = [each.hop.target for each in chosen if each.hop.state.lower() != "blackhole" and not each.hop.target.startswith("nat-")]
    return any(piece.crowded for piece in parts) or any(not (private(trip.where) and way.startswith(("igw-", "eigw-"))) for way in ways)


def _peering(choice: Choice, trip: Trip, facts: Facts) -> Fate:
    name = choice.hop.target
    look = Command("ec2", "DescribeVpcPeeringConnections", {"VpcPeeringConnectionIds": [name]}, facts.scope.region)
    if isinstance(facts.peerings, Unread):
        return Fate("route.unknown", f"{choice} is a peering whose state could not be read", facts.peerings, look)
    found = next((each for each in facts.peerings if each.id == name), None)
    if found is None:
        return Fate("route.unknown", f"{choice} is a peering that is not among those that were read", look=look)
    if found.state.lower() != "active":
        return Fate("route.blackhole", f"{choice} is a peering in the state {found.state}")
    if trip.there and not trip.there & {found.requester, found.accepter}:
        ends = f"{found.requester} and {found.accepter}"
        return Fate("route.none", f"{choice} peers {ends} only, and the other end stands in {listed(sorted(trip.there))}: a peering carries nothing further")
    if trip.perhaps and not trip.perhaps & {found.requester, found.accepter}:
        names = [{"Name": "vpc-id", "Values": sorted(trip.perhaps)}]
        why = f"{choice} peers {found.requester} and {found.accepter} only, and the address is shown in {listed(sorted(trip.perhaps), most=8)} only"
        return Fate("route.unknown", why, look=Command("ec2", "DescribeNetworkInterfaces", {"Filters": names}, facts.scope.region))
    return CARRIED


_JUDGES: Final[Mapping[str, _Judge]] = {"local": _local, "igw": _internet, "eigw": _internet, "nat": _nat, "pcx": _peering}
