"""`preflight serve` in the lab, and a squid that comes back where it was."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from tests.serve.running import Serving, started

from .command import command, environment
from .lab import Lab
from .process import Server, running
from .squid import Squid


@contextmanager
def serving(lab: Lab, cwd: Path, *args: str) -> Iterator[Serving]:
    """`preflight serve` over the page's two files."""
    argv = command(lab, "serve", "--no-aws", "--listen", "127.0.0.1:0", "--jitter", "0%", "--timeout", "4s", *args)
    with started(argv, cwd, environment(lab)) as service:
        yield service


def again(squid: Squid) -> AbstractContextManager[Server]:
    """The same squid once more, on its old port."""
    argv = squid.server.child.args
    assert isinstance(argv, list)
    return running("squid-again", argv, squid.home, "127.0.0.1", squid.port)
