"""What systemd is told: one datagram (sd_notify(3))."""

from __future__ import annotations

import socket


def tell(address: str, text: str) -> None:
    """Send it to the socket that NOTIFY_SOCKET names; `@` stands for the abstract name space. Raises OSError."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        sender.setblocking(False)
        sender.sendto(text.encode(), f"\0{address[1:]}" if address.startswith("@") else address)
