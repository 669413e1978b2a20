"""The page that the default profile starts from: its files exactly as they are printed, and then filled in."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from preflight.inputs.options import Options
from preflight.inputs.problem import InputError
from preflight.inputs.select import load

PAGE = Path(__file__).parent / "page"


def test_as_printed_each_placeholder_is_named_and_nothing_else_is_wrong_but_the_region(tmp_path: Path) -> None:
    for name in ("anthos-gke.yaml", "proxy.json"):
        shutil.copy(PAGE / name, tmp_path / name)
    with pytest.raises(InputError) as caught:
        load(Options(), {}, tmp_path)
    said = str(caught.value).splitlines()
    places = [line.partition(": ")[0] for line in said]
    assert places[:4] == ["anthos-gke.yaml:6:3", "anthos-gke.yaml:7:10", "anthos-gke.yaml:9:5", "anthos-gke.yaml:10:3"]
    assert places[4:] == ["proxy.json:2:16", "proxy.json:3:17", "proxy.json:4:14"]
    region = said[0]
    assert "nothing here sets `region`" in region
    assert "--region" in region
    assert "spec.region" in region


def test_indented_as_printed_the_manifest_reads_the_same(tmp_path: Path) -> None:
    text = (PAGE / "anthos-gke.yaml").read_text()
    (tmp_path / "anthos-gke.yaml").write_text("".join(f"    {line}\n" for line in text.splitlines()))
    with pytest.raises(InputError) as caught:
        load(Options(region="us-west-1"), {}, tmp_path)
    assert [(problem.code, problem.where.line) for problem in caught.value.problems] == [("input.placeholder", line) for line in (7, 9, 10)]


def test_filled_in_the_default_profile_is_planned(tmp_path: Path) -> None:
    shutil.copy(PAGE / "example.json", tmp_path / "proxy.json")
    text = (PAGE / "anthos-gke.yaml").read_text().replace("PROXY_JSON_FILE", "proxy.json").replace("SECURITY_GROUP_ID", "sg-12345678")
    (tmp_path / "anthos-gke.yaml").write_text(text.replace("  ...", "  region: us-west-1"))
    found = load(Options(), {}, tmp_path)
    names = {check.name for check in found.plan.checks}
    assert {"proxy-config", "gkeconnect.googleapis.com", "gcr.io", "us-west-1.ec2.archive.ubuntu.com"} <= names
    assert found.declared.region == "us-west-1"
    assert "password" not in repr(found.declared.inputs)
