"""What the user declared, from whichever file or flag, and where it stood."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from preflight.model import Finding, Input, Route, Target
from preflight.route import NO_PROXY_AT_ALL, Proxies, route


class Declared(msgspec.Struct, frozen=True):
    """The effective configuration of one run. `variables` are what `${name}` in a profile stands for."""

    proxies: Proxies = NO_PROXY_AT_ALL
    region: str | None = None
    variables: Mapping[str, str] = msgspec.field(default_factory=dict)
    features: frozenset[str] = frozenset()
    """What the manifests switch on: `cloud-operations`, `workload-identity`, `oidc`."""
    lints: Mapping[str, tuple[Finding, ...]] = msgspec.field(default_factory=dict)
    """What the readers of the inputs remarked, by the kind of the check that reports it: `proxy-config`, `manifest`."""
    inputs: tuple[Input, ...] = ()

    def route(self, target: Target) -> Route:
        """How the product's components would reach the target."""
        return route(target, self.proxies)
