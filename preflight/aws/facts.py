"""What AWS says, as frozen data: one value for everything that one run read, which can be saved and replayed.

Lists of AWS are tuples here, ids are text, CIDRs are as AWS writes them. What could not be read is `Unread`, never an empty list: an empty answer is a
fact, a refused question is none. Names, tags, descriptions and policies of the account are not kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, TypeAlias, TypeVar

import msgspec

from preflight.aws.scope import Scope

SCHEMA: Final = "preflight/aws-facts/1"


class Unread(msgspec.Struct, frozen=True, tag="unread"):
    """What could not be read: the IAM action that asks for it, and the code (`aws.access-denied`, `aws.throttled`, …) with which asking ended."""

    action: str
    code: str
    reason: str
    """What AWS or the library said, clean."""


T = TypeVar("T")
Known: TypeAlias = T | Unread

NOT_ASKED: Final = Unread("", "aws.not-asked", "no selected check needs it")


class Identity(msgspec.Struct, frozen=True, tag="identity"):
    """Whose credentials they are (sts:GetCallerIdentity)."""

    account: str
    arn: str
    source: str = ""
    """Where the SDK found them: `env`, `shared-credentials-file`, `iam-role`, …"""


class Service(msgspec.Struct, frozen=True):
    """One AWS service in this region, by the SDK's own endpoint data."""

    host: str
    """The public DNS name that the product's components ask for, e.g. `kms.us-west-1.amazonaws.com`."""
    names: tuple[str, ...]
    """The names that its VPC endpoint service may have, the usual one first, e.g. `com.amazonaws.us-west-1.kms`."""


class Vpc(msgspec.Struct, frozen=True, tag="vpc"):
    """The VPC of the nodes."""

    id: str
    cidrs: tuple[str, ...]
    """Every associated block, IPv4 and IPv6."""
    dns_support: bool | Unread
    dns_hostnames: bool | Unread
    owner: str = ""


class Subnet(msgspec.Struct, frozen=True):
    """One subnet. `public_addresses`: whether instances get one by default."""

    id: str
    vpc: str
    zone: str
    """The zone's id (`usw1-az1`), which is the same in every account; its name where AWS tells no id."""
    cidrs: tuple[str, ...]
    public_addresses: bool = False


class Endpoint(msgspec.Struct, frozen=True):
    """One VPC endpoint. `type` (`Interface`, `Gateway`, …) and `state` are as AWS writes them: compare without regard to case."""

    id: str
    vpc: str
    service: str
    type: str
    state: str
    private_dns: bool = False
    subnets: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    route_tables: tuple[str, ...] = ()
    full_access: bool | None = True
    """Whether its policy lets everybody do everything; None where the policy could not be understood."""
    ip_type: str = ""
    dns_type: str = ""
    """Of its addresses, and of its names' records: `ipv4`, `dualstack`, `ipv6`, `service-defined`; empty where AWS does not tell."""


class GroupReference(msgspec.Struct, frozen=True):
    """Another group that a rule refers to. `peering` is the peering's status where the group is on its other side."""

    id: str
    vpc: str = ""
    peering: str = ""


class Rule(msgspec.Struct, frozen=True):
    """One permission of a security group. `protocol` is `tcp`, `udp`, `icmp`, a number, or `-1`: every protocol and every port."""

    protocol: str
    first: int | None = None
    last: int | None = None
    cidrs: tuple[str, ...] = ()
    prefix_lists: tuple[str, ...] = ()
    groups: tuple[GroupReference, ...] = ()


class Group(msgspec.Struct, frozen=True):
    """One security group."""

    id: str
    name: str
    vpc: str
    egress: tuple[Rule, ...] = ()
    ingress: tuple[Rule, ...] = ()


class Hop(msgspec.Struct, frozen=True):
    """One route of a route table: exactly one of `cidr` and `prefix_list` is set."""

    cidr: str = ""
    prefix_list: str = ""
    target: str = ""
    """The id that it leads to: `local`, `igw-…`, `nat-…`, `tgw-…`, `pcx-…`, `eni-…`, `vpce-…`."""
    state: str = "active"


class RouteTable(msgspec.Struct, frozen=True):
    """One route table and what it is associated with."""

    id: str
    vpc: str
    main: bool = False
    subnets: tuple[str, ...] = ()
    hops: tuple[Hop, ...] = ()


