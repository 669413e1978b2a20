"""Whether the route tables lead from the nodes' subnets to the proxy and back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import msgspec

from preflight.aws.carriers import Candidates, Carrier
from preflight.aws.conclusion import Conclusion, few, listed
from preflight.aws.facts import Facts, RouteTable
from preflight.aws.families import second_family
from preflight.aws.remedy import Command
from preflight.aws.ways.fates import Fate, Trip, decided
from preflight.aws.ways.legs import Leg, Verdict, named, unseen
from preflight.aws.ways.route_remedies import mend
from preflight.aws.ways.tables import Choice, pieces, table_of
from preflight.untrusted import Json

_NAMED: Final = 8
"""How many destinations a message names, and gives commands for."""
_RECORDED: Final = 64
"""How many of them the evidence keeps."""
_LOST: Final = frozenset({"route.none", "route.blackhole"})
_KEEPING: Final = ("local", "pcx-", "tgw-")
"""Hops over which answers come back to the node's own address; elsewhere another address stands for it, or may."""


class Passage(msgspec.Struct, frozen=True):
    """One trip, or a part of it, and what becomes of it."""

    trip: Trip
    table: RouteTable | None
    choice: Choice | None
    fate: Fate


def judge(facts: Facts, legs: Iterable[Leg]) -> Verdict:
    """What the route tables make of all ways. The tables must have been read."""
    groups: dict[tuple[str, str, bool], list[Passage]] = defaultdict(list)
    remarks: list[str] = []
    for leg in legs:
        there = list(_passages(_out(leg), facts) if leg.sources else [_foreign(leg)])
        if _keeps(there) and (why := _unseen(leg, there, facts)):
            remarks.append(f"the way back from {leg.address} was not looked at, for {why}")
        remarks += [each.fate.remark for each in there if each.fate.remark]
        for each in (*there, *_back(leg, there, facts)):
            owner = each.table.id if each.table else each.trip.origin.id
            groups[each.fate.code, owner, each.trip.back].append(each)
    wrong = tuple(_wrong(*key, found, facts) for key, found in groups.items() if key[0])
    shown = (_shown(owner, back, found) for (code, owner, back), found in groups.items() if not code)
    return Verdict(wrong, tuple(dict.fromkeys((*shown, *remarks))))


def _out(leg: Leg) -> Trip:
    there = frozenset({leg.end.interface.vpc}) if isinstance(leg.end, Carrier) else frozenset()
    perhaps = frozenset(each.interface.vpc for each in leg.end.carriers) if isinstance(leg.end, Candidates) else frozenset()
    return Trip(leg.subnet, leg.network, there, perhaps, leg.subnet.id)


def _keeps(there: Iterable[Passage]) -> bool:
    return all(not each.fate.code and each.choice is not None and each.choice.hop.target.startswith(_KEEPING) for each in there)


def _unseen(leg: Leg, there: Iterable[Passage], facts: Facts) -> str:
    """Why the way back cannot be judged, where there has to be one: whatever a peering leads to stands in a VPC."""
    peered = any(each.choice and each.choice.hop.target.startswith("pcx-") for each in there)
    return unseen(leg, facts) or ("its subnet is not among what was read" if peered and not leg.home else "")


def _back(leg: Leg, there: Sequence[Passage], facts: Facts) -> Iterator[Passage]:
    """What becomes of the answers. Where there is no way out yet, it is told what they lack besides, as far as that can be seen."""
    lost = all(each.fate.code in _LOST or _keeps([each]) for each in there)
    if not leg.home or not lost:
        return
    for source in leg.sources:
        for each in _passages(Trip(leg.home, source, frozenset({leg.subnet.vpc}), nodes=leg.subnet.id, back=True), facts):
            if _keeps(there) or each.fate.code in _LOST:
                yield each


def _passages(trip: Trip, facts: Facts) -> Iterator[Passage]:
    tables = facts.route_tables if isinstance(facts.route_tables, tuple) else ()
    table = table_of(trip.origin, tables)
    if table is None:
        names: list[Json] = [{"Name": "vpc-id", "Values": [trip.origin.vpc]}]
        why = f"no route table of {trip.origin.id}, and no main one of {trip.origin.vpc}, is among what was read"
        yield Passage(trip, None, None, Fate("route.unknown", why, look=Command("ec2", "DescribeRouteTables", {"Filters": names}, facts.scope.region)))
        return
    for piece in pieces(table, trip.where, facts.prefix_lists):
        choice, fate = decided(piece, trip, facts)
        yield Passage(msgspec.structs.replace(trip, where=piece.network), table, choice, fate)


def _foreign(leg: Leg) -> Passage:
    """The way to a proxy that has no address of an IP family that the subnet has."""
    family = "IPv4" if leg.network.version == 4 else "IPv6"  # noqa: PLR2004 - IPv4
    return Passage(_out(leg), None, None, Fate("route.none", f"{leg.subnet.id} has no {family} addresses"))


def _wrong(code: str, owner: str, back: bool, found: Sequence[Passage], facts: Facts) -> Conclusion:
    """One conclusion for all passages of the same table, direction and code."""
    wheres = dict.fromkeys(named(each.trip.where) for each in found)
    subnets = dict.fromkeys(each.trip.nodes for each in found)
    commands, advice = _remedies(code, found, facts)
    unread = next((each.fate.unread for each in found if each.fate.unread), None)
    evidence: dict[str, Json] = {
        "route_table": owner,
        "direction": "back" if back else "out",
        "subnets": list(subnets),
        "destinations": list(wheres)[:_RECORDED],
    }
    evidence |= {"action": unread.action, "reason": unread.reason, "unread": unread.code} if unread else {}
    whose = f"answers to {listed(subnets)}" if back else listed(subnets)
    fields: dict[str, Json] = {"what": owner, "addresses": listed(wheres, most=_NAMED), "why": f"{few(each.fate.why for each in found)} ({whose})"}
    return Conclusion(code, fields, commands, then=advice, evidence=evidence)


def _remedies(code: str, found: Sequence[Passage], facts: Facts) -> tuple[tuple[Command, ...], str]:
    commands: list[Command] = []
    hints: list[str] = []
    if len(found) > _NAMED:
        hints.append(f"That is for the first {_NAMED} destinations; likewise for the other {len(found) - _NAMED}.")
    for each in found[:_NAMED]:
        if each.fate.look:
            commands.append(each.fate.look)
            continue
        if each.table:
            made, advice = mend(each.table, each.trip, each.choice, code, facts)
        else:
            family, advice = second_family(each.trip.origin.vpc, each.trip.origin.id, each.trip.where.version, facts.scope.region)
            made = (family,)
        commands += made
        hints += [advice] if advice else []
    return tuple(each for number, each in enumerate(commands) if each not in commands[:number]), " ".join(dict.fromkeys(hints))


def _shown(owner: str, back: bool, found: Sequence[Passage]) -> str:
    hops = listed((f"{named(each.trip.where)} by {each.choice}" for each in found), most=_NAMED)
    subnets = listed(each.trip.nodes for each in found)
    return f"{owner} leads back to {hops}" if back else f"{owner} leads {subnets} to {hops}"
