"""A small network: a VPC with two subnets of nodes, and a proxy somewhere."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from preflight.aws.conclusion import Conclusion
from preflight.aws.facts import Acl, AclRule, Facts, Hop, Interface, RouteTable, Subnet, Vpc
from preflight.aws.proxies import Destination
from preflight.aws.scope import Scope
from preflight.aws.ways.legs import Leg, legs

REGION = "us-west-1"
NEAR, ONPREM, PEERED, PUBLIC = "10.0.9.4", "192.168.7.4", "10.8.0.4", "198.51.100.4"
A = Subnet("subnet-a", "vpc-1", "usw1-az1", ("10.0.1.0/24",))
B = Subnet("subnet-b", "vpc-1", "usw1-az3", ("10.0.2.0/24",))
P = Subnet("subnet-p", "vpc-1", "usw1-az1", ("10.0.9.0/24",))
FAR = Subnet("subnet-far", "vpc-2", "usw1-az1", ("10.8.0.0/24",))
LOCAL = Hop("10.0.0.0/16", target="local")
LOCAL_FAR = Hop("10.8.0.0/16", target="local")
ALLOW_OUT = AclRule(100, True, True, "-1", "0.0.0.0/0")
ALLOW_IN = AclRule(100, False, True, "-1", "0.0.0.0/0")
DENY = (AclRule(32767, True, False, "-1", "0.0.0.0/0"), AclRule(32767, False, False, "-1", "0.0.0.0/0"))


def interface(address: str, subnet: Subnet) -> Interface:
    return Interface(f"eni-{subnet.id}", subnet.vpc, subnet.id, (address,))


def hop(cidr: str, target: str, state: str = "active") -> Hop:
    return Hop(cidr, "", target, state)


def listed(name: str, target: str, state: str = "active") -> Hop:
    return Hop("", name, target, state)


def table(*hops: Hop, id: str = "rtb-1", vpc: str = "vpc-1", main: bool = False, subnets: Sequence[str] = ("subnet-a",)) -> RouteTable:  # noqa: A002
    return RouteTable(id, vpc, main, tuple(subnets), hops)


def acl(*rules: AclRule, id: str = "acl-1", vpc: str = "vpc-1", subnets: Sequence[str] = ("subnet-a",)) -> Acl:  # noqa: A002
    return Acl(id, vpc, False, tuple(subnets), (*rules, *DENY))


def network(**known: Any) -> Facts:
    facts: dict[str, Any] = {
        "scope": Scope(REGION),
        "vpc": Vpc("vpc-1", ("10.0.0.0/16",), True, True),
        "subnets": (A, B, P, FAR),
        "interfaces": (),
        "peerings": (),
        "route_tables": (),
        "acls": (),
    }
    return Facts(**(facts | known))


def ways(facts: Facts, *addresses: str, subnets: Sequence[Subnet] = (A,), ports: Sequence[int] = (3128,)) -> list[Leg]:
    return list(legs(facts, subnets, [Destination("proxy.example", port, addresses) for port in ports]))


def codes(found: Sequence[Conclusion]) -> list[str]:
    return sorted(each.code for each in found)


def commands(found: Sequence[Conclusion]) -> list[str]:
    return [str(command) for each in found for command in each.commands]
