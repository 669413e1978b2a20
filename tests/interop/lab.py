"""One lab: a certificate authority, the page's origins behind it, the names that lead to them, and proxies to put in front.

Everything listens on loopback, on an address of its own (127.x.y.z), so that two labs never meet. Ports 53, 80 and 443 of that address make it root's business.
"""

from __future__ import annotations

import contextlib
import os
import random
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from tests.serve.running import waited

from .authority import Authority
from .docker_registry import docker_registry
from .names import Names
from .origins import origins, pages
from .process import Missing, Server, program
from .small_proxies import privoxy, tinyproxy
from .squid import Squid, squid

USER = ("user", "password")
"""The credentials that the page prints."""


@dataclass(slots=True)
class Lab:
    """The world behind the proxies: where it is and what it is trusted by. `dead` is an address of the lab on which nothing listens."""

    home: Path
    address: str
    dead: str
    authority: Authority
    names: Names
    origin: Server

    @property
    def trusted(self) -> Path:
        """The certificate of the lab's authority, which plays the trust store of the operating system."""
        return self.authority.certificate

    def squid(
        self,
        *,
        auth: tuple[str, str] | None = None,
        deny: Sequence[str] = (),
        bump: Authority | None = None,
        connect_timeout: str = "3 seconds",
        extra: str = "",
    ) -> AbstractContextManager[Squid]:
        """A squid in front of this world."""
        return squid(self.names.address, self.trusted, auth=auth, deny=deny, bump=bump, connect_timeout=connect_timeout, extra=extra)

    def tinyproxy(self, auth: tuple[str, str] | None = None, allow: Sequence[str] = ()) -> AbstractContextManager[Server]:
        """A tinyproxy in front of this world; `allow` are regular expressions of hosts, all others are filtered."""
        return tinyproxy(self.names.address, auth, allow)

    def privoxy(self) -> AbstractContextManager[Server]:
        """A Privoxy in front of this world."""
        return privoxy(self.names.address)

    def seen(self) -> list[str]:
        """What reached the origins, one line a request: `host:port METHOD URI status "user agent"`."""
        return (self.home / "nginx-access.log").read_text().splitlines()

    def wait_until_seen(self, after: int, *words: str) -> None:
        """Until all these words are in the lines after so many. nginx writes a line when it is done with the request: the client has its answer by then."""

        def since() -> str:
            return "\n".join(self.seen()[after:])

        waited(lambda: all(each in since() for each in words), since)


def _require() -> None:
    """Raise Missing for what the lab needs besides its servers."""
    if os.geteuid() != 0:
        raise Missing("root (the origins listen on ports 53, 80 and 443 of a loopback address)")
    program("curl")
    program("openssl")
    if subprocess.run([program("unshare"), "--mount", "true"], check=False, capture_output=True).returncode:
        raise Missing("the right to make a mount namespace (CAP_SYS_ADMIN)")


def _unused(address: str) -> bool:
    with contextlib.ExitStack() as stack:
        for kind, port in ((socket.SOCK_STREAM, 443), (socket.SOCK_STREAM, 80), (socket.SOCK_DGRAM, 53)):
            probe = stack.enter_context(socket.socket(socket.AF_INET, kind))
            try:
                probe.bind((address, port))
            except OSError:
                return False
    return True


def _addresses() -> tuple[str, str]:
    """Two unused loopback addresses: one to live on, one to stay dead."""
    for _ in range(50):
        prefix = f"127.{random.randrange(64, 255)}.{random.randrange(256)}"
        if _unused(f"{prefix}.1") and _unused(f"{prefix}.2"):
            return f"{prefix}.1", f"{prefix}.2"
    raise Missing("an unused loopback address with ports 53, 80 and 443")


@contextlib.contextmanager
def laboratory(extra: Mapping[str, str] | None = None) -> Iterator[Lab]:
    """A whole lab, without proxies yet. `extra` adds origin names (`*.suffix` too) with their nginx locations. Raises Missing."""
    _require()
    with contextlib.ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="preflight-lab-")))
        home.chmod(0o755)  # proxies that drop their rights read the certificate of the authority here
        address, dead = _addresses()
        authority = Authority(home)
        store = stack.enter_context(docker_registry(home))
        known = dict.fromkeys({**pages(home, store.authority), **(extra or {})}, address)
        names = stack.enter_context(Names(address, known).serving())
        origin = stack.enter_context(origins(home, address, authority, store.authority, extra))
        yield Lab(home, address, dead, authority, names, origin)
