"""Kinds and fields that nearly are ours: what is said of them, and that it is said where they are why the inputs are refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from preflight.inputs.documents import quoted
from preflight.inputs.options import Options
from preflight.inputs.problem import InputError
from preflight.inputs.select import load
from tests.inputs.manifests.written import CLUSTER, MANAGEMENT, POOL, changed, lines, remarks

OURS = "apiVersion: multicloud.cluster.gke.io/v1\n"


@pytest.mark.parametrize(
    ("head", "said"),
    [
        (f"{OURS}kind: AWSClutser\n", "did you mean `AWSCluster`?"),
        (f"{OURS}kind: awscluster\n", "did you mean `AWSCluster`?"),
        (f"{OURS}kind: Gateway\n", "there are: AWSManagementService, AWSCluster, AWSNodePool"),
        ("kind: AWSClutser\n", "did you mean `AWSCluster`?"),
        (OURS, "there are: AWSManagementService"),
    ],
)
def test_a_kind_of_the_products_group_that_is_none_is_remarked_at_its_line(tmp_path: Path, head: str, said: str) -> None:
    found = remarks(tmp_path, f"{MANAGEMENT}---\n" + CLUSTER.replace("kind: AWSCluster\n", head))
    line = MANAGEMENT.count("\n") + 1 + max(1, head.count("\n"))
    assert lines(found) == [("input.unknown-kind", line)]
    assert said in found[0].hint


@pytest.mark.parametrize("head", ["apiVersion: v1\nkind: Secret\n", "apiVersion: example.com/v1\nkind: AWSClutser\n", "kind: ConfigMap\n", "a: 1\n"])
def test_documents_of_others_are_left_alone(tmp_path: Path, head: str) -> None:
    assert remarks(tmp_path, f"{MANAGEMENT}---\n{head}spec: {{regoin: x}}\n") == []


def test_a_kind_that_could_be_anything_is_not_repeated(tmp_path: Path) -> None:
    (found,) = remarks(tmp_path, f"{MANAGEMENT}---\n{OURS}kind: 'http://user:planted@h'\n")
    assert "planted" not in found.message + found.hint


def test_a_pool_whose_cluster_is_misspelt_is_told_so_and_a_lone_pool_is_not(tmp_path: Path) -> None:
    misspelt = CLUSTER.replace("kind: AWSCluster", f"{OURS}kind: AWSClutser")
    found = remarks(tmp_path, f"{MANAGEMENT}---\n{misspelt}---\n{POOL}")
    assert [finding.code for finding in found] == ["input.unknown-kind", "input.no-such-cluster"]
    assert remarks(tmp_path, f"{MANAGEMENT}---\n{POOL}") == []


def test_what_was_written_is_quoted(tmp_path: Path) -> None:
    (found,) = remarks(tmp_path, changed(("  networking:", "  securityGroupIds: []\n  networking:")))
    assert "`securityGroupIds` is written in another case than `securityGroupIDs`" in found.message
    (found,) = remarks(tmp_path, changed(("    subnetIDs:", "    securityGroups: []\n    subnetIDs:")))
    assert "`securityGroups`: no such field here" in found.message
    (found,) = remarks(tmp_path, changed(("10.2.0.0/16", "10.2.0.0/33")))
    assert "`10.2.0.0/33` is not a network" in found.message


def test_what_may_hold_credentials_is_not_quoted() -> None:
    assert quoted("10.0.0.0/33") == "`10.0.0.0/33`"
    assert [quoted(text) for text in ("http://user:planted@h", "a" * 65, "two\nlines", "\x1b[2J", "")] == [""] * 5


def refused(folder: Path, text: str) -> InputError:
    """How the inputs with that manifest and the packaged profile are refused."""
    (folder / "anthos-gke.yaml").write_text(text)
    (folder / "proxy.json").write_text('{"httpProxy": "http://10.9.0.254:3128"}')
    with pytest.raises(InputError) as caught:
        load(Options(no_aws=True), {}, folder)
    return caught.value


def test_a_misspelt_proxy_is_named_where_no_proxy_is_declared(tmp_path: Path) -> None:
    said = str(refused(tmp_path, changed(("  proxy:", "  Proxy:"), text=MANAGEMENT))).splitlines()
    assert said[0].startswith("anthos-gke.yaml:7: `Proxy` is written in another case than `proxy`; write `proxy`")
    assert any("no proxy is declared" in line for line in said[1:])


def test_a_misspelt_region_is_named_and_the_problem_points_at_the_manifest(tmp_path: Path) -> None:
    error = refused(tmp_path, changed(("  region:", "  regoin:"), text=MANAGEMENT))
    said = str(error).splitlines()
    assert said[0].startswith("anthos-gke.yaml:5: `regoin`: no such field here; did you mean `region`?")
    (problem,) = error.problems
    assert (problem.code, problem.where.file) == ("input.variable", "anthos-gke.yaml")
    assert "nothing here sets `region`" in said[1]


def test_lints_that_explain_no_problem_are_not_told_with_it(tmp_path: Path) -> None:
    text = changed(("  proxy: proxy.json", "  kmsKey: a"), ("version: aws-1.14.1-gke.0", "version: x"), text=MANAGEMENT)
    assert "version" not in str(refused(tmp_path, text)).splitlines()[0]


def test_what_aws_says_does_not_go_to_standard_output(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="--save-aws-facts: what AWS says goes into a file"):
        load(Options(save_aws_facts=Path("-"), region="us-west-1", direct=True), {}, tmp_path)
