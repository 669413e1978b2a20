"""Which ways to the proxies must be open, and what is said where it cannot be told whether they are."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from ipaddress import ip_address
from typing import Final

import msgspec

from preflight.aws.addresses import network
from preflight.aws.conclusion import Conclusion, listed
from preflight.aws.facts import Facts, Unread, Vpc
from preflight.aws.nodes import Nodes
from preflight.aws.proxies import Destination
from preflight.aws.remedy import Command
from preflight.model import authority
from preflight.untrusted import Json

_LOOK: Final = "Have a look at it yourself, or settle it by a rule that names the other side's group or address."


class Way(msgspec.Struct, frozen=True, order=True):
    """One address and port of a proxy."""

    host: str
    address: str
    port: int

    def __str__(self) -> str:
        at = authority(self.address, self.port)
        return at if self.host == self.address else f"{authority(self.host, self.port)} ({self.address})"

    @property
    def version(self) -> int:
        """4 or 6."""
        return ip_address(self.address).version


class Doubt(msgspec.Struct, frozen=True):
    """What keeps us from telling: what would have to be read, and why it matters."""

    unread: Unread
    why: str
    hint: str = ""
    """What settles it, where no permission would."""


def ways(found: Iterable[Destination]) -> tuple[Way, ...]:
    """Every address of every proxy, with its port."""
    return tuple(dict.fromkeys(Way(each.host, address, each.port) for each in found for address in each.addresses))


def usable(facts: Facts, nodes: Nodes, found: Iterable[Way]) -> tuple[Way, ...]:
    """Those of an IP family that the machines have: a machine without IPv6 never tries an IPv6 address."""
    families = {version for have in places(facts, nodes).values() for version in have}
    return tuple(way for way in found if not families or way.version in families)


def places(facts: Facts, nodes: Nodes) -> Mapping[str, frozenset[int]]:
    """The IP families that the machines have in each of their subnets; in their whole VPC, where not all the subnets are known."""
    known = {} if isinstance(facts.subnets, Unread) else {each.id: each.cidrs for each in facts.subnets}
    if nodes.subnets and all(name in known for name in nodes.subnets):
        return {name: _families(known[name]) for name in nodes.subnets}
    return {facts.vpc.id: _families(facts.vpc.cidrs)} if isinstance(facts.vpc, Vpc) else {}


def _families(cidrs: Iterable[str]) -> frozenset[int]:
    return frozenset(network(cidr).version for cidr in cidrs)


def unknown(
    facts: Facts, nodes: Nodes, doubts: Iterable[tuple[Way, Doubt]], mend: Callable[[tuple[Way, ...]], Command], group: str = ""
) -> Iterator[Conclusion]:
    """`egress.unknown` for each doubt, with all the ways that it is about. Where nothing was refused, there is nothing to grant."""
    told: dict[Doubt, list[Way]] = {}
    for way, doubt in doubts:
        told.setdefault(doubt, []).append(way)
    for doubt, those in told.items():
        fields = about(facts, nodes, those) | {"group": group, "why": doubt.why, "action": doubt.unread.action}
        refused = doubt.unread.action and doubt.unread.code
        hint = doubt.hint or ("" if refused else _LOOK)
        yield Conclusion("egress.unknown", fields, (mend(tuple(those)),), hint=hint, evidence=evidence(nodes, those) | _unread(doubt.unread))


def about(facts: Facts, nodes: Nodes, found: Iterable[Way]) -> dict[str, Json]:
    """The fields that all texts about these ways use."""
    return {"what": nodes.name, "proxy_address": listed(map(str, found)), "region": facts.scope.region}


def evidence(nodes: Nodes, found: Iterable[Way]) -> dict[str, Json]:
    """What a finding about these ways is about."""
    return {"groups": list(nodes.groups), "proxies": [str(each) for each in found]}


def _unread(unread: Unread) -> dict[str, Json]:
    return {name: text for name, text in (("unread", unread.code), ("action", unread.action), ("reason", unread.reason)) if text}
