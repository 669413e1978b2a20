"""A proxy that keeps silent must not use up the whole run's time."""

from __future__ import annotations

import pytest

from preflight.checks.proxy import ProxyCheck
from preflight.declared import Declared
from preflight.model import Proxy, Target
from preflight.route import Proxies
from preflight.world import Wanted, World
from tests.fake import Arrives, Ends, FakeClock, FakeDns, FakeNet

PROXY = Proxy("http", "proxy.acme.example", 3128)
WANTED = tuple(Wanted(name, Target.parse(name), required=True) for name in ("https://gcr.io/", "https://quay.io/", "http://a.example/", "http://b.example/"))


def world(net: FakeNet) -> World:
    return World(net, FakeDns(), FakeClock(), Declared(proxies=Proxies(PROXY, PROXY)), WANTED)


def check(scheme: str) -> ProxyCheck:
    return ProxyCheck(name=f"proxy-{scheme}", scheme=scheme)  # type: ignore[arg-type]


@pytest.mark.anyio
@pytest.mark.parametrize("code", ["proxy.no-reply", "tcp.timeout"])
async def test_who_asks_a_silent_proxy_again_asks_once(code: str) -> None:
    net = FakeNet({"*": Ends(code, {"after": "5 s"})})
    here = world(net)
    await check("https").observe(here)
    before = len(net.walks)
    seen = await check("http").observe(here)
    assert len(net.walks) - before == 1
    assert [finding.code for finding in check("http").judge(seen)] == [code]


@pytest.mark.anyio
async def test_one_target_that_hangs_behind_it_is_not_the_proxys_silence() -> None:
    net = FakeNet({"gcr.io": Ends("proxy.no-reply"), "*": Arrives()})
    here = world(net)
    seen = await check("https").observe(here)
    assert here.seen.silent == set()
    assert [trace.target.host for trace in seen.traces] == ["gcr.io", "quay.io"]
    assert [finding.code for finding in check("https").judge(seen)] == ["ok"]


@pytest.mark.anyio
async def test_the_finding_names_the_proxy() -> None:
    seen = await check("https").observe(world(FakeNet({"*": Ends("tcp.refused")})))
    [finding] = check("https").judge(seen)
    assert finding.evidence["proxy"] == PROXY.url
