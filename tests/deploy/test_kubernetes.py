"""The manifests: Kubernetes' own schemas accept them, they fit together, and they are confined."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kubernetes_validate  # type: ignore[import-untyped]
import pytest
import yaml

from preflight import __version__, cli
from preflight.inputs.options import Options
from preflight.inputs.select import load

from .commands import parsed

FILES = ("deployment.yaml", "cronjob.yaml")
VERSIONS = ("1.31", "1.34", kubernetes_validate.latest_version())
NAME_LIMIT = 52
OPERATOR_FIELDS = {"port", "path", "interval", "scrapeTimeout"}


def documents(file: Path) -> list[dict[str, Any]]:
    return [document for document in yaml.safe_load_all(file.read_text()) if document]


def named(file: Path, kind: str) -> dict[str, Any]:
    [found] = [document for document in documents(file) if document["kind"] == kind]
    return found


@pytest.fixture
def here(deploy: Path) -> Path:
    return deploy / "kubernetes"


@pytest.fixture
def probe(here: Path) -> dict[str, Any]:
    """The Deployment."""
    return named(here / "deployment.yaml", "Deployment")


@pytest.fixture
def cronjob(here: Path) -> dict[str, Any]:
    return named(here / "cronjob.yaml", "CronJob")


def pods(here: Path) -> Iterator[dict[str, Any]]:
    """The specification of every pod."""
    yield named(here / "deployment.yaml", "Deployment")["spec"]["template"]["spec"]
    yield named(here / "cronjob.yaml", "CronJob")["spec"]["jobTemplate"]["spec"]["template"]["spec"]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", FILES)
def test_kubernetes_schemas_accept_every_document(here: Path, name: str, version: str) -> None:
    for document in documents(here / name):
        kubernetes_validate.validate(document, version, strict=True)


def test_kubernetes_schemas_refuse_a_typo(probe: dict[str, Any]) -> None:
    probe["spec"]["template"]["spec"]["containers"][0]["livenessprobe"] = {}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(probe, VERSIONS[-1], strict=True)


def test_the_probes_command_exists_with_its_flags(probe: dict[str, Any]) -> None:
    assert parsed(probe["spec"]["template"]["spec"]["containers"][0]["args"])


def test_the_jobs_command_exists_with_its_flags(cronjob: dict[str, Any]) -> None:
    assert parsed(cronjob["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"][0]["args"])


def test_every_pod_is_confined(here: Path) -> None:
    for pod in pods(here):
        [container] = pod["containers"]
        assert pod["automountServiceAccountToken"] is False
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["runAsUser"] > 0
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert container["securityContext"] == {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}}
        assert container["resources"]["limits"]["memory"]
        assert container["image"].endswith(f":{__version__}")
        assert not {"hostNetwork", "hostPID", "hostIPC"} & set(pod)


def test_every_mount_has_its_volume_and_can_be_updated(here: Path) -> None:
    for pod in pods(here):
        [container] = pod["containers"]
        assert {mount["name"] for mount in container["volumeMounts"]} == {volume["name"] for volume in pod["volumes"]}
        assert not any("subPath" in mount for mount in container["volumeMounts"])
        variables = {each["name"]: each for each in container["env"]}
        mounts = [mount["mountPath"] for mount in container["volumeMounts"]]
        assert any(variables["PREFLIGHT_PROXY_PASSWORD_FILE"]["value"].startswith(f"{mount}/") for mount in mounts)
        for argument in container["args"]:
            for name in (part.partition(")")[0] for part in argument.split("$(")[1:]):
                assert name in variables


def test_what_the_pods_name_is_made_by_the_file(here: Path) -> None:
    made = {(document["kind"], document["metadata"]["name"]) for document in documents(here / "deployment.yaml")}
    for pod in pods(here):
        for volume in pod["volumes"]:
            kind, name = next(
                (
                    (kind, volume[key][field])
                    for key, field, kind in (
                        ("configMap", "name", "ConfigMap"),
                        ("secret", "secretName", "Secret"),
                        ("persistentVolumeClaim", "claimName", "PersistentVolumeClaim"),
                    )
                    if key in volume
                ),
                ("", ""),
            )
            assert "emptyDir" in volume or (kind, name) in made


def test_there_is_one_writer_of_history(probe: dict[str, Any]) -> None:
    assert probe["spec"]["replicas"] == 1
    assert probe["spec"]["strategy"] == {"type": "Recreate"}


def test_the_kubelet_and_prometheus_are_answered_and_never_ask_for_the_verdict(probe: dict[str, Any]) -> None:
    """A pod that is killed because the proxy is down can tell nobody; a Host that is not named is refused."""
    [container] = probe["spec"]["template"]["spec"]["containers"]
    paths = {kind: container[kind]["httpGet"]["path"] for kind in ("startupProbe", "livenessProbe", "readinessProbe")}
    assert paths == {"startupProbe": "/livez", "livenessProbe": "/livez", "readinessProbe": "/readyz"}
    assert "--allow-host=$(POD_IP)" in container["args"]
    [port] = container["ports"]
    assert f"--listen=0.0.0.0:{port['containerPort']}" in container["args"]


def test_the_service_and_the_policy_find_the_probe(here: Path, probe: dict[str, Any]) -> None:
    labels = probe["spec"]["template"]["metadata"]["labels"]
    service, policy = (named(here / "deployment.yaml", kind) for kind in ("Service", "NetworkPolicy"))
    assert probe["spec"]["selector"]["matchLabels"].items() <= labels.items()
    assert service["spec"]["selector"].items() <= labels.items()
    assert policy["spec"]["podSelector"]["matchLabels"].items() <= labels.items()
    job = named(here / "cronjob.yaml", "CronJob")["spec"]["jobTemplate"]["spec"]["template"]["metadata"]["labels"]
    assert not service["spec"]["selector"].items() <= job.items(), "the Service must not send anybody to a pod of the CronJob"


def test_the_cronjob_runs_once_and_a_verdict_is_not_tried_again(cronjob: dict[str, Any]) -> None:
    spec, job = cronjob["spec"], cronjob["spec"]["jobTemplate"]["spec"]
    assert len(cronjob["metadata"]["name"]) <= NAME_LIMIT
    assert spec["concurrencyPolicy"] == "Forbid"
    assert spec["startingDeadlineSeconds"] > 0
    assert job["backoffLimit"] == 0
    assert job["activeDeadlineSeconds"] < 15 * 60
    assert job["template"]["spec"]["restartPolicy"] == "Never"


def test_every_exit_code_of_a_verdict_has_a_rule(cronjob: dict[str, Any]) -> None:
    rules = cronjob["spec"]["jobTemplate"]["spec"]["podFailurePolicy"]["rules"]
    by_action = {rule["action"]: rule for rule in rules}
    codes = {action: by_action[action]["onExitCodes"]["values"] for action in ("FailJob", "Count")}
    assert codes == {"FailJob": [1, cli.USAGE, cli.BUG, 5], "Count": [3]}
    assert by_action["Ignore"]["onPodConditions"] == [{"type": "DisruptionTarget", "status": "True"}]


def test_the_configmap_is_a_sound_proxy_file_without_credentials(here: Path) -> None:
    text = named(here / "deployment.yaml", "ConfigMap")["data"]["proxy.json"]
    assert json.loads(text)["httpProxy"].partition("@")[0].count(":") == 1, "a user name and no more stands before the @"


def test_the_configmap_is_read_as_a_mounted_volume_shows_it(here: Path, tmp_path: Path) -> None:
    """A volume is a directory of links to links, which a reload swaps."""
    data = named(here / "deployment.yaml", "ConfigMap")["data"]
    (tmp_path / "..2026").mkdir()
    (tmp_path / "..data").symlink_to("..2026")
    for name, text in data.items():
        (tmp_path / "..2026" / name).write_text(text)
        (tmp_path / name).symlink_to(f"..data/{name}")
    secret = tmp_path / "..2026" / "credentials"
    secret.write_text("c0rrect\n")
    secret.chmod(0o440)
    options = Options(proxy_file=tmp_path / "proxy.json", manifests=(tmp_path / "anthos-gke.yaml",), no_aws=True)
    found = load(options, {"PREFLIGHT_PROXY_PASSWORD_FILE": str(secret)}, tmp_path)
    assert {each.name: each.source for each in found.declared.inputs}["credentials"] == "PREFLIGHT_PROXY_PASSWORD_FILE"
    assert "gcr.io" in {check.name for check in found.plan.checks}


def test_the_servicemonitor_selects_the_service(here: Path) -> None:
    """Its kind is not Kubernetes' own, so its shape is asserted here."""
    monitor, service = named(here / "servicemonitor.yaml", "ServiceMonitor"), named(here / "deployment.yaml", "Service")
    assert monitor["apiVersion"] == "monitoring.coreos.com/v1"
    assert set(monitor["spec"]) == {"jobLabel", "selector", "endpoints"}
    assert monitor["spec"]["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()
    assert service["metadata"]["labels"][monitor["spec"]["jobLabel"]] == "preflight", "the rules ask for this job"
    [endpoint] = monitor["spec"]["endpoints"]
    assert set(endpoint) <= OPERATOR_FIELDS
    assert endpoint["port"] in {port["name"] for port in service["spec"]["ports"]}
    assert endpoint["path"] == "/metrics"
