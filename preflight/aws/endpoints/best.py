"""Whether a VPC has a working endpoint for a service: which of its endpoints count, what state they are in, and what is wrong with the best of them.

Sources: the EC2 API's `VpcEndpoint`, and the AWS PrivateLink guide on interface and gateway endpoints.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from ipaddress import ip_address, ip_network
from typing import Final

import msgspec

from preflight import codes
from preflight.aws import lost
from preflight.aws.conclusion import Conclusion, Gap, Statement
from preflight.aws.endpoints import reach, remedies
from preflight.aws.endpoints.site import Site
from preflight.aws.facts import Endpoint, Unread, Vpc, Walked
from preflight.model import Status

_PENDING: Final = frozenset({"pending", "pendingacceptance"})
_UNUSABLE: Final = frozenset({"partial", "deleting", "rejected", "failed", "expired"})
_PRIVATE: Final = tuple(map(ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7")))
"""What a VPC's interfaces may have: RFC 1918, RFC 6598, RFC 4193. Loopback and link-local addresses are nobody's endpoint."""


class Chosen(msgspec.Struct, frozen=True):
    """The endpoints that the nodes will use and what is wrong with them. All is well if there is one and nothing is said about it."""

    endpoints: tuple[Endpoint, ...]
    statements: tuple[Statement, ...]

    @property
    def status(self) -> Status:
        """The worst of what is said."""
        return max(map(_status, self.statements), default=Status.PASS if self.endpoints else Status.ERROR)


def judge(site: Site) -> Chosen:
    """What follows for the service's endpoint, and for nodes that are declared to stand where there is nothing.

    A group that there is not counts only where something is wrong, since addresses may be let in without it.
    """
    chosen = _chosen(site)
    absent = lost.subnets(site.facts, site.nodes, site.sources)
    if site.type == "Interface" and chosen.status > Status.WARN:
        absent += lost.groups(site.facts, site.nodes, site.sources)
    return Chosen(chosen.endpoints, (*chosen.statements, *absent))


def _chosen(site: Site) -> Chosen:
    """The endpoint that the nodes will use.

    An endpoint counts if it is in the VPC and its service's name is one of the service's, exactly: `ec2messages` is not `ec2`. One that AWS still
    lists as deleted is not there. Of several interface endpoints the best counts; of equally good ones that with private DNS, since the public name
    leads to no other. Gateways count together, since each route table takes one of them.
    """
    known = site.facts.endpoints
    if isinstance(known, Unread):
        return Chosen((), (Gap(known, f"the endpoints of {site.vpc.id}"),))
    named = (each for each in known if each.vpc == site.vpc.id and each.service in site.service.names and each.state.lower() != "deleted")
    ours = sorted(named, key=lambda each: each.id)
    if not ours:
        return Chosen((), (_absent(site),))
    fitting = [each for each in ours if each.type.lower() == site.type.lower()]
    if not fitting:
        return Chosen(tuple(ours), (_wrong_type(site, ours),))
    available = [each for each in fitting if each.state.lower() == "available"]
    if site.type == "Gateway" and available:
        return Chosen(tuple(available), tuple(_gateways(site, available)))
    return min((Chosen((each,), tuple(_interface(site, each))) for each in fitting), key=_rank)


def _rank(chosen: Chosen) -> tuple[Status, bool, int, str]:
    only = chosen.endpoints[0]
    return chosen.status, not only.private_dns, len(chosen.statements), only.id


def _status(statement: Statement) -> Status:
    return Status.ERROR if isinstance(statement, Gap) else codes.find(statement.code).status


def _absent(site: Site) -> Conclusion:
    """No endpoint in this VPC: one elsewhere may serve it, which the service's private address shows. A gateway serves its own VPC only."""
    command, said = remedies.create(site)
    walked = next((each for each in site.facts.walked.values() if each.host == site.service.host), None)
    evidence = {"resolved": list(walked.addresses), "walk": walked.code or "ok", "through": walked.through} if walked else {}
    if site.type == "Interface" and walked and _leads_inside(walked):
        return site.says("endpoint.elsewhere", None, command, addresses=", ".join(walked.addresses), evidence=evidence)
    hint = f"Create it: `{command}`. {said}".strip() if said else ""
    return site.says("endpoint.missing", None, command, hint=hint, evidence=evidence)


def _leads_inside(walked: Walked) -> bool:
    """Whether the public name leads to private addresses only, and what answers there proved by TLS to be the service. A proxy's answer shows nothing."""
    return walked.code is None and not walked.through and bool(walked.addresses) and all(map(_private, walked.addresses))


