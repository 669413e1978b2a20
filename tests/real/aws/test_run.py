"""A whole run that asks AWS, saves what it said, and judges it again without asking."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from preflight import session
from preflight.aws.facts import Facts, Identity
from tests.real.aws.moto_server import ENVIRON, Lab, Refusal

ROOT = Path(__file__).parents[3]
PROFILE = "profile: test\nchecks:\n- {kind: aws, name: aws}\n"
_MODULES = "import atexit, sys\natexit.register(lambda: print(*sys.modules, file=sys.stderr))\nfrom preflight.__main__ import main\nmain()"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "checks.yaml").write_text(PROFILE)
    return tmp_path


def preflight(folder: Path, *args: str, url: str = "", code: str = "from preflight.__main__ import main\nmain()") -> subprocess.CompletedProcess[str]:
    environ = {**ENVIRON, "PATH": os.environ["PATH"], "HOME": str(folder), "PYTHONPATH": str(ROOT), **({"AWS_ENDPOINT_URL": url} if url else {})}
    command = [sys.executable, "-c", code, "run", "--direct", "--quiet", "--report", "json=report.json", *args]
    return subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, check=False, timeout=60)


def said(folder: Path) -> Any:
    return json.loads((folder / "report.json").read_text())["results"][0]["findings"][0]


def test_what_aws_said_is_saved_and_judged_again_without_asking(lab: Lab, folder: Path) -> None:
    done = preflight(folder, "--region", "us-west-1", "--save-aws-facts", "facts.json", url=lab.url)
    assert (done.returncode, said(folder)["code"]) == (0, "ok"), done.stderr
    assert (folder / "facts.json").stat().st_mode & 0o777 == 0o600
    text = (folder / "facts.json").read_text()
    assert isinstance(msgspec.json.decode(text, type=Facts).identity, Identity)
    assert not [name for name, value in ENVIRON.items() if name.startswith(("AWS_ACCESS", "AWS_SECRET", "AWS_SESSION")) and value in text + done.stderr]
    lab.clear()
    again = preflight(folder, "--aws-facts", "facts.json", url=lab.url, code=_MODULES)
    assert again.returncode == 0
    assert "AWS was not asked now" in said(folder)["message"]
    assert lab.calls == []
    assert not {"botocore", "boto3", "http.client"} & set(again.stderr.split())


def test_what_a_library_logs_stands_in_no_output(lab: Lab, folder: Path) -> None:
    """urllib3 warns with the whole URL where a peer's headers do not parse, and nobody has set up logging."""
    warns = "import atexit, logging\natexit.register(lambda: logging.getLogger('urllib3.connection').warning('planted'))\n"
    done = preflight(folder, "--region", "us-west-1", url=lab.url, code=f"{warns}from preflight.__main__ import main\nmain()")
    assert (done.returncode, done.stderr) == (0, "")


def test_facts_are_saved_though_a_check_failed(lab: Lab, folder: Path) -> None:
    lab.faults["sts:GetCallerIdentity"] = Refusal("ExpiredToken", "The security token included in the request is expired", 403)
    done = preflight(folder, "--region", "us-west-1", "--save-aws-facts", "facts.json", url=lab.url)
    assert (done.returncode, said(folder)["code"]) == (3, "aws.expired")
    assert '"aws.expired"' in (folder / "facts.json").read_text()


def test_facts_that_cannot_be_written_are_said_before_a_packet_and_by_the_exit_code(lab: Lab, folder: Path) -> None:
    done = preflight(folder, "--region", "us-west-1", "--save-aws-facts", "nowhere/facts.json", url=lab.url)
    assert done.returncode == 5
    assert "cannot write nowhere/facts.json" in done.stderr
    assert said(folder)["code"] == "ok"


def test_facts_and_a_report_do_not_go_into_one_file(tmp_path: Path) -> None:
    complaints: list[str] = []
    reports = session.Reports(session.destinations([f"json={tmp_path / 'x'}"]), complaints.append, str(tmp_path / "." / "x"))
    reports.open()
    reports.discard()
    assert reports.unwritten == 1
    assert "a report goes into the same file" in complaints[0]


def test_a_file_that_is_none_is_a_usage_error_and_nothing_is_sent(lab: Lab, folder: Path) -> None:
    (folder / "facts.json").write_text("{}")
    done = preflight(folder, "--aws-facts", "facts.json", url=lab.url)
    assert done.returncode == 2
    assert "facts.json: it is no file of saved AWS facts" in done.stderr
    assert lab.calls == []
    assert not (folder / "report.json").exists()


def test_without_credentials_nothing_is_saved_and_it_is_said(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in ENVIRON if name.startswith(("AWS_ACCESS", "AWS_SECRET", "AWS_SESSION"))]:
        monkeypatch.delitem(ENVIRON, name)
    done = preflight(folder, "--region", "us-west-1", "--save-aws-facts", "facts.json")
    assert (done.returncode, said(folder)["code"]) == (3, "aws.no-credentials"), done.stderr
    assert "facts.json was not written: without credentials AWS told nothing" in done.stderr
    assert not (folder / "facts.json").exists()
