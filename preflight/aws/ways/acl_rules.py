"""Which entry of a network ACL decides about which addresses and ports."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from preflight.aws.addresses import network
from preflight.aws.facts import AclRule
from preflight.aws.groups import Network

FINAL: Final = 32767
"""The number under which AWS lists the `*` entry, which denies all that is left and cannot be removed."""
_TCP: Final = frozenset({"-1", "6", "tcp", "all"})
_PORTS: Final = (0, 65535)


class Box(msgspec.Struct, frozen=True):
    """The TCP packets from or to a network on a range of destination ports, both ends included."""

    network: Network
    first: int
    last: int

    @property
    def ports(self) -> str:
        """The ports in words."""
        return f"port {self.first}" if self.first == self.last else f"ports {self.first}-{self.last}"

    def __and__(self, other: Box) -> Box | None:
        """What both have in common. Two networks that overlap are one inside the other."""
        first, last = max(self.first, other.first), min(self.last, other.last)
        if first > last or self.network.version != other.network.version or not self.network.overlaps(other.network):
            return None
        return Box(max(self.network, other.network, key=lambda each: each.prefixlen), first, last)

    def without(self, part: Box) -> Iterator[Box]:
        """What is left when a part of it is taken out: the networks around it on all ports, and its own on the ports below and above."""
        if part.network != self.network:
            for around in _around(self.network, part.network):
                yield Box(around, self.first, self.last)
        if self.first < part.first:
            yield Box(part.network, self.first, part.first - 1)
        if part.last < self.last:
            yield Box(part.network, part.last + 1, self.last)


class Decision(msgspec.Struct, frozen=True):
    """The entry that decides about a box; None is the final `*`, which denies."""

    rule: AclRule | None
    box: Box

    @property
    def allowed(self) -> bool:
        """Whether the packets pass."""
        return self.rule is not None and self.rule.allow

    @property
    def number(self) -> int:
        """The number of the entry."""
        return FINAL if self.rule is None else self.rule.number

    def __str__(self) -> str:
        return "rule *" if self.number == FINAL else f"rule {self.number}"


def decisions(rules: Iterable[AclRule], box: Box, *, egress: bool) -> Iterator[Decision]:
    """What the entries of that direction decide about every part of the box: the first that matches takes its part out, the rest goes on to the next."""
    left = [box]
    for rule in sorted((each for each in rules if each.egress is egress and about_tcp(each)), key=lambda each: each.number):
        further: list[Box] = []
        matched = _box(rule)
        for each in left:
            part = each & matched
            if part is None:
                further.append(each)
            else:
                yield Decision(rule, part)
                further += each.without(part)
        left = further
    for each in left:
        yield Decision(None, each)


def about_tcp(rule: AclRule) -> bool:
    """Whether the entry is about TCP: by name, by number (IANA), or as every protocol."""
    return rule.protocol.lower() in _TCP


def _box(rule: AclRule) -> Box:
    every = rule.protocol.lower() in {"-1", "all"} or rule.first is None or rule.last is None
    first, last = _PORTS if every else (rule.first or 0, rule.last or 0)
    return Box(network(rule.cidr), first, last)


def _around(outer: Network, inner: Network) -> Iterator[Network]:
    """`outer` without `inner`, which lies in it, as one network a halving."""
    while outer.prefixlen < inner.prefixlen:
        half, other = outer.subnets()
        near = half.overlaps(inner)
        yield other if near else half
        outer = half if near else other
