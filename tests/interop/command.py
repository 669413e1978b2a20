"""The command under test as a process of its own, in a world where only the proxy leads anywhere."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from .lab import Lab
from .names import resolving_by

Object: TypeAlias = dict[str, Any]

LIMIT_SECONDS = 120
_CONTROL_NAME = re.compile(r"\b[a-z0-9]{12}\.invalid\b")


def environment(lab: Lab, extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """A small clean environment whose trust store is the lab's authority alone."""
    empty = lab.home / "no-certificates"
    empty.mkdir(exist_ok=True)
    clean = {"PATH": os.environ["PATH"], "HOME": str(lab.home), "LANG": "C.UTF-8", "SSL_CERT_FILE": str(lab.trusted), "SSL_CERT_DIR": str(empty)}
    return {**clean, **(extra or {})}


def command(lab: Lab, *args: str) -> list[str]:
    """The argument list of `preflight ARGS`, its own resolver dead: whoever goes past the proxy gets nowhere, and nothing leaves loopback."""
    home = lab.home / "client"
    home.mkdir(exist_ok=True)
    return [str(part) for part in resolving_by(lab.dead, home, [sys.executable, "-m", "preflight", *args])]


def run_preflight(lab: Lab, args: Sequence[str], cwd: Path, env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """`preflight ARGS` in a directory, to its end."""
    return subprocess.run(
        command(lab, *args), cwd=cwd, env=environment(lab, env), capture_output=True, text=True, errors="replace", check=False, timeout=LIMIT_SECONDS
    )


@dataclass(frozen=True, slots=True)
class Verdict:
    """One `preflight run`: what it printed, how it ended, and its JSON report."""

    exit_code: int
    stdout: str
    stderr: str
    report: Object

    def says(self, words: str) -> bool:
        """Whether the text on standard output has these words whole, wherever its lines break."""
        return " ".join(words.split()) in " ".join(self.stdout.split())

    def result(self, name: str) -> Object:
        """The result of this name."""
        [found] = [result for result in self.report["results"] if result["name"] == name]
        return dict(found)

    def named(self, status: str) -> list[str]:
        """The names of all results with this status."""
        return [result["name"] for result in self.report["results"] if result["status"] == status]

    def codes(self, name: str) -> list[str]:
        """The codes of one result's findings."""
        return [finding["code"] for finding in self.result(name)["findings"]]

    def causes(self) -> list[str]:
        """The codes of the root causes."""
        return [cause["code"] for cause in self.report["causes"]]


def verdict(lab: Lab, cwd: Path, *args: str, env: Mapping[str, str] | None = None, aws: bool = False) -> Verdict:
    """`preflight run ARGS` in a directory, with --no-aws unless `aws`, and the JSON report read back. It must have written one."""
    where = cwd / "report.json"
    where.unlink(missing_ok=True)
    done = run_preflight(lab, ["run", *([] if aws else ["--no-aws"]), "--report", f"json={where}", *args], cwd, env)
    assert where.exists(), f"exit {done.returncode} without a report\n{done.stdout}\n{done.stderr}"
    seen = Verdict(done.returncode, done.stdout, done.stderr, json.loads(where.read_text()))
    assert "Traceback" not in seen.stdout + seen.stderr
    assert seen.report["exit_code"] == seen.exit_code
    return seen


def steady(part: Any) -> Any:
    """A JSON report without what two runs on the same world may differ in: times, durations and the control name."""
    if isinstance(part, dict):
        return {key: steady(value) for key, value in part.items() if key not in {"started", "seconds"} and not key.endswith("_seconds")}
    if isinstance(part, list):
        return [steady(value) for value in part]
    return _CONTROL_NAME.sub("CONTROL.invalid", part) if isinstance(part, str) else part
