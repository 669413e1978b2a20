"""Manifests that name what the account does not have."""

from __future__ import annotations

import pytest

from .installation import CHECKS, EGRESS, ENDPOINTS, WITHOUT_NETWORK, Installation

pytestmark = pytest.mark.interop

_OF_THE_SUBNET = frozenset((*ENDPOINTS, "egress/management", "egress/control-plane", "network-acl", "route"))


@pytest.mark.parametrize(("what", "lost"), [("subnet", _OF_THE_SUBNET), ("group", frozenset(EGRESS))])
def test_a_misspelt_id_is_one_story(installation: Installation, what: str, lost: frozenset[str]) -> None:
    """Whatever depends on it fails, and nothing else does: the node pool stands in another subnet, and the endpoints admit addresses."""
    account, manifest = installation.account, installation.folder / "anthos-gke.yaml"
    right = account.subnets[0] if what == "subnet" else account.nodes
    wrong = right[:-2] + ("00" if right[-2:] != "00" else "11")
    manifest.write_text(manifest.read_text().replace(right, wrong))
    seen = installation.verdict(*WITHOUT_NETWORK)
    assert seen.exit_code == 1
    assert set(seen.named("fail")) == lost - {"network-acl", "route"}, seen.stdout  # those two are recommended only
    assert set(seen.named("pass")) == set(CHECKS) - lost
    [cause] = seen.report["causes"]
    assert (cause["code"], set(cause["checks"])) == ("aws.not-found", set(lost))
    assert wrong in cause["title"]
