"""A run that is busy until somebody interrupts it: one of its targets lies where connections are taken and nothing ever happens."""

from __future__ import annotations

import contextlib
import select
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .command import command, environment
from .lab import USER, Lab
from .page import workdir


@dataclass(frozen=True, slots=True)
class Hole:
    """A listening socket whose connections nobody accepts; the kernel answers for it."""

    listener: socket.socket

    def wait_for_visitor(self, seconds: float = 60) -> bool:
        """Whether somebody connected in time."""
        return bool(select.select([self.listener], [], [], seconds)[0])


@contextlib.contextmanager
def hole(address: str, port: int) -> Iterator[Hole]:
    """Open one there."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((address, port))
        listener.listen(64)
        yield Hole(listener)


@contextlib.contextmanager
def stuck(lab: Lab, cwd: Path, *args: str, auth: tuple[str, str] = USER) -> Iterator[subprocess.Popen[str]]:
    """A run that is under way and will not end by itself: gcr.io is behind a tunnel in which nobody answers."""
    with contextlib.ExitStack() as stack:
        quiet = stack.enter_context(hole(lab.dead, 443))
        stack.enter_context(lab.names.changed({"gcr.io": lab.dead}))
        proxy = stack.enter_context(lab.squid(auth=auth))
        workdir(cwd, proxy.port, *auth)
        argv = command(lab, "run", "--no-aws", "--timeout", "140s", "--deadline", "150s", *args)
        child = stack.enter_context(
            subprocess.Popen(argv, cwd=cwd, env=environment(lab), text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)
        )
        try:
            assert quiet.wait_for_visitor(), "the run did not get as far as gcr.io"
            yield child
        finally:
            child.kill()
