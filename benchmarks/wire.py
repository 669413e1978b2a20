"""A wire with a round-trip time, for machines without `tc netem`: a tun device whose packets come back later, from the other end.

A packet to the far address is held for half the round-trip time and handed back with source and destination exchanged, as if the far end were this host.
The sum over both addresses stays the same, so every checksum still holds. SYN and ACK are delayed like everything else.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import select
import signal
import socket
import statistics
import struct
import subprocess
import sys
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tests.interop.process import Missing, program

NEAR: Final = "10.77.0.1"
"""Where servers listen."""
FAR: Final = "10.77.0.2"
"""Where clients find them, a round trip away."""
_DEVICE: Final = "wire0"
_TUNSETIFF: Final = 0x400454CA
_IFF_TUN_NO_PI: Final = 0x1001
_PATIENCE_SECONDS: Final = 10.0


@contextlib.contextmanager
def wire(seconds: float) -> Iterator[None]:
    """The wire, while the block lasts. Raises Missing."""
    if not Path("/dev/net/tun").exists():
        raise Missing("/dev/net/tun (a wire with a round-trip time)")
    program("ip")
    with subprocess.Popen([sys.executable, "-m", "benchmarks.wire", str(seconds)]) as child:
        try:
            _wait_for_address(child)
            yield
        finally:
            child.send_signal(signal.SIGKILL)


def round_trip(port: int) -> float:
    """The median time that connecting over the idle wire takes, in seconds: what the wire really does."""
    seen = []
    for _ in range(9):
        start = time.perf_counter()
        with socket.create_connection((FAR, port)):
            seen.append(time.perf_counter() - start)
    return statistics.median(seen)


def _wait_for_address(child: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + _PATIENCE_SECONDS
    while True:
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind((NEAR, 0))
            return
        if child.poll() is not None or time.monotonic() > end:
            raise Missing("the right to make a tun device (CAP_NET_ADMIN)")
        time.sleep(0.02)


def _open() -> int:
    device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(device, _TUNSETIFF, struct.pack("16sH", _DEVICE.encode(), _IFF_TUN_NO_PI))
    for command in (f"link set {_DEVICE} txqueuelen 100000 up", f"addr add {NEAR}/24 dev {_DEVICE}"):
        subprocess.run([program("ip"), *command.split()], check=True)
    return device


def _forward(device: int, delay: float) -> None:
    held: deque[tuple[float, bytes]] = deque()
    while True:
        ready, _, _ = select.select([device], [], [], max(0.0, held[0][0] - time.monotonic()) if held else None)
        while ready:
            try:
                packet = os.read(device, 65536)
            except BlockingIOError:
                break
            if packet[0] >> 4 == 4:
                held.append((time.monotonic() + delay, packet[:12] + packet[16:20] + packet[12:16] + packet[20:]))
        while held and held[0][0] <= time.monotonic():
            os.write(device, held.popleft()[1])


if __name__ == "__main__":
    _forward(_open(), float(sys.argv[1]) / 2)
