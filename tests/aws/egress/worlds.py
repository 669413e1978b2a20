"""A VPC in which the nodes get out to the proxy, and ways to break it."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from preflight.aws.conclusion import Conclusion, Gap, Statement
from preflight.aws.egress.out import way_out
from preflight.aws.facts import NOT_ASKED, Facts, Group, GroupReference, Identity, Interface, Peering, Rule, Subnet, Unread, Vpc
from preflight.aws.nodes import INSTALLER_PORTS, Nodes
from preflight.aws.scope import Scope

NODES: Final = Nodes("the control plane", ("sg-1",), ("subnet-a", "subnet-b"), INSTALLER_PORTS)
FIELD: Final = "spec.controlPlane.securityGroupIDs"
PROXY: Final = ("proxy.corp", 3128)
DENIED: Final = Unread("ec2:DescribeNetworkInterfaces", "aws.access-denied", "not authorized")
LIST_DENIED: Final = Unread("ec2:GetManagedPrefixListEntries", "aws.access-denied", "not authorized")


def to(*cidrs: str, port: int = 3128, protocol: str = "tcp") -> Rule:
    return Rule(protocol, port, port, cidrs)


def refer(group: str, port: int = 3128, peering: str = "", vpc: str = "") -> Rule:
    return Rule("tcp", port, port, groups=(GroupReference(group, vpc, peering),))


def listing(name: str, port: int = 3128) -> Rule:
    return Rule("tcp", port, port, prefix_lists=(name,))


def role(*egress: Rule, name: str = "sg-1", vpc: str = "vpc-1") -> Group:
    return Group(name, "nodes", vpc, egress)


def guard(*ingress: Rule, name: str = "sg-p", vpc: str = "vpc-1") -> Group:
    return Group(name, "proxy", vpc, (), ingress)


def carries(*groups: str, address: str = "10.0.9.7", vpc: str = "vpc-1", type: str = "interface", name: str = "eni-p") -> Interface:  # noqa: A002 - AWS's word
    return Interface(name, vpc, "subnet-p", (address,), groups, type)


def peered(state: str = "active", other: str = "vpc-2") -> Peering:
    return Peering("pcx-1", "vpc-1", other, state)


OUT: Final = role(refer("sg-p"))
IN: Final = guard(refer("sg-1"))
FACTS: Final = Facts(
    scope=Scope(region="us-west-1"),
    identity=Identity("111122223333", "arn:aws:iam::111122223333:user/u"),
    vpc=Vpc("vpc-1", ("10.0.0.0/16",), dns_support=True, dns_hostnames=True, owner="111122223333"),
    subnets=(Subnet("subnet-a", "vpc-1", "usw1-az1", ("10.0.1.0/24",)), Subnet("subnet-b", "vpc-1", "usw1-az2", ("10.0.2.0/24",))),
    groups=(OUT, IN),
    interfaces=(carries("sg-p"),),
    peerings=(),
    proxies={"proxy.corp": ("10.0.9.7",)},
)


def facts(**changes: Any) -> Facts:
    return msgspec.structs.replace(FACTS, **changes)


def elsewhere(*groups: Group, peerings: tuple[Peering, ...] | Unread = (), lead: tuple[str, ...] = ("sg-p",)) -> Facts:
    """The proxy stands in another VPC, 10.9.0.0/16."""
    interface = carries(*lead, address="10.9.0.7", vpc="vpc-2")
    return facts(groups=groups, interfaces=(interface,), peerings=peerings, proxies={"proxy.corp": ("10.9.0.7",)})


TWO = {"proxy.corp": ("10.0.9.7", "10.0.9.8")}
BOTH_CARRIED = (carries("sg-p"), carries("sg-p", address="10.0.9.8", name="eni-q"))
DUAL = {"proxy.corp": ("10.0.9.7", "2001:db8::7")}
SHARED = Identity("444455556666", "arn:aws:iam::444455556666:user/u")
ALL_SUBNETS = guard(to("10.0.1.0/24", "10.0.2.0/24"))
ANYWHERE = to("0.0.0.0/0")
PEER_OUT = role(refer("sg-p", peering="active", vpc="vpc-2"))
PENDING_OUT = role(refer("sg-p", peering="pending-acceptance", vpc="vpc-2"))
PEER_IN = guard(to("10.0.0.0/16"), vpc="vpc-2")
REFERRED_OVER = guard(refer("sg-x", peering="active", vpc="vpc-1"), vpc="vpc-2")
NO_CARRIER = facts(interfaces=(), groups=(role(to("10.0.0.0/16")), IN))
V6 = {"proxy.corp": ("2001:db8::7",)}
ON_PREMISES = facts(interfaces=(), groups=(role(ANYWHERE), IN), proxies={"proxy.corp": ("192.168.9.7",)})
WITH_V6 = Vpc("vpc-1", ("10.0.0.0/16", "2001:db8:1::/56"), dns_support=True, dns_hostnames=True, owner="111122223333")
ONLY_V6 = tuple(Subnet(name, "vpc-1", "z", (f"2001:db8:1:{number}::/64",)) for number, name in enumerate(("subnet-a", "subnet-b"), 1))


def twins(*interfaces: Interface, groups: tuple[Group, ...], **changes: Any) -> Facts:
    """The proxy's address is carried in other VPCs only."""
    return msgspec.structs.replace(ON_PREMISES, interfaces=interfaces, groups=(role(ANYWHERE), *groups), **changes)


