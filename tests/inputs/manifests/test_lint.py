"""Each way in which manifests contradict themselves, and what is said of it; and what must not be remarked."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.inputs.manifests.written import CLUSTER, DEDICATED, EXISTING, MANAGEMENT, POOL, WHOLE, changed, lines, loaded, remarks

WIDE = changed((EXISTING, DEDICATED))
POOL_GROUPS = ("  securityGroupIDs: [sg-0aaaaaaaaaaaaaaa1]\n  proxySecretName", "  proxySecretName")
POOL_SECRET = ("sg-0aaaaaaaaaaaaaaa1]\n  proxySecretName: proxy-settings\n", "sg-0aaaaaaaaaaaaaaa1]\n")
PLANE_SECRET = ("    proxySecretName: proxy-settings\n", "")


def test_a_whole_and_sound_installation_has_nothing_to_remark(tmp_path: Path) -> None:
    assert remarks(tmp_path, WHOLE) == []
    assert remarks(tmp_path, WIDE) == []
    assert remarks(tmp_path, MANAGEMENT) == []
    assert remarks(tmp_path, MANAGEMENT.replace(EXISTING, "")) == []
    assert remarks(tmp_path, CLUSTER, proxy_file=tmp_path / "proxy.json") == []


@pytest.mark.parametrize(
    ("old", "new", "code", "line"),
    [
        ("version: aws-1.14.1-gke.0", "version: 1.14.1-gke.0", "input.version", 4),
        ("version: aws-1.14.1-gke.0", "version: aws-1.14.1", "input.version", 4),
        ("version: aws-1.14.1-gke.0", 'version: "1.14"', "input.version", 4),
        ("    version: 1.25.5-gke.2100", "    version: aws-1.25.5-gke.2100", "input.version", 20),
        ("    version: 1.25.5-gke.2100", "    version: v1.25.5-gke.2100", "input.version", 20),
        ("    version: 1.25.5-gke.2100", "    version: 1.25.5-gke.2099", "input.version", 30),
        (EXISTING, "  googleCloud: {projectID: a}\n", "input.vpc-choice", 4),
        (EXISTING, EXISTING + DEDICATED, "input.vpc-choice", 9),
        ("subnet-0aaaaaaaaaaaaaa01}", "sg-0aaaaaaaaaaaaaa01}", "input.malformed-id", 9),
        ("vpc-0aaaaaaaaaaaaaaa1", "VPC-0aaaaaaaaaaaaaaa1", "input.malformed-id", 16),
        ("vpc-0aaaaaaaaaaaaaaa1", "vpc-0aaaaaaaaaaaaaa1", "input.malformed-id", 16),
        ("sg-0aaaaaaaaaaaaaaa2", "subnet-0aaaaaaaaaaaaaaa2", "input.malformed-id", 21),
        ("sg-0aaaaaaaaaaaaaaa2", "sg-0aaaaaaaaaaa aaaa2", "input.malformed-id", 21),
        ("sg-0aaaaaaaaaaaaaaa2", "sg-0AAAAAAAAAAAAAAA2", "input.malformed-id", 21),
        ("sg-0aaaaaaaaaaaaaaa2", "proxy-group", "input.malformed-id", 21),
        ("arn:aws:kms:us-west-1", "arn:aws:kms:us-east-1", "input.other-region", 6),
        ("arn:aws:kms:us-west-1:123456789012:key/", "", "input.malformed-id", 6),
        ("arn:aws:kms", "arn:aws:iam", "input.malformed-id", 6),
        ("clusterName: cluster-0", "clusterName: cluster-1", "input.no-such-cluster", 28),
        ("10.2.0.0/16", "10.2.0.0", "input.cidr", 17),
        ("10.2.0.0/16", "10.2.0.0/255.255.0.0", "input.cidr", 17),
        ("10.2.0.0/16", "10.1.128.0/17", "input.cidr-overlap", 17),
        ("10.2.0.0/16", "10.0.0.0/13", "input.cidr-overlap", 18),
    ],
)
def test_one_wrong_value_is_one_remark_at_its_line(tmp_path: Path, old: str, new: str, code: str, line: int) -> None:
    found = remarks(tmp_path, changed((old, new)))
    assert lines(found) == [(code, line)]
    assert found[0].hint


def test_a_proxy_needs_kubernetes_1_17_and_no_proxy_does_not(tmp_path: Path) -> None:
    old = WHOLE.replace("1.25.5-gke.2100", "1.16.15-gke.500")
    assert lines(remarks(tmp_path, old)) == [("input.version", 20), ("input.version", 30)]
    assert [code for code, _ in lines(remarks(tmp_path, old, direct=True))] == ["input.other-proxy"]
    assert remarks(tmp_path, old.replace("1.16.15-gke.500", "1.17.9-gke.2800")) == []


def test_ids_of_both_lengths_are_fine(tmp_path: Path) -> None:
    assert remarks(tmp_path, WHOLE.replace("sg-0aaaaaaaaaaaaaaa1", "sg-12345678")) == []


@pytest.mark.parametrize(
    ("place", "field", "code", "hint"),
    [
        ("  networking:", "  proxySecretName: proxy-settings\n", "input.misplaced", "`spec.controlPlane.proxySecretName`"),
        ("  networking:", "  securityGroupIDs: [sg-0aaaaaaaaaaaaaaa1]\n", "input.misplaced", "`spec.controlPlane.securityGroupIDs`"),
        ("  networking:", "  proxy: proxy.json\n", "input.misplaced", "here the field is `spec.controlPlane.proxySecretName`"),
        ("  networking:", "  vpcID: vpc-0aaaaaaaaaaaaaaa1\n", "input.misplaced", "`spec.networking.vpcID`"),
        ("  clusterName:", "  controlPlane: {proxySecretName: proxy-settings}\n", "input.misplaced", "move it to `spec.proxySecretName`"),
        ("  clusterName:", "  subnetIDs: [subnet-0aaaaaaaaaaaaaa02]\n", "input.misplaced", "here the field is `spec.subnetID`"),
        ("  existingVPC:", "  proxySecretName: proxy-settings\n", "input.misplaced", "here the field is `spec.proxy`"),
        ("  existingVPC:", "  vpcID: vpc-0aaaaaaaaaaaaaaa1\n", "input.misplaced", "`spec.networking.vpcID` of AWSCluster"),
        ("  networking:", "  securityGroupIds: []\n", "input.unknown-field", "`securityGroupIDs`"),
        ("    subnetIDs:", "    securityGroups: []\n", "input.unknown-field", "did you mean `securityGroupIDs`"),
        ("    subnetIDs:", "    cloudOperation: {}\n", "input.unknown-field", "did you mean `cloudOperations`"),
        ("  clusterName:", "  subnet: x\n", "input.unknown-field", "did you mean `subnetID`"),
        ("  clusterName:", "  taints: [{key: a, value: b, efect: NoSchedule}]\n", "input.unknown-field", "did you mean `effect`"),
        ("spec:\n  version:", "sepc: {region: us-west-1}\n", "input.unknown-field", "did you mean `spec`"),
        ("  clusterName:", "  spotPrice: 1\n", "", ""),
        ("  clusterName:", "  autoscaling: {subnet: 1, clusterNames: [a], proxy: x}\n", "", ""),
        ("  clusterName:", "  tags: {subnet: a, proxySecretName: b, RegioN: c}\n", "", ""),
        ("  clusterName:", "  labels: {versions: a}\n", "", ""),
        ("spec:\n  version:", "status: {regions: a, SPEC: b}\n", "", ""),
        ("  existingVPC:", "  dataVolume: {sizeGiB: 10, volumeType: gp3}\n", "", ""),
        ("  existingVPC:", "  bastionHost: {allowedSSHCIDRBlocks: [10.0.0.0/8]}\n", "", ""),
    ],
)
def test_names_that_are_not_read_where_they_stand(tmp_path: Path, place: str, field: str, code: str, hint: str) -> None:
    text = changed((place, field + place))
    line = text[: text.index(field + place)].count("\n") + 1
    found = remarks(tmp_path, text)
    assert lines(found) == ([(code, line)] if code else [])
    assert all(hint in finding.hint for finding in found)


def test_the_old_place_of_the_bastions_addresses_is_known(tmp_path: Path) -> None:
    assert remarks(tmp_path, changed(("    vpcCIDRBlock", "    bastionAllowedSSHCIDRBlocks: [0.0.0.0/0]\n    vpcCIDRBlock"), text=WIDE)) == []


def test_a_role_without_the_group_of_the_others_is_named(tmp_path: Path) -> None:
    (found,) = remarks(tmp_path, changed(POOL_GROUPS))
    assert lines([found]) == [("input.group-not-shared", 25)]
    assert "sg-0aaaaaaaaaaaaaaa1" in found.message
    assert "AWSNodePool `pool-0` (anthos-gke.yaml:25)" in found.message
    assert "`spec.securityGroupIDs` of AWSNodePool" in found.hint
    assert "80 and 443 only, and the proxy listens on 3128" in found.hint


def test_the_proxys_group_in_two_roles_only_is_not_enough(tmp_path: Path) -> None:
    (found,) = remarks(tmp_path, changed((", sg-0aaaaaaaaaaaaaaa1]", "]")))
    assert lines([found]) == [("input.group-not-shared", 11)]
    assert "AWSCluster `cluster-0`" in found.message


def test_three_roles_with_three_groups_have_none_in_common(tmp_path: Path) -> None:
    text = changed((", sg-0aaaaaaaaaaaaaaa1]", "]"), ("[sg-0aaaaaaaaaaaaaaa1]\n  proxySecretName", "[sg-0aaaaaaaaaaaaaaa3]\n  proxySecretName"))
    (found,) = remarks(tmp_path, text)
    assert found.code == "input.group-not-shared"
    assert all(name in found.message for name in ("no security group is common", "`management`", "`cluster-0`", "`pool-0`"))


def test_one_cluster_cannot_borrow_the_group_of_another(tmp_path: Path) -> None:
    bare = changed(("cluster-0", "cluster-1"), (", sg-0aaaaaaaaaaaaaaa1]", "]"), text=CLUSTER)
    (found,) = remarks(tmp_path, f"{WHOLE}---\n{bare}")
    assert found.code == "input.group-not-shared"
    assert "`cluster-1`" in found.message
    assert "`cluster-0`" not in found.message


@pytest.mark.parametrize(("proxy", "codes"), [("10.9.0.254:3128", ["input.group-not-shared"]), ("10.9.0.254:80", []), ("10.9.0.254:443", [])])
def test_without_any_group_a_proxy_on_another_port_than_80_and_443_cannot_be_reached(tmp_path: Path, proxy: str, codes: list[str]) -> None:
    text = "".join(line for line in WHOLE.splitlines(keepends=True) if "securityGroupIDs" not in line)
    found = remarks(tmp_path, text, proxy)
    assert [finding.code for finding in found] == codes
    assert all("3128" in finding.message for finding in found)


def test_clusters_and_pools_without_the_secret_are_named(tmp_path: Path) -> None:
    assert lines(remarks(tmp_path, changed(PLANE_SECRET))) == [("input.secret-name", 11)]
    assert lines(remarks(tmp_path, changed(POOL_SECRET))) == [("input.secret-name", 25)]
    (found,) = remarks(tmp_path, changed(PLANE_SECRET, POOL_SECRET))
    assert "`cluster-0` (anthos-gke.yaml:11)" in found.message
    assert "`pool-0`" in found.message
    assert "`spec.controlPlane.proxySecretName` of AWSCluster and `spec.proxySecretName` of AWSNodePool" in found.hint


def test_no_secret_anywhere_is_nothing_to_remark_where_no_manifest_has_a_proxy(tmp_path: Path) -> None:
    text = changed(PLANE_SECRET, POOL_SECRET, ("  proxy: proxy.json\n", ""))
    assert remarks(tmp_path, text, proxy_file=tmp_path / "proxy.json") == []


def test_the_secret_of_a_pool_is_that_of_its_own_cluster(tmp_path: Path) -> None:
    text = changed(("sg-0aaaaaaaaaaaaaaa1]\n  proxySecretName: proxy-settings", "sg-0aaaaaaaaaaaaaaa1]\n  proxySecretName: other"))
    assert lines(remarks(tmp_path, text)) == [("input.secret-name", 33)]
    other = changed(("cluster-0", "cluster-1"), ("proxy-settings", "other"), text=CLUSTER)
    pool = changed(("cluster-0", "cluster-1"), ("proxy-settings", "other"), text=POOL)
    (found,) = remarks(tmp_path, f"{WHOLE}---\n{other}---\n{pool}")
    assert "2 different secrets" in found.message


def test_a_placeholder_for_the_secret_is_remarked_as_such_only(tmp_path: Path) -> None:
    for placeholder in ("PROXY_SECRET_NAME", "[PROXY_SECRET_NAME]"):
        found = remarks(tmp_path, WHOLE.replace("proxySecretName: proxy-settings", f"proxySecretName: {placeholder}"))
        assert lines(found) == [("input.placeholder", 23), ("input.placeholder", 33)]


def test_a_pool_is_not_held_against_clusters_that_were_not_given(tmp_path: Path) -> None:
    assert remarks(tmp_path, f"{MANAGEMENT}---\n{POOL}") == []


@pytest.mark.parametrize(
    ("status", "manifest", "proxy", "named"),
    [(300, 200, 100, ""), (200, 200, 200, ""), (200, 300, 100, "anthos-gke.yaml"), (200, 100, 300, "`spec.proxy`"), (None, 300, 300, "")],
)
def test_a_status_file_older_than_what_it_was_made_from(tmp_path: Path, status: int | None, manifest: int, proxy: int, named: str) -> None:
    loaded(tmp_path, WHOLE)
    elsewhere = tmp_path / "copy"
    elsewhere.mkdir()
    loaded(elsewhere, WHOLE)
    if status:
        (elsewhere / "anthos-gke.status.yaml").write_text("")
        os.utime(elsewhere / "anthos-gke.status.yaml", (status, status))
    os.utime(elsewhere / "anthos-gke.yaml", (manifest, manifest))
    os.utime(elsewhere / "proxy.json", (proxy, proxy))
    found = loaded(tmp_path, WHOLE, manifests=(elsewhere / "anthos-gke.yaml",)).declared.lints.get("manifest", ())
    assert [finding.code for finding in found] == (["input.stale-status"] if named else [])
    assert all(named in finding.message and "anthos-gke aws management init" in finding.hint for finding in found)


def test_a_flag_that_makes_the_run_check_another_proxy_is_remarked(tmp_path: Path) -> None:
    other = tmp_path / "other.json"
    other.write_text('{"httpProxy": "http://10.9.0.1:3128"}')
    (found,) = remarks(tmp_path, WHOLE, proxy_file=other)
    assert lines([found]) == [("input.other-proxy", 7)]
    assert "--proxy-file" in found.message
    assert [finding.code for finding in remarks(tmp_path, WHOLE, direct=True)] == ["input.other-proxy"]
    assert remarks(tmp_path, WHOLE, proxy_file=tmp_path / "proxy.json") == []
    (tmp_path / "link.json").symlink_to("proxy.json")
    assert remarks(tmp_path, WHOLE, proxy_file=tmp_path / "link.json") == []


def test_a_url_in_place_of_the_proxy_files_path_is_not_repeated(tmp_path: Path) -> None:
    text = changed(("proxy: proxy.json", "proxy: 'http://user:hunter22@h:1'"))
    (tmp_path / "proxy.json").write_text("{}")
    found = remarks(tmp_path, text, proxy_file=tmp_path / "proxy.json")
    assert [finding.code for finding in found] == ["input.other-proxy"]
    assert "hunter22" not in str(found)
