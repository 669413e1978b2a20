"""A VPC with everything right, to be broken in one place at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from preflight.aws.conclusion import Conclusion, Gap
from preflight.aws.endpoints.best import Chosen, judge
from preflight.aws.endpoints.site import EndpointType, Site
from preflight.aws.facts import (
    Endpoint,
    Facts,
    Group,
    GroupReference,
    RouteTable,
    Rule,
    Service,
    Subnet,
    Unread,
    Vpc,
)
from preflight.aws.nodes import Nodes
from preflight.aws.scope import Scope

REGION: Final = "us-west-1"
KMS: Final = f"com.amazonaws.{REGION}.kms"
S3: Final = f"com.amazonaws.{REGION}.s3"
DENIED: Final = Unread("ec2:DescribeThings", "aws.access-denied", "you may not")
VPC: Final = Vpc("vpc-1", ("10.0.0.0/16", "2001:db8::/56"), dns_support=True, dns_hostnames=True)
SUBNETS: Final = (
    Subnet("subnet-a", "vpc-1", "usw1-az1", ("10.0.1.0/24",)),
    Subnet("subnet-b", "vpc-1", "usw1-az3", ("10.0.2.0/24",)),
    Subnet("subnet-p", "vpc-1", "usw1-az1", ("10.0.100.0/24",), public_addresses=True),
)
HTTPS: Final = Rule("tcp", 443, 443, cidrs=("10.0.0.0/16",))
GROUPS: Final = (
    Group("sg-endpoint", "endpoints", "vpc-1", ingress=(HTTPS,)),
    Group("sg-proxy", "proxy", "vpc-1"),
    Group("sg-default", "default", "vpc-1", ingress=(Rule("-1", groups=(GroupReference("sg-default"),)),)),
)
GOOD: Final = Endpoint("vpce-1", "vpc-1", KMS, "Interface", "available", private_dns=True, subnets=("subnet-a", "subnet-b"), groups=("sg-endpoint",))
GATEWAY: Final = Endpoint("vpce-9", "vpc-1", S3, "Gateway", "available", route_tables=("rtb-main", "rtb-b"))
TABLES: Final = (
    RouteTable("rtb-main", "vpc-1", main=True),
    RouteTable("rtb-b", "vpc-1", subnets=("subnet-b",)),
    RouteTable("rtb-p", "vpc-1", subnets=("subnet-p",)),
)
NODES: Final = (Nodes("management", ("sg-proxy",), ("subnet-a",)), Nodes("node-pool p", ("sg-proxy",), ("subnet-a", "subnet-b")))
FACTS: Final = Facts(
    scope=Scope(region=REGION),
    services={"kms": Service(f"kms.{REGION}.amazonaws.com", (KMS,)), "s3": Service(f"s3.{REGION}.amazonaws.com", (S3,))},
    vpc=VPC,
    subnets=SUBNETS,
    endpoints=(GOOD, GATEWAY),
    groups=GROUPS,
    route_tables=TABLES,
)


def facts(**changed: Any) -> Facts:
    """The good world's facts, apart from these parts."""
    return msgspec.structs.replace(FACTS, **changed)


def endpoint(**changed: Any) -> Endpoint:
    """The good interface endpoint, apart from these fields."""
    return msgspec.structs.replace(GOOD, **changed)


def gateway(**changed: Any) -> Endpoint:
    """The good gateway, apart from these fields."""
    return msgspec.structs.replace(GATEWAY, **changed)


def admitting(*rules: Rule, name: str = "endpoints") -> tuple[Group, ...]:
    """The groups, where the endpoint's has these ingress rules."""
    return (Group("sg-endpoint", name, "vpc-1", ingress=rules), *GROUPS[1:])


def verdict(known: Facts, nodes: Sequence[Nodes] = NODES, service: str = "kms") -> Chosen:
    """What is concluded in that world."""
    vpc = known.vpc
    assert isinstance(vpc, Vpc)
    kind: EndpointType = "Gateway" if service == "s3" else "Interface"
    return judge(Site(known, vpc, known.services[service], kind, tuple(nodes)))


def said(seen: Chosen) -> list[str]:
    """The codes of what is said, `ok` if all is well."""
    codes = [each.part.code if isinstance(each, Gap) else each.code for each in seen.statements]
    return codes or (["ok"] if seen.endpoints else ["nothing"])


def only(seen: Chosen) -> Conclusion:
    """The one conclusion that there is."""
    (statement,) = seen.statements
    assert isinstance(statement, Conclusion)
    return statement