def _private(address: str) -> bool:
    try:
        return any(ip_address(address) in network for network in _PRIVATE)
    except ValueError:
        return False


def _wrong_type(site: Site, ours: Sequence[Endpoint]) -> Conclusion:
    command, said = remedies.create(site)
    names, types = ", ".join(each.id for each in ours), ", ".join(dict.fromkeys(each.type for each in ours))
    hint = f"Create one of type {site.type}: `{command}`. {said}" if said else ""
    evidence = {"endpoint": names, "type": types, "needed": site.type}
    return site.says("endpoint.wrong-type", ours[0], command, hint=hint, evidence=evidence, endpoint=names, type=types, needed=site.type)


def _interface(site: Site, endpoint: Endpoint) -> Iterator[Statement]:
    """All that is wrong with an interface endpoint, or with a gateway that is not available: with what is not available nothing else."""
    unusable = _state(site, endpoint)
    if unusable:
        yield unusable
        return
    yield from _dns(site, endpoint)  # first, since AWS switches private DNS on only where both attributes are
    if not endpoint.private_dns:
        yield site.says("endpoint.private-dns-off", endpoint, remedies.modify(site, endpoint, PrivateDnsEnabled=True))
    yield from reach.strays(site, endpoint)
    yield from reach.zones(site, endpoint)
    yield from reach.ingress(site, endpoint)
    yield from _policy(site, endpoint)


def _gateways(site: Site, gateways: Sequence[Endpoint]) -> Iterator[Statement]:
    """All that is wrong with the available gateways."""
    yield from _dns(site, gateways[0])
    yield from reach.strays(site, gateways[0])
    yield from reach.routes(site, gateways)
    used = set(remedies.serving(site))
    for each in gateways:
        if used.intersection(each.route_tables):
            yield from _policy(site, each)


def _state(site: Site, endpoint: Endpoint) -> Conclusion | None:
    """Why the endpoint cannot be used now; None if it can.

    `partial` is not available: AWS says that some of its parts do not work and not which, and nodes may stand there. An interface endpoint without
    any subnet has no address that could answer. A word that is not known says nothing, so nothing is concluded from it.
    """
    state = endpoint.state.lower()
    if state in _PENDING:
        return site.says("endpoint.pending", endpoint, remedies.look(site, endpoint))
    if state == "partial":
        command = remedies.look(site, endpoint)
        return site.says("endpoint.not-available", endpoint, command, hint=f"See which part is missing: `{command}`.")
    if state in _UNUSABLE:
        command, said = remedies.create(site)
        return site.says("endpoint.not-available", endpoint, command, hint=f"Make a new one: `{command}`. {said}" if said else "")
    if state != "available":
        return site.says("endpoint.unknown", endpoint, remedies.look(site, endpoint), why=f"AWS calls its state {endpoint.state or 'nothing'}")
    if site.type == "Interface" and not endpoint.subnets:
        added = [each.id for each in remedies.one_per_zone(site)]
        command = remedies.modify(site, endpoint, AddSubnetIds=added) if added else remedies.look(site, endpoint)
        return site.says("endpoint.not-available", endpoint, command, hint=f"Give it an interface in the nodes' zones: `{command}`.", state="in no subnet")
    return None


def _dns(site: Site, endpoint: Endpoint) -> Iterator[Statement]:
    """DNS attributes of the VPC that are off: private names need both, and so does the VPC's own resolver for a gateway's public name."""
    vpc: Vpc = site.vpc
    attributes: tuple[tuple[str, bool | Unread], ...] = (("EnableDnsSupport", vpc.dns_support), ("EnableDnsHostnames", vpc.dns_hostnames))
    for name, value in attributes:
        attribute = name[0].lower() + name[1:]
        if isinstance(value, Unread):
            yield Gap(value, f"{attribute} of {vpc.id}")
        elif not value:
            yield site.says("endpoint.vpc-dns-off", endpoint, remedies.switch_on(site, name), what=attribute, evidence={attribute: False})


def _policy(site: Site, endpoint: Endpoint) -> Iterator[Statement]:
    """A policy that is anything but full access: it is not evaluated, since what the nodes will ask for is not known."""
    if endpoint.full_access is not True:
        why = "could not be understood" if endpoint.full_access is None else "does not let everybody do everything"
        command = remedies.modify(site, endpoint, ResetPolicy=True)
        yield site.says("endpoint.policy", endpoint, command, why=why, evidence={"full_access": endpoint.full_access})
