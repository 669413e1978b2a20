"""How the manifests lead the machines to the proxy: a security group in common, the name of a secret, and one proxy file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

from preflight.inputs.documents import Document, cluster_of, clusters_of, named, remark
from preflight.inputs.manifests import Manifests
from preflight.inputs.manifests.fields import CLUSTER, MANAGEMENT, NODE_POOL
from preflight.inputs.options import Options
from preflight.inputs.problem import Remarks
from preflight.model import Proxy

OPEN: Final = frozenset({80, 443})
"""The ports that the product's own security groups let out (reference page "security groups")."""


def lint_groups(documents: Sequence[Document], proxies: Sequence[Proxy], remarks: Remarks) -> None:
    """Remark roles that lack the security group which the others have: the documentation puts the proxy's group into all of them."""
    beyond = sorted({proxy.port for proxy in proxies} - OPEN)
    listens = f", and the proxy listens on {' and '.join(map(str, beyond))}" if beyond else ""
    own = f"the product's own groups let out ports 80 and 443 only{listens}"
    groups = [[spot.text for spot in document.all("security_group")] for document in documents]
    counts = Counter(group for declared in groups for group in dict.fromkeys(declared))
    if not counts:
        if beyond and documents:
            message = f"no security groups are declared for {named(documents)}; {own}"
            hint = f"put the id of a group that lets out to the proxy into {_fields(documents)}"
            remark(remarks, "input.group-not-shared", documents[0].where, message, hint)
        return
    group, times = counts.most_common(1)[0]
    lacking = [document for document, declared in zip(documents, groups, strict=True) if group not in declared]
    if not lacking:
        return
    several = times == 1 and sum(map(bool, groups)) > 1
    what = "no security group is common to all roles" if several else f"{group} is declared for other roles and not for"
    message = f"{what}: {named(documents)}" if several else f"{what} {named(lacking)}"
    hint = f"put the proxy's security group into {_fields(documents if several else lacking)}; {own}"
    remark(remarks, "input.group-not-shared", lacking[0].where, message, hint)


def _fields(documents: Iterable[Document]) -> str:
    return " and ".join(dict.fromkeys(f"`{document.field('security_group')}` of {document.kind}" for document in documents))


def lint_secrets(documents: Sequence[Document], remarks: Remarks) -> None:
    """Remark clusters and node pools that do not name the secret with their proxy settings, or not the same one."""
    users = [document for document in documents if document.kind in {CLUSTER, NODE_POOL}]
    lacking = [document for document in users if not document.has(*document.field("own_proxy").split("."))]
    meant = len(lacking) < len(users)
    if lacking and (meant or any(document.kind == MANAGEMENT and document.has("spec", "proxy") for document in documents)):
        message = f"no `proxySecretName` in {named(lacking)}, though {'other manifests name one' if meant else 'the management service has a proxy'}"
        where = " and ".join(dict.fromkeys(f"`{document.field('own_proxy')}` of {document.kind}" for document in lacking))
        hint = f"name the secret with the proxy's settings in {where}, unless these machines are meant to go without"
        remark(remarks, "input.secret-name", lacking[0].where, message, hint)
    clusters = clusters_of(users)
    for pool in users:
        _differs(pool, cluster_of(pool, clusters) if pool.kind == NODE_POOL else None, remarks)
    _several([document for document in users if document.kind == CLUSTER], remarks)


def _differs(pool: Document, cluster: Document | None, remarks: Remarks) -> None:
    own, other = pool.one("own_proxy"), cluster.one("own_proxy") if cluster else None
    if cluster and own and other and own.text != other.text:
        message = f"`{own.field}` of {pool} differs from `{other.field}` of its cluster at {other.where.source}"
        remark(remarks, "input.secret-name", own.where, message, "name the same secret in both, unless the pool is meant to use another proxy")


def _several(clusters: Sequence[Document], remarks: Remarks) -> None:
    spots = {spot.text for cluster in clusters for spot in cluster.all("own_proxy")}
    if len(spots) > 1:
        message = f"{named(clusters)} name {len(spots)} different secrets, and this run checks one proxy"
        remark(remarks, "input.secret-name", clusters[0].where, message, "run once for the proxy of each secret, with --proxy-file")


def lint_other_proxy(manifests: Manifests, options: Options, remarks: Remarks) -> None:
    """Remark that a flag makes this run check another proxy than the installation will use. The text of `spec.proxy` may be a URL, and is not repeated."""
    value = manifests.one("proxy")
    flags = {"--proxy-file": options.proxy_file, "--proxy-from-env": options.proxy_from_env, "--direct": options.direct}
    flag = next((flag for flag, given in flags.items() if given), None)
    if value is None or flag is None:
        return
    try:
        same = options.proxy_file is not None and options.proxy_file.samefile(value.file.parent / value.text)
    except (OSError, ValueError):
        same = False
    if not same:
        message = f"`{value.field}` names another source of the proxy's settings than {flag}, which decides what this run checks"
        remark(remarks, "input.other-proxy", value.where, message, f"leave {flag} out to check what the installation will use")
