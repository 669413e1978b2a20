"""Two small proxies that answer otherwise than squid does: tinyproxy and Privoxy. Both look names up as the machine does, so each gets its own resolver."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from .names import resolving_by
from .process import Server, free_port, program, running

_TINYPROXY = """
Listen 127.0.0.1
Port {port}
Timeout 10
LogLevel Connect
MaxClients 100
ConnectPort 443
{auth}
{filter}
"""
_PRIVOXY = """
confdir /etc/privoxy
templdir /etc/privoxy/templates
logdir {home}
logfile privoxy.log
debug 1025
listen-address 127.0.0.1:{port}
toggle 1
enable-remote-toggle 0
socket-timeout 10
"""


@contextlib.contextmanager
def tinyproxy(resolver: str, auth: tuple[str, str] | None = None, allow: Sequence[str] = ()) -> Iterator[Server]:
    """A tinyproxy on loopback. It answers HTTP/1.0, 401 to wrong credentials, and with `allow` 403 to every host that no pattern there matches."""
    with tempfile.TemporaryDirectory(prefix="preflight-tinyproxy-") as name:
        home, port = Path(name), free_port()
        (home / "allowed").write_text("".join(f"{pattern}\n" for pattern in allow))
        wanted = f'Filter "{home}/allowed"\nFilterDefaultDeny Yes\nFilterExtended On' if allow else ""
        config = home / "tinyproxy.conf"
        config.write_text(_TINYPROXY.format(port=port, auth=f"BasicAuth {auth[0]} {auth[1]}" if auth else "", filter=wanted))
        argv = resolving_by(resolver, home, [program("tinyproxy"), "-d", "-c", config])
        with running("tinyproxy", argv, home, "127.0.0.1", port) as server:
            yield server


@contextlib.contextmanager
def privoxy(resolver: str) -> Iterator[Server]:
    """A Privoxy on loopback that rewrites nothing. It answers `404 No such domain` to a name that does not exist."""
    with tempfile.TemporaryDirectory(prefix="preflight-privoxy-") as name:
        home, port = Path(name), free_port()
        config = home / "config"
        config.write_text(_PRIVOXY.format(home=home, port=port))
        argv = resolving_by(resolver, home, [program("privoxy"), "--no-daemon", config])
        with running("privoxy", argv, home, "127.0.0.1", port) as server:
            yield server
