"""The way out to the proxy through security groups: one broken world for each thing that can be said."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from preflight.aws.conclusion import Conclusion, Gap
from preflight.aws.egress.out import way_out
from preflight.aws.facts import Facts, Rule, Subnet
from preflight.aws.nodes import INSTALLER_PORTS, Nodes
from tests.aws.egress.worlds import (
    ANYWHERE,
    DENIED,
    DUAL,
    FACTS,
    FIELD,
    IN,
    NODES,
    ON_PREMISES,
    ONLY_V6,
    OUT,
    PEER_IN,
    PROXY,
    V6,
    WITH_V6,
    WORLDS,
    carries,
    codes_of,
    elsewhere,
    facts,
    guard,
    line,
    listing,
    only,
    peered,
    refer,
    role,
    statements,
    to,
)
from tests.aws.remedies import validated


@pytest.mark.parametrize(("world", "code"), WORLDS.values(), ids=WORLDS)
def test_each_world_has_its_codes(world: Facts, code: str) -> None:
    assert codes_of(world) == code


@pytest.mark.parametrize("world", [world for world, code in WORLDS.values() if code != "ok"], ids=[name for name, (_, code) in WORLDS.items() if code != "ok"])
def test_every_command_is_one_that_aws_would_take(world: Facts) -> None:
    for said in statements(world):
        if isinstance(said, Conclusion):
            assert said.commands
            for command in said.commands:
                validated(command)


def test_of_two_ports_the_missing_one_is_named() -> None:
    said = only(facts(groups=(OUT, guard(refer("sg-1"), refer("sg-1", 8080)))), PROXY, ("proxy.corp", 8080))
    assert said.code == "egress.partial"
    assert said.fields["proxy_address"] == "proxy.corp:8080 (10.0.9.7)"


def test_both_proxies_may_have_different_hosts() -> None:
    world = facts(proxies={"proxy.corp": ("10.0.9.7",), "other.corp": ("192.168.9.9",)})
    assert only(world, PROXY, ("other.corp", 3129)).fields["proxy_address"] == "other.corp:3129 (192.168.9.9)"
    assert codes_of(facts(groups=(role(ANYWHERE, to("0.0.0.0/0", port=3129)), IN)), PROXY, ("192.168.9.9", 3129)) == "ok"


def test_a_proxy_that_is_not_known_does_not_hide_the_other() -> None:
    assert codes_of(facts(groups=(role(), IN)), PROXY, ("gone.corp", 3128)) == "aws.not-asked egress.none"
    assert codes_of(FACTS, PROXY, ("gone.corp", 3128)) == "aws.not-asked"


def test_all_groups_of_the_role_count_together() -> None:
    nodes = Nodes("x", ("sg-1", "sg-2"), NODES.subnets)
    world = facts(groups=(role(to("10.0.8.0/24")), role(refer("sg-p"), name="sg-2"), guard(refer("sg-2"))))
    assert codes_of(world, nodes=nodes) == "ok"
    assert codes_of(world) == "egress.blocked"


def test_a_group_that_another_kind_of_machine_declares_is_not_the_installers() -> None:
    world = facts(groups=(OUT, guard(refer("sg-2")), role(name="sg-2")))
    said = only(world)
    assert said.code == "egress.unknown"
    assert "sg-p admits the group sg-2, which no manifest declares" in str(said.fields["why"])
    assert "list the group in the manifest" in said.hint
    assert '"UserIdGroupPairs":[{"GroupId":"sg-1"}]' in line(said)
    assert [each.code for each in way_out(world, NODES, (PROXY,), declared={"sg-2": "pool.yaml:7"}) if isinstance(each, Conclusion)] == ["egress.proxy-ingress"]


@pytest.mark.parametrize(
    ("rules", "near"),
    [
        ((to("0.0.0.0/0", port=443),), "needs tcp 3128 to 10.0.9.7, and sg-1 allows tcp 443 to 0.0.0.0/0"),
        ((to("10.1.0.0/16"),), "needs tcp 3128 to 10.0.9.7, and sg-1 allows tcp 3128 to 10.1.0.0/16"),
        ((to("10.1.0.0/16", port=80),), "no egress rule has this port or this address"),
        ((), "needs tcp 3128 to 10.0.9.7, and sg-1 has no egress rule"),
        ((refer("sg-x"),), "sg-1 allows the group sg-x, while eni-p at 10.0.9.7 carries sg-p"),
        (tuple(to("0.0.0.0/0", port=port) for port in range(7)), "; and 4 more"),
    ],
)
def test_near_misses_are_said(rules: tuple[Rule, ...], near: str) -> None:
    assert near in str(only(facts(groups=(role(*rules), IN))).fields["why"])


def test_a_stale_peering_is_said() -> None:
    world = WORLDS["a stale peering"][0]
    assert "over a peering that is deleted" in str(only(world).fields["why"])


def test_an_unread_part_names_its_action() -> None:
    assert only(WORLDS["the list unreadable"][0]).evidence["action"] == "ec2:GetManagedPrefixListEntries"
    assert only(WORLDS["interfaces unread, out by address"][0]).evidence["action"] == "ec2:DescribeNetworkInterfaces"
    assert only(WORLDS["interfaces unread, out by address"][0]).evidence["unread"] == "aws.access-denied"


def test_what_passes_says_by_which_rule_and_what_was_not_judged() -> None:
    assert only(FACTS).message == (
        "the control plane gets out to proxy.corp:3128 (10.0.9.7): sg-1 allows tcp 3128 to the group sg-p; sg-p allows tcp 3128 from the group sg-1"
    )
    assert "no interface that AWS shows carries 192.168.9.7" in str(only(ON_PREMISES).message)
    assert "eni-p (network_load_balancer) has no group" in str(only(WORLDS["a load balancer without groups"][0]).message)


def test_the_rule_to_add_is_to_the_proxys_group_in_the_same_vpc_and_to_its_address_otherwise() -> None:
    assert line(only(facts(groups=(role(), IN)))) == (
        "aws ec2 authorize-security-group-egress --region us-west-1 --group-id sg-1 --ip-permissions "
        """'[{"IpProtocol":"tcp","FromPort":3128,"ToPort":3128,"UserIdGroupPairs":[{"GroupId":"sg-p"}]}]'"""
    )
    assert '"IpRanges":[{"CidrIp":"10.9.0.7/32"}]' in line(only(elsewhere(role(refer("sg-x")), PEER_IN)))
    assert '"Ipv6Ranges":[{"CidrIpv6":"2001:db8::7/128"}]' in line(
        only(facts(groups=(role(ANYWHERE),), interfaces=(), proxies=V6, vpc=WITH_V6, subnets=ONLY_V6))
    )


def test_all_missing_ports_are_in_one_command() -> None:
    outward, inward = statements(facts(groups=(role(), guard())), PROXY, ("proxy.corp", 8080))
    for said in (outward, inward):
        assert isinstance(said, Conclusion)
        [command] = said.commands
        assert [each["FromPort"] for each in msgspec.convert(command.parameters["IpPermissions"], list[dict[str, object]])] == [3128, 8080]


def test_the_rule_to_add_at_the_proxy_is_from_the_roles_group_or_its_subnets() -> None:
    assert '"UserIdGroupPairs":[{"GroupId":"sg-1"}]' in line(only(facts(groups=(OUT, guard()))))
    apart = line(only(elsewhere(role(ANYWHERE), guard(vpc="vpc-2"), peerings=(peered(),))))
    assert "--group-id sg-p" in apart
    assert '"IpRanges":[{"CidrIp":"10.0.1.0/24"},{"CidrIp":"10.0.2.0/24"}]' in apart


BARE = Nodes("the control plane", (), NODES.subnets, INSTALLER_PORTS)
OPEN = guard(to("10.0.0.0/16"), to("10.0.0.0/16", port=443), to("10.0.0.0/16", port=80))


@pytest.mark.parametrize(
    ("world", "nodes", "port", "code"),
    [
        (facts(groups=(OPEN,)), BARE, 443, "egress.installer"),
        (facts(groups=(OPEN,)), BARE, 80, "egress.installer"),
        (facts(groups=(OPEN,)), BARE, 3128, "egress.none"),
        (facts(groups=(role(), OPEN)), NODES, 443, "egress.installer"),
        (facts(groups=(role(refer("sg-x", 443)), OPEN)), NODES, 443, "egress.installer"),
        (facts(groups=(role(listing("pl-1", 443)), OPEN)), NODES, 443, "egress.unknown"),
        (facts(groups=(role(to("0.0.0.0/0", port=443)), OPEN)), NODES, 443, "ok"),
        (facts(groups=(), interfaces=DENIED), BARE, 443, "egress.installer egress.unknown"),
        (facts(groups=(guard(),)), BARE, 443, "egress.installer egress.proxy-ingress"),
        (facts(groups=(), interfaces=(), proxies=V6), BARE, 443, "egress.family"),
    ],
)
def test_documentation_of_80_and_443_warns_and_proves_nothing(world: Facts, nodes: Nodes, port: int, code: str) -> None:
    assert codes_of(world, ("proxy.corp", port), nodes=nodes) == code


def test_without_a_group_the_field_is_named_and_a_group_is_made() -> None:
    said = only(facts(groups=(OPEN,)), nodes=BARE)
    assert FIELD in str(said.fields["why"])
    [command] = said.commands
    validated(command)
    assert "create-security-group" in str(command)


def test_a_port_that_only_documentation_opens_does_not_hide_one_that_nothing_opens() -> None:
    assert codes_of(facts(groups=(OPEN,)), PROXY, ("proxy.corp", 443), nodes=BARE) == "egress.installer egress.none"


@pytest.mark.parametrize(
    ("ingress", "code"),
    [(to("10.0.0.0/16"), "ok"), (refer("sg-1"), "ok"), (to("10.0.1.0/24"), "egress.unknown"), (to("0.0.0.0/0", port=80), "egress.proxy-ingress")],
)
def test_without_subnets_the_whole_vpc_has_to_be_let_in(ingress: Rule, code: str) -> None:
    assert codes_of(facts(groups=(OUT, guard(ingress))), nodes=Nodes("x", ("sg-1",))) == code


def test_an_ipv6_proxy_counts_where_the_subnets_have_ipv6() -> None:
    subnets = (Subnet("subnet-a", "vpc-1", "z", ("10.0.1.0/24", "2001:db8:1::/64")), Subnet("subnet-b", "vpc-1", "z", ("10.0.2.0/24",)))
    assert codes_of(facts(proxies=DUAL, subnets=subnets, groups=(role(ANYWHERE), IN))) == "egress.partial"


def test_no_proxy_is_no_pass() -> None:
    assert way_out(FACTS, NODES, ()) == ()


def test_what_stands_behind_a_load_balancer_is_not_claimed() -> None:
    said = only(facts(interfaces=(carries("sg-p", type="network_load_balancer"),)))
    assert "behind the network_load_balancer is not judged" in str(said.message)


def test_what_nobody_refused_asks_for_no_permission() -> None:
    assert "Allow" not in only(WORLDS["a tcp rule without ports"][0]).hint
    assert only(WORLDS["a tcp rule without ports"][0]).hint
    assert only(WORLDS["the list unreadable"][0]).hint == ""


def test_a_doubt_about_the_proxys_rule_is_settled_at_the_proxy() -> None:
    assert "authorize-security-group-ingress --region us-west-1 --group-id sg-p" in line(only(WORLDS["ingress by a list that is unreadable"][0]))
    assert "describe-network-interfaces" in line(only(WORLDS["interfaces unread, out by address"][0]))


def test_a_gap_says_what_was_not_known() -> None:
    [said] = statements(facts(proxies={}))
    assert isinstance(said, Gap)
    assert said.what == "the addresses of the proxy proxy.corp"


@given(st.permutations(["0.0.0.0/0", "10.1.0.0/16"]), st.permutations([role(refer("sg-x")), role(to("10.1.0.0/16", "::/0"), name="sg-2")]))
def test_the_order_in_which_aws_answers_changes_no_code(cidrs: list[str], groups: list[object]) -> None:
    nodes = Nodes("x", ("sg-1", "sg-2"), NODES.subnets)
    assert codes_of(facts(groups=(*groups, IN)), nodes=nodes) == "egress.reference"
    assert codes_of(facts(groups=(role(to(*cidrs)), role(name="sg-2"), IN)), nodes=nodes) == "ok"
