"""Does a name resolve on this host?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Annotated, ClassVar

import msgspec

from preflight import codes
from preflight.check import Check, seconds
from preflight.model import Finding, Step
from preflight.world import World


class DnsCheck(Check[Step], frozen=True, kw_only=True, tag="dns"):
    """The name has an address here. Behind a proxy this is rarely needed: the proxy resolves."""

    kind: ClassVar[str] = "dns"
    sends: ClassVar[bool] = False

    host: Annotated[str, msgspec.Meta(pattern=r"^[^\s/:]+$", min_length=1)]

    async def observe(self, world: World) -> Step:
        """See Check."""
        return await world.dns.resolve(self.host, timeout=seconds(self.timeout))

    def judge(self, seen: Step) -> Iterable[Finding]:
        """See Check."""
        if seen.code:
            fields = {"peer": self.host, "host": self.host, "target": self.host, "name": self.host, **seen.facts}
            yield codes.finding(seen.code, fields=fields, evidence=seen.facts)
            return
        addresses = seen.facts.get("addresses")
        shown = ", ".join(map(str, addresses)) if isinstance(addresses, list) else str(addresses)
        yield codes.finding("ok", message=f"{self.host} is {shown}", evidence=seen.facts)

    def steps(self, seen: Step) -> Sequence[Step]:
        """See Check."""
        return (seen,)
