"""What the network ACLs make of connections to the proxy and of its answers."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address, ip_network
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from preflight.aws.conclusion import Conclusion
from preflight.aws.facts import Acl, AclRule, Facts, Peering, Subnet
from preflight.aws.ways.acl_rules import Box, decisions
from preflight.aws.ways.acls import judge
from tests.aws.remedies import validated
from tests.aws.ways.networks import ALLOW_IN, ALLOW_OUT, FAR, NEAR, ONPREM, PEERED, PUBLIC, A, B, P, acl, codes, commands, interface, network, ways

OPEN = acl(ALLOW_OUT, ALLOW_IN)
AT_P = {"interfaces": (interface(NEAR, P),)}
AT_FAR = {"interfaces": (interface(PEERED, FAR),), "peerings": (Peering("pcx-1", "vpc-1", "vpc-2", "active"),)}


def out(number: int, allow: bool, cidr: str = "0.0.0.0/0", *ports: int, protocol: str = "6") -> AclRule:
    return AclRule(number, True, allow, protocol, cidr, *ports)


def into(number: int, allow: bool, cidr: str = "0.0.0.0/0", *ports: int, protocol: str = "6") -> AclRule:
    return AclRule(number, False, allow, protocol, cidr, *ports)


def at_p(*rules: AclRule) -> Acl:
    return acl(*rules, id="acl-p", subnets=["subnet-p"])


FINE: list[tuple[str, str, tuple[Acl, ...], dict[str, Any]]] = [
    ("everything is let through", ONPREM, (OPEN,), {}),
    ("just what is needed", ONPREM, (acl(out(100, True, "192.168.7.4/32", 3128, 3128), into(100, True, "192.168.7.4/32", 32768, 60999)),), {}),
    ("in two halves", ONPREM, (acl(ALLOW_OUT, into(100, True, "0.0.0.0/0", 1024, 40000), into(110, True, "0.0.0.0/0", 40001, 65535)),), {}),
    ("networks in two halves", NEAR, (OPEN, at_p(ALLOW_OUT, into(1, True, "10.0.1.0/25", 1, 65535), into(2, True, "10.0.1.128/25", 1, 65535))), AT_P),
    ("an allow goes before a deny", ONPREM, (acl(ALLOW_OUT, out(200, False), ALLOW_IN, into(101, False)),), {}),
    ("the order is the numbers', not the list's", ONPREM, (acl(out(200, False), ALLOW_OUT, into(200, False), ALLOW_IN),), {}),
    (
        "denied for others",
        ONPREM,
        (acl(out(1, False, "10.0.0.0/8"), out(2, False, "192.168.7.4/32", 22, 22), into(1, False, "192.168.7.5/32"), ALLOW_OUT, ALLOW_IN),),
        {},
    ),
    ("denied for UDP, and for IPv6", ONPREM, (acl(out(1, False, protocol="17"), out(2, False, "::/0", protocol="-1"), ALLOW_OUT, ALLOW_IN),), {}),
    (
        "denied below and above the ports of Linux",
        ONPREM,
        (acl(ALLOW_OUT, into(1, False, "0.0.0.0/0", 0, 32767), into(2, False, "0.0.0.0/0", 61000, 65535), ALLOW_IN),),
        {},
    ),
    ("tcp by its name", ONPREM, (acl(out(1, True, protocol="tcp"), into(1, True, protocol="TCP")),), {}),
    ("within one subnet nothing is filtered", "10.0.1.9", (acl(),), {"interfaces": (interface("10.0.1.9", A),)}),
    ("and at the proxy's subnet", NEAR, (OPEN, at_p(ALLOW_OUT, ALLOW_IN)), AT_P),
    ("one ACL for both subnets", NEAR, (acl(ALLOW_OUT, ALLOW_IN, subnets=["subnet-a", "subnet-p"]),), AT_P),
    ("an interface that carries a public address", PUBLIC, (OPEN, at_p()), {"interfaces": (interface(PUBLIC, P),)}),
]
_OUT, _BACK = "route.acl-out", "route.acl-return"
BROKEN: list[tuple[str, str, str, tuple[Acl, ...], dict[str, Any]]] = [
    ("nothing goes out", _OUT, ONPREM, (acl(ALLOW_IN),), {}),
    ("another port goes out", _OUT, ONPREM, (acl(out(100, True, "0.0.0.0/0", 443, 443), ALLOW_IN),), {}),
    ("another network goes out", _OUT, ONPREM, (acl(out(100, True, "10.0.0.0/8"), ALLOW_IN),), {}),
    ("UDP goes out", _OUT, ONPREM, (acl(out(100, True, protocol="17"), ALLOW_IN),), {}),
    ("IPv6 goes out", _OUT, ONPREM, (acl(out(100, True, "::/0"), ALLOW_IN),), {}),
    ("a deny goes before the allow", _OUT, ONPREM, (acl(out(99, False, "192.168.7.0/24", 3000, 4000), ALLOW_OUT, ALLOW_IN),), {}),
    ("a deny of everything as the first", _OUT, ONPREM, (acl(out(1, False, protocol="-1"), ALLOW_OUT, ALLOW_IN),), {}),
    ("nothing comes back", _BACK, ONPREM, (acl(ALLOW_OUT),), {}),
    ("only the proxy's port comes back", _BACK, ONPREM, (acl(ALLOW_OUT, into(100, True, "0.0.0.0/0", 3128, 3128)),), {}),
    ("the ports of Windows come back", _BACK, ONPREM, (acl(ALLOW_OUT, into(100, True, "0.0.0.0/0", 49152, 65535)),), {}),
    ("one port in the middle is denied", _BACK, ONPREM, (acl(ALLOW_OUT, into(90, False, "0.0.0.0/0", 40000, 40000), ALLOW_IN),), {}),
    ("the last port of Linux is missing", _BACK, ONPREM, (acl(ALLOW_OUT, into(90, True, "0.0.0.0/0", 1024, 60998)),), {}),
    ("nothing comes in at the proxy", _OUT, NEAR, (OPEN, at_p(ALLOW_OUT)), AT_P),
    ("another subnet comes in at the proxy", _OUT, NEAR, (OPEN, at_p(ALLOW_OUT, into(1, True, "10.0.2.0/24"))), AT_P),
    ("half of the subnet comes in at the proxy", _OUT, NEAR, (OPEN, at_p(ALLOW_OUT, into(1, True, "10.0.1.0/25"))), AT_P),
    ("one node is denied at the proxy", _OUT, NEAR, (OPEN, at_p(ALLOW_OUT, into(1, False, "10.0.1.77/32"), ALLOW_IN)), AT_P),
    ("no answer goes out at the proxy", _BACK, NEAR, (OPEN, at_p(ALLOW_IN, out(1, True, "0.0.0.0/0", 443, 443))), AT_P),
    ("some answers go out at the proxy", _BACK, NEAR, (OPEN, at_p(ALLOW_IN, out(1, True, "10.0.1.0/24", 49152, 65535))), AT_P),
    ("an ACL that is not among those that were read", "route.unknown", ONPREM, (), {}),
    ("the proxy's ACL is not among those that were read", "route.unknown", PEERED, (OPEN,), AT_FAR),
]


def troubles(address: str, acls: tuple[Acl, ...], known: dict[str, Any], *subnets: Subnet, ports: Sequence[int] = (3128,)) -> tuple[Conclusion, ...]:
    facts = network(acls=acls, **known)
    return judge(facts, ways(facts, address, subnets=subnets or (A,), ports=ports)).conclusions


@pytest.mark.parametrize(("address", "acls", "known"), [row[1:] for row in FINE], ids=[row[0] for row in FINE])
def test_what_is_let_through_is_quoted(address: str, acls: tuple[Acl, ...], known: dict[str, Any]) -> None:
    facts = network(acls=acls, **known)
    verdict = judge(facts, ways(facts, address))
    assert verdict.conclusions == ()
    assert address in " ".join(verdict.shown)


@pytest.mark.parametrize(("code", "address", "acls", "known"), [row[1:] for row in BROKEN], ids=[row[0] for row in BROKEN])
def test_what_is_refused_is_told_with_commands_that_aws_takes_and_that_heal(code: str, address: str, acls: tuple[Acl, ...], known: dict[str, Any]) -> None:
    (trouble,) = troubles(address, acls, known)
    assert trouble.code == code
    assert trouble.commands
    for command in trouble.commands:
        validated(command)
    if code != "route.unknown":
        assert troubles(address, tuple(healed(each, trouble) for each in acls), known) == ()


def healed(one: Acl, trouble: Conclusion) -> Acl:
    """The ACL once somebody has run the commands; AWS refuses to create an entry twice, and to replace one that is not there."""
    rules = {(each.egress, each.number): each for each in one.rules}
    for said in (command.parameters for command in trouble.commands if command.parameters["NetworkAclId"] == one.id):
        (command,) = (each for each in trouble.commands if each.parameters is said)
        ports: Any = said.get("PortRange", {})
        cidr = str(said.get("CidrBlock", said.get("Ipv6CidrBlock")))
        rule = AclRule(int(str(said["RuleNumber"])), bool(said["Egress"]), said["RuleAction"] == "allow", str(said["Protocol"]), cidr, *ports.values())
        assert 0 < rule.number < 32767
        assert ((rule.egress, rule.number) in rules) == (command.operation == "ReplaceNetworkAclEntry")
        rules[rule.egress, rule.number] = rule
    return msgspec.structs.replace(one, rules=tuple(rules.values()))


def test_the_ports_that_are_refused_are_named_with_the_entry_that_does() -> None:
    (trouble,) = troubles(ONPREM, (acl(ALLOW_OUT, into(90, False, "0.0.0.0/0", 40000, 40999), ALLOW_IN),), {})
    assert trouble.fields["why"] == "inbound from 192.168.7.4 on ports 40000-40999 (rule 90), for subnet-a"
    line = "aws ec2 create-network-acl-entry --region us-west-1 --network-acl-id acl-1 --ingress --rule-number 10 --protocol 6"
    assert commands([trouble]) == [line + """ --port-range '{"From":1024,"To":65535}' --cidr-block 192.168.7.4/32 --rule-action allow"""]


def test_what_no_entry_lets_through_is_refused_by_the_last_one() -> None:
    (trouble,) = troubles(ONPREM, (acl(ALLOW_IN, out(100, True, "0.0.0.0/0", 443, 443)),), {})
    assert "(rule *)" in str(trouble.fields["why"])
    assert "--egress --rule-number 110 " in commands([trouble])[0]


def test_where_no_number_is_free_the_deny_moves_up_and_keeps_its_place() -> None:
    before = acl(out(1, False, "192.168.0.0/16", 1, 65535), out(2, True, "0.0.0.0/0", 443, 443), out(4, True, protocol="-1"), ALLOW_IN)
    (trouble,) = troubles(ONPREM, (before,), {})
    assert [(each.operation, each.parameters["RuleNumber"]) for each in trouble.commands] == [
        ("CreateNetworkAclEntry", 3),
        ("ReplaceNetworkAclEntry", 2),
        ("ReplaceNetworkAclEntry", 1),
    ]
    after = healed(before, trouble)
    for host, port in (("192.168.7.5", 3128), ("192.168.7.4", 443), ("203.0.113.1", 443), ("203.0.113.1", 80)):
        box = Box(ip_network(host), port, port)
        assert [each.allowed for each in decisions(before.rules, box, egress=True)] == [each.allowed for each in decisions(after.rules, box, egress=True)]


def test_every_port_and_subnet_is_looked_at_and_told_once_an_acl() -> None:
    shared = acl(out(100, True, "0.0.0.0/0", 3128, 3128), ALLOW_IN, subnets=["subnet-a", "subnet-b"])
    (trouble,) = troubles(ONPREM, (shared,), {}, A, B, ports=(3128, 8080))
    assert trouble.evidence["subnets"] == ["subnet-a", "subnet-b"]
    assert "port 8080" in str(trouble.fields["why"])
    assert "3128" not in str(trouble.fields["why"])
    assert len(trouble.commands) == 1


def test_both_directions_and_both_ends_are_told_apart() -> None:
    found = troubles(NEAR, (acl(), at_p()), AT_P)
    assert codes(found) == ["route.acl-out", "route.acl-out", "route.acl-return", "route.acl-return"]
    assert {(each.evidence["network_acl"], each.evidence["direction"]) for each in found} == {
        ("acl-1", "outbound"),
        ("acl-1", "inbound"),
        ("acl-p", "outbound"),
        ("acl-p", "inbound"),
    }


def test_one_acl_for_nodes_and_proxy_is_mended_by_commands_that_do_not_collide() -> None:
    """Connections and answers go through the same list of numbers, in both directions."""
    shared = acl(subnets=["subnet-a", "subnet-p"])
    found = troubles(NEAR, (shared,), AT_P)
    assert codes(found) == ["route.acl-out", "route.acl-out", "route.acl-return", "route.acl-return"]
    together = {str(command): command for each in found for command in each.commands}
    assert len(together) == 4
    mended = healed(shared, Conclusion("route.acl-out", commands=tuple(together.values())))
    assert troubles(NEAR, (mended,), AT_P) == ()
    for one in found:  # whichever is read first mends all of its direction
        left = troubles(NEAR, (healed(shared, one),), AT_P)
        assert {each.evidence["direction"] for each in left} == {"inbound", "outbound"} - {one.evidence["direction"]}


NETS = st.builds(lambda value, length: str(ip_network((value << 29, length), strict=False)), st.integers(0, 7), st.integers(0, 3))
PORTS = st.tuples(st.integers(0, 9), st.integers(0, 9)).map(sorted)
RULES = st.lists(
    st.builds(
        lambda number, egress, allow, protocol, cidr, ports: AclRule(number, egress, allow, protocol, cidr, *(ports if protocol != "-1" else ())),
        st.integers(1, 12),
        st.booleans(),
        st.booleans(),
        st.sampled_from(["6", "tcp", "-1", "17"]),
        NETS,
        PORTS,
    ),
    max_size=8,
    unique_by=lambda each: (each.egress, each.number),
)


@given(RULES, NETS, PORTS, st.booleans())
def test_every_packet_is_decided_once_and_as_counting_finds(rules: list[AclRule], where: str, ports: list[int], egress: bool) -> None:
    found = [
        ((address, port), each.rule)
        for each in decisions(rules, Box(ip_network(where), *ports), egress=egress)
        for address in range(8)
        if ip_address(address << 29) in each.box.network
        for port in range(each.box.first, each.box.last + 1)
    ]
    wanted = [(address, port) for address in range(8) if ip_address(address << 29) in ip_network(where) for port in range(ports[0], ports[1] + 1)]
    assert sorted(packet for packet, _ in found) == wanted
    for (address, port), rule in found:
        assert rule == _first(rules, address, port, egress)


def _first(rules: list[AclRule], address: int, port: int, egress: bool) -> AclRule | None:
    about = [each for each in rules if each.egress is egress and each.protocol != "17" and ip_address(address << 29) in ip_network(each.cidr)]
    matching = [each for each in about if each.first is None or each.last is None or each.first <= port <= each.last]
    return min(matching, key=lambda each: each.number, default=None)


@given(RULES, st.sampled_from(["32.0.0.1", "224.0.0.1"]), st.integers(0, 9))
def test_the_commands_heal_every_acl(rules: list[AclRule], address: str, port: int) -> None:
    facts: Facts = network(acls=(acl(*rules),))
    for trouble in judge(facts, ways(facts, address, ports=(port,))).conclusions:
        for command in trouble.commands:
            validated(command)
        after: Facts = network(acls=(healed(acl(*rules), trouble),))
        left = judge(after, ways(after, address, ports=(port,))).conclusions
        assert trouble.code not in codes(left)


@given(RULES, NETS, PORTS, NETS, PORTS, st.sampled_from([0, 13]))
def test_one_more_allow_never_blocks(rules: list[AclRule], where: str, ports: list[int], cidr: str, more: list[int], number: int) -> None:
    for each in decisions(rules, Box(ip_network(where), *ports), egress=True):
        after = decisions([*rules, out(number, True, cidr, *more)], each.box, egress=True)
        assert not each.allowed or all(one.allowed for one in after)
