"""The rules: Prometheus accepts them, they ask for metrics that exist, and each alert fires, resolves and is explained."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from preflight.report.safe import clean
from preflight.serve.web.metrics import exposed
from tests.samples import DEAD_PROXY
from tests.serve.boards import AWS, NOW, board

from .conftest import Installed

SEVERITIES = {"critical", "warning"}
LESS = "unless on (job, instance, check) preflight_check_required == 0"
WAITS = f'and on (job, instance, by) label_replace(preflight_check_standing{{standing=~"unknown|down"}} == 1\n          {LESS}, "by", "$1", "check", "(.*)")'
TEXTS = {"summary", "description", "who", "runbook"}


@pytest.fixture
def here(deploy: Path) -> Path:
    return deploy / "prometheus"


@pytest.fixture
def rules(here: Path) -> Sequence[dict[str, Any]]:
    """Every rule, whatever group it is in."""
    return [rule for group in yaml.safe_load((here / "rules.yaml").read_text())["groups"] for rule in group["rules"]]


def alerts(rules: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    return [rule for rule in rules if "alert" in rule]


def anchors(page: str) -> set[str]:
    """What GitHub links to the headings of this page."""
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in re.findall(r"^#+ (.+)$", page, re.MULTILINE)}


def test_every_metric_in_the_rules_is_exposed(rules: Sequence[dict[str, Any]]) -> None:
    text = "".join(exposed(made, clean(made.report), NOW, open_metrics=False).decode() for made in map(board, (AWS, DEAD_PROXY)) if made.report)
    asked = {name for rule in rules for name in re.findall(r"(?<![:\w])preflight_\w+", rule["expr"])}
    there = set(re.findall(r"^# TYPE (\S+)", text, re.MULTILINE)) | set(re.findall(r"^(\w+)[ {]", text, re.MULTILINE))
    assert asked
    assert asked - there == set()


def test_every_alert_says_what_who_and_where_to_read_on(rules: Sequence[dict[str, Any]], deploy: Path) -> None:
    page = anchors((deploy.parent / "docs" / "operations.md").read_text())
    for rule in alerts(rules):
        assert set(rule["annotations"]) == TEXTS, rule["alert"]
        assert rule["labels"]["severity"] in SEVERITIES
        file, _, anchor = rule["annotations"]["runbook"].partition("#")
        assert file == "docs/operations.md"
        assert anchor == rule["alert"].lower()
        assert anchor in page


def test_what_the_checks_say_is_not_believed_where_the_host_is_cut_off(rules: Sequence[dict[str, Any]]) -> None:
    by_name = {rule["alert"]: rule["expr"] for rule in alerts(rules)}
    for name in ("PreflightDown", "PreflightCannotTell"):
        assert ") unless on (job, instance) preflight_isolated == 1" in by_name[name]


def test_every_alert_has_a_test_in_which_it_fires(here: Path, rules: Sequence[dict[str, Any]]) -> None:
    cases = yaml.safe_load((here / "rules.test.yaml").read_text())["tests"]
    fired = set(re.findall(r'alertname="(\w+)"', str(cases)))
    assert fired == {rule["alert"] for rule in alerts(rules)}


def test_the_scrape_example_gives_the_job_that_the_rules_ask_for(here: Path) -> None:
    example = yaml.safe_load((here / "prometheus.yml").read_text())
    assert [job["job_name"] for job in example["scrape_configs"]] == ["preflight"]
    assert all((here / file).exists() for file in example["rule_files"])


def promtool(installed: Installed, *words: str, stdin: bytes | None = None) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([installed("promtool"), *words], input=stdin, capture_output=True, check=False, timeout=60)


@pytest.mark.interop
def test_prometheus_accepts_the_example_and_the_rules(here: Path, installed: Installed) -> None:
    done = promtool(installed, "check", "config", str(here / "prometheus.yml"))
    assert done.returncode == 0, done.stderr


@pytest.mark.interop
def test_every_alert_fires_and_resolves(here: Path, installed: Installed) -> None:
    done = promtool(installed, "test", "rules", str(here / "rules.test.yaml"))
    assert done.returncode == 0, (done.stdout + done.stderr).decode()


@pytest.mark.interop
@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("for: 3m", "for: 2m"),
        ("unless on (job, instance) preflight_isolated == 1", ""),
        ("unless on (job, instance, check) time() - preflight_check_last_run_timestamp_seconds > preflight_check_stale_after_seconds", ""),
        (WAITS, ""),
        (LESS, ""),
        (f"{LESS}, ", ", "),
        ("unless on (job, instance, check) (preflight_check_blocked == 1", "unless on (job, instance, check) (preflight_check_blocked == 2"),
        ("unless on (job, instance) (time()", "or (0 * time()"),
        (' or absent(up{job="preflight"})', ""),
    ],
)
def test_rules_that_are_wrong_are_noticed(here: Path, installed: Installed, tmp_path: Path, right: str, wrong: str) -> None:
    text = (here / "rules.yaml").read_text()
    assert right in text
    (tmp_path / "rules.yaml").write_text(text.replace(right, wrong))
    shutil.copy(here / "rules.test.yaml", tmp_path)
    assert promtool(installed, "test", "rules", str(tmp_path / "rules.test.yaml")).returncode == 1


@pytest.mark.interop
@pytest.mark.parametrize("report", [AWS, DEAD_PROXY], ids=["aws", "dead-proxy"])
def test_prometheus_accepts_the_metrics(installed: Installed, report: Any) -> None:
    made = board(report, last_run=NOW)
    done = promtool(installed, "check", "metrics", stdin=exposed(made, clean(report), NOW, open_metrics=False))
    assert (done.returncode, done.stderr) == (0, b"")
