"""The IAM policy that lets the selected checks read what they ask for, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from preflight.aws.scope import Scope
from preflight.untrusted import Json

VERSION: Final = "2012-10-17"
"""Of the policy language, which AWS names by date."""


def policy(scope: Scope) -> dict[str, Json]:
    """The policy document for what is asked about. Describe actions of EC2 take no resource but `*`; a key is named by its ARN where one is declared."""
    return {"Version": VERSION, "Statement": list(_statements(scope))}


def _statements(scope: Scope) -> Iterator[Json]:
    of_keys = [action for action in scope.actions if action.startswith("kms:")]
    reading = [action for action in scope.actions if action not in of_keys]
    arns = [key for key in scope.keys if key.startswith("arn:") and ":key/" in key]  # an alias identifies no key in a policy's resource
    if reading:
        yield {"Sid": "PreflightReadsNetwork", "Effect": "Allow", "Action": reading, "Resource": "*"}
    if of_keys:
        yield {"Sid": "PreflightReadsKey", "Effect": "Allow", "Action": of_keys, "Resource": arns if arns and len(arns) == len(scope.keys) else "*"}
