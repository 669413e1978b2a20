"""`preflight iam-policy`: what the credentials of a run must be allowed to read."""

from __future__ import annotations

import json

from preflight.aws.policy import policy
from preflight.cli.options import Inputs, takes_inputs
from preflight.cli.reading import read, refuse
from preflight.sink import to_stdout


@takes_inputs
def iam_policy(inputs: Inputs) -> None:
    """Print the IAM policy that lets the selected checks read what they need. Read-only; sends nothing."""
    loaded = read(inputs)
    scope = loaded.plan.scope(loaded.declared)
    if not scope.parts:
        refuse("none of the selected checks asks AWS anything, so no policy is needed; without --no-aws, --only and --skip more are selected")
    to_stdout([json.dumps(policy(scope), indent=2), "\n"])
