"""What the check of a VPC endpoint asks, and in which words it says what it found."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import pytest

from preflight.aws.facts import NOT_ASKED, Absent, Facts, Unread, Walked
from preflight.aws.scope import Part
from preflight.checks import find
from preflight.checks.vpc_endpoint import Observed, VpcEndpointCheck
from preflight.declared import Declared, Role, RoleKind, Sourced
from preflight.model import Finding, Status
from tests import fake
from tests.aws.endpoints.worlds import DENIED, FACTS, HTTPS, KMS, REGION, S3, admitting, endpoint, facts, gateway

KMS_CHECK = VpcEndpointCheck(name="endpoint/kms", service="kms")
S3_CHECK = VpcEndpointCheck(name="endpoint/s3", service="s3", type="Gateway")
DECLARED = Declared(
    region=REGION,
    roles=(
        Role(RoleKind.MANAGEMENT, groups=(Sourced("sg-proxy", "m.yaml:9"),), subnets=(Sourced("subnet-a", "m.yaml:4"),)),
        Role(RoleKind.NODE_POOL, "pool-0", groups=(Sourced("sg-proxy", "n.yaml:9"),), subnets=(Sourced("subnet-b", "n.yaml:4"),)),
    ),
)
DEDICATED = Declared(region=REGION, dedicated=Sourced("10.0.0.0/16", "m.yaml:7"))


class Known(msgspec.Struct):
    """AWS, where these are the facts."""

    known: Facts

    async def facts(self) -> Facts:
        """See `world.Aws.facts`."""
        return self.known


def findings(known: Facts, check: VpcEndpointCheck = KMS_CHECK, declared: Declared = DECLARED) -> Sequence[Finding]:
    """What the check says."""
    return list(check.judge(Observed(known, declared)))


def only(*given: Any) -> Finding:
    """The one thing that the check says."""
    (found,) = findings(*given)
    return found


def test_only_a_gateway_needs_the_routes() -> None:
    asked = KMS_CHECK.asks(DECLARED)
    assert asked.services == ("kms",)
    assert asked.parts == {Part.NETWORK, Part.ENDPOINTS, Part.GROUPS}
    assert (asked.region, asked.subnets, asked.groups) == (REGION, ("subnet-a", "subnet-b"), ("sg-proxy",))
    assert S3_CHECK.asks(DECLARED).parts == {*asked.parts, Part.ROUTES}


def test_it_waits_for_the_credentials() -> None:
    assert list(KMS_CHECK.blockers(DECLARED)) == ["aws"]


@pytest.mark.anyio
async def test_it_judges_what_aws_says_about_what_was_declared() -> None:
    world = msgspec.structs.replace(fake.world(declared=DECLARED), aws=Known(FACTS))
    seen = await KMS_CHECK.observe(world)
    assert seen == Observed(FACTS, DECLARED)


def test_a_pass_quotes_the_endpoint() -> None:
    found = only(FACTS)
    assert found.status is Status.PASS
    for word in ("vpce-1", KMS, "available", "private DNS is on", "subnet-a, subnet-b", "sg-endpoint"):
        assert word in found.message
    gateway_found = only(FACTS, S3_CHECK)
    assert gateway_found.message == f"vpce-9 for {S3} is available, with routes in rtb-b, rtb-main"
    assert gateway_found.evidence["endpoints"]


BROKEN = {
    "missing": (facts(endpoints=()), KMS_CHECK, f"vpc-1 has no endpoint for {KMS}"),
    "wrong type": (facts(endpoints=(endpoint(service=S3),)), S3_CHECK, f"vpce-1 ({S3}) is of type Interface, and the nodes need Gateway"),
    "pending": (facts(endpoints=(endpoint(state="pending"),)), KMS_CHECK, f"vpce-1 ({KMS}) is pending"),
    "failed": (facts(endpoints=(endpoint(state="failed"),)), KMS_CHECK, f"vpce-1 ({KMS}) is failed"),
    "nowhere": (facts(endpoints=(endpoint(subnets=()),)), KMS_CHECK, f"vpce-1 ({KMS}) is in no subnet"),
    "private DNS": (
        facts(endpoints=(endpoint(private_dns=False),)),
        KMS_CHECK,
        f"private DNS of vpce-1 ({KMS}) is off, so kms.us-west-1.amazonaws.com does not lead to it",
    ),
    "zone": (
        facts(endpoints=(endpoint(subnets=("subnet-a",)),)),
        KMS_CHECK,
        f"vpce-1 ({KMS}) has no interface in the zone of subnet-b (usw1-az3)",
    ),
    "ingress": (
        facts(groups=admitting()),
        KMS_CHECK,
        f"sg-endpoint of vpce-1 ({KMS}) does not let TCP 443 in from the management service, the node pool pool-0 (10.0.1.0/24, 10.0.2.0/24)",
    ),
    "route": (
        facts(endpoints=(gateway(route_tables=("rtb-main",)),)),
        S3_CHECK,
        f"subnet-b cannot reach vpce-9 ({S3}): rtb-b has no route to it",
    ),
    "policy": (facts(endpoints=(endpoint(full_access=None),)), KMS_CHECK, f"the policy of vpce-1 ({KMS}) could not be understood"),
    "elsewhere": (
        facts(endpoints=(), walked={"kms": Walked("kms.us-west-1.amazonaws.com", ("10.9.0.7",))}),
        KMS_CHECK,
        f"vpc-1 has no endpoint for {KMS}, but kms.us-west-1.amazonaws.com answers at 10.9.0.7: an endpoint in another VPC, by the look of it",
    ),
    "unknown": (
        facts(endpoints=(endpoint(state="odd"),)),
        KMS_CHECK,
        f"whether the nodes can use vpce-1 ({KMS}) cannot be told: AWS calls its state odd",
    ),
}


@pytest.mark.parametrize(("known", "check", "message"), BROKEN.values(), ids=BROKEN)
def test_a_fault_is_said_with_its_ids_and_its_command(known: Facts, check: VpcEndpointCheck, message: str) -> None:
    found = only(known, check)
    assert found.message == message
    command = found.evidence["command"]
    assert isinstance(command, str)
    assert command.startswith("aws ec2 ")
    assert command in found.hint
    assert "?" not in found.message + found.hint
    assert found.evidence["vpc"] == "vpc-1"


def test_a_rule_that_nearly_admits_is_told() -> None:
    near = only(facts(groups=admitting(msgspec.structs.replace(HTTPS, first=8443, last=8443)))).evidence["near"]
    assert near == ["sg-endpoint allows tcp 8443 from 10.0.0.0/16"]


@pytest.mark.parametrize("known", [facts(endpoints=DENIED), facts(groups=DENIED), facts(subnets=DENIED), facts(vpc=DENIED)])
def test_what_may_not_be_read_is_an_error_that_names_the_action(known: Facts) -> None:
    found = only(known)
    assert (found.code, found.status) == ("aws.access-denied", Status.ERROR)
    assert DENIED.action in found.message + found.hint


def test_facts_of_which_nothing_was_asked_are_an_error() -> None:
    known = Facts(scope=FACTS.scope)
    assert isinstance(known.vpc, Unread)
    assert known.vpc is NOT_ASKED
    assert only(known).status is Status.ERROR


def test_a_vpc_that_is_not_there_fails() -> None:
    assert only(facts(vpc=Absent("no such VPC"))).code == "aws.not-found"


def test_a_vpc_that_nothing_names_is_an_error() -> None:
    assert only(facts(vpc=None)).code == "aws.no-vpc"


@pytest.mark.parametrize(("check", "needed"), [(KMS_CHECK, f"an endpoint of type Interface for {KMS}"), (S3_CHECK, f"an endpoint of type Gateway for {S3}")])
def test_a_vpc_still_to_be_made_is_told_what_it_will_need(check: VpcEndpointCheck, needed: str) -> None:
    found = only(facts(vpc=None), check, DEDICATED)
    assert found.status is Status.SKIP
    assert needed in found.message


def test_a_service_that_the_sdk_does_not_know_is_an_error() -> None:
    found = only(FACTS, VpcEndpointCheck(name="endpoint/x", service="lambada"))
    assert (found.code, found.status) == ("endpoint.unknown", Status.ERROR)
    assert found.hint
    assert "aws ec2 describe-vpc-endpoint-services --region us-west-1" in found.hint


def test_a_profile_may_name_the_kind() -> None:
    assert find("vpc-endpoint") is VpcEndpointCheck


@pytest.mark.parametrize(("check", "known"), [(KMS_CHECK, FACTS), (S3_CHECK, FACTS), (KMS_CHECK, facts(endpoints=(endpoint(state="pending"),)))])
def test_a_misspelt_subnet_is_a_failure_in_the_words_of_every_check(check: VpcEndpointCheck, known: Facts) -> None:
    role = Role(RoleKind.NODE_POOL, subnets=(Sourced("subnet-typo", "n.yaml:4"), Sourced("subnet-a", "n.yaml:5")))
    other = Role(RoleKind.MANAGEMENT, subnets=(Sourced("subnet-typo", "m.yaml:4"),))
    worst = max(findings(known, check, Declared(region=REGION, roles=(other, role))), key=lambda each: each.status)
    assert (worst.code, worst.status) == ("aws.not-found", Status.FAIL)
    assert worst.message == f"AWS has no subnet subnet-typo (m.yaml:4, n.yaml:4) in {REGION}: it lists no such subnet"
    assert str(worst.evidence["command"]).startswith(f"aws ec2 describe-subnets --region {REGION} --filters ")
    assert str(worst.evidence["command"]) in worst.hint
