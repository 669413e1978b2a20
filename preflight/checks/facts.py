"""What all checks of AWS's configuration have in common: they judge facts that are read once a run."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from preflight import codes
from preflight.aws.facts import Absent, Facts, Part, Scope, Unread, Vpc
from preflight.check import Check, Seen
from preflight.declared import Declared
from preflight.model import Finding


class FactsCheck(Check[Seen], frozen=True, kw_only=True):
    """A check of what AWS says. Set `parts` to what it needs to know; it waits for the check of the credentials, `aws`, unless `requires` says otherwise."""

    parts: ClassVar[frozenset[Part]]

    def asks(self, declared: Declared) -> Scope:
        """See Check."""
        proxies = (declared.proxies.http, declared.proxies.https)
        return Scope(
            region=declared.region or "",
            parts=self.parts,
            vpc=declared.variables.get("vpc", ""),
            subnets=tuple(dict.fromkeys(each.text for role in declared.roles for each in role.subnets)),
            groups=tuple(dict.fromkeys(each.text for role in declared.roles for each in role.groups)),
            proxies=tuple(dict.fromkeys(proxy.host for proxy in proxies if proxy)),
        )

    def blockers(self, declared: Declared) -> Iterable[str]:
        """See Check."""
        del declared
        return self.requires or ("aws",)


def unread(part: Unread, what: str) -> Finding:
    """The finding for something that could not be read: its own code, with the IAM action named. `what` it is, in words."""
    fields = {"action": part.action, "reason": part.reason, "what": what}
    return codes.finding(part.code, fields=fields, evidence={"action": part.action, "reason": part.reason})


def without_vpc(facts: Facts, declared: Declared) -> Finding | None:
    """Why nothing can be said about the VPC's parts; None where the VPC is there and was read."""
    if isinstance(facts.vpc, Vpc):
        return None
    if isinstance(facts.vpc, Unread):
        return unread(facts.vpc, "the VPC")
    if isinstance(facts.vpc, Absent):
        return codes.finding("aws.not-found", fields={"what": f"the VPC {facts.scope.vpc}".strip(), "reason": facts.vpc.reason, "region": facts.scope.region})
    if declared.dedicated:
        why = f"the installation will make its own VPC ({declared.dedicated.text}, {declared.dedicated.source}), which does not exist yet"
        return codes.finding("internal.not-applicable", fields={"why": why})
    return codes.finding("aws.no-vpc", fields={})
