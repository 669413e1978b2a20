"""Who is met at the proxy's address, and whether the machines can try it at all."""

from __future__ import annotations

import msgspec
import pytest

from preflight.aws.conclusion import Conclusion
from preflight.aws.nodes import INSTALLER_PORTS, Nodes
from tests.aws.egress.worlds import (
    ANYWHERE,
    DUAL,
    IN,
    NODES,
    PROXY,
    V6,
    WITH_V6,
    WORLDS,
    carries,
    codes_of,
    facts,
    guard,
    line,
    only,
    refer,
    role,
    statements,
    to,
)

BARE = Nodes("the control plane", (), NODES.subnets, INSTALLER_PORTS)
OPEN = guard(to("10.0.0.0/16", port=443))


@pytest.mark.parametrize("name", [name for name in WORLDS if name.startswith(("a stranger", "two VPCs", "two peered"))])
def test_nobody_is_told_to_change_what_may_be_a_strangers(name: str) -> None:
    for said in statements(WORLDS[name][0]):
        assert isinstance(said, Conclusion)
        assert said.code == "ok" or [command.operation for command in said.commands] == ["DescribeNetworkInterfaces"]
        if said.code == "egress.unknown":
            assert "eni-9 (vpc-9)" in str(said.fields["why"])


def test_what_is_open_wherever_the_proxy_may_be_passes_and_says_what_is_not_known() -> None:
    assert "which of eni-8 (vpc-8), eni-9 (vpc-9) is met there is not known" in str(only(WORLDS["two VPCs repeat the address, both open"][0]).message)


def test_a_public_address_is_said_to_be_met_at_a_gateway() -> None:
    behind = WORLDS["a public address behind a group"][0]
    assert "198.41.0.4 is met at a gateway, as the public address of eni-p" in str(only(behind).fields["why"])
    opened = msgspec.structs.replace(behind, groups=(role(ANYWHERE), IN))
    assert "198.41.0.4 is met at a gateway, as the public address of eni-p" in str(only(opened).message)


def test_no_group_is_to_be_attached_to_what_aws_keeps() -> None:
    assert only(WORLDS["a group that the proxy does not carry"][0]).hint == ""
    balancer = facts(groups=(role(refer("sg-x")), IN), interfaces=(carries(type="network_load_balancer"),))
    assert "Attach" not in only(balancer).hint
    assert "Add an egress rule for the proxy's address" in only(balancer).hint


def test_a_node_pool_is_promised_nothing() -> None:
    pool = msgspec.structs.replace(BARE, promised=())
    assert codes_of(facts(groups=(OPEN,)), ("proxy.corp", 443), nodes=pool) == "egress.none"
    shut = msgspec.structs.replace(NODES, promised=())
    assert codes_of(facts(groups=(role(to("10.9.0.0/16", port=443)), OPEN)), ("proxy.corp", 443), nodes=shut) == "egress.blocked"


def test_without_declared_subnets_the_vpc_tells_the_ip_families() -> None:
    anywhere = Nodes("x", ("sg-1",))
    world = facts(proxies=DUAL, groups=(role(ANYWHERE), guard(to("10.0.0.0/16"))))
    assert codes_of(world, nodes=anywhere) == "ok"
    assert codes_of(msgspec.structs.replace(world, vpc=WITH_V6), nodes=anywhere) == "egress.partial"
    assert "associate-vpc-cidr-block" in line(only(facts(proxies=V6), nodes=anywhere))


def test_a_second_proxy_of_the_other_family_is_not_overlooked() -> None:
    world = facts(proxies={"proxy.corp": ("10.0.9.7",), "other.corp": ("2001:db8::7",)})
    said = only(world, PROXY, ("other.corp", 3128))
    assert said.code == "egress.family"
    assert said.fields["proxy_address"] == "other.corp:3128 (2001:db8::7)"
    assert "subnet-a, subnet-b has no IPv6 addresses" in str(said.message)
