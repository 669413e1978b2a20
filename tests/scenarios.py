"""The broken worlds, as data: name → little world → what the checks must say. The rows stand by phase in `worlds/`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tests.worlds import http, proxy, refusals, tcp, tls, tunnel
from tests.worlds.words import Scenario

SCENARIOS: Final[Mapping[str, Scenario]] = {**tcp.WORLDS, **proxy.WORLDS, **refusals.WORLDS, **tunnel.WORLDS, **tls.WORLDS, **http.WORLDS}
