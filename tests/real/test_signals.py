"""Signals from the first moment on, also to the first process of a container, to which the kernel gives none that it does not handle."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import pytest

from tests.lab import closed_port
from tests.serve.running import PROFILE, command, environment, started, unhurried

FIRST = ("unshare", "--pid", "--fork", "--mount-proc", "--kill-child")
IN_THE_BACKGROUND = ("sh", "-c", 'trap "" INT; exec "$@"', "sh")
"""What a shell without job control does for `&`."""
STALL = """
import sys, time
def stall(*_args, **_named):
    print("here", flush=True)
    time.sleep(60)
"""
IMPORTING = """
class Stalling:
    def find_spec(self, name, path=None, target=None):
        if name == "preflight.cli." + sys.argv[1]:
            stall()
sys.meta_path.insert(0, Stalling())
"""
READING = """
import preflight.inputs.select
preflight.inputs.select.load = stall
"""
SERVING = """
import preflight.serve.service
async def stalled(_service):
    stall()
preflight.serve.service._serve = stalled
"""
RUNNING = """
import preflight.session
async def stalled(_stop, *, task_status):
    stall()
preflight.session._heed_signals = stalled
"""
DESTROYING = """
import preflight.inputs.select as select
load = select.load
class Short:
    def __del__(self):
        stall()
def loading(*args, **named):
    Short()
    return load(*args, **named)
select.load = loading
"""
STUBBORN = """
import anyio, preflight.session
async def run(_loaded, _listen, *, stop, **_named):
    print("here", flush=True)
    await stop.asked.wait()
    print("asked", flush=True)
    with anyio.CancelScope(shield=True):
        await anyio.sleep(60)
preflight.session.run = run
"""
MAIN = """
from preflight.__main__ import main
main()
"""


@cache
def _may_be_first() -> bool:
    try:
        return subprocess.run([*FIRST, "true"], check=False, capture_output=True).returncode == 0
    except FileNotFoundError:
        return False


@pytest.fixture(params=[False, True], ids=["any", "first"])
def before(request: pytest.FixtureRequest) -> Sequence[str]:
    """What stands before the command: nothing, or what makes it the first process of a namespace."""
    if not request.param:
        return ()
    if not _may_be_first():
        pytest.skip("needs unshare, and the right to make a PID namespace")
    return FIRST


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A directory with inputs, whose proxy does not answer."""
    (tmp_path / "checks.yaml").write_text(PROFILE)
    (tmp_path / "proxy.json").write_text(json.dumps({"httpProxy": f"http://127.0.0.1:{closed_port()}", "noProxy": "169.254.169.254"}))
    return tmp_path


def args(name: str) -> list[str]:
    serving = command("--no-history")
    return [*(serving[3:] if name == "serve" else [name, "--no-aws"]), "--proxy-file", "proxy.json"]


