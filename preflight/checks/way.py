"""What the checks of the way to the proxy have in common: every subnet of the nodes, every address of a proxy, and a conclusion about each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import msgspec

from preflight import codes
from preflight.aws import lost
from preflight.aws.facts import Facts, Subnet, Unread
from preflight.aws.proxies import destinations
from preflight.aws.ways.legs import Leg, Verdict, inside, legs
from preflight.checks.facts import FactsCheck, nodes, proxies, sources, unread, without_vpc, worded
from preflight.declared import Declared
from preflight.model import Finding, authority
from preflight.world import World

_INTERFACES: Final = "the network interface that carries {}, which shows the proxy's own subnet"


class Observed(msgspec.Struct, frozen=True):
    """What was declared, and what AWS says."""

    declared: Declared
    facts: Facts


class WayCheck(FactsCheck[Observed], frozen=True, kw_only=True):
    """A check of every way from the nodes' subnets to the proxies. A subclass says what it needs and what follows from it."""

    async def observe(self, world: World) -> Observed:
        """See Check."""
        return Observed(world.declared, await world.aws.facts())

    def judge(self, seen: Observed) -> Iterable[Finding]:
        """See Check."""
        declared, facts = seen.declared, seen.facts
        if early := self._early(declared, facts):
            yield early
            return
        reached, gaps = destinations(facts, proxies(declared))
        absent = lost.subnets(facts, map(nodes, declared.roles), sources(declared.roles))
        ways = tuple(legs(facts, _subnets(declared, facts), reached))
        verdict = self.conclude(facts, ways) if ways else Verdict()
        findings = [*map(worded, gaps), *_unseen(facts, ways), *map(worded, (*verdict.conclusions, *absent))]
        yield from findings
        if ways and verdict.shown and not findings:
            shown = [*verdict.shown, *_placeless(declared)]
            yield codes.finding("ok", message="; ".join(shown), evidence={"ways": shown})

    def needed(self, proxies: str) -> str:
        """What a VPC still to be made will have to have."""
        raise NotImplementedError

    def source(self, facts: Facts) -> tuple[object, str]:
        """What it judges, or why that could not be read; and what it is, in words."""
        raise NotImplementedError

    def conclude(self, facts: Facts, ways: Sequence[Leg]) -> Verdict:
        """What follows for these ways."""
        raise NotImplementedError

    def _early(self, declared: Declared, facts: Facts) -> Finding | None:
        """Why there is nothing to judge at all."""
        if not declared.proxies.any:
            return codes.finding("internal.not-applicable", fields={"why": "no proxy is configured, so there is no way to one"})
        none = codes.finding("internal.not-applicable", fields={"why": "the manifests declare no subnet, so no way to the proxy is known"})
        declares = any(role.subnets for role in declared.roles)
        if not declares and not declared.dedicated:
            return none
        if missing := without_vpc(facts, declared, self.needed(" and ".join(authority(*each) for each in proxies(declared)))):
            return missing
        if not declares:
            return none
        source, what = self.source(facts)
        for part, words in ((source, what), (facts.subnets, "the subnets")):
            if isinstance(part, Unread):
                return unread(part, words)
        return None


def _placeless(declared: Declared) -> Iterator[str]:
    """Roles of which nothing was looked at, since their manifests name no subnet."""
    for role in declared.roles:
        if not role.subnets:
            yield f"{role.title} was not looked at, for no subnet of it is declared"


def _subnets(declared: Declared, facts: Facts) -> list[Subnet]:
    """The declared subnets, as far as AWS has them."""
    known = {each.id: each for each in facts.subnets} if isinstance(facts.subnets, tuple) else {}
    return [known[name] for name in dict.fromkeys(each.text for role in declared.roles for each in role.subnets) if name in known]


def _unseen(facts: Facts, ways: Iterable[Leg]) -> Iterator[Finding]:
    """What hides whether the proxy's own subnet is among those that must let the packets through."""
    addresses = dict.fromkeys(each.address for each in ways if inside(each.address, facts))
    if addresses and isinstance(facts.interfaces, Unread):
        yield unread(facts.interfaces, _INTERFACES.format(", ".join(addresses)))
