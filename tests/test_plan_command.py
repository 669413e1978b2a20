"""What `preflight plan` says of AWS before anything is sent: the machines that are declared, and what will be asked."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from typer.testing import CliRunner

from preflight.aws.facts import Facts
from preflight.aws.scope import Scope
from preflight.cli import app
from preflight.untrusted import Json
from tests.inputs.manifests.written import WHOLE

EC2 = "ec2:DescribeVpcEndpoints"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "anthos-gke.yaml").write_text(WHOLE)
    (tmp_path / "proxy.json").write_text('{"httpProxy": "http://10.0.0.254:3128", "noProxy": "169.254.169.254"}')
    monkeypatch.chdir(tmp_path)
    return tmp_path


def printed(*args: str) -> str:
    done = CliRunner().invoke(app, ["plan", *args])
    assert done.exit_code == 0, done.output
    return done.stdout


def planned(*args: str) -> dict[str, Json]:
    found = json.loads(printed("--report", "json", *args))
    assert isinstance(found, dict)
    return found


def test_the_actions_and_the_roles_stand_in_the_json(folder: Path) -> None:
    found = planned()
    aws, inputs = found["aws"], found["inputs"]
    assert isinstance(aws, dict)
    assert isinstance(inputs, dict)
    actions = aws["actions"]
    assert isinstance(actions, list)
    assert {EC2, "sts:GetCallerIdentity", "kms:DescribeKey"} <= set(actions)
    assert actions == sorted(actions, key=str)
    assert inputs["role the node pool pool-0"] == {
        "value": "group sg-0aaaaaaaaaaaaaaa1 (anthos-gke.yaml:32), subnet subnet-0aaaaaaaaaaaaaa02 (anthos-gke.yaml:31)",
        "source": "anthos-gke.yaml:25",
    }


def test_the_same_stands_in_the_text(folder: Path) -> None:
    lines = printed().splitlines()
    asked = lines[lines.index("AWS will be asked (IAM actions, all of them reading)") + 1 :]
    assert f"  {EC2}" in asked[: asked.index("")]
    [pool] = [line for line in lines if line.startswith("  role the node pool pool-0 ")]
    assert pool.endswith("group sg-0aaaaaaaaaaaaaaa1 (anthos-gke.yaml:32), subnet subnet-0aaaaaaaaaaaaaa02 (anthos-gke.yaml:31)  (anthos-gke.yaml:25)")


def test_only_what_the_selected_checks_need_is_asked(folder: Path) -> None:
    assert planned("--only", "aws")["aws"] == {"actions": ["ec2:DescribeRegions", "sts:GetCallerIdentity"]}


def test_nobody_is_asked_without_aws_or_where_saved_facts_answer(folder: Path) -> None:
    (folder / "facts.json").write_bytes(msgspec.json.encode(Facts(scope=Scope("us-west-1"))))
    for args in (("--no-aws",), ("--aws-facts", "facts.json")):
        assert planned(*args)["aws"] == {"actions": []}
        assert "AWS will be asked" not in printed(*args)


def test_a_terminal_gets_no_word_broken_and_a_pipe_gets_whole_lines(folder: Path) -> None:
    """Seen by a pseudo terminal of 80 columns, as `script` makes it."""
    command = f"stty columns 80; {sys.executable} -m preflight plan"
    done = subprocess.run(["script", "-qec", command, "/dev/null"], cwd=folder, capture_output=True, text=True, check=True, timeout=60)
    shown, whole = done.stdout.splitlines(), printed().splitlines()
    assert max(map(len, whole)) > 80
    assert all(len(line) <= 80 or len(line.split()) == 1 for line in shown)
    assert " ".join(done.stdout.split()) == " ".join(" ".join(whole).split())