def twin(number: int) -> Interface:
    return carries(f"sg-{number}", address="192.168.9.7", vpc=f"vpc-{number}", name=f"eni-{number}")


def twins_guard(number: int, *ingress: Rule) -> Group:
    return guard(*ingress, name=f"sg-{number}", vpc=f"vpc-{number}")


def shut_peers(*numbers: int) -> tuple[Peering, ...]:
    return tuple(Peering(f"pcx-{number}", "vpc-1", f"vpc-{number}", "active") for number in numbers)


WORLDS: dict[str, tuple[Facts, str]] = {
    "all is well": (FACTS, "ok"),
    "out by address": (facts(groups=(role(to("10.0.9.7/32")), IN)), "ok"),
    "out by everything": (facts(groups=(role(Rule("-1", cidrs=("0.0.0.0/0",))), IN)), "ok"),
    "in by both subnets": (facts(groups=(OUT, ALL_SUBNETS)), "ok"),
    "in by the union of the proxy's groups": (
        facts(interfaces=(carries("sg-p", "sg-q"),), groups=(OUT, guard(to("10.0.1.0/24")), guard(to("10.0.2.0/24"), name="sg-q"))),
        "ok",
    ),
    "the list holds the proxy": (facts(groups=(role(listing("pl-1")), IN), prefix_lists={"pl-1": ("10.0.9.0/24",)}), "ok"),
    "a list unread beside a rule that fits": (facts(groups=(role(listing("pl-1"), refer("sg-p")), IN), prefix_lists={"pl-1": LIST_DENIED}), "ok"),
    "nobody carries the address": (NO_CARRIER, "egress.nobody"),
    "nobody of ours carries the address, which is elsewhere": (ON_PREMISES, "ok"),
    "a load balancer without groups": (facts(interfaces=(carries(type="network_load_balancer"),), groups=(role(ANYWHERE),)), "ok"),
    "over an active peering": (elsewhere(PEER_OUT, PEER_IN, peerings=(peered("Active"),)), "ok"),
    "over a peering, admitted by reference": (
        elsewhere(PEER_OUT, guard(refer("sg-1", peering="active", vpc="vpc-1"), vpc="vpc-2"), peerings=(peered(),)),
        "ok",
    ),
    "another way to another VPC": (elsewhere(role(to("10.9.0.0/16")), PEER_IN), "ok"),
    "another VPC repeats the address": (facts(interfaces=(carries("sg-x", vpc="vpc-3", name="eni-a"), carries("sg-p"))), "ok"),
    "an IPv6 address that machines without IPv6 never try": (facts(proxies=DUAL), "ok"),
    "revoked egress": (facts(groups=(role(), IN)), "egress.none"),
    "443 only": (facts(groups=(role(to("0.0.0.0/0", port=443)), IN)), "egress.blocked"),
    "udp on the right port": (facts(groups=(role(to("0.0.0.0/0", protocol="udp")), IN)), "egress.blocked"),
    "another network": (facts(groups=(role(to("10.1.0.0/16")), IN)), "egress.blocked"),
    "::/0 only": (facts(groups=(role(to("::/0")), IN)), "egress.family"),
    "::/0 and another network": (facts(groups=(role(to("::/0", "10.1.0.0/16")), IN)), "egress.blocked"),
    "a stranger's VPC repeats the address, shut": (twins(twin(9), groups=(twins_guard(9),)), "egress.unknown"),
    "a stranger's VPC repeats the address, open": (twins(twin(9), groups=(twins_guard(9, to("10.0.0.0/8")),)), "ok"),
    "two VPCs repeat the address, one open": (twins(twin(8), twin(9), groups=(twins_guard(8, to("10.0.0.0/8")), twins_guard(9))), "egress.unknown"),
    "two VPCs repeat the address, both open": (
        twins(twin(8), twin(9), groups=(twins_guard(8, to("10.0.0.0/8")), twins_guard(9, to("10.0.0.0/8")))),
        "ok",
    ),
    "a stranger's group was not read": (twins(twin(9), groups=()), "egress.unknown"),
    "a stranger's VPC, peerings unread, shut": (twins(twin(9), groups=(twins_guard(9),), peerings=DENIED), "egress.unknown"),
    "a peered VPC beside a stranger's": (twins(twin(8), twin(9), groups=(twins_guard(8), twins_guard(9)), peerings=shut_peers(8)), "egress.proxy-ingress"),
    "two peered VPCs": (twins(twin(8), twin(9), groups=(twins_guard(8), twins_guard(9)), peerings=shut_peers(8, 9)), "egress.unknown"),
    "a stranger's VPC repeats an address of our own": (
        facts(interfaces=(carries("sg-9", vpc="vpc-9"),), groups=(role(ANYWHERE), guard(to("0.0.0.0/0"), name="sg-9", vpc="vpc-9"))),
        "egress.nobody",
    ),
    "nobody there, and shut": (facts(interfaces=(), groups=(role(), IN)), "egress.nobody egress.none"),
    "nobody there, in a shared VPC": (facts(interfaces=(), groups=(role(ANYWHERE), IN), identity=SHARED), "ok"),
    "an IPv4 VPC, subnets unread, an IPv6 address too": (facts(subnets=DENIED, proxies=DUAL), "ok"),
    "IPv6 only, an IPv4 proxy": (facts(vpc=WITH_V6, subnets=ONLY_V6), "egress.family"),
    "one of two subnets IPv6 only, an IPv4 proxy": (
        facts(vpc=WITH_V6, subnets=(FACTS.subnets[0], ONLY_V6[1])),  # type: ignore[index]
        "egress.family",
    ),
    "0.0.0.0/0 only, an IPv6 proxy": (facts(groups=(role(ANYWHERE),), interfaces=(), proxies=V6), "egress.family"),
    "a group that the proxy does not carry": (facts(groups=(role(refer("sg-x")), IN)), "egress.reference"),
    "a group, and nobody carries the address": (facts(interfaces=()), "egress.nobody egress.reference"),
    "a stale peering": (elsewhere(role(refer("sg-p", peering="deleted", vpc="vpc-2")), PEER_IN, peerings=(peered("deleted"),)), "egress.reference"),
    "a peering that nobody accepted": (elsewhere(PENDING_OUT, PEER_IN, peerings=(peered("pending-acceptance"),)), "egress.reference"),
    "a peering with yet another VPC": (elsewhere(PEER_OUT, PEER_IN, peerings=(peered(other="vpc-3"),)), "egress.unknown"),
    "no peering at all": (elsewhere(role(refer("sg-p")), PEER_IN), "egress.reference"),
    "a public address behind a group": (
        facts(interfaces=(Interface("eni-p", "vpc-1", "subnet-p", ("10.0.9.7", "198.41.0.4"), ("sg-p",)),), proxies={"proxy.corp": ("198.41.0.4",)}),
        "egress.reference",
    ),
    "a list without the proxy": (facts(groups=(role(listing("pl-1")), IN), prefix_lists={"pl-1": ("10.1.0.0/16",)}), "egress.blocked"),
    "an empty list": (facts(groups=(role(listing("pl-1")), IN), prefix_lists={"pl-1": ()}), "egress.blocked"),
    "the list unreadable": (facts(groups=(role(listing("pl-1")), IN), prefix_lists={"pl-1": LIST_DENIED}), "egress.unknown"),
    "the list not asked for": (facts(groups=(role(listing("pl-1")), IN)), "egress.unknown"),
    "an unreadable list for another port": (facts(groups=(role(listing("pl-1", 80)), IN), prefix_lists={"pl-1": LIST_DENIED}), "egress.blocked"),
    "a tcp rule without ports": (facts(groups=(role(Rule("tcp", cidrs=("0.0.0.0/0",))), IN)), "egress.unknown"),
    "interfaces unread, out by group": (facts(interfaces=DENIED), "egress.unknown"),
    "interfaces unread, out by address": (facts(interfaces=DENIED, groups=(role(ANYWHERE), IN)), "egress.unknown"),
    "interfaces never asked for": (facts(interfaces=NOT_ASKED, groups=(role(ANYWHERE), IN)), "egress.unknown"),
    "interfaces unread, and shut for certain": (facts(interfaces=DENIED, groups=(role(), IN)), "egress.none"),
    "peerings unread, out by group": (elsewhere(PEER_OUT, PEER_IN, peerings=DENIED), "egress.unknown"),
    "peerings unread, a group that is not carried": (elsewhere(role(refer("sg-x")), PEER_IN, peerings=DENIED), "egress.reference"),
    "peerings unread, out by address, in by group": (elsewhere(role(ANYWHERE), guard(refer("sg-1"), vpc="vpc-2"), peerings=DENIED), "egress.unknown"),
    "in by group over a transit gateway, perhaps": (elsewhere(role(ANYWHERE), guard(refer("sg-1"), vpc="vpc-2")), "egress.unknown"),
    "in by group over a peering that is gone": (elsewhere(role(ANYWHERE), guard(refer("sg-1", peering="deleted"), vpc="vpc-2")), "egress.unknown"),
    "another account's interface over a peering": (facts(interfaces=(), groups=(PEER_OUT,), proxies={"proxy.corp": ("10.9.0.7",)}), "egress.unknown"),
    "another account's VPC": (facts(interfaces=(), identity=SHARED), "egress.unknown"),
    "two addresses, one covered": (facts(proxies=TWO, interfaces=BOTH_CARRIED, groups=(role(to("10.0.9.7/32")), IN)), "egress.partial"),
    "two addresses, one carries the group": (facts(proxies=TWO, interfaces=(BOTH_CARRIED[0],)), "egress.nobody egress.partial"),
    "two addresses, both covered": (facts(proxies=TWO, interfaces=BOTH_CARRIED), "ok"),
    "ingress missing": (facts(groups=(OUT, guard())), "egress.proxy-ingress"),
    "ingress on another port": (facts(groups=(OUT, guard(refer("sg-1", 80)))), "egress.proxy-ingress"),
    "ingress for a group that no manifest tells": (facts(groups=(OUT, guard(refer("sg-x")))), "egress.unknown"),
    "ingress for such a group and one of two subnets": (facts(groups=(OUT, guard(refer("sg-x"), to("10.0.1.0/24")))), "egress.unknown"),
    "ingress for such a group, over a peering": (elsewhere(PEER_OUT, REFERRED_OVER, peerings=(peered(),)), "egress.unknown"),
    "ingress for such a group on another port": (facts(groups=(OUT, guard(refer("sg-x", 80)))), "egress.proxy-ingress"),
    "ingress for such a group over a peering that is gone": (facts(groups=(OUT, guard(refer("sg-x", peering="deleted")))), "egress.proxy-ingress"),
    "ingress for a group of yet another VPC": (facts(groups=(OUT, guard(refer("sg-x", vpc="vpc-3", peering="active")))), "egress.proxy-ingress"),
    "ingress for a group that is known to be of another VPC": (
        facts(groups=(OUT, guard(refer("sg-x")), role(name="sg-x", vpc="vpc-3"))),
        "egress.proxy-ingress",
    ),
    "ingress for the default group": (facts(groups=(OUT, guard(refer("sg-d")), Group("sg-d", "default", "vpc-1"))), "egress.proxy-ingress"),
    "ingress for one of two subnets": (facts(groups=(OUT, guard(to("10.0.1.0/24")))), "egress.proxy-ingress"),
    "ingress by a list that is unreadable": (facts(groups=(OUT, guard(listing("pl-1"))), prefix_lists={"pl-1": LIST_DENIED}), "egress.unknown"),
    "the proxy's group unread": (facts(groups=(OUT,)), "egress.unknown"),
    "subnets unread, in by group": (facts(subnets=DENIED), "ok"),
    "subnets unread, in by address": (facts(subnets=DENIED, groups=(OUT, ALL_SUBNETS)), "egress.unknown"),
    "a subnet that does not exist, in by address": (facts(subnets=FACTS.subnets[:1], groups=(OUT, ALL_SUBNETS)), "aws.not-found"),  # type: ignore[index]
    "shut on both sides": (facts(groups=(role(), guard())), "egress.none egress.proxy-ingress"),
    "a group that does not exist": (facts(groups=(IN,)), "aws.not-found"),
    "a group of another VPC": (facts(groups=(role(ANYWHERE, vpc="vpc-2"), ALL_SUBNETS)), "egress.unknown"),
    "a group of another VPC that is shut as well": (facts(groups=(role(vpc="vpc-2"), ALL_SUBNETS)), "egress.none egress.unknown"),
    "a subnet of another VPC": (facts(subnets=(Subnet("subnet-a", "vpc-2", "z", ("10.9.1.0/24",)), FACTS.subnets[1])), "egress.unknown"),  # type: ignore[index]
    "groups unread": (facts(groups=DENIED), "aws.access-denied"),
    "a name that does not resolve": (facts(proxies={"proxy.corp": Unread("", "dns.nxdomain", "no such name")}), "dns.nxdomain"),
    "a name without addresses": (facts(proxies={"proxy.corp": ()}), "dns.no-address"),
    "a name that nobody looked up": (facts(proxies={}), "aws.not-asked"),
}


def statements(world: Facts, *proxies: tuple[str, int], nodes: Nodes = NODES) -> tuple[Statement, ...]:
    return way_out(world, nodes, proxies or (PROXY,), field=FIELD)


def codes_of(world: Facts, *proxies: tuple[str, int], nodes: Nodes = NODES) -> str:
    """The codes in one line, each once, in alphabetical order."""
    said = statements(world, *proxies, nodes=nodes)
    return " ".join(sorted({each.part.code if isinstance(each, Gap) else each.code for each in said}))


def only(world: Facts, *proxies: tuple[str, int], nodes: Nodes = NODES) -> Conclusion:
    """The one conclusion."""
    [said] = statements(world, *proxies, nodes=nodes)
    assert isinstance(said, Conclusion)
    return said


def line(said: Conclusion) -> str:
    """Its one command, as somebody types it."""
    [command] = said.commands
    return str(command)
