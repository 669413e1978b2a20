"""Which libraries a command may load: a written list for each, since every one of them is time that the user waits.

What a command needs of the standard library is not listed; the costly parts of it that few commands need are.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

_SHOW = """
import atexit, sys
atexit.register(lambda: print(*sys.modules, file=sys.stderr))
"""
_RUN = _SHOW + "from preflight.__main__ import main\nmain()"
_TYPER = {"typer", "click", "shellingham", "annotated_doc", "typing_extensions"}
_INPUTS = {"msgspec", "yaml", "_yaml"}
_WALK = {"anyio", "h11", "idna"}

ALLOWED = {
    "--version": set(),
    "--help": _TYPER,
    "plan": _TYPER | _INPUTS | _WALK,
    "run": _TYPER | _INPUTS | _WALK,
    "serve --help": _TYPER | _INPUTS,
}
COSTLY = {
    "--version": {"asyncio", "ssl", "dataclasses", "re", "inspect"},
    "--help": {"asyncio", "ssl", "xml.etree", "email.parser", "sqlite3"},
    "plan": {"xml.etree", "http.client", "sqlite3"},
    "run": {"xml.etree", "http.client", "sqlite3"},
    "serve --help": {"asyncio", "ssl", "xml.etree", "http.client", "sqlite3"},
}
"""Parts of the standard library that the command has no use for."""


@pytest.fixture
def refusing() -> Iterator[int]:
    """A port of loopback at which nobody answers while the test lasts: it is taken, and nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield int(taken.getsockname()[1])


def _loaded(cwd: Path, *args: str) -> set[str]:
    """The modules that `preflight ARGS` had loaded when it ended, besides those that every Python here loads."""
    return _modules(cwd, _RUN, *args) - _modules(cwd, _SHOW)


def _modules(cwd: Path, code: str, *args: str) -> set[str]:
    environ = {"PATH": os.environ["PATH"], "HOME": str(cwd), "PYTHONPATH": str(Path(__file__).parent.parent)}
    done = subprocess.run([sys.executable, "-c", code, *args], cwd=cwd, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode in {0, 1}, done.stderr
    return set(done.stderr.splitlines()[-1].split())


@pytest.mark.parametrize("command", list(ALLOWED))
def test_a_command_loads_nothing_that_is_not_on_its_list(command: str, refusing: int, tmp_path: Path) -> None:
    (tmp_path / "proxy.json").write_text(json.dumps({"httpProxy": f"http://127.0.0.1:{refusing}", "noProxy": "169.254.169.254"}))
    inputs = ["--no-aws", "--proxy-file", "proxy.json", "--region", "us-west-1"] if command in {"plan", "run"} else []
    loaded = _loaded(tmp_path, *command.split(), *inputs)
    foreign = {name.partition(".")[0] for name in loaded} - sys.stdlib_module_names - {"preflight"}
    foreign = {name for name in foreign if "cython" not in name}  # names that the compiled part of PyYAML registers
    assert foreign <= ALLOWED[command]
    assert not COSTLY[command] & loaded


def test_the_progress_display_is_for_terminals(refusing: int, tmp_path: Path) -> None:
    """`run` into a pipe loads neither rich nor the module that needs it."""
    (tmp_path / "proxy.json").write_text(json.dumps({"httpProxy": f"http://127.0.0.1:{refusing}"}))
    loaded = _loaded(tmp_path, "run", "--no-aws", "--proxy-file", "proxy.json", "--region", "us-west-1")
    assert "preflight.report.text" in loaded
    assert not {"rich", "preflight.report.live", "preflight.report.terminal"} & loaded
