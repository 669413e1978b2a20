from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from preflight.inputs.options import Options
from preflight.inputs.problem import InputError
from preflight.inputs.select import Loaded, load
from preflight.model import Target, Via
from preflight.untrusted import Secret
from tests.inputs.manifests.written import MANAGEMENT

from .kinds import KINDS
from .planted import PASSWORD, leaks

PROFILE = """\
profile: test
variables: {region: eu-west-1, flavour: plain}
limits: {deadline: 30s, concurrency: 4}
groups:
  mesh: {enabled: false}
  logs: {feature: cloud-operations}
checks:
- {kind: ping, name: one, target: "${region}"}
- {kind: ping, name: "${region}.two", target: "${flavour}", requires: [one, cloud]}
- {kind: ping, name: mesh/a, group: mesh, target: "${never_set}"}
- {kind: ping, name: logs/a, group: logs, target: x}
- {kind: aws, name: cloud}
"""
MANIFEST = """\
kind: AWSManagementService
spec: {region: us-west-1, proxy: proxy.json}
---
kind: AWSCluster
spec: {controlPlane: {cloudOperations: {enableLogging: true}}}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "checks.yaml").write_text(PROFILE)
    proxy = tmp_path / "proxy.json"
    proxy.write_text('{"httpProxy": "http://user:old@10.0.0.254:3128", "noProxy": "169.254.169.254"}')
    proxy.chmod(0o600)
    return tmp_path


def loaded(folder: Path, environ: dict[str, str] | None = None, **options: Any) -> Loaded:
    return load(Options(**options), environ if environ is not None else {}, folder, KINDS)


def refused(folder: Path, environ: dict[str, str] | None = None, **options: Any) -> list[str]:
    with pytest.raises(InputError) as caught:
        loaded(folder, environ, **options)
    return [f"{problem.code} {problem}" for problem in caught.value.problems]


def names(found: Loaded) -> list[str]:
    return [check.name for check in found.plan.checks]


def inputs(found: Loaded) -> dict[str, tuple[object, str]]:
    return {each.name: (each.value, each.source.rpartition("/")[2]) for each in found.declared.inputs}


def test_a_proxy_file_and_nothing_else(folder: Path) -> None:
    found = loaded(folder, proxy_file=folder / "proxy.json")
    assert set(names(found)) == {"one", "cloud", "eu-west-1.two"}
    assert isinstance(found.declared.route(Target.parse("gcr.io")), Via)
    assert found.plan.profile == "test"
    assert (found.plan.limits.deadline, found.plan.limits.concurrency) == (30.0, 4)
    assert [finding.code for finding in found.declared.lints["proxy-config"]] == ["input.cleartext-credentials"]
    shown = inputs(found)
    assert shown["httpProxy"] == ("http://10.0.0.254:3128", "proxy.json:1")
    assert shown["httpsProxy"] == ("http://10.0.0.254:3128", "httpProxy, because httpsProxy is absent")
    assert shown["credentials"] == ("set (not shown)", "proxy.json")
    assert shown["region"] == ("eu-west-1", "checks.yaml:2")
    assert shown["deadline"] == ("30s", "checks.yaml:3")


def test_manifests_bring_the_proxy_and_switch_groups_on(folder: Path) -> None:
    (folder / "anthos-gke.yaml").write_text(MANIFEST)
    found = loaded(folder)
    assert "logs/a" in names(found)
    assert found.declared.features == {"cloud-operations"}
    assert inputs(found)["httpProxy"][1] == "proxy.json:1"
    assert inputs(found)["group logs"] == (True, "anthos-gke.yaml:5")


def test_precedence_is_flags_then_own_profile_then_manifests_then_the_packaged_profile(folder: Path) -> None:
    (folder / "anthos-gke.yaml").write_text(MANIFEST)
    assert loaded(folder).declared.region == "eu-west-1"
    assert loaded(folder, region="ap-south-1").declared.region == "ap-south-1"
    (folder / "checks.yaml").write_text(PROFILE.replace("region: eu-west-1, ", ""))
    found = loaded(folder)
    assert (found.declared.region, inputs(found)["region"][1]) == ("us-west-1", "anthos-gke.yaml:2")
    assert inputs(loaded(folder, set=("flavour=hot",)))["variable flavour"] == ("hot", "--set flavour")


def test_the_credentials_may_come_from_the_environment(folder: Path) -> None:
    environ = {"PREFLIGHT_PROXY_PASSWORD": PASSWORD, "HTTPS_PROXY": "http://localhost:8118"}
    found = loaded(folder, environ, proxy_file=folder / "proxy.json")
    assert environ == {}
    assert found.declared.proxies.http is not None
    assert found.declared.proxies.http.password == Secret(PASSWORD)
    assert leaks(found.secrets.clean(f"it said {PASSWORD}", 1000)) == []
    assert leaks(repr(found)) == []
    assert inputs(found)["credentials"][1] == "PREFLIGHT_PROXY_PASSWORD"
    assert [finding.code for finding in found.remarks] == ["input.environment"]


def test_credentials_that_nobody_uses_are_remarked(folder: Path) -> None:
    (folder / "proxy.json").write_text('{"httpProxy": "http://h:1"}')
    found = loaded(folder, {"PREFLIGHT_PROXY_PASSWORD": "x"}, proxy_file=folder / "proxy.json")
    assert [finding.code for finding in found.declared.lints["proxy-config"]] == ["input.environment"]


def test_proxies_from_the_environment_only_if_asked_for(folder: Path) -> None:
    environ = {"HTTP_PROXY": "http://a:1", "HTTPS_PROXY": "http://b:1"}
    found = loaded(folder, dict(environ), proxy_from_env=True)
    assert found.declared.proxies.https is not None
    assert found.declared.proxies.https.url == "http://b:1"
    assert found.remarks == ()
    assert any("input.no-proxy-source" in line for line in refused(folder, dict(environ)))
    assert any("input.no-proxy-source" in line for line in refused(folder, {}, proxy_from_env=True))
    assert any("HTTP_PROXY is not set" in line for line in refused(folder, {"HTTPS_PROXY": "http://b:1"}, proxy_from_env=True))


def test_direct_is_direct_only_if_said(folder: Path) -> None:
    assert not loaded(folder, direct=True).declared.proxies.any
    assert inputs(loaded(folder, direct=True))["proxy"] == ("none", "--direct")
    (line,) = refused(folder)
    assert line.startswith("input.no-proxy-source")
    assert "--direct" in line


@pytest.mark.parametrize(
    ("options", "chosen"),
    [
        ({"only": ("one",)}, {"one"}),
        ({"only": ("*.two", "cloud")}, {"eu-west-1.two", "cloud"}),
        ({"skip": ("*.two",)}, {"one", "cloud"}),
        ({"skip": ("mesh/*",)}, {"one", "cloud", "eu-west-1.two"}),
        ({"no_aws": True}, {"one", "eu-west-1.two"}),
        ({"enable": ("mesh",), "set": ("never_set=x",)}, {"one", "cloud", "eu-west-1.two", "mesh/a"}),
        ({"disable": ("core",), "enable": ("logs",)}, {"logs/a"}),
    ],
)
def test_selection(folder: Path, options: dict[str, Any], chosen: set[str]) -> None:
    assert set(names(loaded(folder, direct=True, **options))) == chosen


def test_a_check_that_was_not_selected_blocks_nothing(folder: Path) -> None:
    assert loaded(folder, direct=True, only=("*.two",)).plan.blockers == {"eu-west-1.two": ()}


@pytest.mark.parametrize(
    ("options", "code", "says"),
    [
        ({"only": ("onne",)}, "input.value", "did you mean `one`?"),
        ({"skip": ("nothing*",)}, "input.value", "--skip"),
        ({"only": ("mesh/*",)}, "input.nothing-selected", "--enable mesh"),
        ({"skip": ("*",)}, "input.nothing-selected", "--skip"),
        ({"only": ("cloud",), "no_aws": True}, "input.nothing-selected", "--no-aws"),
        ({"enable": ("mash",)}, "input.value", "did you mean `mesh`?"),
        ({"enable": ("mesh",), "disable": ("mesh",), "set": ("never_set=x",)}, "input.conflict", "both"),
        ({"enable": ("mesh",)}, "input.variable", "--set never_set=VALUE"),
        ({"set": ("novalue",)}, "input.value", "NAME=VALUE"),
        ({"set": ("region=us-west-1",), "region": "us-west-2"}, "input.conflict", "--region"),
        ({"region": "mars"}, "input.value", "us-west-1"),
        ({"timeout": "10"}, "input.value", "--timeout"),
        ({"timeout": "0s"}, "input.value", "--timeout"),
        ({"deadline": "soon"}, "input.value", "--deadline"),
        ({"concurrency": 0}, "input.value", "1 to 1000"),
        ({"config": Path("missing.yaml")}, "input.not-a-file", "missing.yaml"),
        ({"manifests": (Path("missing.yaml"),)}, "input.not-a-file", "missing.yaml"),
        ({"ca_file": Path("checks.yaml")}, "input.value", "PEM"),
        ({"ca_file": Path("/dev/zero")}, "input.not-a-file", "character device"),
        ({"proxy_from_env": True}, "input.conflict", "--proxy-from-env and --direct"),
        ({"proxy_file": Path("proxy.json")}, "input.conflict", "--proxy-file and --direct"),
    ],
)
def test_what_is_refused(folder: Path, options: dict[str, Any], code: str, says: str) -> None:
    found = refused(folder, direct=True, **options)
    assert len(found) == 1
    assert found[0].startswith(code)
    assert says in found[0]


def test_flags_set_limits_and_timeouts(folder: Path) -> None:
    found = loaded(folder, direct=True, timeout="3s", deadline="2m", concurrency=1, strict=True, vantage="bastion")
    assert {check.timeout for check in found.plan.checks} == {"3s"}
    assert (found.plan.limits.deadline, found.plan.limits.concurrency, found.plan.strict) == (120.0, 1, True)
    assert found.plan.vantage.endswith(" (bastion)")
    assert inputs(found)["deadline"] == ("120s", "--deadline")


def test_checks_that_wait_for_each_other_are_refused(folder: Path) -> None:
    (folder / "checks.yaml").write_text("checks: [{kind: aws, name: a, requires: [b]}, {kind: aws, name: b, requires: [a]}]")
    (line,) = refused(folder, direct=True)
    assert "wait for each other" in line


def test_problems_of_every_source_are_told_together(folder: Path) -> None:
    (folder / "anthos-gke.yaml").write_text("kind: AWSCluster\nspec: {region: AWS_REGION}\n")
    (folder / "proxy.json").write_text('{"httpProxy": "http://h:x"}')
    (folder / "checks.yaml").write_text(PROFILE + "- {kind: pong, name: x}\n")
    found = refused(folder, proxy_file=folder / "proxy.json", deadline="x")
    assert sorted(line.split()[0] for line in found) == ["input.placeholder", "input.proxy-url", "input.value", "input.value"]


def test_a_placeholder_region_is_one_problem_and_not_one_for_each_use(folder: Path) -> None:
    (folder / "checks.yaml").write_text(PROFILE.replace("region: eu-west-1, ", ""))
    (folder / "anthos-gke.yaml").write_text("kind: AWSCluster\nspec: {region: AWS_REGION}\n")
    (line,) = refused(folder, direct=True)
    assert line.startswith("input.placeholder")


def test_nothing_but_the_flag_is_needed_where_a_manifest_holds_placeholders(folder: Path) -> None:
    (folder / "anthos-gke.yaml").write_text(MANAGEMENT.replace("us-west-1", "AWS_REGION", 1).replace("proxy.json", "PROXY_JSON_FILE"))
    found = loaded(folder, region="us-west-1", proxy_file=folder / "proxy.json")
    assert [finding.code for finding in found.declared.lints["manifest"]] == ["input.placeholder"] * 2


def test_hostile_credentials_appear_in_no_refusal(folder: Path) -> None:
    (folder / "proxy.json").write_text(json.dumps({"httpProxy": f"http://user:{PASSWORD}@h:1"}))
    (folder / "anthos-gke.yaml").write_text(f"kind: AWSManagementService\nspec:\n  proxy: 'http://user:{PASSWORD}@h:1'\n")
    for options in ({"proxy_file": folder / "proxy.json"}, {}, {"proxy_from_env": True}):
        assert leaks("\n".join(refused(folder, {"HTTP_PROXY": f"http://user:{PASSWORD}@h:1"}, **options))) == []


def test_who_stands_in_for_aws_is_among_the_inputs(folder: Path) -> None:
    """A variable left over from somebody's experiments must not pass for AWS unseen; nor may what stands in its URL."""
    (folder / "anthos-gke.yaml").write_text(MANIFEST)
    environ = {"AWS_ENDPOINT_URL": "http://127.0.0.1:4566/x", "AWS_ENDPOINT_URL_EC2": f"http://user:{PASSWORD}@127.0.0.1:4566/x", "AWS_ENDPOINT_URL_STS": ""}
    shown = {each.name: each.value for each in loaded(folder, environ).declared.inputs}
    assert shown["AWS_ENDPOINT_URL"] == "127.0.0.1:4566 answers in AWS's place"
    assert shown["AWS_ENDPOINT_URL_EC2"] == "somebody answers in AWS's place"
    assert "AWS_ENDPOINT_URL_STS" not in shown
    assert "AWS_ENDPOINT_URL" not in {each.name for each in loaded(folder, environ, no_aws=True).declared.inputs}
