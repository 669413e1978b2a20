"""This host's clocks."""

from __future__ import annotations

import time
from datetime import UTC, datetime


class RealClock:
    """The system's clocks."""

    def now(self) -> datetime:
        """See `world.Clock.now`."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """See `world.Clock.monotonic`."""
        return time.monotonic()
