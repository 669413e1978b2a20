"""What is remarkable about manifests that can be read: fields that contradict each other, and values that the product cannot use.

Nothing here ends a run. What one document says in names that are not read is remarked where it is read, in `names`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from preflight.inputs.documents import Document, Spot, cluster_of, clusters_of, remark
from preflight.inputs.manifests import Manifests
from preflight.inputs.manifests.fields import CLUSTER, MANAGEMENT, NODE_POOL
from preflight.inputs.manifests.networks import lint_networks
from preflight.inputs.manifests.proxy import lint_groups, lint_other_proxy, lint_secrets
from preflight.inputs.options import Options
from preflight.inputs.problem import Remarks
from preflight.inputs.workspace import lint_status
from preflight.route import Proxies

OLDEST: Final = (1, 17)
"""The Kubernetes version from which on a user cluster can use a proxy (page "Use a proxy")."""

_VERSION: Final = re.compile(r"(aws-)?(\d+)\.(\d+)\.(\d+)-gke\.(\d+)", re.ASCII)
_ID: Final = re.compile(r"(?:[0-9a-z]{8}|[0-9a-z]{17})")
_KEY: Final = re.compile(r"arn:aws[a-z-]*:kms:([a-z0-9-]+):[0-9]{12}:(?:key|alias)/\S+")
_PREFIXES: Final = {"security_group": "sg", "ssh_group": "sg", "subnet": "subnet", "load_balancer_subnet": "subnet", "vpc": "vpc"}


def lint_manifests(manifests: Manifests, proxies: Proxies, options: Options, remarks: Remarks) -> None:
    """Remark everything about the manifests that needs more than one field to see, or more than its type."""
    documents = manifests.documents
    used = [proxy for proxy in (proxies.http, proxies.https) if proxy]
    clusters = clusters_of(documents)
    for document in documents:
        _lint_vpc(document, remarks)
        _lint_ids(document, remarks)
        _lint_keys(document, remarks)
        _lint_version(document, remarks, proxied=bool(used))
        if document.kind == NODE_POOL and (clusters or manifests.nameless):
            _lint_pool(document, clusters, remarks)
    lint_networks(documents, used, remarks)
    lint_groups(documents, used, remarks)
    lint_secrets(documents, remarks)
    lint_other_proxy(manifests, options, remarks)
    lint_status(documents, remarks)


def _lint_vpc(document: Document, remarks: Remarks) -> None:
    if document.kind != MANAGEMENT:
        return
    declared = [name for name in ("dedicatedVPC", "existingVPC") if document.has("spec", name)]
    excerpt = not any(document.has("spec", name) for name in ("authentication", "googleCloud"))  # as the page on proxies prints one
    if len(declared) == 1 or (excerpt and not declared):
        return
    where = document.root.nearest(("spec", *declared[1:]))
    found = "both `spec.dedicatedVPC` and `spec.existingVPC` are declared" if declared else "neither `spec.dedicatedVPC` nor `spec.existingVPC` is declared"
    hint = f"{'keep' if declared else 'declare'} `existingVPC` for a VPC that is there already, or `dedicatedVPC` for one that the installation makes"
    remark(remarks, "input.vpc-choice", where, found, hint)


def _lint_ids(document: Document, remarks: Remarks) -> None:
    for means, prefix in _PREFIXES.items():
        for spot in document.all(means):
            found, _, rest = spot.text.partition("-")
            if found != prefix and found in _PREFIXES.values():
                message = f"`{spot.field}` holds the id of another kind of thing: it begins with `{found}-`"
                remark(remarks, "input.malformed-id", spot.where, message, f"write an id that begins with `{prefix}-`")
            elif found != prefix or not _ID.fullmatch(rest):
                hint = f"copy it anew: `{prefix}-` and 8 or 17 digits and small letters"
                remark(remarks, "input.malformed-id", spot.where, f"`{spot.field}` does not have the form of an id", hint)


def _lint_keys(document: Document, remarks: Remarks) -> None:
    region = document.one("region")
    for spot in document.all("key"):
        match = _KEY.fullmatch(spot.text)
        if not match:
            hint = "copy it anew: arn:aws:kms:REGION:ACCOUNT:key/ID"
            remark(remarks, "input.malformed-id", spot.where, f"`{spot.field}` does not have the form of a key's ARN", hint)
        elif region and match[1] != region.text:
            message = f"`{spot.field}` names a key in {match[1]}, and `{region.field}` is {region.text}"
            hint = f"name a key of {region.text}: what runs in one region cannot use the keys of another"
            remark(remarks, "input.other-region", spot.where, message, hint)


def _lint_version(document: Document, remarks: Remarks, *, proxied: bool) -> None:
    spot = document.one("version")
    if not spot:
        return
    management = document.kind == MANAGEMENT
    match = _VERSION.fullmatch(spot.text)
    if not match or bool(match[1]) is not management:
        example = "aws-1.14.1-gke.0" if management else "1.25.5-gke.2100"
        hint = f"write it like {example}" + ("; this is the tool's version, not that of Kubernetes" if management else "; this is a version of Kubernetes")
        remark(remarks, "input.version", spot.where, f"`{spot.field}` of {document} does not have the form of a version", hint)
    elif proxied and not management and _numbers(spot)[:2] < OLDEST:
        message = f"`{spot.field}` is {spot.text}, and a user cluster can use a proxy from 1.17 on"
        remark(remarks, "input.version", spot.where, message, "choose a later version")


def _lint_pool(pool: Document, clusters: Mapping[str, Document], remarks: Remarks) -> None:
    cluster, name = cluster_of(pool, clusters), pool.one("cluster")
    if cluster is None and name and "" not in clusters:
        message = f"`{name.field}` of {pool} names none of the clusters that were read"
        hint = f"correct it, or give the file with that {CLUSTER} too"
        remark(remarks, "input.no-such-cluster", name.where, message, hint)
    own, other = pool.one("version"), cluster.one("version") if cluster else None
    if own and other and _numbers(own) > _numbers(other) != ():
        message = f"`{own.field}` of {pool} is {own.text}, which is later than its control plane's {other.text} ({other.where.source})"
        remark(remarks, "input.version", own.where, message, "upgrade the control plane first, or choose its version for the pool")


def _numbers(spot: Spot) -> tuple[int, ...]:
    """The version as numbers that can be compared; nothing if it has another form."""
    match = _VERSION.fullmatch(spot.text)
    return tuple(int(number) for number in match.groups()[1:]) if match else ()
