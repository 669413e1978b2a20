"""What the probe works with."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import msgspec

from preflight.engine import Stop
from preflight.inputs.select import Loaded
from preflight.model import Report
from preflight.serve.isolation import Routes
from preflight.serve.journal import Journal
from preflight.serve.notify.notice import Notice
from preflight.serve.recorder import Recorder
from preflight.serve.rhythm import Jitter
from preflight.serve.systemd import Systemd
from preflight.world import Clock


class Around(msgspec.Struct, frozen=True, kw_only=True):
    """What the probe works with. The clock, chance, the rest between runs and the run itself are a test's to replace."""

    clock: Clock
    chance: Callable[[], float]
    """A random number from 0 to 1."""
    token: Callable[[], str]
    """An id that nobody had before."""
    rest: Callable[[float], Awaitable[None]]
    """Sleeps so many seconds, or less if there is a reason to wake up."""
    run: Callable[[Loaded, Stop], Awaitable[Report]]
    """One run in a fresh world."""
    routes: Routes
    recorder: Recorder
    tell: Callable[[Notice], None]
    systemd: Systemd
    journal: Journal
    jitter: Jitter = Jitter()
