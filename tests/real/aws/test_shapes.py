"""AWS's answers become facts, and what an answer does not say is not made up."""

from __future__ import annotations

import json
from typing import Any

import pytest

from preflight.aws.facts import AclRule, GroupReference, Hop, Rule
from preflight.real.aws.shapes import Shapes, full_access
from preflight.untrusted import Redactor

SHAPES = Shapes(Redactor().clean)
ALL: dict[str, Any] = {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}


def policy(**changes: Any) -> str:
    return json.dumps({"Version": "2008-10-17", "Statement": [{**ALL, **changes}]})


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (None, True),
        ("", True),
        (policy(), True),
        (policy(Principal={"AWS": "*"}), True),
        (policy(Action=["*"]), True),
        (json.dumps({"Statement": ALL}), True),
        (policy(Effect="Deny"), False),
        (policy(Principal={"AWS": "arn:aws:iam::1:root"}), False),
        (policy(Action="kms:*"), False),
        (policy(Resource="arn:aws:s3:::mine/*"), False),
        (policy(Condition={"StringEquals": {"aws:PrincipalOrgID": "o-1"}}), False),
        (json.dumps({"Statement": [ALL, {**ALL, "Effect": "Deny"}]}), False),
        (json.dumps({"Statement": []}), False),
        (json.dumps({"Statement": [{"Effect": "Allow", "Principal": "*", "NotAction": "s3:*", "Resource": "*"}]}), False),
        ("{", None),
        ("[]", None),
        ('{"Statement": 5}', None),
        ('{"Statement": ["x"]}', None),
        ("[" * 5000, None),
    ],
)
def test_only_a_policy_that_lets_everybody_do_everything_is_full_access(document: str | None, expected: bool | None) -> None:
    assert full_access(document) is expected


@pytest.mark.parametrize(
    ("said", "target"),
    [
        ({"GatewayId": "igw-1"}, "igw-1"),
        ({"GatewayId": "local"}, "local"),
        ({"GatewayId": "vpce-1"}, "vpce-1"),
        ({"NatGatewayId": "nat-1"}, "nat-1"),
        ({"TransitGatewayId": "tgw-1"}, "tgw-1"),
        ({"VpcPeeringConnectionId": "pcx-1"}, "pcx-1"),
        ({"InstanceId": "i-1", "NetworkInterfaceId": "eni-1"}, "eni-1"),
        ({"EgressOnlyInternetGatewayId": "eigw-1"}, "eigw-1"),
        ({}, ""),
    ],
)
def test_a_route_leads_to_one_thing(said: dict[str, str], target: str) -> None:
    assert SHAPES.hop({"DestinationCidrBlock": "0.0.0.0/0", "State": "blackhole", **said}) == Hop("0.0.0.0/0", "", target, "blackhole")
    assert SHAPES.hop({"DestinationIpv6CidrBlock": "::/0", **said}).cidr == "::/0"
    assert SHAPES.hop({"DestinationPrefixListId": "pl-1", **said}).prefix_list == "pl-1"


def test_an_endpoint_keeps_which_addresses_and_records_it_has() -> None:
    six = SHAPES.endpoint({"VpcEndpointId": "vpce-1", "IpAddressType": "ipv6", "DnsOptions": {"DnsRecordIpType": "dualstack"}})
    assert (six.ip_type, six.dns_type) == ("ipv6", "dualstack")
    untold = SHAPES.endpoint({"VpcEndpointId": "vpce-1"})
    assert (untold.ip_type, untold.dns_type) == ("", "")


def test_a_rule_keeps_families_lists_and_references() -> None:
    said = {
        "IpProtocol": "tcp",
        "FromPort": 0,
        "ToPort": 65535,
        "IpRanges": [{"CidrIp": "10.0.0.0/8", "Description": "x"}],
        "Ipv6Ranges": [{"CidrIpv6": "::/0"}],
        "PrefixListIds": [{"PrefixListId": "pl-1"}],
        "UserIdGroupPairs": [{"GroupId": "sg-1", "UserId": "1"}, {"GroupId": "sg-2", "VpcId": "vpc-2", "PeeringStatus": "active"}],
    }
    groups = (GroupReference("sg-1"), GroupReference("sg-2", "vpc-2", "active"))
    assert SHAPES.rule(said) == Rule("tcp", 0, 65535, ("10.0.0.0/8", "::/0"), ("pl-1",), groups)
    assert SHAPES.rule({"IpProtocol": "-1"}) == Rule("-1")


def test_an_acl_entry_keeps_its_order_and_its_verdict() -> None:
    said = {"RuleNumber": 100, "Egress": False, "RuleAction": "deny", "Protocol": "6", "CidrBlock": "0.0.0.0/0", "PortRange": {"From": 1024, "To": 65535}}
    assert SHAPES.acl_rule(said) == AclRule(100, egress=False, allow=False, protocol="6", cidr="0.0.0.0/0", first=1024, last=65535)


def test_blocks_that_are_no_longer_associated_do_not_count() -> None:
    gone = {"CidrBlock": "10.1.0.0/16", "CidrBlockState": {"State": "disassociated"}}
    six = {"Ipv6CidrBlock": "2001:db8::/56", "Ipv6CidrBlockState": {"State": "associated"}}
    said = {"VpcId": "vpc-1", "CidrBlock": "10.0.0.0/16", "CidrBlockAssociationSet": [gone], "Ipv6CidrBlockAssociationSet": [six]}
    assert SHAPES.vpc(said).cidrs == ("10.0.0.0/16", "2001:db8::/56")
    assert SHAPES.subnet({"SubnetId": "s", "CidrBlock": "10.0.1.0/24", "AvailabilityZone": "us-west-1a"}).zone == "us-west-1a"
    leaving = {"SubnetId": "subnet-1", "AssociationState": {"State": "disassociating"}}
    table = SHAPES.route_table({"RouteTableId": "rtb-1", "Associations": [leaving, {"Main": True}, {"GatewayId": "igw-1"}]})
    assert (table.main, table.subnets) == (True, ())


def test_an_interface_has_every_address_once() -> None:
    said = {
        "NetworkInterfaceId": "eni-1",
        "PrivateIpAddress": "10.0.0.4",
        "PrivateIpAddresses": [{"PrivateIpAddress": "10.0.0.4", "Association": {"PublicIp": "192.0.2.1"}}, {"PrivateIpAddress": "10.0.0.5"}],
        "Ipv6Addresses": [{"Ipv6Address": "2001:db8::4"}],
        "Association": {"PublicIp": "192.0.2.1"},
    }
    assert SHAPES.interface(said).addresses == ("10.0.0.4", "10.0.0.5", "192.0.2.1", "2001:db8::4")


def test_what_stands_outside_is_clean() -> None:
    assert SHAPES.group({"GroupId": "sg-1", "GroupName": "a\u202eb\x1b[0m"}).name == "a\\u202eb\\x1b[0m"


@pytest.mark.parametrize(("told", "spec"), [({"KeySpec": "RSA_2048"}, "RSA_2048"), ({}, "")])
def test_a_key_is_read_with_its_spec(told: dict[str, str], spec: str) -> None:
    assert SHAPES.key({"KeyMetadata": {"KeyId": "1", "Arn": "a", "KeyState": "Enabled", "KeyUsage": "ENCRYPT_DECRYPT", **told}}).spec == spec
