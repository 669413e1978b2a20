"""Are the manifests sound?"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, Final

import msgspec

from preflight import codes
from preflight.check import Check
from preflight.declared import Role
from preflight.model import Finding
from preflight.world import World

_SHOWN: Final = 10
"""How many roles the message names."""


class Observed(msgspec.Struct, frozen=True):
    """The manifests that were read, the roles in them, and what their reader remarked."""

    files: tuple[str, ...]
    lints: tuple[Finding, ...]
    roles: tuple[Role, ...] = ()


class ManifestCheck(Check[Observed], frozen=True, kw_only=True, tag="manifest"):
    """What the reader of the manifests remarked. One that cannot be used never gets here: it ends the run before a packet is sent."""

    kind: ClassVar[str] = "manifest"
    sends: ClassVar[bool] = False

    async def observe(self, world: World) -> Observed:
        """See Check."""
        files = tuple(str(file) for each in world.declared.inputs if each.name == "manifest" and isinstance(each.value, list) for file in each.value)
        return Observed(files, tuple(world.declared.lints.get(self.kind, ())), world.declared.roles)

    def judge(self, seen: Observed) -> Iterable[Finding]:
        """See Check."""
        yield from seen.lints
        if not seen.files:
            yield codes.finding("internal.not-applicable", fields={"why": "no manifest was given"})
        elif not seen.lints:
            yield codes.finding("ok", message=f"nothing to remark about {', '.join(seen.files)}{_read(seen.roles)}")


def _read(roles: tuple[Role, ...]) -> str:
    """The roles in words: of one whose manifest was not read, nothing was looked at."""
    names = [role.title for role in roles[:_SHOWN]]
    more = [f"{len(roles) - _SHOWN} more"] if len(roles) > _SHOWN else []
    return f" ({', '.join(names + more)})" if roles else ""
