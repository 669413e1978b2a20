"""AWS's answers, as the SDK parses them, into facts. Nothing else of an answer is kept."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

from preflight.aws.facts import NOT_ASKED, Acl, AclRule, Endpoint, Group, GroupReference, Hop, Interface, Key, Peering, RouteTable, Rule, Subnet, Vpc

Said: TypeAlias = Mapping[str, Any]
Clean: TypeAlias = Callable[[str], str]

_LEADS_TO: Final = (
    "NatGatewayId",
    "TransitGatewayId",
    "VpcPeeringConnectionId",
    "NetworkInterfaceId",
    "InstanceId",
    "EgressOnlyInternetGatewayId",
    "LocalGatewayId",
    "CarrierGatewayId",
    "CoreNetworkArn",
    "OdbNetworkArn",
    "GatewayId",
)
"""The fields of a route that say where it leads. One with an instance names its interface as well, which is what carries the packets."""


class Shapes:
    """Makes facts of answers; `clean` is what makes text from outside safe."""

    def __init__(self, clean: Clean) -> None:
        self._clean = clean

    def texts(self, said: Said, key: str, *within: str) -> tuple[str, ...]:
        """The texts of a list: its items, or one field of each."""
        items = said.get(key)
        if not items:
            return ()
        if not within:
            return tuple(map(self._clean, items))
        return tuple([self._clean(item[within[0]]) for item in items if within[0] in item])

    def text(self, said: Said, key: str) -> str:
        """One text; empty where the answer has none."""
        found = said.get(key)
        return self._clean(found if isinstance(found, str) else str(found)) if found else ""

    def vpc(self, said: Said) -> Vpc:
        """A VPC; its DNS attributes are asked for one by one."""
        associated = [each for each in said.get("CidrBlockAssociationSet", ()) if _associated(each, "CidrBlockState")]
        six = [each for each in said.get("Ipv6CidrBlockAssociationSet", ()) if _associated(each, "Ipv6CidrBlockState")]
        blocks = (self.text(said, "CidrBlock"), *(self.text(each, "CidrBlock") for each in associated), *(self.text(each, "Ipv6CidrBlock") for each in six))
        return Vpc(self.text(said, "VpcId"), tuple(dict.fromkeys(filter(None, blocks))), NOT_ASKED, NOT_ASKED, self.text(said, "OwnerId"))

    def subnet(self, said: Said) -> Subnet:
        """A subnet."""
        six = [each for each in said.get("Ipv6CidrBlockAssociationSet", ()) if _associated(each, "Ipv6CidrBlockState")]
        return Subnet(
            id=self.text(said, "SubnetId"),
            vpc=self.text(said, "VpcId"),
            zone=self.text(said, "AvailabilityZoneId") or self.text(said, "AvailabilityZone"),
            cidrs=tuple(filter(None, (self.text(said, "CidrBlock"), *(self.text(each, "Ipv6CidrBlock") for each in six)))),
            public_addresses=bool(said.get("MapPublicIpOnLaunch")),
        )

    def endpoint(self, said: Said) -> Endpoint:
        """A VPC endpoint; of its policy only whether it lets everybody do everything."""
        return Endpoint(
            id=self.text(said, "VpcEndpointId"),
            vpc=self.text(said, "VpcId"),
            service=self.text(said, "ServiceName"),
            type=self.text(said, "VpcEndpointType"),
            state=self.text(said, "State"),
            private_dns=bool(said.get("PrivateDnsEnabled")),
            subnets=self.texts(said, "SubnetIds"),
            groups=self.texts(said, "Groups", "GroupId"),
            route_tables=self.texts(said, "RouteTableIds"),
            full_access=full_access(said.get("PolicyDocument")),
            ip_type=self.text(said, "IpAddressType"),
            dns_type=self.text(said.get("DnsOptions") or {}, "DnsRecordIpType"),
        )

    def group(self, said: Said) -> Group:
        """A security group."""
        return Group(
            self.text(said, "GroupId"),
            self.text(said, "GroupName"),
            self.text(said, "VpcId"),
            egress=tuple(map(self.rule, said.get("IpPermissionsEgress", ()))),
            ingress=tuple(map(self.rule, said.get("IpPermissions", ()))),
        )

    def rule(self, said: Said) -> Rule:
        """A permission of a security group."""
        return Rule(
            protocol=self.text(said, "IpProtocol"),
            first=said.get("FromPort"),
            last=said.get("ToPort"),
            cidrs=self.texts(said, "IpRanges", "CidrIp") + self.texts(said, "Ipv6Ranges", "CidrIpv6"),
            prefix_lists=self.texts(said, "PrefixListIds", "PrefixListId"),
            groups=tuple(
                GroupReference(self.text(each, "GroupId"), self.text(each, "VpcId"), self.text(each, "PeeringStatus"))
                for each in said.get("UserIdGroupPairs", ())
            ),
        )

    def route_table(self, said: Said) -> RouteTable:
        """A route table. Associations with gateways say nothing about subnets."""
        associations = [each for each in said.get("Associations", ()) if _associated(each, "AssociationState")]
        return RouteTable(
            self.text(said, "RouteTableId"),
            self.text(said, "VpcId"),
            main=any(each.get("Main") for each in associations),
            subnets=tuple(self.text(each, "SubnetId") for each in associations if each.get("SubnetId")),
            hops=tuple(map(self.hop, said.get("Routes", ()))),
        )

    def hop(self, said: Said) -> Hop:
        """A route."""
        return Hop(
            cidr=self.text(said, "DestinationCidrBlock") or self.text(said, "DestinationIpv6CidrBlock"),
            prefix_list=self.text(said, "DestinationPrefixListId"),
            target=next((found for key in _LEADS_TO if (found := self.text(said, key))), ""),
            state=self.text(said, "State") or "active",
        )

    def acl(self, said: Said) -> Acl:
        """A network ACL."""
        return Acl(
            self.text(said, "NetworkAclId"),
            self.text(said, "VpcId"),
            default=bool(said.get("IsDefault")),
            subnets=self.texts(said, "Associations", "SubnetId"),
            rules=tuple(map(self.acl_rule, said.get("Entries", ()))),
        )

    def acl_rule(self, said: Said) -> AclRule:
        """An entry of a network ACL."""
        ports = said.get("PortRange") or {}
        return AclRule(
            number=int(said["RuleNumber"]),
            egress=bool(said["Egress"]),
            allow=said["RuleAction"] == "allow",
            protocol=self.text(said, "Protocol"),
            cidr=self.text(said, "CidrBlock") or self.text(said, "Ipv6CidrBlock"),
            first=ports.get("From"),
            last=ports.get("To"),
        )

    def interface(self, said: Said) -> Interface:
        """A network interface with all of its addresses, public ones too."""
        private = said.get("PrivateIpAddresses", ())
        public = [each["Association"] for each in private if each.get("Association")]
        addresses = (
            self.text(said, "PrivateIpAddress"),
            *(self.text(each, "PrivateIpAddress") for each in private),
            *(self.text(each, "PublicIp") for each in (*public, said.get("Association") or {})),
            *self.texts(said, "Ipv6Addresses", "Ipv6Address"),
        )
        return Interface(
            self.text(said, "NetworkInterfaceId"),
            self.text(said, "VpcId"),
            self.text(said, "SubnetId"),
            tuple(dict.fromkeys(filter(None, addresses))),
            self.texts(said, "Groups", "GroupId"),
            self.text(said, "InterfaceType") or "interface",
        )

    def peering(self, said: Said) -> Peering:
        """A peering."""
        requester, accepter = said.get("RequesterVpcInfo") or {}, said.get("AccepterVpcInfo") or {}
        state = self.text(said.get("Status") or {}, "Code")
        return Peering(self.text(said, "VpcPeeringConnectionId"), self.text(requester, "VpcId"), self.text(accepter, "VpcId"), state)

    def prefix(self, said: Said) -> str:
        """One CIDR of a prefix list."""
        return self.text(said, "Cidr")

    def key(self, said: Said) -> Key:
        """A KMS key."""
        found = said["KeyMetadata"]
        usage, spec = self.text(found, "KeyUsage") or "ENCRYPT_DECRYPT", self.text(found, "KeySpec")
        return Key(self.text(found, "KeyId"), self.text(found, "Arn"), self.text(found, "KeyState"), usage, spec)


def full_access(document: object) -> bool | None:
    """Whether an endpoint's policy lets everybody do everything: what AWS gives an endpoint without a policy. None: it cannot be understood."""
    if document is None or document == "":
        return True
    try:
        policy: Any = json.loads(document) if isinstance(document, str | bytes) else document
        statements = policy["Statement"]
        statements = [statements] if isinstance(statements, Mapping) else statements
        [only] = statements if len(statements) == 1 else [{}]
        return bool(
            only.get("Effect") == "Allow"
            and only.get("Principal") in ("*", {"AWS": "*"}, {"AWS": ["*"]})
            and only.get("Action") in ("*", ["*"])
            and only.get("Resource") in ("*", ["*"])
            and not only.get("Condition")
        )
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None


def _associated(said: Said, key: str) -> bool:
    """Whether an association holds; one that tells no state does."""
    return bool((said.get(key) or {}).get("State", "associated") == "associated")
