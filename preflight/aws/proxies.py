"""Which addresses the proxies have, by this host's resolver: each of them is one that the nodes may try."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import ip_address

import msgspec

from preflight.aws.conclusion import Gap
from preflight.aws.facts import NOT_ASKED, Facts, Unread


class Destination(msgspec.Struct, frozen=True):
    """One proxy: where it listens, and the addresses of its name."""

    host: str
    port: int
    addresses: tuple[str, ...]


def destinations(facts: Facts, proxies: Iterable[tuple[str, int]]) -> tuple[tuple[Destination, ...], tuple[Gap, ...]]:
    """The proxies, pairs of host and port, with their addresses; and the hosts whose addresses are not known."""
    found: list[Destination] = []
    gaps: list[Gap] = []
    for host, port in dict.fromkeys(proxies):
        addresses = facts.proxies.get(host, (host,) if _is_address(host) else NOT_ASKED)
        if isinstance(addresses, Unread):
            gaps.append(Gap(addresses, f"the addresses of the proxy {host}"))
        elif not addresses or not all(map(_is_address, addresses)):
            gaps.append(Gap(Unread("", "dns.no-address", "the answer holds no address"), f"the addresses of the proxy {host}"))
        else:
            found.append(Destination(host, port, addresses))
    return tuple(found), tuple(dict.fromkeys(gaps))


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
