"""A real server as a child process: found, started, waited for, ended by its own process id."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

_SYSTEM_PATHS = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_PATIENCE_SECONDS = 60.0


class Missing(RuntimeError):
    """Something that the lab needs and this machine does not have; the text is its name."""


class NotReady(RuntimeError):
    """A server ended, or did not listen in time; the text ends with its log."""


def program(name: str) -> str:
    """The path of an installed program. Raises Missing."""
    path = shutil.which(name, path=os.environ.get("PATH", "") + ":" + _SYSTEM_PATHS)
    if path is None:
        raise Missing(name)
    return path


def free_port(address: str = "127.0.0.1") -> int:
    """A TCP port that is kept for a server, also when that has stopped and comes back.

    A bound socket that does not listen keeps it for as long as this process lives: the kernel gives it to nobody else, refuses connections, and lets those bind
    to it who say SO_REUSEADDR as well, as servers do.
    """
    keeper = socket.socket()
    keeper.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    keeper.bind((address, 0))
    port = int(keeper.getsockname()[1])
    keeper.detach()
    return port


def listens(address: str, port: int) -> bool:
    """Whether somebody accepts connections there."""
    with contextlib.suppress(OSError), socket.create_connection((address, port), timeout=1):
        return True
    return False


@dataclass(slots=True)
class Server:
    """One running server: where it listens, and what it wrote to its output."""

    name: str
    address: str
    port: int
    output: Path
    child: subprocess.Popen[bytes]

    @property
    def authority(self) -> str:
        """`address:port`."""
        return f"{self.address}:{self.port}"

    def text(self) -> str:
        """What the server wrote to its standard output and error."""
        return self.output.read_text(errors="replace")

    def stop(self) -> None:
        """End it: SIGTERM, and SIGKILL to its own session if it stays. Ending it twice does nothing."""
        for patience in (0.3, 5):  # squid sleeps two seconds after the first SIGTERM, and goes at the second
            if self.child.poll() is None:
                self.child.terminate()
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self.child.wait(timeout=patience)
        with contextlib.suppress(ProcessLookupError):  # what is left of its session: squid's authenticators, nginx's workers
            os.killpg(self.child.pid, signal.SIGKILL)
        self.child.wait()

    def wait_until_ready(self) -> None:
        """Return once it accepts connections. Raises NotReady."""
        end = time.monotonic() + _PATIENCE_SECONDS
        while not listens(self.address, self.port):
            if self.child.poll() is not None or time.monotonic() > end:
                raise NotReady(f"{self.name} (exit {self.child.poll()}) does not listen on {self.authority}\n{self.text()[-3000:]}")
            time.sleep(0.02)


@contextlib.contextmanager
def running(name: str, argv: Sequence[str | Path], home: Path, address: str, port: int) -> Iterator[Server]:
    """Start a server in `home`, its output in `home/NAME.out`; it listens on address and port when the block begins and is gone when it ends."""
    output = home / f"{name}.out"
    with output.open("wb") as sink:
        child = subprocess.Popen(  # the lab's own argument lists
            [str(part) for part in argv], cwd=home, stdin=subprocess.DEVNULL, stdout=sink, stderr=subprocess.STDOUT, start_new_session=True
        )
    server = Server(name, address, port, output, child)
    try:
        server.wait_until_ready()
        yield server
    finally:
        server.stop()
