"""What declared ids that are not the VPC's make of an endpoint."""

from __future__ import annotations

import msgspec
import pytest

from preflight.aws.facts import GroupReference, Rule
from preflight.aws.nodes import Nodes
from tests.aws.endpoints.worlds import FACTS, SUBNETS, admitting, facts, only, said, verdict


@pytest.mark.parametrize("service", ["kms", "s3"])
def test_a_declared_subnet_that_the_vpc_does_not_have_is_never_passed_over(service: str) -> None:
    found = only(verdict(FACTS, [Nodes("management", (), ("subnet-a", "subnet-typo"))], service))
    assert (found.code, found.fields["what"]) == ("aws.not-found", "subnet subnet-typo")
    assert said(verdict(FACTS, [Nodes("management", (), ("subnet-typo",))], service)) == ["aws.not-found"]
    away = msgspec.structs.replace(SUBNETS[0], id="subnet-away", vpc="vpc-2")
    found = only(verdict(facts(subnets=(*SUBNETS, away)), [Nodes("management", (), ("subnet-a", "subnet-away"))], service))
    assert (found.code, found.fields["why"]) == ("endpoint.unknown", "subnet-away is not a subnet of vpc-1")


def test_a_group_that_is_not_there_counts_where_addresses_do_not_admit() -> None:
    typo = Nodes("management", ("sg-typo",), ("subnet-a",))
    by_group = facts(groups=admitting(Rule("tcp", 443, 443, groups=(GroupReference("sg-real"),))))
    assert "aws.not-found" in said(verdict(by_group, [typo]))
    assert said(verdict(FACTS, [typo])) == ["ok"]
