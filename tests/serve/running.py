"""`preflight serve` as a process of its own, on loopback, in a directory of its own."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

PATIENCE = 60.0
WORD = "planted-secret-9"
"""A password that must not appear anywhere."""
PROFILE = """
profile: ours
defaults: {attempts: 1, timeout: 20s}
checks:
- {kind: proxy, name: proxy-https, scheme: https}
- {kind: https, name: gkehub.googleapis.com, target: gkehub.googleapis.com, proof: google-api}
- {kind: proxy-config, name: proxy-config}
"""
_UNHURRIED = """
import preflight.serve.service
preflight.serve.service.NOTICED = 4.0
from preflight.__main__ import main
main()
"""


@dataclass
class Serving:
    """A running service."""

    child: subprocess.Popen[bytes]
    home: Path
    port: int

    @property
    def log(self) -> str:
        """All that it wrote."""
        return (self.home / "log").read_text()

    def get(self, path: str, **headers: str) -> tuple[int, str]:
        """Status and body."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.request("GET", path, headers=headers)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def runs(self) -> list[dict[str, Any]]:
        """The runs in history."""
        return list(json.loads(self.get("/api/v1/history")[1])["runs"])

    def wait_for_another_run(self) -> None:
        """Until one has ended: what happens now, happens between two runs."""
        newest = self.runs()[:1]
        self.wait(lambda: self.runs()[:1] != newest, "another run")

    def wait(self, until: Callable[[], object], what: str) -> None:
        """Until it holds."""
        waited(until, lambda: f"{what}\n{self.log}")

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send the signal; the exit code."""
        self.child.send_signal(number)
        return self.child.wait(PATIENCE / 2)


def waited(until: Callable[[], object], what: Callable[[], str]) -> None:
    """Until it holds, generously bounded."""
    end = time.monotonic() + PATIENCE
    while not until():
        assert time.monotonic() < end, what()
        time.sleep(0.02)


def command(*args: str) -> list[str]:
    """The argument list of `preflight serve ARGS`."""
    return [sys.executable, "-m", "preflight", "serve", "--no-aws", "--listen", "127.0.0.1:0", "--jitter", "0%", *args]


def unhurried(*args: str) -> list[str]:
    """The same, for a service that goes on for some seconds after it was told to stop: a busy machine gets to see what it does meanwhile."""
    interpreter, _module, _preflight, *rest = command(*args)
    return [interpreter, "-c", _UNHURRIED, *rest]


def environment(home: Path, extra: Mapping[str, str]) -> dict[str, str]:
    """A small clean environment."""
    root = Path(__file__).parents[2]
    return {"PATH": os.environ["PATH"], "HOME": str(home), "PYTHONPATH": str(root), "AWS_EC2_METADATA_DISABLED": "true", **extra}


@contextmanager
def serving(home: Path, *args: str, env: Mapping[str, str] | None = None) -> Iterator[Serving]:
    """`preflight serve ARGS` in `home`, while the block lasts."""
    with started(command(*args), home, environment(home, env or {})) as service:
        yield service


@contextmanager
def started(argv: list[str], home: Path, env: Mapping[str, str]) -> Iterator[Serving]:
    """The service that this command starts, once it listens; it is gone after the block."""
    log = home / "log"
    before = log.read_text().count("event=listening ") if log.exists() else 0
    with log.open("ab") as sink:
        child = subprocess.Popen(argv, cwd=home, env=dict(env), stdin=subprocess.DEVNULL, stdout=sink, stderr=sink)
    try:
        waited(lambda: child.poll() is not None or log.read_text().count("event=listening ") > before, log.read_text)
        assert child.poll() is None, log.read_text()
        yield Serving(child, home, int(re.findall(r"address=127\.0\.0\.1:(\d+)", log.read_text())[-1]))
    finally:
        if child.poll() is None:
            child.kill()
        child.wait()
