"""What speaks for an endpoint that AWS does not list in the VPC for us: a private zone that leads to one, or an owner whose endpoints are not shown."""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from typing import Final

import msgspec

from preflight.aws.conclusion import Conclusion
from preflight.aws.endpoints import remedies
from preflight.aws.endpoints.site import Site
from preflight.aws.facts import Endpoint, Unread, Walked
from preflight.aws.remedy import Command
from preflight.aws.ways.tables import table_of
from preflight.untrusted import Json

_PRIVATE: Final = tuple(map(ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7")))
"""What a VPC's interfaces may have: RFC 1918, RFC 6598, RFC 4193. Loopback and link-local addresses are nobody's endpoint."""


def walk(site: Site) -> Walked | None:
    """Our own walk to the service's public name, if there was one."""
    return next((each for each in site.facts.walked.values() if each.host == site.service.host), None)


def inside(site: Site) -> Walked | None:
    """The walk, if the public name leads to private addresses only, and what answers there proved by TLS to be the service.

    A proxy's answer shows nothing, and a gateway serves its own VPC only, by routes.
    """
    met = walk(site)
    if site.type != "Interface" or met is None or met.code is not None or met.through:
        return None
    return met if met.addresses and all(map(_private, met.addresses)) else None


def by_another(site: Site, met: Walked) -> Conclusion:
    """No endpoint in this VPC, and the public name leads to one all the same."""
    command, _ = remedies.create(site)
    return site.says("endpoint.elsewhere", None, command, addresses=", ".join(met.addresses), evidence=met_there(met))


def by_zone(site: Site, endpoint: Endpoint, met: Walked) -> Conclusion:
    """The endpoint's private DNS is off, and the public name leads to an endpoint all the same: a private hosted zone does that."""
    addresses, command = ", ".join(met.addresses), remedies.modify(site, endpoint, PrivateDnsEnabled=True)
    message = f"private DNS of {endpoint.id} ({endpoint.service}) is off, but {site.service.host} answers at {addresses}: by a private zone, by the look of it"
    hint = (
        f"See that the private zone is associated with {site.vpc.id}, and that the groups of the endpoint that it leads to admit TCP {remedies.HTTPS} from the"
        f" nodes' subnets. Or, without the zone, switch private DNS on: `{command}`."
    )
    said = site.says("endpoint.elsewhere", endpoint, command, hint=hint, addresses=addresses, evidence=met_there(met))
    return msgspec.structs.replace(said, message=message)


def leads_to(site: Site, endpoint: Endpoint, met: Walked) -> bool:
    """Whether any of the addresses lies in a subnet of the endpoint, so that its groups count."""
    blocks = [ip_network(cidr, strict=False) for each in site.subnets if each.id in endpoint.subnets for cidr in each.cidrs]
    return any(ip_address(address) in block for address in met.addresses for block in blocks)


def met_there(met: Walked | None) -> dict[str, Json]:
    """The walk as evidence."""
    return {"resolved": list(met.addresses), "walk": met.code or "ok", "through": met.through} if met else {}


def not_shown(site: Site) -> Conclusion:
    """AWS shows an account that the VPC is shared with none of the owner's endpoints, so none in the answer is no fact."""
    owner = getattr(site.facts.vpc, "owner", "")
    command = Command("ec2", "DescribeVpcEndpoints", {"Filters": [{"Name": "vpc-id", "Values": [site.vpc.id]}]}, site.region)
    hint = f"Ask account {owner}, which owns the VPC, or run this with its credentials: `{command}`."
    why = f"{site.vpc.id} belongs to account {owner}, whose endpoints AWS does not show to ours"
    led = _led(site)
    if led:
        why += "; " + "; ".join(f"{table} leads {prefix} to {target}" for table, prefix, target in led)
        why += f", as a gateway does, and whether that is one for {site.service.names[0]} is not shown either"
    evidence = met_there(walk(site)) | {"owner": owner} | ({"routes": [" ".join(each) for each in led]} if led else {})
    return site.says("endpoint.unknown", None, command, hint=hint, endpoint="an endpoint", why=why, evidence=evidence)


def _led(site: Site) -> list[tuple[str, str, str]]:
    """Routes of the nodes' subnets by which a gateway may be reached: table, prefix list, target. Which service a list is of, its entries do not tell."""
    known = site.facts.route_tables
    if site.type != "Gateway" or isinstance(known, Unread):
        return []
    tables = {found.id: found for each in site.standing(site.nodes) or site.subnets if (found := table_of(each, known))}
    hops = ((name, hop) for name, table in sorted(tables.items()) for hop in table.hops)
    return [(name, hop.prefix_list, hop.target) for name, hop in hops if hop.prefix_list and hop.target.startswith("vpce-") and hop.state == "active"]


def _private(address: str) -> bool:
    try:
        return any(ip_address(address) in network for network in _PRIVATE)
    except ValueError:
        return False
