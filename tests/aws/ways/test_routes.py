"""What the route tables make of the ways to the proxy and back, in worlds that are broken in one way each."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Network, ip_address, ip_network
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from preflight.aws.conclusion import Conclusion
from preflight.aws.facts import Facts, Hop, RouteTable, Subnet
from preflight.aws.ways.legs import Verdict
from preflight.aws.ways.routes import judge
from preflight.aws.ways.tables import pieces, table_of
from tests.aws.remedies import validated
from tests.aws.ways.networks import LOCAL, LOCAL_FAR, NEAR, ONPREM, PEERED, PUBLIC, A, B, P, codes, commands, hop, interface, listed, network, table, ways
from tests.aws.ways.route_worlds import BROKEN, DENIED, EDGE, FINE, IGW, NAT, ONLY_V6, TGW, TO_FAR, V6


def verdict(address: str, tables: Sequence[RouteTable], known: dict[str, Any], *subnets: Subnet) -> Verdict:
    facts = network(route_tables=tuple(tables), **known)
    return judge(facts, ways(facts, address, subnets=subnets or (A,)))


@pytest.mark.parametrize(("address", "tables", "known"), [row[1:] for row in FINE], ids=[row[0] for row in FINE])
def test_a_way_that_leads_there_is_quoted(address: str, tables: Sequence[RouteTable], known: dict[str, Any]) -> None:
    found = verdict(address, tables, known)
    assert found.conclusions == ()
    assert f"leads subnet-a to {address} by " in found.shown[0]


@pytest.mark.parametrize(("code", "address", "tables", "known"), [row[1:] for row in BROKEN], ids=[row[0] for row in BROKEN])
def test_a_broken_way_is_told_with_a_command_that_aws_takes(code: str, address: str, tables: Sequence[RouteTable], known: dict[str, Any]) -> None:
    (trouble,) = verdict(address, tables, known).conclusions
    assert trouble.code == code
    assert "subnet-a" in str(trouble.fields["why"])
    assert trouble.commands
    for command in trouble.commands:
        validated(command)
        assert "--region us-west-1" in str(command)


@pytest.mark.parametrize(
    ("name", "line"),
    [
        (
            "nothing leads there",
            "create-route --region us-west-1 --route-table-id rtb-1 --destination-cidr-block 192.168.7.4/32 --transit-gateway-id TRANSIT_GATEWAY",
        ),
        (
            "its own table has no route, though the main one has",
            "create-route --region us-west-1 --route-table-id rtb-1 --destination-cidr-block 192.168.7.4/32 --transit-gateway-id tgw-1",
        ),
        ("a black hole more specific than a way that works", "delete-route --region us-west-1 --route-table-id rtb-1 --destination-cidr-block 198.51.100.0/24"),
        (
            "a black hole",
            "replace-route --region us-west-1 --route-table-id rtb-1 --destination-cidr-block 192.168.0.0/16 --transit-gateway-id TRANSIT_GATEWAY",
        ),
        (
            "a black hole by a prefix list",
            "replace-route --region us-west-1 --route-table-id rtb-1 --destination-prefix-list-id pl-1 --transit-gateway-id TRANSIT_GATEWAY",
        ),
        ("a peering that nobody accepted", "accept-vpc-peering-connection --region us-west-1 --vpc-peering-connection-id pcx-1"),
        (
            "peered, no way back",
            "create-route --region us-west-1 --route-table-id rtb-far --destination-cidr-block 10.0.1.0/24 --vpc-peering-connection-id pcx-1",
        ),
        (
            "peered, a way back for half of the subnet",
            "create-route --region us-west-1 --route-table-id rtb-far --destination-cidr-block 10.0.1.128/25 --vpc-peering-connection-id pcx-1",
        ),
        ("an unread list alone", "get-managed-prefix-list-entries --region us-west-1 --prefix-list-id pl-1"),
        (
            "a public address, and none of one's own",
            """modify-subnet-attribute --region us-west-1 --subnet-id subnet-a --map-public-ip-on-launch '{"Value":true}'""",
        ),
    ],
)
def test_the_command_is_the_one_that_mends_it(name: str, line: str) -> None:
    (row,) = [row for row in BROKEN if row[0] == name]
    assert commands(verdict(row[2], row[3], row[4]).conclusions) == [f"aws ec2 {line}"]


def test_a_target_that_only_a_person_knows_is_named_plainly() -> None:
    (trouble,) = verdict(ONPREM, [table(LOCAL)], {}).conclusions
    assert "in place of TRANSIT_GATEWAY" in trouble.then
    (public,) = verdict(PUBLIC, [table(LOCAL)], {}).conclusions
    assert "in place of NAT_GATEWAY" in public.then


def test_a_public_subnet_may_use_the_internet_gateway() -> None:
    public = msgspec.structs.replace(A, public_addresses=True)
    assert verdict(PUBLIC, [table(LOCAL, IGW)], {}, public).conclusions == ()


def test_a_nat_gateway_that_a_sibling_uses_is_proposed() -> None:
    sibling = table(LOCAL, NAT, id="rtb-2", subnets=["subnet-b"])
    assert commands(verdict(PUBLIC, [EDGE, table(LOCAL, IGW), sibling], {}).conclusions) == [
        "aws ec2 create-route --region us-west-1 --route-table-id rtb-1 --destination-cidr-block 198.51.100.4/32 --nat-gateway-id nat-1"
    ]


def test_a_gateway_of_another_vpc_is_not_proposed() -> None:
    elsewhere = table(LOCAL_FAR, TGW, id="rtb-far", vpc="vpc-2")
    assert "TRANSIT_GATEWAY" in commands(verdict(ONPREM, [table(LOCAL), elsewhere], {}).conclusions)[0]


def test_ip_families_are_apart() -> None:
    tables = [table(LOCAL, NAT, hop("::/0", "eigw-1")), EDGE]
    facts = network(route_tables=tuple(tables))
    assert judge(facts, ways(facts, PUBLIC, ONLY_V6, subnets=[A])).conclusions == (), "an IPv4 subnet does not use the IPv6 address"
    assert judge(facts, ways(facts, PUBLIC, ONLY_V6, subnets=[V6])).conclusions == ()
    halved = network(route_tables=(table(LOCAL, NAT), EDGE))
    assert codes(judge(halved, ways(halved, PUBLIC, ONLY_V6, subnets=[V6])).conclusions) == ["route.none"]


def test_one_trouble_a_table_names_all_subnets_and_addresses() -> None:
    facts = network(route_tables=(table(LOCAL, subnets=["subnet-a", "subnet-b"]),))
    (trouble,) = judge(facts, ways(facts, ONPREM, "192.168.8.4", subnets=[A, B])).conclusions
    assert trouble.evidence["subnets"] == ["subnet-a", "subnet-b"]
    assert trouble.evidence["destinations"] == [ONPREM, "192.168.8.4"]
    assert len(trouble.commands) == 2


def test_the_action_that_would_have_told_is_named() -> None:
    (trouble,) = verdict(ONPREM, [table(listed("pl-1", "tgw-1"))], {"prefix_lists": {"pl-1": DENIED}}).conclusions
    assert trouble.evidence["action"] == "ec2:GetManagedPrefixListEntries"


def test_a_way_back_that_nobody_can_see_is_said() -> None:
    assert any("the way back from 192.168.7.4 was not looked at" in each for each in verdict(ONPREM, [table(LOCAL, TGW)], {}).shown)
    assert not any("way back" in each for each in verdict(PUBLIC, [table(LOCAL, NAT), EDGE], {}).shown)
    assert not any("way back" in each for each in verdict(PUBLIC, [table(LOCAL, hop("0.0.0.0/0", "tgw-1"))], {}).shown)


def test_an_address_that_two_vpcs_have_is_the_own_one() -> None:
    other = Subnet("subnet-o", "vpc-3", "usw1-az1", P.cidrs)
    known = {"interfaces": (interface(NEAR, other), interface(NEAR, P)), "subnets": (A, P, other)}
    found = verdict(NEAR, [table(LOCAL, main=True)], known)
    assert found.conclusions == ()
    assert "rtb-1 leads back to 10.0.1.0/24 by 10.0.0.0/16 → local" in found.shown


NETWORKS = st.builds(lambda value, length: ip_network((value << 28, length), strict=False), st.integers(0, 15), st.integers(0, 4))
HOPS = st.lists(st.builds(lambda net, number: Hop(str(net), "", f"tgw-{number}"), NETWORKS, st.integers(0, 3)), max_size=6, unique_by=lambda each: each.cidr)


@given(HOPS, NETWORKS)
def test_the_longest_prefix_is_the_one_that_counting_finds(hops: list[Hop], where: IPv4Network) -> None:
    found = {address: piece for piece in pieces(table(*hops), where, {}) for address in _sixteenths(ip_network(str(piece.network)))}
    assert sorted(found) == sorted(_sixteenths(where))
    for address, piece in found.items():
        containing = [each for each in hops if ip_address(address << 28) in ip_network(each.cidr)]
        best = max(containing, key=lambda each: ip_network(each.cidr).prefixlen, default=None)
        assert [choice.hop.target for choice in piece.choices] == ([best.target] if best else [])


def _sixteenths(where: Any) -> list[int]:
    return [value for value in range(16) if ip_address(value << 28) in where]


@given(HOPS)
def test_a_table_that_is_nobodys_decides_nothing(hops: list[Hop]) -> None:
    others = (table(*hops, id="rtb-2", subnets=["subnet-b"]), table(*hops, id="rtb-3", vpc="vpc-2", main=True))
    assert table_of(A, others) is None
    own = table(LOCAL)
    assert table_of(A, (*others, own)) is own


def healed(facts: Facts, trouble: Conclusion) -> Facts:
    """The facts once somebody has run the commands, as far as they are about routes."""
    assert isinstance(facts.route_tables, tuple)
    tables = {each.id: each for each in facts.route_tables}
    for command in trouble.commands:
        said = command.parameters
        one = tables[str(said["RouteTableId"])]
        cidr = str(said.get("DestinationCidrBlock", ""))
        name = str(said.get("DestinationPrefixListId", ""))
        target = next((str(value) for key, value in said.items() if key.endswith("Id") and key not in {"RouteTableId", "DestinationPrefixListId"}), "")
        kept = tuple(each for each in one.hops if (each.cidr, each.prefix_list) != (cidr, name))
        assert (command.operation == "CreateRoute") == (len(kept) == len(one.hops))
        tables[one.id] = msgspec.structs.replace(one, hops=(*kept, *([Hop(cidr, name, target)] if target else [])))
    return msgspec.structs.replace(facts, route_tables=tuple(tables.values()))


ROUTED = [
    row for row in BROKEN if row[1] in {"route.none", "route.blackhole"} and row[0] not in {"a proxy that has IPv6 only", "a peering that nobody accepted"}
]


@pytest.mark.parametrize(("code", "address", "tables", "known"), [row[1:] for row in ROUTED], ids=[row[0] for row in ROUTED])
def test_the_command_heals(code: str, address: str, tables: Sequence[RouteTable], known: dict[str, Any]) -> None:
    facts = network(route_tables=tuple(tables), **known)
    (trouble,) = judge(facts, ways(facts, address)).conclusions
    after = healed(facts, trouble)
    left = codes(judge(after, ways(after, address)).conclusions)
    assert code not in left
    assert left == [] or "NAT_GATEWAY" in str(trouble.commands[0])


def test_nobody_is_asked_to_route_around_the_vpc() -> None:
    (trouble,) = verdict(PEERED, [table(hop("10.0.0.0/8", "local"))], TO_FAR).conclusions
    assert trouble.commands[0].operation == "DescribeNetworkInterfaces"
    assert "overlap" in str(trouble.fields["why"])


def test_what_a_shared_vpc_hides_is_said() -> None:
    (row,) = [row for row in FINE if row[0] == "public over a NAT gateway of a shared VPC"]
    assert any("where nat-1 leads on was not looked at" in each for each in verdict(row[1], row[2], row[3]).shown)


@pytest.mark.parametrize(("entries", "code"), [(1000, "route.unknown"), (16, "route.none")])
def test_a_long_prefix_list_makes_no_long_text(entries: int, code: str) -> None:
    wide = msgspec.structs.replace(A, cidrs=("10.0.0.0/16",))
    far = table(LOCAL_FAR, listed("pl-1", "pcx-1"), id="rtb-far", vpc="vpc-2", subnets=["subnet-far"])
    known = {**TO_FAR, "prefix_lists": {"pl-1": tuple(f"10.0.{number // 100}.{number % 100 * 2}/32" for number in range(entries))}}
    (trouble,) = verdict(PEERED, [table(LOCAL, hop("10.8.0.0/16", "pcx-1")), far], known, wide).conclusions
    assert trouble.code == code
    assert ("more than 512 pieces" in str(trouble.fields["why"])) == (code == "route.unknown")
    assert len(trouble.commands) <= 8
    assert len(repr(trouble)) < 6000


def test_a_long_prefix_list_that_leads_where_the_rest_goes_is_no_matter() -> None:
    known = {**TO_FAR, "prefix_lists": {"pl-1": tuple(f"10.0.1.{number}/32" for number in range(256))}}
    far = table(LOCAL_FAR, hop("10.0.0.0/16", "pcx-1"), listed("pl-1", "pcx-1"), id="rtb-far", vpc="vpc-2", subnets=["subnet-far"])
    assert verdict(PEERED, [table(LOCAL, hop("10.8.0.0/16", "pcx-1")), far], known).conclusions == ()
