"""Rules of security groups: what they permit, what they nearly permit, and what nobody can tell."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from preflight.aws.facts import GroupReference, Rule, Unread
from preflight.aws.groups import Permission, permits

DENIED = Unread("ec2:GetManagedPrefixListEntries", "aws.access-denied", "no")
ANY4 = ("0.0.0.0/0",)


def tcp(first: int, last: int | None = None, *cidrs: str, groups: tuple[GroupReference, ...] = (), lists: tuple[str, ...] = ()) -> Rule:
    return Rule("tcp", first, first if last is None else last, cidrs, lists, groups)


def asked(
    *rules: Rule, peer: str = "10.0.9.7", port: int = 3128, carried: tuple[str, ...] = (), lists: dict[str, tuple[str, ...] | Unread] | None = None
) -> Permission:
    return permits([("sg-1", rule) for rule in rules], peer, port, peer_groups=carried, prefix_lists=lists)


@pytest.mark.parametrize(
    "rule",
    [
        tcp(3128, None, "10.0.9.7/32"),
        tcp(0, 65535, "10.0.0.0/8"),
        tcp(3128, 4000, *ANY4),
        tcp(1, 3128, *ANY4),
        Rule("6", 3128, 3128, ANY4),
        Rule("-1", cidrs=ANY4),
        Rule("-1", 80, 80, ANY4),
        tcp(3128, None, groups=(GroupReference("sg-p"),)),
        tcp(3128, None, groups=(GroupReference("sg-p", "vpc-2", "active"),)),
        tcp(3128, None, lists=("pl-1",)),
        tcp(3128, None, "10.0.9.9/16"),
    ],
    ids=str,
)
def test_a_rule_that_fits_permits_and_is_named(rule: Rule) -> None:
    found = asked(rule, carried=("sg-p",), lists={"pl-1": ("192.0.2.0/24", "10.0.9.0/24")})
    assert found.allowed
    assert found.by.startswith("sg-1 allows ")
    assert not found.undecided


@pytest.mark.parametrize(
    "rule",
    [
        tcp(443, None, *ANY4),
        tcp(3129, 65535, *ANY4),
        tcp(1, 3127, *ANY4),
        Rule("udp", 3128, 3128, ANY4),
        Rule("17", 0, 65535, ANY4),
        Rule("icmp", -1, -1, ANY4),
        Rule("47", cidrs=ANY4),
        tcp(3128, None, "10.1.0.0/16"),
        tcp(3128, None, "::/0"),
        Rule("-1", cidrs=("::/0",)),
        tcp(3128, None, groups=(GroupReference("sg-other"),)),
        tcp(3128, None, groups=(GroupReference("sg-p", "vpc-2", "deleted"),)),
        tcp(3128, None, lists=("pl-1",)),
        tcp(3128, None, lists=("pl-empty",)),
    ],
    ids=str,
)
def test_a_rule_that_does_not_fit_forbids_for_certain(rule: Rule) -> None:
    found = asked(rule, carried=("sg-p",), lists={"pl-1": ("192.0.2.0/24",), "pl-empty": ()})
    assert not found.allowed
    assert not found.undecided


@pytest.mark.parametrize(
    "rule",
    [
        Rule("tcp", cidrs=ANY4),
        Rule("tcp", 3128, None, ANY4),
        Rule("tcp", -1, -1, ANY4),
        Rule("tcp", 4000, 3000, ANY4),
        Rule("", 3128, 3128, ANY4),
        Rule("quic", 3128, 3128, ANY4),
        tcp(3128, None, "10.0.0.0/33"),
        tcp(3128, None, "everywhere"),
        tcp(3128),
        tcp(3128, None, lists=("pl-denied",)),
        tcp(3128, None, lists=("pl-never-asked",)),
        tcp(3128, None, lists=("pl-garbage",)),
    ],
    ids=str,
)
def test_what_is_not_understood_or_not_read_permits_nothing_and_decides_nothing(rule: Rule) -> None:
    found = asked(rule, lists={"pl-denied": DENIED, "pl-garbage": ("x",)})
    assert not found.allowed
    assert found.undecided
    assert asked(rule, tcp(3128, None, *ANY4), lists={"pl-denied": DENIED}).allowed


def test_an_unread_list_matters_on_the_right_port_only() -> None:
    assert asked(tcp(3128, None, lists=("pl-1",)), lists={"pl-1": DENIED}).unknown == (DENIED,)
    assert asked(tcp(443, None, lists=("pl-1",)), lists={"pl-1": DENIED}) == Permission(allowed=False)


def test_a_list_that_nobody_asked_for_counts_as_unread() -> None:
    [unread] = asked(tcp(3128, None, lists=("pl-1",))).unknown
    assert unread.action == "ec2:GetManagedPrefixListEntries"
    assert "pl-1" in unread.reason


def test_near_misses_are_told_apart() -> None:
    found = asked(
        tcp(443, None, *ANY4),
        Rule("udp", 3128, 3128, ANY4),
        tcp(3128, None, "10.1.0.0/16", "::/0", groups=(GroupReference("sg-x"),)),
        tcp(3129, None, "10.2.0.0/16"),
    )
    assert found.other_ports == ("sg-1 allows tcp 443 to 0.0.0.0/0", "sg-1 allows udp 3128 to 0.0.0.0/0")
    assert found.other_addresses == ("sg-1 allows tcp 3128 to 10.1.0.0/16",)
    assert found.other_family == ("sg-1 allows tcp 3128 to ::/0",)
    assert [(each.group, each.to) for each in found.references] == [("sg-1", "sg-x")]


def test_a_network_is_permitted_only_as_a_whole_and_by_the_union() -> None:
    low, high = tcp(3128, None, "10.0.0.0/25"), tcp(3000, 4000, "10.0.0.128/25")
    assert not asked(low, peer="10.0.0.0/24").allowed
    assert asked(low, peer="10.0.0.0/25").allowed
    found = permits([("sg-1", low), ("sg-2", high)], "10.0.0.0/24", 3128)
    assert found.by == "sg-1 allows tcp 3128 to 10.0.0.0/25; sg-2 allows tcp 3000-4000 to 10.0.0.128/25"
    assert not permits([("sg-1", low), ("sg-2", high)], "10.0.0.0/24", 2999).allowed


def test_families_are_apart() -> None:
    assert not asked(tcp(3128, None, *ANY4), peer="2001:db8::7").allowed
    assert asked(tcp(3128, None, "2001:db8::/64"), peer="2001:db8::7").allowed
    assert not asked(tcp(3128, None, "::ffff:0.0.0.0/96")).allowed


@pytest.mark.parametrize("peer", ["", "proxy.example"])
def test_a_peer_without_an_address_is_permitted_by_reference_only(peer: str) -> None:
    assert not asked(Rule("-1", cidrs=(*ANY4, "::/0")), peer=peer).allowed
    assert asked(tcp(3128, None, groups=(GroupReference("sg-p"),)), peer=peer, carried=("sg-p",)).allowed


def test_the_direction_is_a_word_only() -> None:
    rules = [("sg-1", tcp(443, None, *ANY4))]
    assert permits(rules, "10.0.0.0/8", 443, direction="from").by == "sg-1 allows tcp 443 from 0.0.0.0/0"


_BLOCKS = st.sampled_from(["0.0.0.0/0", "10.0.0.0/8", "10.0.0.0/30", "10.0.0.0/31", "10.0.0.2/31", "10.0.0.1/32", "10.0.0.3/32", "::/0", "fd00::/126", "bad"])
_PORTS = st.integers(0, 4)
_RULES = st.builds(
    lambda protocol, ports, cidrs, lists, groups: Rule(
        protocol, min(ports) if ports else None, max(ports) if ports else None, tuple(cidrs), tuple(lists), tuple(map(GroupReference, groups))
    ),
    st.sampled_from(["tcp", "6", "-1", "udp", "17", "tcp"]),
    st.lists(_PORTS, max_size=2),
    st.lists(_BLOCKS, max_size=3),
    st.lists(st.sampled_from(["pl-1", "pl-denied"]), max_size=1),
    st.lists(st.sampled_from(["sg-p", "sg-x"]), max_size=1),
)
_GIVEN = st.lists(st.tuples(st.sampled_from(["sg-1", "sg-2"]), _RULES), max_size=6)
_PEERS = st.sampled_from(["10.0.0.1", "10.0.0.2", "10.0.0.0/30", "10.0.0.0/31", "fd00::1", "fd00::/127"])
_LISTS: dict[str, tuple[str, ...] | Unread] = {"pl-1": ("10.0.0.0/31", "fd00::1/128"), "pl-denied": DENIED}


def asked_of(rules: list[tuple[str, Rule]], peer: str, port: int) -> Permission:
    return permits(rules, peer, port, peer_groups=("sg-p",), prefix_lists=_LISTS)


def one_by_one(rules: list[tuple[str, Rule]], peer: str, port: int) -> bool:
    """Every address of the peer for itself, every rule for itself."""

    def admits(rule: Rule, address: str) -> bool:
        ports = rule.protocol == "-1" or (
            rule.protocol in {"tcp", "6"} and rule.first is not None and rule.last is not None and port in range(rule.first, rule.last + 1)
        )
        blocks = [*rule.cidrs, *(entry for name in rule.prefix_lists if name != "pl-denied" for entry in ("10.0.0.0/31", "fd00::1/128"))]
        inside = any(ip_address(address) in ip_network(block) for block in blocks if block != "bad")
        return ports and (inside or any(each.id == "sg-p" for each in rule.groups))

    return all(any(admits(rule, str(address)) for _, rule in rules) for address in ip_network(peer))


@given(_GIVEN, _PEERS, _PORTS)
def test_the_union_agrees_with_asking_address_by_address(rules: list[tuple[str, Rule]], peer: str, port: int) -> None:
    assert asked_of(rules, peer, port).allowed is one_by_one(rules, peer, port)


@given(_GIVEN, st.tuples(st.just("sg-3"), _RULES), _PEERS, _PORTS)
def test_adding_a_rule_never_blocks(rules: list[tuple[str, Rule]], added: tuple[str, Rule], peer: str, port: int) -> None:
    assert asked_of([*rules, added], peer, port).allowed >= asked_of(rules, peer, port).allowed


@given(_GIVEN.flatmap(lambda rules: st.tuples(st.just(rules), st.permutations(rules))), _PEERS, _PORTS)
def test_the_order_of_groups_and_rules_changes_nothing(both: tuple[list[tuple[str, Rule]], list[tuple[str, Rule]]], peer: str, port: int) -> None:
    assert asked_of(both[0], peer, port) == asked_of(both[1], peer, port)


@given(_GIVEN, _PEERS, _PORTS)
def test_a_certain_no_stays_one_whatever_the_unread_list_holds(rules: list[tuple[str, Rule]], peer: str, port: int) -> None:
    found = asked_of(rules, peer, port)
    read = {**_LISTS, "pl-denied": ("0.0.0.0/0", "::/0")}
    if not found.allowed and not found.undecided:
        assert not permits(rules, peer, port, peer_groups=("sg-p",), prefix_lists=read).allowed
