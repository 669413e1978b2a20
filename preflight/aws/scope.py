"""What is asked of AWS: which questions, about which things, and what must be allowed for them."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

import msgspec


class Part(StrEnum):
    """One question to AWS. A check names those that it needs, and no other is asked."""

    IDENTITY = "identity"
    NETWORK = "network"
    """The VPC with its DNS attributes, and its subnets."""
    ENDPOINTS = "endpoints"
    GROUPS = "groups"
    ROUTES = "routes"
    ACLS = "acls"
    PROXY = "proxy"
    """The interfaces that carry the proxy's addresses, and the peerings over which their groups may be referred to."""
    KEY = "key"


ACTIONS: Final[Mapping[Part, tuple[str, ...]]] = {
    Part.IDENTITY: ("ec2:DescribeRegions", "sts:GetCallerIdentity"),
    Part.NETWORK: ("ec2:DescribeSecurityGroups", "ec2:DescribeSubnets", "ec2:DescribeVpcAttribute", "ec2:DescribeVpcs"),
    Part.ENDPOINTS: ("ec2:DescribeVpcEndpoints",),
    Part.GROUPS: ("ec2:DescribeSecurityGroups", "ec2:GetManagedPrefixListEntries"),
    Part.ROUTES: ("ec2:DescribeRouteTables", "ec2:GetManagedPrefixListEntries"),
    Part.ACLS: ("ec2:DescribeNetworkAcls",),
    Part.PROXY: ("ec2:DescribeNetworkInterfaces", "ec2:DescribeVpcPeeringConnections"),
    Part.KEY: ("kms:DescribeKey",),
}
"""What must be allowed so that each part can be read (IAM actions)."""


class Scope(msgspec.Struct, frozen=True):
    """What is asked about: read from the manifests, the profile and the flags."""

    region: str = ""
    parts: frozenset[Part] = frozenset()
    vpc: str = ""
    """Empty: the VPC of the first subnet or group below."""
    subnets: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    proxies: tuple[str, ...] = ()
    """The hosts of the proxies."""
    services: tuple[str, ...] = ()
    """The services whose endpoints are asked about, by the SDK's names."""

    @property
    def actions(self) -> tuple[str, ...]:
        """The IAM actions that must be allowed, sorted."""
        return tuple(sorted({action for part in self.parts for action in ACTIONS[part]}))

    def __or__(self, other: Scope) -> Scope:
        """What either asks about. The first that names a region or a VPC decides it."""
        return Scope(
            region=self.region or other.region,
            parts=self.parts | other.parts,
            vpc=self.vpc or other.vpc,
            subnets=tuple(dict.fromkeys(self.subnets + other.subnets)),
            groups=tuple(dict.fromkeys(self.groups + other.groups)),
            keys=tuple(dict.fromkeys(self.keys + other.keys)),
            proxies=tuple(dict.fromkeys(self.proxies + other.proxies)),
            services=tuple(dict.fromkeys(self.services + other.services)),
        )
