"""`preflight ARGS` on asyncio's own event loop, as where uvloop is not installed."""

from __future__ import annotations

from preflight import session
from preflight.__main__ import main

session.FAST_FROM = 1 << 62
main()