class AclRule(msgspec.Struct, frozen=True):
    """One entry of a network ACL; the lowest number that matches decides."""

    number: int
    egress: bool
    allow: bool
    protocol: str
    cidr: str
    first: int | None = None
    last: int | None = None


class Acl(msgspec.Struct, frozen=True):
    """One network ACL and the subnets that it filters."""

    id: str
    vpc: str
    default: bool = False
    subnets: tuple[str, ...] = ()
    rules: tuple[AclRule, ...] = ()


class Interface(msgspec.Struct, frozen=True):
    """A network interface that carries one of the proxy's addresses. Its `type` is `interface`, `network_load_balancer`, …"""

    id: str
    vpc: str
    subnet: str
    addresses: tuple[str, ...]
    """Its primary private address first, and public ones after all private ones."""
    groups: tuple[str, ...] = ()
    type: str = "interface"


class Peering(msgspec.Struct, frozen=True):
    """A peering between two VPCs."""

    id: str
    requester: str
    accepter: str
    state: str


class Key(msgspec.Struct, frozen=True, tag="key"):
    """A KMS key. Its `state` is `Enabled`, `Disabled`, `PendingDeletion`, …; its `spec` `SYMMETRIC_DEFAULT`, `RSA_2048`, …, empty where AWS does not tell."""

    id: str
    arn: str
    state: str
    usage: str = "ENCRYPT_DECRYPT"
    spec: str = ""


class Absent(msgspec.Struct, frozen=True, tag="absent"):
    """AWS answered, and there is no such thing."""

    reason: str = ""


class Walked(msgspec.Struct, frozen=True):
    """What our own direct walk to a service's public name met: for services of which no endpoint in the VPC has the name, or an API that did not answer."""

    host: str
    addresses: tuple[str, ...] = ()
    code: str | None = None
    """The code of the step that failed; None if TLS verified the name."""
    through: str = ""
    """The proxy, without credentials; empty for a direct walk."""


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that one run read of AWS."""

    schema: Literal["preflight/aws-facts/1"] = SCHEMA
    scope: Scope
    read: str = ""
    """When AWS answered, by this host's clock (RFC 3339, UTC); empty where nobody noted it."""
    identity: Known[Identity] = NOT_ASKED
    region_state: str = ""
    """`opted-in`, `opt-in-not-required`, `not-opted-in`; empty where it was not in doubt."""
    services: Mapping[str, Service] = msgspec.field(default_factory=dict)
    vpc: Vpc | Absent | Unread | None = NOT_ASKED
    """None: nothing says which VPC."""
    subnets: tuple[Subnet, ...] | Unread = NOT_ASKED
    endpoints: tuple[Endpoint, ...] | Unread = NOT_ASKED
    groups: tuple[Group, ...] | Unread = NOT_ASKED
    route_tables: tuple[RouteTable, ...] | Unread = NOT_ASKED
    acls: tuple[Acl, ...] | Unread = NOT_ASKED
    interfaces: tuple[Interface, ...] | Unread = NOT_ASKED
    peerings: tuple[Peering, ...] | Unread = NOT_ASKED
    prefix_lists: Mapping[str, tuple[str, ...] | Unread] = msgspec.field(default_factory=dict)
    """The CIDRs of every prefix list that a rule or a route refers to, by its id."""
    keys: Mapping[str, Key | Absent | Unread] = msgspec.field(default_factory=dict)
    """By the id or ARN that was asked for."""
    proxies: Mapping[str, tuple[str, ...] | Unread] = msgspec.field(default_factory=dict)
    """The addresses of each proxy's host, as this host resolves it."""
    walked: Mapping[str, Walked] = msgspec.field(default_factory=dict)
    """By the service's name."""

    @property
    def vpc_id(self) -> str:
        """The VPC's id, as far as it is known."""
        return self.vpc.id if isinstance(self.vpc, Vpc) else self.scope.vpc

    @property
    def shared(self) -> bool:
        """Whether the VPC is another account's, whose endpoints and interfaces in it AWS does not show to ours."""
        owner, ours = getattr(self.vpc, "owner", ""), getattr(self.identity, "account", "")
        return bool(owner and ours and owner != ours)
