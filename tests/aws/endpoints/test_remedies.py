"""The commands that mend an endpoint: exact, and such as the SDK takes."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ParamValidationError  # type: ignore[import-untyped]

from preflight.aws.conclusion import Conclusion
from preflight.aws.facts import Facts, Subnet, Vpc
from preflight.aws.nodes import Nodes
from preflight.aws.remedy import Command
from tests.aws.endpoints.test_best import DNS_OFF, INTERFACE, ROUTES
from tests.aws.endpoints.worlds import KMS, NODES, REGION, S3, SUBNETS, admitting, endpoint, facts, gateway, only, verdict
from tests.aws.remedies import validated

_CREATED = (
    f"aws ec2 create-vpc-endpoint --region {REGION} --vpc-id vpc-1 --service-name {KMS} --vpc-endpoint-type Interface"
    " --subnet-ids subnet-a subnet-b --private-dns-enabled"
)
COMMANDS = {
    "create": (facts(endpoints=()), "kms", _CREATED),
    "create with a neighbour's group": (
        facts(endpoints=(endpoint(service=f"com.amazonaws.{REGION}.sts"),)),
        "kms",
        (
            f"aws ec2 create-vpc-endpoint --region {REGION} --vpc-id vpc-1 --service-name {KMS} --vpc-endpoint-type Interface"
            " --subnet-ids subnet-a subnet-b --security-group-ids sg-endpoint --private-dns-enabled"
        ),
    ),
    "create without a neighbour's group that does not admit": (
        facts(endpoints=(endpoint(service=f"com.amazonaws.{REGION}.sts", groups=("sg-proxy", "sg-default")),)),
        "kms",
        _CREATED,
    ),
    "create a gateway": (
        facts(endpoints=(endpoint(service=S3),)),
        "s3",
        f"aws ec2 create-vpc-endpoint --region {REGION} --vpc-id vpc-1 --service-name {S3} --vpc-endpoint-type Gateway --route-table-ids rtb-b rtb-main",
    ),
    "private DNS": (
        facts(endpoints=(endpoint(private_dns=False),)),
        "kms",
        f"aws ec2 modify-vpc-endpoint --region {REGION} --vpc-endpoint-id vpce-1 --private-dns-enabled",
    ),
    "subnets": (
        facts(endpoints=(endpoint(subnets=("subnet-a",)),)),
        "kms",
        f"aws ec2 modify-vpc-endpoint --region {REGION} --vpc-endpoint-id vpce-1 --add-subnet-ids subnet-b",
    ),
    "routes": (
        facts(endpoints=(gateway(route_tables=()),)),
        "s3",
        f"aws ec2 modify-vpc-endpoint --region {REGION} --vpc-endpoint-id vpce-9 --add-route-table-ids rtb-b rtb-main",
    ),
    "DNS": (facts(vpc=DNS_OFF), "kms", f"aws ec2 modify-vpc-attribute --region {REGION} --vpc-id vpc-1 --enable-dns-support '{{\"Value\":true}}'"),
    "ingress": (
        facts(groups=admitting()),
        "kms",
        (
            f"aws ec2 authorize-security-group-ingress --region {REGION} --group-id sg-endpoint --ip-permissions "
            '\'[{"IpProtocol":"tcp","FromPort":443,"ToPort":443,"IpRanges":[{"CidrIp":"10.0.1.0/24"},{"CidrIp":"10.0.2.0/24"}]}]\''
        ),
    ),
    "policy": (
        facts(endpoints=(endpoint(full_access=False),)),
        "kms",
        f"aws ec2 modify-vpc-endpoint --region {REGION} --vpc-endpoint-id vpce-1 --reset-policy",
    ),
}


@pytest.mark.parametrize(("known", "service", "line"), COMMANDS.values(), ids=COMMANDS)
def test_the_command_that_mends_it(known: Facts, service: str, line: str) -> None:
    found = only(verdict(known, service=service))
    assert [str(each) for each in found.commands] == [line]


@pytest.mark.parametrize("world", [*INTERFACE.values(), *ROUTES.values()])
@pytest.mark.parametrize("service", ["kms", "s3"])
@pytest.mark.parametrize("nodes", [NODES, (), (Nodes("node-pool"),)], ids=["declared", "nobody", "no subnets"])
def test_the_sdk_takes_every_command(world: tuple[Facts, str], service: str, nodes: Any) -> None:
    for each in verdict(world[0], nodes, service).statements:
        for command in each.commands if isinstance(each, Conclusion) else ():
            validated(command)
            assert REGION in str(command)


def test_the_sdk_does_not_take_everything() -> None:
    with pytest.raises(ParamValidationError):
        validated(Command("ec2", "ModifyVpcEndpoint", {"VpcEndpointId": "vpce-1", "AddSubnetIds": "subnet-a"}))


def test_who_makes_an_endpoint_without_a_group_is_told_what_aws_takes() -> None:
    found = only(verdict(facts(endpoints=())))
    assert "--security-group-ids" in found.hint
    assert "default group" in found.hint
    assert str(found.commands[0]) in found.hint


def test_where_no_subnet_is_declared_those_without_public_addresses_go_first() -> None:
    public = Subnet("subnet-0", "vpc-1", "usw1-az1", ("10.0.101.0/24",), public_addresses=True)
    found = only(verdict(facts(endpoints=(), subnets=(public, *SUBNETS)), ()))
    assert found.commands[0].parameters["SubnetIds"] == ["subnet-a", "subnet-b"]


def test_no_group_is_chosen_for_nodes_of_which_no_address_is_known() -> None:
    nowhere = Vpc("vpc-1", (), dns_support=True, dns_hostnames=True)
    found = only(verdict(facts(vpc=nowhere, endpoints=(endpoint(service=f"com.amazonaws.{REGION}.sts"),)), ()))
    assert "SecurityGroupIds" not in found.commands[0].parameters
