"""Is what the proxy file says sound?"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

import msgspec

from preflight import codes
from preflight.check import Check
from preflight.model import Finding
from preflight.route import Proxies
from preflight.world import World


class Observed(msgspec.Struct, frozen=True):
    """The declared proxies, and what their reader remarked."""

    proxies: Proxies
    lints: tuple[Finding, ...]


class ProxyConfigCheck(Check[Observed], frozen=True, kw_only=True, tag="proxy-config"):
    """What the reader of the proxy file remarked. A file that does not parse never gets here: it ends the run before a packet is sent."""

    kind: ClassVar[str] = "proxy-config"
    sends: ClassVar[bool] = False

    async def observe(self, world: World) -> Observed:
        """See Check."""
        return Observed(world.declared.proxies, tuple(world.declared.lints.get(self.kind, ())))

    def judge(self, seen: Observed) -> Iterable[Finding]:
        """See Check."""
        if seen.lints:
            yield from seen.lints
            return
        https, http = seen.proxies.https, seen.proxies.http
        if https is None and http is None:
            yield codes.finding("internal.not-applicable", fields={"why": "no proxy is declared"})
            return
        shown = f"https by {https.url}" if https else f"https by httpProxy, {http.url if http else '?'}"
        yield codes.finding("ok", message=f"the proxy settings are sound: {shown}" + (f", http by {http.url}" if http else ""))
