"""Where the nodes will stand, as far as a service's endpoint has to serve them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from ipaddress import ip_network
from typing import Literal, TypeAlias

import msgspec

from preflight.aws.conclusion import Conclusion
from preflight.aws.facts import Endpoint, Facts, Service, Subnet, Unread, Vpc
from preflight.aws.nodes import Nodes
from preflight.aws.remedy import Command
from preflight.untrusted import Json

EndpointType: TypeAlias = Literal["Interface", "Gateway"]


class Site(msgspec.Struct, frozen=True):
    """One service's endpoint as the nodes of one VPC need it."""

    facts: Facts
    vpc: Vpc
    service: Service
    type: EndpointType
    nodes: tuple[Nodes, ...] = ()
    sources: Mapping[str, str] = msgspec.field(default_factory=dict)
    """Where each subnet and group of the nodes is declared, by its id."""

    @property
    def region(self) -> str:
        """The region that was asked."""
        return self.facts.scope.region

    @property
    def everyone(self) -> tuple[Nodes, ...]:
        """The declared kinds of machines; where none is declared, machines of which nothing is known."""
        return self.nodes or (Nodes("the nodes"),)

    @property
    def subnets(self) -> tuple[Subnet, ...]:
        """The VPC's subnets, by id. Empty where they were not read, which `Facts` tells."""
        known = self.facts.subnets
        return () if isinstance(known, Unread) else tuple(sorted((each for each in known if each.vpc == self.vpc.id), key=lambda each: each.id))

    def standing(self, nodes: Iterable[Nodes]) -> tuple[Subnet, ...]:
        """The declared subnets of these machines, as far as they are the VPC's, in the order of the manifests."""
        known = {each.id: each for each in self.subnets}
        return tuple(known[name] for name in dict.fromkeys(name for each in nodes for name in each.subnets) if name in known)

    def strays(self) -> tuple[str, ...]:
        """Declared subnets that are those of another VPC."""
        known = () if isinstance(self.facts.subnets, Unread) else self.facts.subnets
        away = {each.id for each in known if each.vpc != self.vpc.id}
        return tuple(name for name in dict.fromkeys(name for each in self.nodes for name in each.subnets) if name in away)

    def addresses(self, nodes: Nodes) -> tuple[str, ...]:
        """The CIDRs from which these machines will connect: those of their subnets, else all of the VPC's. IPv4 wherever there is any."""
        blocks = [cidr for each in self.standing((nodes,)) for cidr in reached(each.cidrs)] if nodes.subnets else reached(self.vpc.cidrs)
        return tuple(dict.fromkeys(blocks))

    def says(
        self,
        code: str,
        endpoint: Endpoint | None = None,
        command: Command | None = None,
        /,
        *,
        hint: str = "",
        evidence: Mapping[str, Json] | None = None,
        **fields: Json,
    ) -> Conclusion:
        """The conclusion with this code, about this endpoint if there is one."""
        known: dict[str, Json] = {"vpc": self.vpc.id, "region": self.region, "service": self.service.names[0], "host": self.service.host}
        seen: dict[str, Json] = {"service": known["service"], "vpc": self.vpc.id}
        if endpoint:
            known |= {"endpoint": endpoint.id, "service": endpoint.service, "state": endpoint.state, "type": endpoint.type}
            seen |= described(endpoint)
        return Conclusion(code, known | fields, (command,) if command else (), hint=hint, evidence=seen | dict(evidence or {}))


def described(endpoint: Endpoint) -> dict[str, Json]:
    """The endpoint as evidence."""
    common: dict[str, Json] = {"endpoint": endpoint.id, "service": endpoint.service, "type": endpoint.type, "state": endpoint.state}
    if endpoint.type.lower() == "gateway":
        return common | {"route_tables": sorted(endpoint.route_tables)}
    return common | {"private_dns": endpoint.private_dns, "subnets": sorted(endpoint.subnets), "groups": sorted(endpoint.groups)}


def reached(cidrs: Iterable[str]) -> list[str]:
    """The blocks that reach an endpoint: IPv4, which endpoints speak unless they are made otherwise; IPv6 where there is nothing else."""
    blocks = list(cidrs)
    return [each for each in blocks if ip_network(each, strict=False).version == 4] or blocks  # noqa: PLR2004 - the protocol's version
