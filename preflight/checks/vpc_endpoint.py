"""Will the nodes reach an AWS service through an endpoint of their VPC?"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, Final

import msgspec

from preflight import codes
from preflight.aws.endpoints.best import Chosen, judge
from preflight.aws.endpoints.site import EndpointType, Site, described
from preflight.aws.facts import Facts, Vpc
from preflight.aws.remedy import Command
from preflight.aws.scope import Part, Scope
from preflight.checks.facts import FactsCheck, nodes, sources, without_vpc, worded
from preflight.declared import Declared
from preflight.model import Finding
from preflight.world import World

_PARTS: Final = frozenset({Part.NETWORK, Part.ENDPOINTS, Part.GROUPS})


class Observed(msgspec.Struct, frozen=True):
    """What AWS says, and what was declared."""

    facts: Facts
    declared: Declared


class VpcEndpointCheck(FactsCheck[Observed], frozen=True, kw_only=True, tag="vpc-endpoint"):
    """The VPC has an endpoint for the service: of the right type, available, found by the service's own name, and open to the nodes."""

    kind: ClassVar[str] = "vpc-endpoint"
    parts: ClassVar[frozenset[Part]] = _PARTS | {Part.ROUTES}

    service: str
    """The service as the AWS SDKs call it: `ec2`, `elasticloadbalancing`, `kms`, …"""
    type: EndpointType = "Interface"

    def asks(self, declared: Declared) -> Scope:
        """See Check."""
        parts = self.parts if self.type == "Gateway" else _PARTS
        return msgspec.structs.replace(FactsCheck.asks(self, declared), parts=parts, services=(self.service,))

    async def observe(self, world: World) -> Observed:
        """See Check."""
        return Observed(await world.aws.facts(), world.declared)

    def judge(self, seen: Observed) -> Iterable[Finding]:
        """See Check."""
        facts, service = seen.facts, seen.facts.services.get(self.service)
        needed = f"an endpoint of type {self.type} for {service.names[0] if service and service.names else self.service}"
        missing = without_vpc(facts, seen.declared, needed)
        if missing or not isinstance(facts.vpc, Vpc):
            if missing:
                yield missing
            return
        if not service or not service.names:
            yield _unheard(self.service, facts.scope.region)
            return
        roles = seen.declared.roles
        chosen = judge(Site(facts, facts.vpc, service, self.type, tuple(map(nodes, roles)), sources(roles)))
        yield from map(worded, chosen.statements)
        if chosen.endpoints and not chosen.statements:
            yield codes.finding("ok", message=_good(chosen), evidence={"endpoints": [described(each) for each in chosen.endpoints]})


def _unheard(service: str, region: str) -> Finding:
    command = Command("ec2", "DescribeVpcEndpointServices", {}, region)
    fields = {"endpoint": "an endpoint", "service": service, "why": f"{region or 'this region'} has no such service by the SDK's data"}
    hint = f"Correct the check's `service`, or the region. The services that there are: `{command}`."
    return codes.finding("endpoint.unknown", fields=fields, hint=hint, evidence={"service": service, "command": str(command)})


def _good(chosen: Chosen) -> str:
    """What was seen of endpoints with which nothing is wrong."""
    names, first = ", ".join(each.id for each in chosen.endpoints), chosen.endpoints[0]
    if first.type.lower() == "gateway":
        tables = ", ".join(sorted({table for each in chosen.endpoints for table in each.route_tables}))
        return f"{names} for {first.service} is {first.state.lower()}, with routes in {tables}"
    subnets = ", ".join(sorted(first.subnets))
    return f"{names} for {first.service} is {first.state.lower()}, private DNS is on, interfaces in {subnets}; {', '.join(first.groups)} lets TCP 443 in"
