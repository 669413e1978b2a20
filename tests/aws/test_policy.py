"""The policy is the least that the selected checks need."""

from __future__ import annotations

import pytest

from preflight.aws.policy import policy
from preflight.aws.scope import ACTIONS, Part, Scope

KEY = "arn:aws:kms:us-west-1:000000000000:key/0de30000-0000-4000-8000-000000000007"


def test_every_action_of_every_part_is_in_it_once() -> None:
    document = policy(Scope(parts=frozenset(Part), keys=(KEY,)))
    statements = document["Statement"]
    assert isinstance(statements, list)
    allowed = [action for each in statements for action in each["Action"]]
    assert sorted(allowed) == sorted({action for actions in ACTIONS.values() for action in actions})


def test_what_is_not_asked_is_not_allowed() -> None:
    assert policy(Scope(parts=frozenset({Part.ACLS})))["Statement"] == [
        {"Sid": "PreflightReadsNetwork", "Effect": "Allow", "Action": ["ec2:DescribeNetworkAcls"], "Resource": "*"}
    ]


@pytest.mark.parametrize(
    ("keys", "resource"),
    [((KEY,), [KEY]), ((KEY.replace("key/", "alias/"),), "*"), (("alias/gke",), "*"), ((KEY, "alias/gke"), "*"), ((), "*")],
)
def test_a_key_is_named_by_its_arn_and_an_alias_names_none(keys: tuple[str, ...], resource: object) -> None:
    assert policy(Scope(parts=frozenset({Part.KEY}), keys=keys))["Statement"] == [
        {"Sid": "PreflightReadsKey", "Effect": "Allow", "Action": ["kms:DescribeKey"], "Resource": resource}
    ]
