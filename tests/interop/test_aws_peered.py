"""The proxy stands in a VPC of its own, behind a peering. Nothing is sent to it: AWS alone is asked."""

from __future__ import annotations

import json

import pytest

from . import remedies
from .account import permission
from .installation import EGRESS, Installation

pytestmark = pytest.mark.interop

_ADDRESS, _PORT = "10.9.1.10", 3128
_ONLY = ("--only", "aws", "--only", "egress/*", "--only", "network-acl", "--only", "route")


def test_routes_both_ways_over_a_peering(installation: Installation) -> None:
    """Neither side has a route: both are missed at once, and the commands make them."""
    account, ec2 = installation.account, installation.account.ec2
    other = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=other, CidrBlock="10.9.1.0/24")["Subnet"]["SubnetId"]
    guard = ec2.create_security_group(GroupName="far", Description="-", VpcId=other)["GroupId"]
    ec2.authorize_security_group_ingress(GroupId=guard, IpPermissions=[permission(_PORT, IpRanges=[{"CidrIp": "127.0.0.0/16"}])])
    ec2.create_network_interface(SubnetId=subnet, PrivateIpAddress=_ADDRESS, Groups=[guard])
    asked = ec2.create_vpc_peering_connection(VpcId=account.vpc, PeerVpcId=other)["VpcPeeringConnection"]["VpcPeeringConnectionId"]
    ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=asked)
    account.egress(permission(_PORT, IpRanges=[{"CidrIp": "10.9.0.0/16"}]))
    proxy = installation.folder / "proxy.json"
    proxy.write_text(json.dumps({"httpProxy": f"http://{_ADDRESS}:{_PORT}", "noProxy": "127.0.0.1"}))

    lost = installation.verdict(*_ONLY)
    assert set(lost.named("pass")) == {"aws", *EGRESS, "network-acl"}, lost.stdout
    assert lost.codes("route") == ["route.none", "route.none"]
    tables = ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [account.vpc, other]}])["RouteTables"]
    missed = set()
    for line in remedies.commands(lost.result("route")):
        words = line.split()
        assert words[:6] == ["aws", "ec2", "create-route", "--region", "us-west-1", "--route-table-id"]
        assert line.endswith(f" --vpc-peering-connection-id {asked}")
        missed.add(words[6])
        remedies.run(account.aws, line)
    assert missed == {each["RouteTableId"] for each in tables}
    assert set(installation.verdict(*_ONLY).named("pass")) == {"aws", *EGRESS, "network-acl", "route"}
