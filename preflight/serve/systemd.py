"""What systemd hears from the service (`Type=notify`, `WatchdogSec=`). Without NOTIFY_SOCKET, nothing."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from contextlib import suppress

from preflight.real.systemd import tell
from preflight.untrusted import neutral


class Systemd:
    """The line to systemd."""

    def __init__(self, environ: Mapping[str, str], send: Callable[[str, str], None] = tell) -> None:
        self._address = environ.get("NOTIFY_SOCKET", "")
        self._send = send
        self.beat = _beat(environ) if self._address else None
        """Seconds after which `alive` has to be said again; None where nobody listens for it."""

    def ready(self, status: str) -> None:
        """The port is open, and the loop runs; also the end of a reload."""
        self._tell(f"READY=1\nSTATUS={neutral(status)}")

    def status(self, status: str) -> None:
        """One line for `systemctl status`."""
        self._tell(f"STATUS={neutral(status)}")

    def alive(self) -> None:
        """The loop goes round. Say it from the loop itself, and from nowhere else."""
        if self.beat is not None:
            self._tell("WATCHDOG=1")

    def reloading(self) -> None:
        """The files are read anew; `ready` ends it."""
        self._tell(f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1000}")

    def stopping(self) -> None:
        """It was told to stop, and does."""
        self._tell("STOPPING=1\nSTATUS=stopping")

    def _tell(self, text: str) -> None:
        if self._address:
            with suppress(OSError):  # systemd is not waited for: it may be reloading itself
                self._send(self._address, text)


def _beat(environ: Mapping[str, str]) -> float | None:
    """Half of what systemd allows between two signs of life (sd_watchdog_enabled(3)); None where it watches nobody, or another process."""
    period = environ.get("WATCHDOG_USEC", "")
    if not period.isdecimal() or int(period) == 0 or environ.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return None
    return int(period) / 2_000_000
