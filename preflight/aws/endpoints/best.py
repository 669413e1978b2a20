"""Whether a VPC has a working endpoint for a service: which of its endpoints count, what state they are in, and what is wrong with the best of them.

Sources: the EC2 API's `VpcEndpoint`, and the AWS PrivateLink guide on interface and gateway endpoints.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from preflight import codes
from preflight.aws import lost
from preflight.aws.conclusion import Conclusion, Gap, Statement
from preflight.aws.endpoints import elsewhere, reach, remedies
from preflight.aws.endpoints.site import Site
from preflight.aws.facts import Endpoint, Unread, Vpc, Walked
from preflight.model import Status

_PENDING: Final = frozenset({"pending", "pendingacceptance"})
_UNUSABLE: Final = frozenset({"partial", "deleting", "rejected", "failed", "expired"})
_FOUR: Final = frozenset({"", "ipv4", "dualstack", "service-defined"})
"""AWS's words for addresses and for DNS records that hold IPv4, which is what nodes speak; where it says nothing, that is what there is."""


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
        return Chosen((), tuple(_absent(site)))
    fitting = [each for each in ours if each.type.lower() == site.type.lower()]
    if not fitting:
        return Chosen(tuple(ours), tuple(_wrong_type(site, ours)))
    available = [each for each in fitting if each.state.lower() == "available"]
    if site.type == "Gateway" and available:
        return Chosen(tuple(available), tuple(_gateways(site, available)))
    return min((Chosen((each,), tuple(_interface(site, each))) for each in _counting(fitting, available)), key=_rank)


def _counting(fitting: Sequence[Endpoint], available: Sequence[Endpoint]) -> Sequence[Endpoint]:
    """Those that may be the one. Where one has the public name now, it is that; one that is still being made counts where it will get the name."""
    named = [each for each in available if each.private_dns]
    coming = [each for each in fitting if each.private_dns and each.state.lower() in _PENDING]
    return named or ([*available, *coming] if available else fitting)


def _rank(chosen: Chosen) -> tuple[Status, bool, int, str]:
    only = chosen.endpoints[0]
    return chosen.status, not only.private_dns, len(chosen.statements), only.id


def _status(statement: Statement) -> Status:
    return Status.ERROR if isinstance(statement, Gap) else codes.find(statement.code).status


def _absent(site: Site) -> Iterator[Statement]:
    """No endpoint in this VPC: one elsewhere may serve it. AWS makes none with private DNS while an attribute is off, so that is said first."""
    met = elsewhere.inside(site)
    if met:
        yield elsewhere.by_another(site, met)
        return
    yield from _dns(site, None)
    if site.facts.shared:
        yield elsewhere.not_shown(site)
        return
    command, said = remedies.create(site)
    hint = f"Create it: `{command}`. {said}".strip() if said else ""
    yield site.says("endpoint.missing", None, command, hint=hint, evidence=elsewhere.met_there(elsewhere.walk(site)))


def _wrong_type(site: Site, ours: Sequence[Endpoint]) -> Iterator[Statement]:
    yield from _dns(site, None)
    if site.facts.shared:
        yield elsewhere.not_shown(site)
        return
    command, said = remedies.create(site)
    names, types = ", ".join(each.id for each in ours), ", ".join(dict.fromkeys(each.type for each in ours))
    hint = f"Create one of type {site.type}: `{command}`. {said}" if said else ""
    evidence = {"endpoint": names, "type": types, "needed": site.type}
    yield site.says("endpoint.wrong-type", ours[0], command, hint=hint, evidence=evidence, endpoint=names, type=types, needed=site.type)


def _interface(site: Site, endpoint: Endpoint) -> Iterator[Statement]:
    """All that is wrong with an interface endpoint, or with a gateway that is not available: with what is not available nothing else."""
    unusable = _state(site, endpoint)
    if unusable:
        yield unusable if unusable.code == "endpoint.pending" or not site.facts.shared else elsewhere.not_shown(site)
        return
    yield from _dns(site, endpoint)  # first, since AWS switches private DNS on only where both attributes are
    if not endpoint.private_dns:
        met = elsewhere.inside(site)
        yield _unnamed(site, endpoint, met)
        if met and not elsewhere.leads_to(site, endpoint, met):
            return
    yield from _family(site, endpoint)
    yield from reach.strays(site, endpoint)
    yield from reach.zones(site, endpoint)
    yield from reach.ingress(site, endpoint)
    yield from _policy(site, endpoint)


def _unnamed(site: Site, endpoint: Endpoint, met: Walked | None) -> Conclusion:
    """Private DNS is off: a zone of somebody's own may lead to an endpoint, or an endpoint of the VPC's owner has the name."""
    if met:
        return elsewhere.by_zone(site, endpoint, met)
    if site.facts.shared:
        return elsewhere.not_shown(site)
    return site.says("endpoint.private-dns-off", endpoint, remedies.modify(site, endpoint, PrivateDnsEnabled=True))


def _family(site: Site, endpoint: Endpoint) -> Iterator[Statement]:
    """An endpoint without IPv4 addresses, or whose name has none."""
    six = [f"its {what} are {word}" for what, word in (("addresses", endpoint.ip_type), ("DNS records", endpoint.dns_type)) if word.lower() not in _FOUR]
    if six:
        command = remedies.modify(site, endpoint, IpAddressType="dualstack", DnsOptions={"DnsRecordIpType": "dualstack"})
        why = f"{' and '.join(six)} by AWS's word, and nodes ask by IPv4"
        hint = f"Give it IPv4 as well, for which its subnets need IPv4 and IPv6: `{command}`. Or make one of type ipv4."
        yield site.says("endpoint.unknown", endpoint, command, hint=hint, why=why, evidence={"ip_type": endpoint.ip_type, "dns_type": endpoint.dns_type})


def _gateways(site: Site, gateways: Sequence[Endpoint]) -> Iterator[Statement]:
    """All that is wrong with the available gateways."""
    yield from _dns(site, gateways[0])
    yield from reach.strays(site, gateways[0])
    yield from reach.routes(site, gateways)
    used = set(remedies.serving(site))
    for each in gateways:
        if used.intersection(each.route_tables):
            yield from _family(site, each)
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


def _dns(site: Site, endpoint: Endpoint | None) -> Iterator[Statement]:
    """DNS attributes of the VPC that are off: private names need both, and so does the VPC's own resolver for a gateway's public name."""
    vpc: Vpc = site.vpc
    attributes: tuple[tuple[str, bool | Unread], ...] = (("EnableDnsSupport", vpc.dns_support), ("EnableDnsHostnames", vpc.dns_hostnames))
    for name, value in attributes:
        attribute = name[0].lower() + name[1:]
        if isinstance(value, Unread):
            yield Gap(value, f"{attribute} of {vpc.id}")
        elif not value:
            to = endpoint.id if endpoint else "an endpoint"
            command = remedies.switch_on(site, name)
            yield site.says("endpoint.vpc-dns-off", endpoint, command, endpoint=to, what=attribute, evidence={attribute: False})


def _policy(site: Site, endpoint: Endpoint) -> Iterator[Statement]:
    """A policy that is anything but full access: it is not evaluated, since what the nodes will ask for is not known."""
    if endpoint.full_access is not True:
        why = "could not be understood" if endpoint.full_access is None else "does not let everybody do everything"
        command = remedies.modify(site, endpoint, ResetPolicy=True)
        yield site.says("endpoint.policy", endpoint, command, why=why, evidence={"full_access": endpoint.full_access})
