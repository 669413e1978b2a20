"""An AWS account on loopback in which everything is right: a VPC whose addresses are loopback's, since that is where the proxy listens."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, Final
from urllib.request import Request, urlopen

import msgspec

from tests.real.aws.moto_server import Lab as Aws

REGION: Final = "us-west-1"
INTERFACES: Final = ("autoscaling", "ec2", "elasticloadbalancing", "kms", "sts")
"""The services that the product reaches by interface endpoints."""
SERVICES: Final = (*INTERFACES, "s3")
EVERYWHERE: Final = {"IpRanges": [{"CidrIp": "0.0.0.0/0"}]}


def service(name: str) -> str:
    """The name of the endpoint service."""
    return f"com.amazonaws.{REGION}.{name}"


def permission(port: int, **peers: Any) -> dict[str, Any]:
    """A rule for one TCP port; `peers` as the API spells them."""
    return {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, **peers}


@cache
def client(aws: Aws, name: str) -> Any:
    """The client of a service, made once: that takes longer than building an account."""
    return aws(name, REGION)


class Account(msgspec.Struct, frozen=True):
    """What stands in the account, by id, and how tests change it."""

    aws: Aws
    ec2: Any
    port: int
    """The proxy's."""
    vpc: str
    subnets: tuple[str, str]
    """Of the nodes, in two zones."""
    table: str
    """The main route table."""
    acl: str
    nodes: str
    """The group of the nodes."""
    proxy: str
    """The group of the proxy."""
    doors: str
    """The group of the endpoints."""
    key: str
    endpoints: Mapping[str, str]
    """By the service's short name."""

    def lose(self, *names: str) -> None:
        """Delete the endpoints of these services."""
        self.ec2.delete_vpc_endpoints(VpcEndpointIds=[self.endpoints[name] for name in names])

    def endpoint(self, name: str, **changes: Any) -> str:
        """Make an interface endpoint, right but for the changes."""
        wanted = {"VpcEndpointType": "Interface", "SubnetIds": self.subnets, "SecurityGroupIds": [self.doors], "PrivateDnsEnabled": True} | changes
        made = self.ec2.create_vpc_endpoint(VpcId=self.vpc, ServiceName=service(name), **wanted)
        return str(made["VpcEndpoint"]["VpcEndpointId"])

    def gateway(self, name: str, *tables: str) -> str:
        """Make a gateway endpoint with routes in these tables."""
        made = self.ec2.create_vpc_endpoint(VpcId=self.vpc, ServiceName=service(name), VpcEndpointType="Gateway", RouteTableIds=list(tables))
        return str(made["VpcEndpoint"]["VpcEndpointId"])

    def egress(self, *permissions: Mapping[str, Any]) -> None:
        """Let the nodes out by these rules and no others."""
        [group] = self.ec2.describe_security_groups(GroupIds=[self.nodes])["SecurityGroups"]
        if group["IpPermissionsEgress"]:
            self.ec2.revoke_security_group_egress(GroupId=self.nodes, IpPermissions=group["IpPermissionsEgress"])
        if permissions:
            self.ec2.authorize_security_group_egress(GroupId=self.nodes, IpPermissions=list(permissions))

    def group(self, name: str) -> str:
        """Make a group of the VPC that lets nothing out."""
        made = str(self.ec2.create_security_group(GroupName=name, Description=name, VpcId=self.vpc)["GroupId"])
        self.ec2.revoke_security_group_egress(GroupId=made, IpPermissions=[{"IpProtocol": "-1", **EVERYWHERE}])
        return made

    def prefix_list(self, *cidrs: str) -> str:
        """Make a prefix list with these entries."""
        entries = [{"Cidr": each} for each in cidrs]
        made = self.ec2.create_managed_prefix_list(PrefixListName="listed", MaxEntries=5, AddressFamily="IPv4", Entries=entries)
        return str(made["PrefixList"]["PrefixListId"])


def build(aws: Aws, port: int) -> Account:
    """An account with nothing else in it, and in it all that the nodes need to get to a proxy on this port of 127.0.0.1."""
    aws.clear()
    with urlopen(Request(f"{aws.url}/moto-api/reset", method="POST")) as answer:
        assert answer.status == 200
    ec2 = client(aws, "ec2")
    vpc = ec2.create_vpc(CidrBlock="127.0.0.0/16")["Vpc"]["VpcId"]
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
    first, second, beside = (
        ec2.create_subnet(VpcId=vpc, CidrBlock=cidr, AvailabilityZone=f"{REGION}{zone}")["Subnet"]["SubnetId"]
        for cidr, zone in (("127.0.1.0/24", "a"), ("127.0.2.0/24", "b"), ("127.0.0.0/24", "a"))
    )
    of_vpc = [{"Name": "vpc-id", "Values": [vpc]}]
    [table], [acl] = ec2.describe_route_tables(Filters=of_vpc)["RouteTables"], ec2.describe_network_acls(Filters=of_vpc)["NetworkAcls"]
    bare = Account(aws, ec2, port, vpc, (first, second), table["RouteTableId"], acl["NetworkAclId"], "", "", "", "", {})
    nodes, proxy, doors = (bare.group(name) for name in ("nodes", "proxy", "doors"))
    ec2.create_network_interface(SubnetId=beside, PrivateIpAddress="127.0.0.1", Groups=[proxy])
    account = msgspec.structs.replace(bare, nodes=nodes, proxy=proxy, doors=doors, key=client(aws, "kms").create_key()["KeyMetadata"]["Arn"])
    account.egress(permission(port, UserIdGroupPairs=[{"GroupId": proxy}]))
    ec2.authorize_security_group_ingress(GroupId=proxy, IpPermissions=[permission(port, UserIdGroupPairs=[{"GroupId": nodes}])])
    ranges = [{"CidrIp": "127.0.1.0/24"}, {"CidrIp": "127.0.2.0/24"}]
    ec2.authorize_security_group_ingress(GroupId=doors, IpPermissions=[permission(443, IpRanges=ranges)])
    endpoints = {name: account.endpoint(name) for name in INTERFACES} | {"s3": account.gateway("s3", account.table)}
    aws.calls.clear()
    return msgspec.structs.replace(account, endpoints=endpoints)
