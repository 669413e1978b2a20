from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from preflight.inputs.environment import Ambient
from preflight.inputs.manifests import read_manifests
from preflight.inputs.options import Options
from preflight.inputs.problem import Problem, Remarks
from preflight.inputs.proxies import declared_proxies
from preflight.inputs.proxy_file import ProxySettings

PAGE = Path(__file__).parent / "page"
GOOD = '{"httpProxy": "http://10.0.0.254:3128"}'


def read(folder: Path, proxy: str, *, allow_outside: bool = False) -> tuple[ProxySettings | None, list[Problem]]:
    folder.mkdir(exist_ok=True)
    manifest = folder / "anthos-gke.yaml"
    manifest.write_text(f"kind: AWSManagementService\nspec:\n  proxy: {proxy}\n")
    remarks = Remarks()
    manifests = read_manifests([(manifest, "m/anthos-gke.yaml")], remarks)
    return declared_proxies(Options(allow_outside=allow_outside), manifests, Ambient(), None, remarks), remarks.problems


def test_the_files_exactly_as_the_page_prints_them(tmp_path: Path) -> None:
    for name in ("anthos-gke.yaml", "proxy.json"):
        shutil.copy(PAGE / name, tmp_path / name)
    remarks = Remarks()
    manifests = read_manifests([(tmp_path / "anthos-gke.yaml", "anthos-gke.yaml")], remarks)
    assert declared_proxies(Options(), manifests, Ambient(), None, remarks) is None
    found = {(problem.code, problem.where.source) for problem in remarks.problems}
    places = [*(f"anthos-gke.yaml:{line}" for line in (7, 9, 10)), *(f"proxy.json:{line}" for line in (2, 3, 4))]
    assert found == {("input.placeholder", place) for place in places}
    said = "\n".join(map(str, remarks.problems))
    for name in ("PROXY_JSON_FILE", "SECURITY_GROUP_ID", "...", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"):
        assert f"`{name}`" in said


def test_a_path_is_relative_to_its_manifest(tmp_path: Path) -> None:
    folder = tmp_path / "m"
    (folder / "conf").mkdir(parents=True)
    (folder / "conf" / "p.json").write_text(GOOD)
    settings, problems = read(folder, "conf/p.json")
    assert problems == []
    assert settings is not None
    assert settings.label == "m/conf/p.json"


@pytest.mark.parametrize("proxy", ["missing.json", "PROXY_JSON_FILE", "[PROXY_JSON_FILE]", "$PROXY"])
def test_a_proxy_json_beside_the_manifest_is_offered(tmp_path: Path, proxy: str) -> None:
    (tmp_path / "proxy.json").write_text(GOOD)
    settings, (problem,) = read(tmp_path, proxy)
    assert settings is None
    assert "`proxy: proxy.json`" in problem.hint


def test_a_missing_file_is_named_as_it_was_tried(tmp_path: Path) -> None:
    _, (problem,) = read(tmp_path, "x/../missing.json")
    assert (problem.code, str(problem.where)) == ("input.not-a-file", "m/anthos-gke.yaml:3:10")
    assert "m/missing.json" in problem.message


@pytest.mark.parametrize("proxy", ["/etc/shadow", "../p.json", "link.json", "conf/p.json"])
def test_what_leads_out_of_the_manifests_directory_is_refused(tmp_path: Path, proxy: str) -> None:
    folder = tmp_path / "m"
    folder.mkdir()
    (tmp_path / "p.json").write_text(GOOD)
    (folder / "link.json").symlink_to(tmp_path / "p.json")
    (folder / "conf").symlink_to(tmp_path)
    settings, (problem,) = read(folder, proxy)
    assert settings is None
    assert problem.code == "input.outside"
    if proxy != "/etc/shadow":
        assert read(folder, proxy, allow_outside=True)[1] == []


def test_links_in_a_circle_and_fifos_are_refused(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    os.mkfifo(tmp_path / "fifo")
    for proxy in ("loop", "fifo", '"a\\0b"', "."):
        _, (problem,) = read(tmp_path, proxy)
        assert problem.code == "input.not-a-file"


@pytest.mark.parametrize("proxy", ["http://user:hunter22@h:1", "user:hunter22@h:1", "{httpProxy: hunter22}", "'http://u:hunter22@$HOST'"])
def test_a_url_in_place_of_the_path_is_not_repeated(tmp_path: Path, proxy: str) -> None:
    _, (problem,) = read(tmp_path, proxy)
    assert problem.code in {"input.value", "input.wrong-type"}
    assert "hunter22" not in str(problem)


def test_two_manifests_that_name_two_files_are_in_conflict(tmp_path: Path) -> None:
    _, (problem,) = read(tmp_path, "a.json\n---\nkind: AWSManagementService\nspec: {proxy: b.json}")
    assert problem.code == "input.conflict"