@contextmanager
def going(before: Sequence[str], home: Path, code: str, *given: str) -> Iterator[subprocess.Popen[str]]:
    """The program, once it has come to where it stalls."""
    argv = [*before, sys.executable, "-c", code + MAIN, *given]
    with subprocess.Popen(argv, cwd=home, env=environment(home, {}), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
        try:
            assert child.stdout is not None
            assert child.stdout.readline() == "here\n"
            yield child
        finally:
            child.kill()


def send(child: subprocess.Popen[str] | subprocess.Popen[bytes], number: int) -> None:
    """To the program itself: `unshare` only waits for it."""
    (inner,) = Path(f"/proc/{child.pid}/task/{child.pid}/children").read_text().split() or [str(child.pid)]
    subprocess.run(["kill", f"-{int(number)}", inner], check=True)


def ended(before: Sequence[str], number: int) -> int:
    """The exit code of what a signal ended."""
    return 128 + number if before else -number


@pytest.mark.parametrize("stage", [IMPORTING, READING, SERVING], ids=["importing", "reading", "loop"])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_service_that_is_told_to_end_while_it_starts_ends_as_told(before: Sequence[str], home: Path, stage: str, number: int) -> None:
    with going(before, home, STALL + stage, *args("serve")) as child:
        send(child, number)
        assert child.wait(30) == 0
        assert child.stderr is not None
        assert child.stderr.read() == ""


@pytest.mark.parametrize("stage", [IMPORTING, READING, RUNNING], ids=["importing", "reading", "loop"])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_run_that_is_told_to_end_while_it_starts_says_by_what_and_leaves_nothing(before: Sequence[str], home: Path, stage: str, number: int) -> None:
    with going(before, home, STALL + stage, *args("run"), "--report", "json=report.json") as child:
        send(child, number)
        assert child.wait(30) == 128 + number
        assert child.stdout is not None
        assert child.stdout.read() == ""
    assert {path.name for path in home.iterdir()} == {"checks.yaml", "proxy.json"}


def test_a_hang_up_while_it_starts_ends_no_service(before: Sequence[str], home: Path) -> None:
    with going(before, home, STALL + READING, *args("serve")) as child:
        send(child, signal.SIGHUP)
        with pytest.raises(subprocess.TimeoutExpired):
            child.wait(0.3)


def test_what_came_within_a_destructor_is_not_lost(before: Sequence[str], home: Path) -> None:
    with going(before, home, STALL + DESTROYING, *args("serve")) as child:
        send(child, signal.SIGTERM)
        assert child.wait(30) == 0
        assert child.stderr is not None
        assert "event=stopping signal=SIGTERM" in child.stderr.read()


def test_a_second_signal_ends_a_run_that_does_not_end(before: Sequence[str], home: Path) -> None:
    with going(before, home, STUBBORN, *args("run")) as child:
        send(child, signal.SIGINT)
        assert child.stdout is not None
        assert child.stdout.readline() == "asked\n"
        send(child, signal.SIGINT)
        assert child.wait(30) == ended(before, signal.SIGINT)


@pytest.mark.parametrize("twice", [False, True])
def test_a_service_ends_in_time_and_at_a_second_signal_at_once(before: Sequence[str], home: Path, *, twice: bool) -> None:
    with started([*before, *(unhurried if twice else command)("--proxy-file", "proxy.json")], home, environment(home, {})) as service:
        service.wait(lambda: service.get("/readyz")[0] == 200, "ready")
        begun = time.monotonic()
        send(service.child, signal.SIGTERM)
        service.wait(lambda: "event=stopping" in service.log, "stopping")
        if twice:
            send(service.child, signal.SIGTERM)
        assert service.child.wait(30) == (ended(before, signal.SIGTERM) if twice else 0)
        assert time.monotonic() - begun < 10
        assert ("event=stopped" in service.log) is not twice


def test_a_service_in_the_background_leaves_ctrl_c_to_the_foreground(home: Path) -> None:
    with started([*IN_THE_BACKGROUND, *command("--proxy-file", "proxy.json")], home, environment(home, {})) as service:
        service.wait(lambda: service.get("/readyz")[0] == 200, "ready")
        service.child.send_signal(signal.SIGINT)
        with pytest.raises(subprocess.TimeoutExpired):
            service.child.wait(0.3)
        service.child.send_signal(signal.SIGTERM)
        service.wait(lambda: "event=stopping" in service.log, "stopping")
        service.child.send_signal(signal.SIGINT)
        assert service.child.wait(30) == 0
    assert "event=stopping signal=SIGTERM" in service.log


def test_a_run_in_the_background_leaves_ctrl_c_to_the_foreground(home: Path) -> None:
    with going(IN_THE_BACKGROUND, home, STUBBORN, *args("run")) as child:
        child.send_signal(signal.SIGINT)
        child.send_signal(signal.SIGTERM)
        assert child.stdout is not None
        assert child.stdout.readline() == "asked\n"
        child.send_signal(signal.SIGTERM)
        assert child.wait(30) == -signal.SIGTERM
