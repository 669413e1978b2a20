"""Where this host itself could send a packet, as the kernel's own tables say. Nothing is sent."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Final, TypeAlias

Network: TypeAlias = IPv4Network | IPv6Network

_UP: Final = 0x1
_REJECT: Final = 0x200
_LOCAL: Final = 0x80000000
"""An address of this host's own."""
_DOWN: Final = frozenset({"down", "lowerlayerdown", "notpresent"})
"""RFC 2863's states in which nothing passes. What cannot tell, such as a tunnel, says `unknown`, and counts as up."""
_V4_FIELDS: Final = 8
_V6_FIELDS: Final = 10


def own_routes(root: Path = Path("/")) -> tuple[Network, ...] | None:
    """The networks to which a route leads out of this host over an interface that is up; link-local and multicast are none. None where nothing tells."""
    try:
        four = (root / "proc/net/route").read_text(encoding="ascii").splitlines()[1:]
    except (OSError, ValueError):
        return None
    try:
        six = (root / "proc/net/ipv6_route").read_text(encoding="ascii").splitlines()
    except (OSError, ValueError):
        six = []  # a kernel without IPv6
    return tuple(network for network, interface in (*_of_four(four), *_of_six(six)) if _carries(root, interface))


def _of_four(lines: list[str]) -> Iterator[tuple[Network, str]]:
    """Interface, destination, gateway, flags, …, mask: numbers in hexadecimal and in this host's byte order (proc_net(5))."""
    for line in lines:
        fields = line.split()
        if len(fields) >= _V4_FIELDS and int(fields[3], 16) & _UP and not int(fields[3], 16) & _REJECT:
            base, mask = (struct.pack("=I", int(fields[number], 16)) for number in (1, 7))
            network = IPv4Network((base, int.from_bytes(mask, "big").bit_count()), strict=False)
            if not (network.is_link_local or network.is_multicast):
                yield network, fields[0]


def _of_six(lines: list[str]) -> Iterator[tuple[Network, str]]:
    """Destination, its prefix length, …, flags, interface: in hexadecimal."""
    for line in lines:
        fields = line.split()
        if len(fields) >= _V6_FIELDS and int(fields[8], 16) & _UP and not int(fields[8], 16) & (_REJECT | _LOCAL):
            network = IPv6Network((bytes.fromhex(fields[0]), int(fields[1], 16)), strict=False)
            if not (network.is_link_local or network.is_multicast):
                yield network, fields[9]


def _carries(root: Path, interface: str) -> bool:
    """Whether packets may leave over that interface."""
    if interface == "lo":
        return False
    try:
        return (root / "sys/class/net" / interface / "operstate").read_text(encoding="ascii").strip() not in _DOWN
    except (OSError, ValueError):
        return True
