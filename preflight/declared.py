"""What the user declared, from whichever file or flag, and where it stood."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

import msgspec

from preflight.model import Finding, Input, Route, Target
from preflight.route import NO_PROXY_AT_ALL, Proxies, route


class RoleKind(StrEnum):
    """Which machines of the product a role stands for."""

    MANAGEMENT = "management"
    CONTROL_PLANE = "control-plane"
    NODE_POOL = "node-pool"

    @property
    def machines(self) -> str:
        """The machines in words, e.g. `the control plane`. There is one management service only."""
        return "the management service" if self is RoleKind.MANAGEMENT else f"the {self.value.replace('-', ' ')}"


class Sourced(msgspec.Struct, frozen=True):
    """A value and where it stands: `file:line`, or the flag that gave it."""

    text: str
    source: str


class Role(msgspec.Struct, frozen=True):
    """One kind of machine that the product will start, as its manifest describes it."""

    kind: RoleKind
    name: str = ""
    """The name in the manifest's metadata, which tells several node pools apart."""
    field: str = ""
    """The manifest's field that takes additional security groups, e.g. `spec.controlPlane.securityGroupIDs`."""
    source: str = ""
    """Where the manifest stands: `file:line`."""
    groups: tuple[Sourced, ...] = ()
    """The declared groups; the product attaches one of its own besides."""
    subnets: tuple[Sourced, ...] = ()

    @property
    def title(self) -> str:
        """The role in words: `the management service`, `the node pool pool-0`."""
        return self.kind.machines if self.kind is RoleKind.MANAGEMENT else f"{self.kind.machines} {self.name}".strip()


class Declared(msgspec.Struct, frozen=True):
    """The effective configuration of one run. `variables` are what `${name}` in a profile stands for."""

    proxies: Proxies = NO_PROXY_AT_ALL
    region: str | None = None
    variables: Mapping[str, str] = msgspec.field(default_factory=dict)
    features: frozenset[str] = frozenset()
    """What the manifests switch on: `cloud-operations`, `workload-identity`, `oidc`."""
    roles: tuple[Role, ...] = ()
    """The machines that the manifests declare, in the order management, control plane, node pools."""
    dedicated: Sourced | None = None
    """The CIDR of the VPC that the installation will make for itself, where the manifests ask for one."""
    lints: Mapping[str, tuple[Finding, ...]] = msgspec.field(default_factory=dict)
    """What the readers of the inputs remarked, by the kind of the check that reports it: `proxy-config`, `manifest`."""
    inputs: tuple[Input, ...] = ()

    def of(self, kind: RoleKind) -> tuple[Role, ...]:
        """The declared roles of that kind."""
        return tuple(role for role in self.roles if role.kind is kind)

    def route(self, target: Target) -> Route:
        """How the product's components would reach the target."""
        return route(target, self.proxies)
