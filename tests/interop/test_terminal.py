"""Pipes that close, narrow and plain terminals, reports that cannot be written, signals: the verdict stays what it is."""

from __future__ import annotations

import json
import shlex
import signal
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from .command import LIMIT_SECONDS, Verdict, command, environment, run_preflight, verdict
from .conftest import start
from .lab import USER, Lab
from .page import workdir
from .squid import Squid
from .stuck import stuck
from .test_good import TARGETS

pytestmark = pytest.mark.interop

_ESCAPE = "\x1b"


@pytest.fixture(scope="module")
def denying(lab: Lab) -> Iterator[Squid]:
    """A squid that denies one name."""
    with ExitStack() as stack:
        yield start(stack, lambda: lab.squid(auth=USER, deny=["gkehub.googleapis.com"]))


def _piped(lab: Lab, cwd: Path, reader: str) -> subprocess.CompletedProcess[str]:
    """`preflight run --no-aws | READER`, the exit code being preflight's."""
    script = shlex.join(command(lab, "run", "--no-aws")) + f" | {reader}; exit ${{PIPESTATUS[0]}}"
    return subprocess.run(["bash", "-c", script], cwd=cwd, env=environment(lab), capture_output=True, text=True, check=False, timeout=LIMIT_SECONDS)


@pytest.mark.parametrize("reader", ["head -1", "true"])
def test_a_closed_pipe_keeps_the_verdict(lab: Lab, squid: Squid, denying: Squid, tmp_path: Path, reader: str) -> None:
    """Both verdicts survive a reader that goes away early, and nobody sees a traceback."""
    good = _piped(lab, workdir(tmp_path, squid.port), reader)
    bad = _piped(lab, workdir(tmp_path, denying.port), reader)
    assert (good.returncode, good.stderr) == (0, "")
    assert (bad.returncode, bad.stderr) == (1, "")


@pytest.mark.parametrize("env", [{"NO_COLOR": "1"}, {"COLUMNS": "20"}, {"TERM": "dumb"}, {"NO_COLOR": "1", "FORCE_COLOR": "1"}])
def test_plain_output_is_whole(lab: Lab, denying: Squid, tmp_path: Path, env: dict[str, str]) -> None:
    """Not a terminal: no escape sequence, and nothing cut, however narrow the environment claims to be."""
    seen = verdict(lab, workdir(tmp_path, denying.port), env=env)
    assert seen.exit_code == 1
    assert _ESCAPE not in seen.stdout + seen.stderr
    assert all(name in seen.stdout for name in TARGETS)
    assert all(seen.says(finding["hint"]) for finding in seen.result("gkehub.googleapis.com")["findings"])


@pytest.mark.parametrize("locale", ["C", "POSIX"])
def test_a_terminal_that_knows_only_ascii(lab: Lab, denying: Squid, tmp_path: Path, locale: str) -> None:
    """Symbols are replaced, not fatal."""
    ascii_only = {"LC_ALL": locale, "LANG": locale, "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": "ascii"}
    done = run_preflight(lab, ["run", "--no-aws"], workdir(tmp_path, denying.port), ascii_only)
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout.isascii()
    assert all(name in done.stdout for name in TARGETS)


@pytest.mark.parametrize("path", ["/dev/full", "/proc/report.xml", "no/such/directory/report.xml"])
def test_a_report_that_cannot_be_written(lab: Lab, squid: Squid, denying: Squid, tmp_path: Path, path: str) -> None:
    """Exit 5 with the verdict printed; a failing verdict keeps its 1."""
    wanted = ["run", "--no-aws", "--report", f"junit={path}"]
    good = run_preflight(lab, wanted, workdir(tmp_path, squid.port))
    assert good.returncode == 5
    assert all(name in good.stdout for name in TARGETS)
    assert path in good.stdout + good.stderr
    assert "Traceback" not in good.stderr
    assert run_preflight(lab, wanted, workdir(tmp_path, denying.port)).returncode == 1


def test_a_report_goes_into_a_device(lab: Lab, squid: Squid, tmp_path: Path) -> None:
    """Standard output as a file is written in place, not replaced."""
    done = run_preflight(lab, ["run", "--no-aws", "--quiet", "--report", "json=/dev/stdout"], workdir(tmp_path, squid.port))
    assert done.returncode == 0
    assert json.loads(done.stdout)["exit_code"] == 0
    assert Path("/dev/stdout").is_symlink()


@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_the_run_with_what_is_known(lab: Lab, squid: Squid, tmp_path: Path, sent: signal.Signals, code: int) -> None:
    """The report is written, says that it is not complete, names every check, and what had not ended has not passed."""
    everything = {result["name"] for result in verdict(lab, workdir(tmp_path, squid.port)).report["results"]}
    with stuck(lab, tmp_path, "--report", "json=partial.json", "--report", "junit=partial.xml") as child:
        child.send_signal(sent)
        stdout, stderr = child.communicate(timeout=30)  # 2 s are promised; a busy machine gets some more, and 140 s would be the walk's own end
    assert child.returncode == code, stderr
    partial = Verdict(child.returncode, stdout, stderr, json.loads((tmp_path / "partial.json").read_text()))
    assert "Traceback" not in stdout + stderr
    assert partial.report["complete"] is False
    assert partial.report["exit_code"] == code
    assert {result["name"] for result in partial.report["results"]} == everything
    assert partial.result("gcr.io")["status"] in {"error", "skip"}
    assert "gcr.io" in stdout
    assert (tmp_path / "partial.xml").stat().st_size > 0
