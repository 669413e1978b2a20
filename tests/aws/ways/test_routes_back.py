"""The way back from a proxy in a peered VPC: judged wherever its interface is seen, said where it is not."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from preflight.aws.facts import Interface, Peering, Subnet
from preflight.aws.ways.routes import judge
from tests.aws.ways.networks import LOCAL, LOCAL_FAR, PEERED, A, hop, interface, network, table, ways
from tests.aws.ways.route_worlds import ACTIVE, DENIED, HOME, TO_FAR
from tests.aws.ways.test_routes import healed, verdict

ELSEWHERE = "198.51.100.4"
PUBLIC_FAR = Subnet("subnet-far", "vpc-2", "", ())
TO_IT = table(LOCAL, hop("198.51.100.0/24", "pcx-1"))
NO_WAY_BACK = table(hop("198.51.100.0/24", "local"), id="rtb-far", vpc="vpc-2", main=True, subnets=())


def test_a_peered_proxy_at_a_public_range_is_judged_by_its_interface() -> None:
    known: dict[str, Any] = {"interfaces": (interface(ELSEWHERE, PUBLIC_FAR),), "peerings": (ACTIVE,), "subnets": (A,)}
    (trouble,) = verdict(ELSEWHERE, [TO_IT, NO_WAY_BACK], known).conclusions
    assert (trouble.code, trouble.evidence["direction"], trouble.evidence["route_table"]) == ("route.none", "back", "rtb-far")
    home = msgspec.structs.replace(NO_WAY_BACK, hops=(*NO_WAY_BACK.hops, hop("10.0.0.0/16", "pcx-1")))
    found = verdict(ELSEWHERE, [TO_IT, home], known)
    assert found.conclusions == ()
    assert "rtb-far leads back to 10.0.1.0/24 by 10.0.0.0/16 → pcx-1" in found.shown


@pytest.mark.parametrize(
    ("interfaces", "why"),
    [
        ((), "its subnet is not among what was read"),
        (DENIED, "which interface carries it could not be read"),
        ((Interface("eni-1", "vpc-2", "subnet-far", ("10.8.0.4", ELSEWHERE)),), "198.51.100.4 is met at a gateway, as the public address of eni-1"),
        (
            (interface(ELSEWHERE, PUBLIC_FAR), Interface("eni-2", "vpc-3", "subnet-3", (ELSEWHERE,))),
            "which of eni-2 (vpc-3), eni-subnet-far (vpc-2) is met there is not known",
        ),
    ],
    ids=["nobody shown", "unread", "a gateway's address", "two VPCs"],
)
def test_over_a_peering_the_way_back_is_never_passed_over_in_silence(interfaces: Any, why: str) -> None:
    found = verdict(ELSEWHERE, [TO_IT], {"interfaces": interfaces, "peerings": (ACTIVE, Peering("pcx-3", "vpc-1", "vpc-3", "active")), "subnets": (A,)})
    assert found.conclusions == ()
    assert f"the way back from {ELSEWHERE} was not looked at, for {why}" in found.shown


def test_neither_way_over_a_peering_is_said_at_once() -> None:
    far = table(LOCAL_FAR, id="rtb-far", vpc="vpc-2", subnets=["subnet-far"])
    found = verdict(PEERED, [table(LOCAL), far], TO_FAR).conclusions
    assert [(each.code, each.evidence["direction"]) for each in found] == [("route.none", "out"), ("route.none", "back")]
    assert [command.parameters["VpcPeeringConnectionId"] for each in found for command in each.commands] == ["pcx-1", "pcx-1"]
    facts = network(route_tables=(table(LOCAL), far), **TO_FAR)
    for each in found:
        facts = healed(facts, each)
    assert judge(facts, ways(facts, PEERED)).conclusions == ()


def test_without_a_way_out_a_way_back_that_is_there_or_not_seen_says_nothing() -> None:
    for tables in ([table(LOCAL), HOME], [table(LOCAL)]):
        (trouble,) = verdict(PEERED, tables, TO_FAR).conclusions
        assert trouble.evidence["direction"] == "out"
