"""A walk that is over is gone at once, with its connection and its trust store, however it ended: a probe makes them for months."""

from __future__ import annotations

import gc

import anyio
import pytest

from preflight.real.walk import Walk
from tests.identities import Leaf
from tests.loopback import Script, hang, reset
from tests.real.places import TARGET, place
from tests.worlds.words import API, GOOD, GRANT, NOT_FOUND, origin, refusing

pytestmark = pytest.mark.anyio


def _walks() -> int:
    return sum(type(each) is Walk for each in gc.get_objects())


@pytest.mark.parametrize(
    ("proxy", "behind", "code"),
    [
        (GRANT, GOOD, None),
        (GRANT, origin(NOT_FOUND, Leaf((API,), issuer="ACME")), "tls.untrusted"),
        (GRANT, (reset,), "tunnel.reset"),
        (GRANT, (), "tunnel.closed"),
        (GRANT, (hang,), "tunnel.timeout"),
        (refusing("403 Forbidden"), GOOD, "proxy.denied"),
        ((reset,), GOOD, "proxy.closed"),
    ],
)
async def test_nothing_is_left_for_the_collector(proxy: Script, behind: Script, code: str | None) -> None:
    async with place(proxy, behind) as here:
        gc.collect()
        gc.disable()
        try:
            trace = await here.net.walk(TARGET, here.via(), timeout=2)
            with anyio.move_on_after(20):
                while left := _walks():  # noqa: ASYNC110 - nobody says when something is gone
                    await anyio.sleep(0.01)  # the loop itself lets go of what was cancelled in its next turns; the collector is off
        finally:
            gc.enable()
    assert (trace.code, left) == (code, 0)
