"""The machines that the manifests declare, with their security groups and subnets, and the VPC that the installation makes for itself."""

from __future__ import annotations

from typing import Final

from preflight.declared import Role, RoleKind, Sourced
from preflight.inputs.documents import Document, Spot
from preflight.inputs.manifests import Manifests
from preflight.inputs.manifests.fields import CLUSTER, MANAGEMENT, NODE_POOL

KINDS: Final = {MANAGEMENT: RoleKind.MANAGEMENT, CLUSTER: RoleKind.CONTROL_PLANE, NODE_POOL: RoleKind.NODE_POOL}
"""Which machines a kind of document describes, in the order of reports."""


def roles(manifests: Manifests) -> tuple[Role, ...]:
    """A role for each document, one that declares no groups included: management first, then control planes, then node pools.

    Documents of one kind are never merged: a group that one cluster declares lets nothing out of another.
    """
    return tuple(_role(document) for kind in KINDS for document in manifests.documents if document.kind == kind)


def dedicated(manifests: Manifests, vpc: str | None) -> Sourced | None:
    """The CIDR of the VPC that the installation will make, unless it is said already which VPC there is: by id, or by a subnet of it."""
    value = manifests.one("vpc_cidr")
    if vpc or value is None or any(document.has("spec", "existingVPC") for document in manifests.documents):
        return None
    return Sourced(value.text, value.where.source)


def _role(document: Document) -> Role:
    return Role(
        KINDS[document.kind],
        document.owner,
        document.field("security_group"),
        document.where.source,
        _sourced(document.all("security_group")),
        _sourced(document.all("subnet")),
    )


def _sourced(spots: tuple[Spot, ...]) -> tuple[Sourced, ...]:
    return tuple(Sourced(spot.text, spot.where.source) for spot in spots)
