"""Which commands would give packets a way."""

from __future__ import annotations

from typing import Final

import msgspec

from preflight.aws.addresses import network, private
from preflight.aws.facts import Facts, Peering, RouteTable
from preflight.aws.groups import Network
from preflight.aws.remedy import Command
from preflight.aws.ways.fates import Trip, decided
from preflight.aws.ways.tables import Choice, Piece, pieces
from preflight.untrusted import Json

_PARAMETERS: Final = {
    "arn:aws": "CoreNetworkArn",
    "cagw": "CarrierGatewayId",
    "eigw": "EgressOnlyInternetGatewayId",
    "eni": "NetworkInterfaceId",
    "i": "InstanceId",
    "igw": "GatewayId",
    "lgw": "LocalGatewayId",
    "nat": "NatGatewayId",
    "pcx": "VpcPeeringConnectionId",
    "tgw": "TransitGatewayId",
    "vgw": "GatewayId",
    "vpce": "VpcEndpointId",
}
"""The parameter of ec2:CreateRoute that takes a target, by the beginning of the target's id."""


def mend(table: RouteTable, trip: Trip, choice: Choice | None, code: str, facts: Facts) -> tuple[tuple[Command, ...], str]:
    """The commands after which the table leads there, and what the person has to choose before they can be run, if anything."""
    region = facts.scope.region
    if choice and code == "route.blackhole":
        if pending := _pending(choice, facts):
            return (Command("ec2", "AcceptVpcPeeringConnection", {"VpcPeeringConnectionId": pending.id}, region),), ""
        if _carries(_without(table, choice), trip, facts):
            return (Command("ec2", "DeleteRoute", {"RouteTableId": table.id, **_destination(choice, trip.where)}, region),), ""
    target, advice = _target(table, trip, facts), ""
    if not target and code == "route.no-public-address":
        public: dict[str, Json] = {"SubnetId": trip.origin.id, "MapPublicIpOnLaunch": {"Value": True}}
        return (Command("ec2", "ModifySubnetAttribute", public, region),), ""
    if not target:
        target, advice = _open(trip.where)
    dead = choice if choice and (code == "route.blackhole" or (choice.hop.cidr and network(choice.hop.cidr) == trip.where)) else None
    parameters: dict[str, Json] = {"RouteTableId": table.id, **_destination(dead, trip.where), **target}
    return (Command("ec2", "ReplaceRoute" if dead else "CreateRoute", parameters, region),), advice


def _pending(choice: Choice, facts: Facts) -> Peering | None:
    known = facts.peerings if isinstance(facts.peerings, tuple) else ()
    return next((each for each in known if each.id == choice.hop.target and each.state.lower() == "pending-acceptance"), None)


def _without(table: RouteTable, choice: Choice) -> RouteTable:
    return msgspec.structs.replace(table, hops=tuple(each for each in table.hops if each != choice.hop))


def _carries(table: RouteTable, trip: Trip, facts: Facts) -> bool:
    return all(not decided(piece, trip, facts)[1].code for piece in pieces(table, trip.where, facts.prefix_lists))


def _destination(dead: Choice | None, where: Network) -> dict[str, Json]:
    if dead and dead.hop.prefix_list:
        return {"DestinationPrefixListId": dead.hop.prefix_list}
    wanted = network(dead.hop.cidr) if dead else where
    return {"DestinationCidrBlock" if wanted.version == 4 else "DestinationIpv6CidrBlock": str(wanted)}  # noqa: PLR2004 - IPv4


def _target(table: RouteTable, trip: Trip, facts: Facts) -> dict[str, Json]:
    """Where another route table of the VPC leads such packets and they arrive, or a peering with the VPC that they are for."""
    tables = facts.route_tables if isinstance(facts.route_tables, tuple) else ()
    tried: set[Piece] = set()  # what one table cannot do, another with the same route cannot either
    for other in (each for each in tables if each.vpc == trip.origin.vpc and each.id != table.id):
        for piece in pieces(other, trip.where, facts.prefix_lists):
            if piece in tried:
                continue
            tried.add(piece)
            choice, met = decided(piece, trip, facts)
            if choice and not choice.unread and not met.code and (name := _parameter(choice.hop.target)):
                return {name: choice.hop.target}
    for peering in facts.peerings if isinstance(facts.peerings, tuple) else ():
        ends = {peering.requester, peering.accepter}
        if peering.state.lower() == "active" and trip.origin.vpc in ends and trip.there & (ends - {trip.origin.vpc}):
            return {"VpcPeeringConnectionId": peering.id}
    return {}


def _parameter(target: str) -> str:
    return _PARAMETERS.get("arn:aws" if target.startswith("arn:aws") else target.partition("-")[0], "")


def _open(where: Network) -> tuple[dict[str, Json], str]:
    """A target that only the person can name, with a word in capitals in its place."""
    if private(where):
        name, word, kind = "TransitGatewayId", "TRANSIT_GATEWAY", "transit gateway that leads there (a virtual private gateway is a --gateway-id)"
    elif where.version == 4:  # noqa: PLR2004 - IPv4
        name, word, kind = "NatGatewayId", "NAT_GATEWAY", "NAT gateway of this VPC"
    else:
        name, word, kind = "EgressOnlyInternetGatewayId", "EGRESS_ONLY_INTERNET_GATEWAY", "egress-only internet gateway of this VPC"
    return {name: word}, f"Put the id of the {kind} in place of {word}; what was read does not show which one it is."
