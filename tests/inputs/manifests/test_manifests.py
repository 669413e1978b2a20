from __future__ import annotations

from pathlib import Path

import pytest

from preflight.inputs.manifests import Manifests, issuer_host, read_manifests
from preflight.inputs.problem import Remarks

FULL = """\
apiVersion: multicloud.cluster.gke.io/v1
kind: AWSManagementService
metadata: {name: management}
spec:
  version: aws-1.14.1-gke.0
  region: us-west-1
  proxy: proxy.json
  securityGroupIDs: [sg-1]
  dedicatedVPC: {vpcCIDRBlock: 10.0.0.0/16}
---
kind: AWSCluster
metadata: {name: cluster-0}
spec:
  region: us-west-1
  networking:
    vpcID: vpc-1
    podAddressCIDRBlocks: [10.2.0.0/16]
    serviceAddressCIDRBlocks: [10.1.0.0/16]
    serviceLoadBalancerSubnetIDs: [subnet-9]
  controlPlane:
    version: 1.25.5-gke.2100
    securityGroupIDs: [sg-2]
    subnetIDs: [subnet-1, subnet-2]
    cloudOperations: {enableLogging: false, enableMonitoring: true}
    workloadIdentity: {oidcDiscoveryGCSBucket: bucket}
  authentication:
    oidc:
    - {issuerURI: "https://login.example.com:8443/x", clientSecret: MY_SECRET}
---
kind: AWSNodePool
metadata: {name: pool-0}
spec: {region: us-west-1, version: 1.25.5-gke.2100, subnetID: subnet-1, securityGroupIDs: [sg-3]}
---
kind: Deployment
spec: {region: 5, image: "$IMAGE"}
"""


def read(tmp_path: Path, text: str, overridden: frozenset[str] = frozenset()) -> tuple[Manifests, Remarks]:
    path = tmp_path / "anthos-gke.yaml"
    path.write_text(text)
    remarks = Remarks()
    return read_manifests([(path, "anthos-gke.yaml")], remarks, overridden=overridden), remarks


def problems(tmp_path: Path, text: str) -> list[tuple[str, int | None]]:
    return [(problem.code, problem.where.line) for problem in read(tmp_path, text)[1].problems]


def test_reads_what_the_network_depends_on(tmp_path: Path) -> None:
    manifests, remarks = read(tmp_path, FULL)
    assert remarks.problems == []
    assert [(value.role, value.owner, value.text) for value in manifests.all("security_group")] == [
        ("management", "management", "sg-1"),
        ("control-plane", "cluster-0", "sg-2"),
        ("node-pool", "pool-0", "sg-3"),
    ]
    assert [value.text for value in manifests.all("subnet")] == ["subnet-1", "subnet-2", "subnet-1"]
    one = {means: value.text for means in ("region", "vpc", "vpc_cidr", "pod_cidr", "service_cidr", "proxy") if (value := manifests.one(means))}
    assert one == {
        "region": "us-west-1",
        "vpc": "vpc-1",
        "vpc_cidr": "10.0.0.0/16",
        "pod_cidr": "10.2.0.0/16",
        "service_cidr": "10.1.0.0/16",
        "proxy": "proxy.json",
    }
    assert {name: value.where.line for name, value in manifests.features.items()} == {"cloud-operations": 24, "workload-identity": 25, "oidc": 28}


def test_a_secret_that_looks_like_a_placeholder_is_not_repeated(tmp_path: Path) -> None:
    _, remarks = read(tmp_path, FULL)
    (finding,) = remarks.lints["manifest"]
    assert (finding.code, finding.evidence["where"]) == ("input.placeholder", "anthos-gke.yaml:28")
    assert "MY_SECRET" not in str(finding)


@pytest.mark.parametrize("value", ["[AWS_REGION]", "$AWS_REGION", "${AWS_REGION}", "AWS_REGION", "<region>", "us-$DIRECTION-1", "..."])
def test_placeholders_in_fields_that_are_read(tmp_path: Path, value: str) -> None:
    assert problems(tmp_path, f"kind: AWSCluster\nspec:\n  region: {value}\n") == [("input.placeholder", 3)]


