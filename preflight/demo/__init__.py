"""The loopback lab behind `preflight demo`: a proxy that wants credentials, origins with a throw-away CA, an HTTP mirror, and ways to break them.

    acts        what the proxy can do with a request, as data                       (pure)
    scenarios   the broken worlds: what is broken, and what there is to learn       (pure)
    wire        HTTP/1.1 seen from a server: one request in, one reply out, and tunnels
    authority   the throw-away CAs (trustme, extra `[demo]`)
    origins     the names that exist in the lab and what each of them says
    registries  image registries, so far as a pull goes
    proxy       the forward proxy
    lab         all of it together, on ports of 127.0.0.1 that the system chose

Nothing here judges anything. The engine meets the lab through sockets and two files, as it meets the world.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from preflight.demo.scenarios import GOOD, SCENARIOS, Scenario

if TYPE_CHECKING:
    from preflight.demo.lab import Lab

__all__ = ["GOOD", "SCENARIOS", "Scenario", "demo_world"]


def demo_world(scenario: Scenario = GOOD) -> Lab:
    """The lab, broken as `scenario` says; it runs while `async with` lasts. Raises lab.MissingExtra without the extra `[demo]`."""
    from preflight.demo.lab import Lab  # noqa: PLC0415 - the list of scenarios is also wanted where no lab is opened

    return Lab(scenario)
