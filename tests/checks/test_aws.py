"""Whose credentials they are; and whatever could not be asked is an error, never a pass and never a fail."""

from __future__ import annotations

import pytest

from preflight import codes, plan
from preflight.aws.facts import Absent, Facts, Identity, Unread
from preflight.aws.scope import Part, Scope
from preflight.checks.aws import AwsCheck, Observed
from preflight.declared import Declared
from preflight.model import Finding, Input, Status
from preflight.real.aws import RecordedAws
from preflight.world import World
from tests.fake import FakeClock, FakeDns, FakeNet

CHECK = AwsCheck(name="aws")
SCOPE = Scope("us-west-1", frozenset({Part.IDENTITY}))
WHO = Identity("123456789012", "arn:aws:sts::123456789012:assumed-role/Installer/session", "sso")
ACTION = "sts:GetCallerIdentity"


def judged(facts: Facts, recorded: str = "") -> Finding:
    (finding,) = CHECK.judge(Observed(facts, recorded))
    return finding


def refused(code: str, **facts: object) -> Finding:
    return judged(Facts(scope=SCOPE, identity=Unread(ACTION, code, "because"), **facts))  # type: ignore[arg-type]


def test_good_credentials_are_named_with_account_role_region_and_source() -> None:
    finding = judged(Facts(scope=SCOPE, identity=WHO))
    assert finding.code == "ok"
    assert finding.message == "account 123456789012, as assumed-role/Installer/session, in us-west-1, credentials from sso"
    assert finding.evidence["arn"] == WHO.arn


def test_recorded_facts_claim_no_question() -> None:
    finding = judged(Facts(scope=SCOPE, identity=WHO), "facts.json")
    assert finding.message.startswith("facts.json holds what account 123456789012")
    assert "AWS was not asked now" in finding.message
    assert finding.evidence["proof"] == "sts:GetCallerIdentity answered, as recorded"


def test_recorded_facts_say_when_aws_answered() -> None:
    finding = judged(Facts(scope=SCOPE, identity=WHO, read="2026-03-01T12:00:00Z"), "facts.json")
    assert ", as AWS answered on 2026-03-01T12:00:00Z; AWS was not asked now" in finding.message


@pytest.mark.parametrize("code", sorted(code.name for code in codes.TABLE.values() if code.name.startswith("aws.") and code.status is Status.ERROR))
def test_what_could_not_be_asked_is_an_error_with_a_next_step(code: str) -> None:
    finding = refused(code)
    assert (finding.code, finding.status) == (code, Status.ERROR)
    assert finding.hint
    assert "?" not in finding.message + finding.hint


def test_nobody_was_asked_at_all() -> None:
    assert judged(Facts(scope=Scope())).code == "aws.not-asked"


def test_without_credentials_the_ways_out_are_named() -> None:
    finding = refused("aws.no-credentials")
    assert "--no-aws" in finding.hint
    assert "--aws-facts" in finding.hint


def test_a_region_that_is_not_enabled_comes_with_the_command() -> None:
    for finding in (refused("aws.refused", region_state="not-opted-in"), refused("aws.region-disabled")):
        assert (finding.code, finding.status) == ("aws.region-disabled", Status.ERROR)
        assert "aws account enable-opt-in-region --region-name us-west-1" in finding.hint
        assert finding.evidence["command"] == "aws account enable-opt-in-region --region-name us-west-1"


@pytest.mark.parametrize("state", ["", "opted-in", "opt-in-not-required"])
def test_an_enabled_region_does_not_excuse_bad_credentials(state: str) -> None:
    assert refused("aws.refused", region_state=state).code == "aws.refused"


def test_an_sts_that_cannot_be_reached_does_not_stop_what_ec2_answers() -> None:
    """It may be the missing endpoint that is to be found."""
    finding = refused("aws.unreachable", endpoints=())
    assert (finding.code, finding.status) == ("aws.unreachable", Status.WARN)
    assert "endpoint/sts" in finding.hint


@pytest.mark.parametrize("facts", [{}, {"vpc": None}, {"vpc": Unread("x", "aws.unreachable", "y"), "endpoints": Unread("x", "aws.not-asked", "y")}])
def test_an_sts_that_cannot_be_reached_is_an_error_where_ec2_did_not_answer_either(facts: dict[str, object]) -> None:
    assert refused("aws.unreachable", **facts).status is Status.ERROR


def test_an_answer_that_there_is_no_such_vpc_is_an_answer() -> None:
    assert refused("aws.unreachable", vpc=Absent("gone")).status is Status.WARN


@pytest.mark.parametrize("code", ["aws.access-denied", "aws.refused"])
def test_an_sts_that_refuses_credentials_which_ec2_takes_does_not_stop_the_rest(code: str) -> None:
    finding = refused(code, endpoints=())
    assert (finding.code, finding.status) == (code, Status.WARN)
    assert "EC2 answered with these credentials" in finding.hint
    assert "SCP" in finding.hint
    assert refused(code, endpoints=Unread("ec2:DescribeVpcEndpoints", code, "no")).status is Status.ERROR


def test_only_what_says_nothing_about_the_credentials_is_overlooked() -> None:
    assert refused("aws.expired", endpoints=()).status is Status.ERROR


@pytest.mark.anyio
async def test_it_waits_for_nobody_and_reads_what_the_world_knows() -> None:
    declared = Declared(region="us-west-1", inputs=(Input("aws-facts", "facts.json", "--aws-facts"),))
    made = plan.make([CHECK], declared)
    assert made.blockers["aws"] == ()
    assert made.scope(declared).parts == {Part.IDENTITY}
    facts = Facts(scope=SCOPE, identity=WHO)
    seen = await CHECK.observe(World(FakeNet(), FakeDns(), FakeClock(), declared, aws=RecordedAws(facts)))
    assert seen == Observed(facts, "facts.json")


def test_a_short_timeout_does_not_cut_the_reading() -> None:
    assert AwsCheck(name="aws", timeout="100ms").budget() >= 25
