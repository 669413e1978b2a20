"""What the check of the manifests says of what their reader saw."""

from __future__ import annotations

import pytest

from preflight import codes
from preflight.checks.manifest import ManifestCheck, Observed
from preflight.declared import Role, RoleKind

CHECK = ManifestCheck(name="manifest")
ROLES = (Role(RoleKind.MANAGEMENT, "management"), Role(RoleKind.CONTROL_PLANE, "cluster-0"), Role(RoleKind.NODE_POOL))


@pytest.mark.parametrize(
    ("roles", "end"),
    [
        ((), "anthos-gke.yaml"),
        (ROLES, "anthos-gke.yaml (the management service, the control plane cluster-0, the node pool)"),
        (tuple(Role(RoleKind.NODE_POOL, str(number)) for number in range(12)), "node pool 9, 2 more)"),
    ],
)
def test_a_pass_names_the_roles_that_were_read(roles: tuple[Role, ...], end: str) -> None:
    (finding,) = CHECK.judge(Observed(("anthos-gke.yaml",), (), roles))
    assert finding.code == "ok"
    assert finding.message.endswith(end)


def test_a_remark_is_no_pass() -> None:
    lint = codes.finding("input.version")
    assert list(CHECK.judge(Observed(("anthos-gke.yaml",), (lint,), ROLES))) == [lint]


def test_without_a_manifest_there_is_nothing_to_look_at() -> None:
    assert [finding.code for finding in CHECK.judge(Observed((), ()))] == ["internal.not-applicable"]