def test_every_placeholder_is_named_at_once(tmp_path: Path) -> None:
    text = "kind: AWSNodePool\nspec:\n  region: AWS_REGION\n  subnetID: AWS_SUBNET_ID\n  securityGroupIDs: SECURITY_GROUP_IDS\n  keyName: KEY_NAME\n"
    assert problems(tmp_path, text) == [("input.placeholder", line) for line in (3, 4, 5)]


def test_what_a_flag_overrides_may_be_a_placeholder(tmp_path: Path) -> None:
    manifests, remarks = read(tmp_path, "kind: AWSCluster\nspec:\n  region: AWS_REGION\n", frozenset({"region"}))
    assert remarks.problems == []
    assert [finding.code for finding in remarks.lints["manifest"]] == ["input.placeholder"]
    assert manifests.one("region") is None


@pytest.mark.parametrize("key", ["tags", "labels"])
def test_the_users_own_words_are_no_placeholders(tmp_path: Path, key: str) -> None:
    _, remarks = read(tmp_path, f"kind: AWSNodePool\nspec:\n  {key}: {{team: TEAM_A}}\n")
    assert remarks.lints == {}


def test_regions_that_disagree_are_named_with_both_places(tmp_path: Path) -> None:
    _, remarks = read(tmp_path, "kind: AWSCluster\nspec: {region: us-west-1}\n---\nkind: AWSNodePool\nspec: {region: us-west-2}\n")
    (problem,) = remarks.problems
    assert (problem.code, str(problem.where)) == ("input.conflict", "anthos-gke.yaml:5:16")
    assert "anthos-gke.yaml:2" in problem.message


def test_names_in_another_case_are_remarked_and_not_read(tmp_path: Path) -> None:
    manifests, remarks = read(tmp_path, "kind: AWSCluster\nspec:\n  networking:\n    ServiceLoadBalancerSubnetIDs: [a]\n  Region: x\n")
    assert remarks.problems == []
    found = [(finding.code, finding.evidence["where"]) for finding in remarks.lints["manifest"]]
    assert found == [("input.unknown-field", "anthos-gke.yaml:4"), ("input.unknown-field", "anthos-gke.yaml:5")]
    assert manifests.values == ()


@pytest.mark.parametrize(
    ("spec", "line"),
    [
        ("region: {a: b}", 3),
        ("region: [a, b]", 3),
        ("controlPlane: x", 3),
        ("controlPlane:\n    securityGroupIDs: sg-1", 4),
        ("controlPlane:\n    subnetIDs: {a: b}", 4),
    ],
)
def test_wrong_types(tmp_path: Path, spec: str, line: int) -> None:
    assert problems(tmp_path, f"kind: AWSCluster\nspec:\n  {spec}\n") == [("input.wrong-type", line)]


def test_a_partial_manifest_and_foreign_kinds_are_fine(tmp_path: Path) -> None:
    manifests, remarks = read(tmp_path, "kind: AWSNodePool\nspec:\n  version: 1.25.5-gke.2100\n---\nkind: Other\n---\n- a list\n")
    assert remarks == Remarks()
    assert [value.means for value in manifests.values] == ["version"]


def test_a_file_without_our_kinds_is_remarked(tmp_path: Path) -> None:
    _, remarks = read(tmp_path, "kind: Deployment\n")
    assert [finding.code for finding in remarks.lints["manifest"]] == ["input.value"]


def test_the_whole_file_may_be_indented(tmp_path: Path) -> None:
    manifests, remarks = read(tmp_path, " kind: AWSCluster\n spec:\n   region: us-west-1\n")
    assert remarks.problems == []
    assert [value.text for value in manifests.values] == ["us-west-1"]


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://accounts.google.com", "accounts.google.com"),
        ("https://a:443/x", "a"),
        ("https://a:8443", "a:8443"),
        ("https://[::1]/", "[::1]"),
        ("http://a", None),
        ("a", None),
        ("https://a:x", None),
    ],
)
def test_issuer_host(url: str, host: str | None) -> None:
    assert issuer_host(url) == host
