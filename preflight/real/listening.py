"""A port that listens."""

from __future__ import annotations

import socket
from ipaddress import IPv4Address, IPv6Address
from typing import Final, TypeAlias

Port: TypeAlias = socket.socket
"""A socket that listens."""

BACKLOG: Final = 256


def listening(address: IPv4Address | IPv6Address, port: int) -> Port:
    """A socket that listens there; port 0 is any free one. Raises OSError."""
    server = socket.socket(socket.AF_INET if address.version == 4 else socket.AF_INET6, socket.SOCK_STREAM)  # noqa: PLR2004 - the version's name
    try:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # what is left of old connections does not matter; two listeners are refused still
        server.bind((str(address), port))
        server.listen(BACKLOG)
        server.setblocking(False)
    except BaseException:
        server.close()
        raise
    return server
