"""How conclusions about AWS become findings, and what roles are called in them."""

from __future__ import annotations

import pytest

from preflight.aws.conclusion import Conclusion, Gap
from preflight.aws.facts import Absent, Facts, Unread
from preflight.aws.remedy import Command
from preflight.aws.scope import Scope
from preflight.checks.facts import nodes, without_vpc, worded
from preflight.declared import Declared, Role, RoleKind, Sourced
from preflight.model import Status

FIRST, SECOND = Command("ec2", "DeleteRoute", {"RouteTableId": "rtb-1"}, "us-west-1"), Command("ec2", "CreateRoute", {"RouteTableId": "rtb-1"}, "us-west-1")
LINE = "aws ec2 delete-route --region us-west-1 --route-table-id rtb-1 && aws ec2 create-route --region us-west-1 --route-table-id rtb-1"


@pytest.mark.parametrize("code", ["egress.blocked", "route.none", "endpoint.missing"])
@pytest.mark.parametrize("hint", ["", "Think first."])
def test_every_hint_names_the_commands_once_in_their_order(code: str, hint: str) -> None:
    found = worded(Conclusion(code, {"why": "so"}, (FIRST, SECOND), hint=hint, then="Then wait."))
    assert found.hint.count(LINE) == 1
    assert found.hint.endswith("Then wait.")
    assert found.hint.startswith(hint)
    assert found.evidence["command"] == LINE


def test_a_conclusion_may_say_it_in_its_own_words() -> None:
    found = worded(Conclusion("ok", message="it works", evidence={"by": "rule"}))
    assert (found.code, found.status, found.message, found.hint, found.evidence) == ("ok", Status.PASS, "it works", "", {"by": "rule"})


@pytest.mark.parametrize("code", ["dns.nxdomain", "dns.timeout", "aws.access-denied", "aws.not-asked"])
def test_a_gap_is_an_error_with_something_to_do(code: str) -> None:
    found = worded(Gap(Unread("ec2:DescribeThings", code, "no"), "the addresses of the proxy p"))
    assert (found.code, found.status) == (code, Status.ERROR)
    assert "the addresses of the proxy p" in found.message
    assert found.hint


def test_an_sdk_that_did_not_open_is_said_in_words_that_are_true() -> None:
    found = worded(Gap(Unread("sts:GetCallerIdentity", "internal.deadline", "the AWS SDK was not open within 15 s"), "the caller's identity"))
    assert (found.code, found.status) == ("internal.deadline", Status.ERROR)
    assert found.message == "nothing is known about the caller's identity: the AWS SDK was not open within 15 s"
    assert "--deadline" not in found.hint


def test_of_ids_that_are_all_misspelt_the_vpc_is_not_blamed() -> None:
    facts = Facts(scope=Scope("us-west-1", subnets=("subnet-1",)), vpc=Absent("us-west-1 has none of subnet-1"))
    found = without_vpc(facts, Declared())
    assert found
    assert found.message == "AWS has no subnet or group that the manifests name in us-west-1: us-west-1 has none of subnet-1"


@pytest.mark.parametrize(
    ("role", "title"),
    [
        (Role(RoleKind.MANAGEMENT, "management"), "the management service"),
        (Role(RoleKind.CONTROL_PLANE, "cluster-0"), "the control plane cluster-0"),
        (Role(RoleKind.NODE_POOL), "the node pool"),
    ],
)
def test_a_role_has_one_name(role: Role, title: str) -> None:
    assert role.title == nodes(role).name == title


def test_a_group_that_stands_twice_counts_once() -> None:
    twice = (Sourced("sg-1", "a:1"), Sourced("sg-1", "a:2"))
    assert nodes(Role(RoleKind.NODE_POOL, groups=twice)).groups == ("sg-1",)
