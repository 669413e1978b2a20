"""The proxy's place in AWS: who carries its addresses, and over which peerings its group may be referred to."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from preflight.aws.facts import Interface, Peering, Unread
from preflight.real.at_once import bound, together
from preflight.real.aws.api import Api, filtered
from preflight.real.aws.shapes import Shapes
from preflight.world import Dns

SECONDS: Final = 5.0
"""For resolving one proxy's name."""


class ProxyReading:
    """Asks about the proxies' addresses."""

    def __init__(self, api: Api, dns: Dns, shapes: Shapes) -> None:
        self._api = api
        self._dns = dns
        self._shapes = shapes

    async def interfaces(self, hosts: Iterable[str]) -> tuple[Mapping[str, tuple[str, ...] | Unread], tuple[Interface, ...] | Unread]:
        """The addresses of each host, and the interfaces that carry one of them."""
        proxies: dict[str, tuple[str, ...] | Unread] = {}

        async def resolve(host: str) -> None:
            proxies[host] = await self._addresses(host)

        await together(bound(resolve, host) for host in hosts)
        addresses = dict.fromkeys(each for found in proxies.values() if isinstance(found, tuple) for each in found)
        carried: list[tuple[Interface, ...] | Unread] = []

        async def carriers(name: str, values: list[str]) -> None:
            asked = self._api.every("ec2:DescribeNetworkInterfaces", "NetworkInterfaces", self._shapes.interface, Filters=filtered(name, values))
            carried.append(await asked)

        await together(_asking(carriers, name, values) for name, values in _filters(addresses))
        proxies = {host: proxies[host] for host in hosts}
        return proxies, _joined(carried)

    async def peerings(self, vpc: str) -> tuple[Peering, ...] | Unread:
        """The peerings of that VPC, whichever side it is on."""
        found: list[tuple[Peering, ...] | Unread] = []

        async def side(name: str) -> None:
            asked = self._api.every("ec2:DescribeVpcPeeringConnections", "VpcPeeringConnections", self._shapes.peering, Filters=filtered(name, [vpc]))
            found.append(await asked)

        await together(bound(side, name) for name in ("requester-vpc-info.vpc-id", "accepter-vpc-info.vpc-id"))
        return _joined(found)

    async def _addresses(self, host: str) -> tuple[str, ...] | Unread:
        step = await self._dns.resolve(host, timeout=SECONDS)
        addresses = step.facts.get("addresses")
        if step.code is None and isinstance(addresses, list | tuple):
            return tuple(map(str, addresses))
        return Unread("", step.code or "dns.no-address", str(step.facts.get("reason") or f"{host} does not resolve here ({step.code})"))


def _asking(ask: Any, name: str, values: list[str]) -> Any:  # noqa: ANN401 - a closure, no more
    return lambda: ask(name, values)


def _filters(addresses: Iterable[str]) -> Iterator[tuple[str, list[str]]]:
    """The filters that find who carries these addresses. A VPC may use public ranges as its own, so those are looked for as both."""
    parsed = [ipaddress.ip_address(each.partition("%")[0]) for each in addresses]
    found = (
        ("addresses.private-ip-address", [str(each) for each in parsed if each.version == 4]),  # noqa: PLR2004 - the version's name
        ("association.public-ip", [str(each) for each in parsed if each.version == 4 and each.is_global]),  # noqa: PLR2004
        ("ipv6-addresses.ipv6-address", [str(each) for each in parsed if each.version == 6]),  # noqa: PLR2004
    )
    return ((name, values) for name, values in found if values)


def _joined(found: Iterable[tuple[Any, ...] | Unread]) -> tuple[Any, ...] | Unread:
    """All of them, each once; or why they are not all known."""
    items: dict[str, Any] = {}
    for each in found:
        if isinstance(each, Unread):
            return each
        items |= {item.id: item for item in each}
    return tuple(items[name] for name in sorted(items))
