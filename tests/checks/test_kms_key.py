"""Which key is asked for, and what follows from what AWS says about it."""

from __future__ import annotations

import shlex

import pytest

from preflight.aws.facts import Absent, Facts, Key, Unread
from preflight.aws.remedy import Command
from preflight.aws.scope import Part, Scope
from preflight.checks import find, kms_key
from preflight.checks.kms_key import KmsKeyCheck, Observed
from preflight.declared import Declared
from preflight.model import Finding, Status
from tests import fake
from tests.aws.remedies import validated

REGION = "us-west-1"
ARN = f"arn:aws:kms:{REGION}:123456789012:key/1234abcd"
CHECK = KmsKeyCheck(name="kms-key")
DECLARED = Declared(region=REGION, variables={"kms_key": ARN})
GOOD = Key("1234abcd", ARN, "Enabled")


def only(found: Key | Absent | Unread | None, asked: str = ARN, region: str = REGION) -> Finding:
    """The one thing that is said where AWS says this about the key."""
    keys = {} if found is None else {asked: found}
    (finding,) = CHECK.judge(Observed(Facts(scope=Scope(region=region), keys=keys), asked, region))
    return finding


def test_it_asks_for_the_key_of_the_manifests_or_its_own() -> None:
    assert CHECK.asks(DECLARED).keys == (ARN,)
    assert KmsKeyCheck(name="kms-key", key="alias/mine").asks(DECLARED).keys == ("alias/mine",)
    assert CHECK.asks(DECLARED).parts == {Part.KEY}


def test_without_a_key_it_asks_nothing_and_does_not_apply() -> None:
    asked = CHECK.asks(Declared(region=REGION))
    assert (asked.keys, asked.parts) == ((), frozenset())
    assert only(None, asked="").code == "internal.not-applicable"


@pytest.mark.anyio
async def test_it_sees_the_key_that_it_asked_for() -> None:
    seen = await CHECK.observe(fake.world(declared=DECLARED))
    assert (seen.key, seen.region) == (ARN, REGION)


def test_a_pass_quotes_the_key() -> None:
    found = only(GOOD)
    assert found.status is Status.PASS
    assert found.message == f"the KMS key {ARN} is Enabled, for ENCRYPT_DECRYPT"


FAULTS: dict[str, tuple[Key | Absent | Unread | None, str, str]] = {
    "unread": (Unread("kms:DescribeKey", "aws.access-denied", "no"), "aws.access-denied", ""),
    "never asked": (None, "aws.not-asked", ""),
    "absent": (Absent("no such key"), "aws.not-found", f"aws kms list-keys --region {REGION}"),
    "disabled": (Key("1", ARN, "Disabled"), "aws.key-disabled", f"aws kms enable-key --region {REGION} --key-id {ARN}"),
    "to be deleted": (Key("1", ARN, "PendingDeletion"), "aws.key-disabled", f"aws kms cancel-key-deletion --region {REGION} --key-id {ARN}"),
    "being made": (Key("1", ARN, "Creating"), "aws.key-disabled", f"aws kms describe-key --region {REGION} --key-id {ARN}"),
    "a state nobody knows": (Key("1", ARN, "enabledish"), "aws.key-disabled", f"aws kms describe-key --region {REGION} --key-id {ARN}"),
    "no state": (Key("1", ARN, ""), "aws.key-disabled", f"aws kms describe-key --region {REGION} --key-id {ARN}"),
    "for signatures": (Key("1", ARN, "Enabled", "SIGN_VERIFY"), "aws.key-unsuitable", f"aws kms create-key --region {REGION} --key-usage ENCRYPT_DECRYPT"),
    "asymmetric": (
        Key("1", ARN, "Enabled", spec="RSA_2048"),
        "aws.key-unsuitable",
        f"aws kms create-key --region {REGION} --key-usage ENCRYPT_DECRYPT --key-spec SYMMETRIC_DEFAULT",
    ),
    "for nothing": (Key("1", ARN, "Enabled", ""), "aws.key-unsuitable", f"aws kms create-key --region {REGION} --key-usage ENCRYPT_DECRYPT"),
    "an alias of another region's": (
        Key("1", ARN.replace(REGION, "eu-west-1"), "Enabled"),
        "aws.wrong-region",
        f"aws kms list-keys --region {REGION}",
    ),
}


@pytest.mark.parametrize(("key", "code", "command"), FAULTS.values(), ids=FAULTS)
def test_a_fault_has_its_code_and_its_command(key: Key | Absent | Unread | None, code: str, command: str) -> None:
    found = only(key, asked="alias/mine")
    assert found.code == code
    assert found.status in {Status.FAIL, Status.ERROR}
    assert found.hint
    assert "?" not in found.message + found.hint
    if command:
        assert command in found.hint
        assert str(found.evidence["command"]).startswith(command)


@pytest.mark.parametrize("answer", [GOOD, Absent("no such key"), Unread("kms:DescribeKey", "aws.access-denied", "no"), None])
def test_the_arn_of_another_region_is_told_whatever_aws_says(answer: Key | Absent | Unread | None) -> None:
    found = only(answer, asked=ARN.replace(REGION, "us-east-2"))
    assert found.code == "aws.wrong-region"
    assert "us-east-2" in found.message + found.hint


def test_each_fault_of_a_key_is_said() -> None:
    key = Key("1", ARN.replace(REGION, "eu-west-1"), "Disabled", "SIGN_VERIFY")
    said = list(CHECK.judge(Observed(Facts(scope=Scope(), keys={"alias/mine": key}), "alias/mine", REGION)))
    assert [each.code for each in said] == ["aws.wrong-region", "aws.key-disabled", "aws.key-unsuitable"]


def test_a_key_that_will_be_deleted_is_disabled_after_it_was_saved() -> None:
    assert "aws kms enable-key" in only(Key("1", ARN, "PendingDeletion")).hint


def test_the_sdk_takes_every_command(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Command] = []

    class Noted(Command, frozen=True):
        def __post_init__(self) -> None:
            made.append(self)

    monkeypatch.setattr(kms_key, "Command", Noted)
    for key, _, _ in FAULTS.values():
        only(key, asked="alias/mine")
    for command in made:
        validated(command)
        assert shlex.split(str(command))[:2] == ["aws", "kms"]
    assert {each.operation for each in made} == {"ListKeys", "EnableKey", "CancelKeyDeletion", "DescribeKey", "CreateKey"}


def test_a_profile_may_name_the_kind() -> None:
    assert find("kms-key") is KmsKeyCheck
