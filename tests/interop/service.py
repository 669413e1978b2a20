"""`preflight serve` in the lab, and a squid that comes back where it was."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from urllib.parse import quote

from tests.serve.notify.hook import Hook
from tests.serve.running import Serving, started

from .command import command, environment
from .lab import Lab
from .process import Server, running
from .squid import Squid


@contextmanager
def serving(lab: Lab, cwd: Path, *args: str) -> Iterator[Serving]:
    """`preflight serve` over the page's two files."""
    argv = command(lab, "serve", "--no-aws", "--listen", "127.0.0.1:0", "--jitter", "0%", "--timeout", "20s", *args)
    with started(argv, cwd, environment(lab)) as service:
        yield service


def places(service: Serving, there: Hook) -> dict[str, str | bytes]:
    """Everything that a running service shows, tells and keeps, by where it is."""
    names = [result["name"] for result in json.loads(service.get("/api/v1/report")[1])["results"]]
    pages = ["/", *(f"/checks/{quote(name, safe='/')}" for name in names), "/healthz", *(f"/healthz/{quote(name, safe='/')}" for name in names)]
    programs = ["/metrics", "/api/v1/report", "/api/v1/history", "/report.json", "/report.xml"]
    answers = {path: service.get(path) for path in (*pages, *programs)}
    assert {status for status, _ in answers.values()} <= {200, 503}, "every page is there"
    shown = {path: body for path, (_, body) in answers.items()}
    rest = {"OpenMetrics": service.get("/metrics", Accept="application/openmetrics-text; version=1.0.0")[1], "notifications": json.dumps(there.requests)}
    files = kept(service.home)
    assert "preflight-history.sqlite-wal" in files
    return {**shown, **files, **rest, "journal": service.log, "process list": Path(f"/proc/{service.child.pid}/cmdline").read_bytes()}


def kept(home: Path) -> dict[str, bytes]:
    """The files of history, its write-ahead log included where there is one."""
    files = {path.name: path.read_bytes() for path in home.glob("preflight-history.sqlite*")}
    assert files["preflight-history.sqlite"].startswith(b"SQLite")
    return files


def again(squid: Squid) -> AbstractContextManager[Server]:
    """The same squid once more, on its old port."""
    argv = squid.server.child.args
    assert isinstance(argv, list)
    return running("squid-again", argv, squid.home, "127.0.0.1", squid.port)
