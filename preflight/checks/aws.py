"""Are there AWS credentials that work, and does the account use this region?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import ClassVar, Final

import msgspec

from preflight import codes
from preflight.aws.facts import Facts, Identity, Unread
from preflight.aws.remedy import Command
from preflight.aws.scope import Part
from preflight.checks.facts import FactsCheck, unread
from preflight.declared import Declared
from preflight.model import Finding, Status
from preflight.world import World

RECORDED: Final = "aws-facts"
"""The input that names a file of saved facts."""
_DISABLED: Final = "not-opted-in"
_POLICY: Final = (
    "STS refuses them: the policy of its endpoint, or one of the organization's (SCP), may deny it."
    " Ask who administers them, and see for yourself: `aws sts get-caller-identity`."
)
_ABOUT_STS: Final[Mapping[str, str]] = {
    "aws.access-denied": _POLICY,
    "aws.refused": _POLICY,
    "aws.unreachable": "The nodes need STS as well, which `endpoint/sts` judges.",
}
"""What to do about STS, by the code with which it ended while EC2 answered."""


class Observed(msgspec.Struct, frozen=True):
    """The facts, and the file that they were saved in; empty if AWS was asked."""

    facts: Facts
    recorded: str = ""


class AwsCheck(FactsCheck[Observed], frozen=True, kw_only=True, tag="aws"):
    """Who the credentials belong to. Every other check of AWS waits for this one."""

    kind: ClassVar[str] = "aws"
    parts: ClassVar[frozenset[Part]] = frozenset({Part.IDENTITY})

    def blockers(self, declared: Declared) -> Iterable[str]:
        """See Check."""
        del declared
        return self.requires

    async def observe(self, world: World) -> Observed:
        """See Check."""
        recorded = next((str(each.value) for each in world.declared.inputs if each.name == RECORDED), "")
        return Observed(await world.aws.facts(), recorded)

    def judge(self, seen: Observed) -> Iterable[Finding]:
        """See Check."""
        facts = seen.facts
        if isinstance(facts.identity, Identity):
            yield _known(facts.identity, facts, seen.recorded)
        elif facts.region_state == _DISABLED or facts.identity.code == "aws.region-disabled":
            yield _disabled(facts.identity, facts.scope.region)
        elif facts.identity.code in _ABOUT_STS and _answered(facts):
            found = unread(facts.identity, "the caller's identity")
            hint = f"Nothing else waits for it: EC2 answered with these credentials. {_ABOUT_STS[facts.identity.code]}"
            yield msgspec.structs.replace(found, status=Status.WARN, hint=hint)
        else:
            yield unread(facts.identity, "the caller's identity")


def _known(identity: Identity, facts: Facts, recorded: str) -> Finding:
    region = facts.scope.region
    name = identity.arn.rpartition(":")[2] or identity.arn
    if recorded:
        when = f", as AWS answered on {facts.read}" if facts.read else ""
        message = f"{recorded} holds what account {identity.account} said about {region} to {name}{when}; AWS was not asked now"
    else:
        found = f", credentials from {identity.source}" if identity.source else ""
        message = f"account {identity.account}, as {name}, in {region}{found}"
    evidence = {"account": identity.account, "arn": identity.arn, "region": region, "source": identity.source, "read": facts.read}
    return codes.finding("ok", message=message, evidence={**evidence, "proof": f"sts:GetCallerIdentity {'answered, as recorded' if recorded else 'answered'}"})


def _disabled(why: Unread, region: str) -> Finding:
    command = Command("account", "EnableOptInRegion", {"RegionName": region})
    return codes.finding(
        "aws.region-disabled",
        message=f"the region {region} is not enabled for this account: {why.reason}",
        hint=f"Enable it and wait some minutes: {command}. If another region was meant, name it with --region.",
        evidence={"unread": "aws.region-disabled", "action": why.action, "reason": why.reason, "command": str(command)},
    )


def _answered(facts: Facts) -> bool:
    """Whether EC2 answered any question, which it does for good credentials only."""
    parts = (facts.vpc, facts.subnets, facts.endpoints, facts.groups, facts.route_tables, facts.acls, facts.interfaces, facts.peerings)
    return any(part is not None and not isinstance(part, Unread) for part in parts)
