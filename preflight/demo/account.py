"""What AWS says in the lab: facts as a run records them, of a VPC whose addresses are loopback's, since that is where the proxy listens."""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from preflight.aws.facts import (
    Acl,
    AclRule,
    Endpoint,
    Facts,
    Group,
    GroupReference,
    Hop,
    Identity,
    Interface,
    Key,
    RouteTable,
    Rule,
    Service,
    Subnet,
    Unread,
    Vpc,
)
from preflight.aws.scope import Scope

REGION: Final = "us-west-1"
VPC: Final = "vpc-0de30000000000001"
SUBNET: Final = "subnet-0de30000000000002"
PROXY_SUBNET: Final = "subnet-0de30000000000003"
PROXY_GROUP: Final = "sg-0de30000000000004"
NODE_GROUP: Final = "sg-0de30000000000005"
ENDPOINT_GROUP: Final = "sg-0de30000000000006"
KEY: Final = f"arn:aws:kms:{REGION}:000000000000:key/0de30000-0000-4000-8000-000000000007"
_CIDR, _NODES, _PROXIES = "127.0.0.0/16", "127.0.1.0/24", "127.0.0.0/24"
_INTERFACES: Final = ("autoscaling", "ec2", "elasticloadbalancing", "kms", "sts")


def recorded(scope: Scope, address: str, port: int) -> Facts:
    """Everything right: the facts for that scope, with a proxy at that address and port."""
    return Facts(
        scope=scope,
        identity=Identity("000000000000", "arn:aws:sts::000000000000:assumed-role/preflight-demo/lab", "recorded"),
        services={name: Service(f"{name}.{REGION}.amazonaws.com", (_service(name),)) for name in (*_INTERFACES, "s3")},
        vpc=Vpc(VPC, (_CIDR,), dns_support=True, dns_hostnames=True),
        subnets=(Subnet(SUBNET, VPC, "usw1-az1", (_NODES,)), Subnet(PROXY_SUBNET, VPC, "usw1-az1", (_PROXIES,))),
        endpoints=tuple(_endpoints()),
        groups=_groups(port),
        route_tables=(RouteTable("rtb-0de30000000000008", VPC, main=True, hops=(Hop(_CIDR, target="local"),)),),
        acls=(Acl("acl-0de30000000000009", VPC, default=True, subnets=(SUBNET, PROXY_SUBNET), rules=tuple(_open())),),
        interfaces=(Interface("eni-0de3000000000000a", VPC, PROXY_SUBNET, (address,), (PROXY_GROUP,)),),
        peerings=(),
        keys={KEY: Key(KEY.rpartition("/")[2], KEY, "Enabled")},
        proxies=dict.fromkeys(scope.proxies, (address,)),
    )


def missing_endpoint(facts: Facts) -> Facts:
    """Without the endpoint for KMS; a decoy with a similar name stays."""
    endpoints = tuple(replace(each, service=f"{each.service}-fips") if each.service == _service("kms") else each for each in _listed(facts))
    return replace(facts, endpoints=endpoints)


def private_dns_off(facts: Facts) -> Facts:
    """With an STS endpoint that nobody finds, as its private DNS is off."""
    return replace(facts, endpoints=tuple(replace(each, private_dns=False) if each.service == _service("sts") else each for each in _listed(facts)))


def egress_blocked(facts: Facts) -> Facts:
    """With groups that let 443 out, and not the proxy's port."""
    only_443 = (Rule("tcp", 443, 443, cidrs=("0.0.0.0/0",)),)
    groups = facts.groups if isinstance(facts.groups, tuple) else ()
    return replace(facts, groups=tuple(replace(each, egress=only_443) if each.id == NODE_GROUP else each for each in groups))


def access_denied(facts: Facts) -> Facts:
    """With credentials that may not list VPC endpoints."""
    why = "UnauthorizedOperation: You are not authorized to perform this operation."
    return replace(facts, endpoints=Unread("ec2:DescribeVpcEndpoints", "aws.access-denied", why))


def _service(name: str) -> str:
    return f"com.amazonaws.{REGION}.{name}"


def _listed(facts: Facts) -> tuple[Endpoint, ...]:
    return facts.endpoints if isinstance(facts.endpoints, tuple) else ()


def _endpoints() -> list[Endpoint]:
    gateway = Endpoint("vpce-0de30000000000010", VPC, _service("s3"), "Gateway", "available", route_tables=("rtb-0de30000000000008",))
    interfaces = [
        Endpoint(f"vpce-0de3000000000001{number}", VPC, _service(name), "Interface", "available", True, (SUBNET,), (ENDPOINT_GROUP,))
        for number, name in enumerate(_INTERFACES, 1)
    ]
    return [gateway, *interfaces]


def _groups(port: int) -> tuple[Group, ...]:
    to_proxy = Rule("tcp", port, port, groups=(GroupReference(PROXY_GROUP),))
    return (
        Group(PROXY_GROUP, "proxy", VPC, ingress=(Rule("tcp", port, port, groups=(GroupReference(NODE_GROUP),)),)),
        Group(NODE_GROUP, "nodes", VPC, egress=(to_proxy,)),
        Group(ENDPOINT_GROUP, "endpoints", VPC, ingress=(Rule("tcp", 443, 443, cidrs=(_NODES,)),)),
    )


def _open() -> list[AclRule]:
    return [AclRule(100, egress, True, "-1", "0.0.0.0/0") for egress in (False, True)]
