"""Do the security groups of the nodes let them out to the proxy, and does the proxy's group let them in?"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import ClassVar, Final, Self

import msgspec

from preflight import codes
from preflight.aws.egress.out import way_out
from preflight.aws.facts import Facts
from preflight.aws.scope import Part, Scope
from preflight.checks.facts import FactsCheck, nodes, proxies, sources, without_vpc, worded
from preflight.declared import Declared, Role, RoleKind, Sourced
from preflight.model import Finding
from preflight.world import World

_MANIFESTS: Final = {RoleKind.MANAGEMENT: "AWSManagementService", RoleKind.CONTROL_PLANE: "AWSCluster", RoleKind.NODE_POOL: "AWSNodePool"}
_IN_A_NAME: Final = re.compile(r"[^\s\x00-\x1f]+")


class Observed(msgspec.Struct, frozen=True):
    """What AWS says, the machines that are meant, and the proxies as host and port."""

    facts: Facts
    declared: Declared
    roles: tuple[Role, ...]
    proxies: tuple[tuple[str, int], ...]


class SecurityGroupCheck(FactsCheck[Observed], frozen=True, kw_only=True, tag="security-group"):
    """The groups of one role let TCP out to every address and port of the proxies, and the proxy's own group lets the role in."""

    kind: ClassVar[str] = "security-group"
    parts: ClassVar[frozenset[Part]] = frozenset({Part.NETWORK, Part.GROUPS, Part.PROXY})

    role: RoleKind
    pool: str = ""
    """The name of the one node pool that is meant, where there are several."""
    groups: tuple[str, ...] = ()
    """The groups to judge instead of those in the manifests."""

    def asks(self, declared: Declared) -> Scope:
        """See Check."""
        return FactsCheck.asks(self, declared) | Scope(groups=self.groups)

    def several(self, declared: Declared) -> Iterable[Self]:
        """See Check."""
        pools = _named(declared.of(self.role))
        if self.role is not RoleKind.NODE_POOL or self.pool or len(pools) <= 1:
            yield self
            return
        for name in pools:
            yield msgspec.structs.replace(self, name=f"{self.name}/{name}", pool=name)

    async def observe(self, world: World) -> Observed:
        """See Check."""
        return Observed(await world.aws.facts(), world.declared, self._roles(world.declared), proxies(world.declared))

    def judge(self, seen: Observed) -> Iterable[Finding]:
        """See Check."""
        if not seen.proxies:
            yield codes.finding("internal.not-applicable", fields={"why": "no proxy is declared"})
            return
        if not seen.roles:
            yield codes.finding("internal.not-applicable", fields={"why": self._undeclared()})
            return
        ports = ", ".join(sorted({f"tcp {port}" for _, port in seen.proxies}))
        missing = without_vpc(seen.facts, seen.declared, f"a security group for {self.role.machines} that lets out to the proxy ({ports})")
        if missing:
            yield missing
            return
        declared = sources((*seen.declared.roles, *seen.roles))
        for role in seen.roles:
            yield from map(worded, way_out(seen.facts, nodes(role), seen.proxies, field=role.field, declared=declared))

    def _roles(self, declared: Declared) -> tuple[Role, ...]:
        """The machines that are meant, with the check's own groups if it has any."""
        named = _named(declared.of(self.role))
        roles = tuple(role for name, role in named.items() if self.pool in {"", name})
        if not self.groups:
            return roles
        own = tuple(Sourced(group, f"check {self.name}") for group in self.groups)
        return tuple(msgspec.structs.replace(role, groups=own) for role in roles) or (Role(self.role, name=self.pool, groups=own),)

    def _undeclared(self) -> str:
        return f"{Role(self.role, self.pool).title} is not declared: give its {_MANIFESTS[self.role]} manifest, or the check's `groups`"


def _named(roles: Iterable[Role]) -> dict[str, Role]:
    """The roles by names that differ: their own, else their number; a name that repeats gets its number too."""
    named: dict[str, Role] = {}
    for number, role in enumerate(roles, 1):
        name = role.name if _IN_A_NAME.fullmatch(role.name) else str(number)
        named[name if name not in named else f"{name}-{number}"] = role
    return named
