from __future__ import annotations

from pathlib import Path

import pytest

from preflight.declared import Declared, RoleKind, Sourced
from tests.inputs.manifests.written import CLUSTER, DEDICATED, EXISTING, MANAGEMENT, POOL, WHOLE, changed, loaded


def declared(folder: Path, text: str, vpc: str | None = None) -> Declared:
    return loaded(folder, text, vpc=vpc).declared


def test_each_document_is_a_role_with_its_groups_subnets_and_places(tmp_path: Path) -> None:
    management, plane, pool = declared(tmp_path, WHOLE).roles
    assert (management.kind, management.name, management.field, management.source) == (
        RoleKind.MANAGEMENT,
        "management",
        "spec.securityGroupIDs",
        "anthos-gke.yaml:1",
    )
    assert management.groups == (Sourced("sg-0aaaaaaaaaaaaaaa1", "anthos-gke.yaml:8"),)
    assert management.subnets == (Sourced("subnet-0aaaaaaaaaaaaaa01", "anthos-gke.yaml:9"),)
    assert (plane.kind, plane.name, plane.field, plane.source) == (
        RoleKind.CONTROL_PLANE,
        "cluster-0",
        "spec.controlPlane.securityGroupIDs",
        "anthos-gke.yaml:11",
    )
    assert [group.text for group in plane.groups] == ["sg-0aaaaaaaaaaaaaaa2", "sg-0aaaaaaaaaaaaaaa1"]
    assert [subnet.text for subnet in plane.subnets] == ["subnet-0aaaaaaaaaaaaaa01", "subnet-0aaaaaaaaaaaaaa02"]
    assert (pool.kind, pool.name, pool.field, pool.source) == (RoleKind.NODE_POOL, "pool-0", "spec.securityGroupIDs", "anthos-gke.yaml:25")
    assert [subnet.text for subnet in pool.subnets] == ["subnet-0aaaaaaaaaaaaaa02"]


def test_roles_are_in_the_order_of_reports_whatever_that_of_the_documents(tmp_path: Path) -> None:
    other = POOL.replace("pool-0", "pool-1")
    found = declared(tmp_path, f"{POOL}---\n{CLUSTER}---\n{other}---\n{MANAGEMENT}").roles
    assert [role.name for role in found] == ["management", "cluster-0", "pool-0", "pool-1"]


def test_a_document_without_groups_still_makes_a_role(tmp_path: Path) -> None:
    (role,) = declared(tmp_path, "kind: AWSManagementService\nspec: {proxy: proxy.json, region: us-west-1, securityGroupIDs: }\n").roles
    assert (role.groups, role.subnets, role.name) == ((), (), "")


def test_a_role_without_its_document_does_not_exist(tmp_path: Path) -> None:
    found = declared(tmp_path, f"kind: Deployment\nspec: {{securityGroupIDs: [sg-1]}}\n---\n{MANAGEMENT}")
    assert [role.kind for role in found.roles] == [RoleKind.MANAGEMENT]
    assert found.of(RoleKind.NODE_POOL) == ()


def test_the_group_of_one_cluster_is_not_lent_to_another(tmp_path: Path) -> None:
    bare = CLUSTER.replace("cluster-0", "cluster-1").replace("    securityGroupIDs: [sg-0aaaaaaaaaaaaaaa2, sg-0aaaaaaaaaaaaaaa1]\n", "")
    planes = declared(tmp_path, f"{WHOLE}---\n{bare}").of(RoleKind.CONTROL_PLANE)
    assert [(role.name, len(role.groups)) for role in planes] == [("cluster-0", 2), ("cluster-1", 0)]


def test_groups_in_a_misspelt_or_misplaced_field_are_not_the_roles(tmp_path: Path) -> None:
    text = changed(
        ("    securityGroupIDs: [sg-0aaaaaaaaaaaaaaa2, sg-0aaaaaaaaaaaaaaa1]\n", ""),
        ("  networking:", "  securityGroupIDs: [sg-0aaaaaaaaaaaaaaa1]\n  networking:"),
    )
    (plane,) = declared(tmp_path, text).of(RoleKind.CONTROL_PLANE)
    assert plane.groups == ()


@pytest.mark.parametrize(
    ("text", "vpc", "expected"),
    [
        (changed((EXISTING, DEDICATED), text=MANAGEMENT), None, Sourced("10.0.0.0/16", "anthos-gke.yaml:10")),
        (changed((EXISTING, DEDICATED), text=MANAGEMENT), "vpc-0aaaaaaaaaaaaaaa1", None),
        (changed((EXISTING, DEDICATED)), None, None),
        (MANAGEMENT + DEDICATED, None, None),
        (MANAGEMENT, None, None),
        (POOL.replace("spec:", "spec:\n  dedicatedVPC: {vpcCIDRBlock: 10.0.0.0/16}") + f"---\n{MANAGEMENT}", None, None),
    ],
    ids=["dedicated", "--vpc", "the cluster names its VPC", "both", "existing", "another kind"],
)
def test_a_dedicated_vpc_is_one_that_nothing_says_is_there(tmp_path: Path, text: str, vpc: str | None, expected: Sourced | None) -> None:
    assert declared(tmp_path, text, vpc).dedicated == expected


def test_the_variables_of_manifests_are_as_before(tmp_path: Path) -> None:
    values = declared(tmp_path, changed((EXISTING, DEDICATED))).variables
    assert {name: values[name] for name in ("region", "vpc", "vpc_cidr", "pod_cidr", "service_cidr")} == {
        "region": "us-west-1",
        "vpc": "vpc-0aaaaaaaaaaaaaaa1",
        "vpc_cidr": "10.0.0.0/16",
        "pod_cidr": "10.2.0.0/16",
        "service_cidr": "10.1.0.0/16",
    }
    assert values["kms_key"].startswith("arn:aws:kms:us-west-1:")


def test_every_report_shows_the_roles_and_where_their_ids_stand(tmp_path: Path) -> None:
    bare = CLUSTER.replace("    securityGroupIDs: [sg-0aaaaaaaaaaaaaaa2, sg-0aaaaaaaaaaaaaaa1]\n", "")
    found = {each.name: each for each in declared(tmp_path, f"{WHOLE}---\n{bare}").inputs if each.name.startswith("role ")}
    assert list(found) == [
        "role the management service",
        "role the control plane cluster-0",
        "role the control plane cluster-0 (2)",
        "role the node pool pool-0",
    ]
    management = found["role the management service"]
    assert management.value == "group sg-0aaaaaaaaaaaaaaa1 (anthos-gke.yaml:8), subnet subnet-0aaaaaaaaaaaaaa01 (anthos-gke.yaml:9)"
    assert management.source == "anthos-gke.yaml:1"
    assert str(found["role the control plane cluster-0"].value).startswith("groups sg-0aaaaaaaaaaaaaaa2 (anthos-gke.yaml:")
    assert str(found["role the control plane cluster-0 (2)"].value).startswith("no group, subnets subnet-0aaaaaaaaaaaaaa01 (")
