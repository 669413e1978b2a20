"""What the checks of one target, and of the proxy on the way to it, make of what they saw."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from preflight import codes, plan
from preflight.check import Check
from preflight.checks.clock import ClockCheck
from preflight.checks.dns import DnsCheck
from preflight.checks.http import HttpCheck
from preflight.checks.https import HttpsCheck, Observed
from preflight.checks.proxy import TRIED, ProxyCheck
from preflight.checks.proxy_config import ProxyConfigCheck
from preflight.checks.proxy_honest import ProxyHonestCheck
from preflight.checks.tcp import TcpCheck
from preflight.declared import Declared
from preflight.model import Direct, Finding, Phase, Proxy, Status, Via
from preflight.proof import Answer
from preflight.route import NoProxy, Proxies
from preflight.untrusted import Secret
from preflight.world import Dated
from tests.fake import GOOGLE, NOON, Arrives, Ends, FakeDns, FakeNet, Meets, trace, world

pytestmark = pytest.mark.anyio

PROXY = Proxy("http", "192.0.2.1", 3128)
OURS, WRONG = replace(PROXY, user=Secret("u"), password=Secret("planted")), Secret("another")
PROXIED = Declared(Proxies(PROXY, PROXY))
HTTPS = HttpsCheck(name="gcr.io", target="gcr.io", proof="google-api")
HTTP = HttpCheck(name="archive", target="http://archive.example/dists/jammy/InRelease", proof="ubuntu-archive")
INDEX = Answer(200, "OK", (), b"-----BEGIN PGP SIGNED MESSAGE-----\nOrigin: Ubuntu\nSuite: jammy\n")


async def judged(
    check: Check[Any], net: FakeNet | None = None, *, beside: tuple[Check[Any], ...] = (), declared: Declared = PROXIED, **options: Any
) -> list[Finding]:
    made = plan.make([check, *beside], declared)
    return list(check.judge(await check.observe(world(made, net=net, declared=declared, **options))))


def said(findings: list[Finding]) -> list[str]:
    return [finding.code for finding in findings]


async def test_https_goes_by_the_declared_route_and_to_the_end() -> None:
    net = FakeNet()
    assert said(await judged(HTTPS, net)) == ["ok"]
    ((target, route, upto),) = net.walks
    assert (target.authority, route, upto) == ("gcr.io:443", Via(PROXY, "httpsProxy"), Phase.HTTP)
    near = FakeNet()
    await judged(HTTPS, near, declared=Declared(Proxies(PROXY, PROXY, NoProxy.parse("gcr.io"))))
    assert isinstance(near.walks[0][1], Direct)


@pytest.mark.parametrize("code", ["tcp.timeout", "proxy.denied", "tunnel.closed", "tls.expired", "http.timeout"])
async def test_https_repeats_why_the_walk_ended(code: str) -> None:
    assert said(await judged(HTTPS, FakeNet({"gcr.io": Ends(code)}))) == [code]


async def test_https_knows_the_proxys_own_page_inside_the_tunnel() -> None:
    page = Answer(503, "", (("X-Squid-Error", "ERR_DNS_FAIL 0"), ("Server", "squid")), b"<html>")
    assert said(await judged(HTTPS, FakeNet({"gcr.io": Arrives(page)}))) == ["proxy.upstream-dns"]


async def asked(check: HttpsCheck) -> FakeNet:
    net = FakeNet({"*": Arrives(GOOGLE)})
    await judged(check, net)
    return net


async def test_https_says_so_where_h2_alone_does_not_get_through() -> None:
    wanted = HttpsCheck(name="gcr.io", target="gcr.io", proof="google-api", h2=True)
    route = Via(PROXY, "httpsProxy")
    seen = Observed(trace(Arrives(GOOGLE), wanted.wants(), route), NOON, trace(Ends("tls.closed"), wanted.wants(), route))
    assert [finding.code for finding in wanted.judge(seen)] == ["ok", "tls.no-h2"]


async def test_https_asks_for_h2_beside_the_walk_where_it_is_wanted() -> None:
    wanted = HttpsCheck(name="gcr.io", target="gcr.io", proof="google-api", h2=True)
    for alpn, expected in {"h2": ["ok"], "http/1.1": ["ok", "tls.no-h2"]}.items():
        net = FakeNet({"gcr.io": Arrives(GOOGLE, {Phase.TLS: {"alpn": alpn}})})
        assert said(await judged(wanted, net)) == expected
        assert sorted(walk[2] for walk in net.walks) == [Phase.HTTP, Phase.TLS]
    broken = FakeNet({"gcr.io": Ends("tls.expired")})
    assert said(await judged(wanted, broken)) == ["tls.expired"]
    assert [walk[2] for walk in (await asked(HTTPS)).walks] == [Phase.HTTP]


async def test_https_remarks_what_works_and_is_not_sound() -> None:
    soon = (NOON + timedelta(days=3)).strftime("%b %d %H:%M:%S %Y GMT")
    findings = await judged(HTTPS, FakeNet({"gcr.io": Arrives(GOOGLE, {Phase.TLS: {"not_after": soon, "added": "--ca-file", "issuer": "ACME"}})}))
    assert said(findings) == ["ok", "tls.expires-soon", "tls.intercepted-trusted"]


@pytest.mark.parametrize("target", ["http://gcr.io", "tcp://gcr.io:1", "gcr.io:0", "user@gcr.io", ""])
def test_a_target_of_another_kind_is_refused(target: str) -> None:
    with pytest.raises(ValueError, match=r"target"):
        HttpsCheck(name="x", target=target, proof="google-api")


async def test_http_reports_how_a_connect_ended_and_does_not_decide_by_it() -> None:
    for connect in (Ends("proxy.denied"), Arrives()):
        net = FakeNet({"archive.example": [Arrives(INDEX), connect]})
        findings = await judged(HTTP, net)
        assert said(findings) == ["ok"]
        assert {walk[0].url for walk in net.walks} == {"http://archive.example/dists/jammy/InRelease", "https://archive.example/"}
        assert "connect" in findings[0].evidence


@pytest.mark.parametrize(
    ("tunnels", "walks"), [(replace(OURS, port=3129), 2), (PROXY, 2), (replace(OURS, host="192.0.2.2"), 1), (replace(OURS, password=WRONG), 1)]
)
async def test_http_sends_no_credentials_that_its_own_request_does_not_send(tunnels: Proxy, walks: int) -> None:
    """They would count against an account about which this check says nothing."""
    net = FakeNet({"archive.example": Arrives(INDEX)})
    assert said(await judged(HTTP, net, declared=Declared(Proxies(OURS, tunnels)))) == ["ok"]
    assert len(net.walks) == walks


async def test_http_without_a_proxy_asks_once() -> None:
    net = FakeNet({"archive.example": Arrives(INDEX)})
    findings = await judged(HTTP, net, declared=Declared())
    assert (said(findings), len(net.walks)) == (["ok"], 1)
    assert "connect" not in findings[0].evidence


PROXY_SAYS: list[tuple[Meets, str]] = [
    (Arrives(), "ok"),
    *((Ends(f"proxy.{code}"), "ok") for code in ("denied", "upstream-dns", "upstream-refused", "upstream-timeout", "upstream-failed")),
    *(
        (Ends(code), code)
        for code in ("dns.nxdomain", "tcp.refused", "proxy-tls.not-tls", "proxy.auth-required", "proxy.not-http", "proxy.overloaded", "proxy.loop")
    ),
    (Ends("tunnel.closed"), "ok"),
    (Ends("tls.untrusted"), "ok"),
]


@pytest.mark.parametrize(("meets", "code"), PROXY_SAYS)
async def test_proxy_judges_its_own_hop_only(meets: Meets, code: str) -> None:
    check = ProxyCheck(name="proxy-https", scheme="https")
    assert said(await judged(check, FakeNet({"*": meets}), beside=(HTTPS,))) == [code]


async def test_proxy_asks_for_another_target_where_the_first_is_met_with_silence() -> None:
    check = ProxyCheck(name="proxy-https", scheme="https")
    others = tuple(HttpsCheck(name=f"t{number}", target=f"t{number}.example", proof="google-api") for number in range(5))
    alive = FakeNet({"t0.example": Ends("proxy.no-reply")})
    assert said(await judged(check, alive, beside=others)) == ["ok"]
    assert [walk[0].host for walk in alive.walks] == ["t0.example", "t1.example"]
    dead = FakeNet({"*": Ends("proxy.no-reply")})
    assert said(await judged(check, dead, beside=others)) == ["proxy.no-reply"]
    assert len(dead.walks) == TRIED


async def test_proxy_has_nothing_to_ask_where_nothing_is_routed() -> None:
    for scheme, declared in (("https", Declared()), ("http", PROXIED)):
        check = ProxyCheck(name="proxy", scheme=scheme)  # type: ignore[arg-type]
        net = FakeNet()
        assert said(await judged(check, net, beside=(HTTPS,), declared=declared)) == ["internal.not-applicable"]
        assert net.walks == []


@pytest.mark.parametrize(("status", "code"), [(200, "ok"), (404, "ok"), (400, "proxy.not-a-proxy"), (405, "proxy.not-a-proxy"), (501, "proxy.not-a-proxy")])
async def test_a_proxy_for_clear_text_is_known_by_its_answer(status: int, code: str) -> None:
    check = ProxyCheck(name="proxy-http", scheme="http")
    assert said(await judged(check, FakeNet({"*": Arrives(Answer(status))}), beside=(HTTP,))) == [code]


async def test_a_proxys_dead_addresses_are_its_own() -> None:
    check = ProxyCheck(name="proxy-https", scheme="https")
    meets = Arrives(facts={Phase.TCP: {"dead": {"192.0.2.9": "tcp.timeout"}}})
    assert said(await judged(check, FakeNet({"*": meets}), beside=(HTTPS,))) == ["ok", "tcp.partial"]
    assert said(await judged(HTTPS, FakeNet({"*": meets}))) == ["ok"]


HONEST: list[tuple[Meets, str, Status]] = [
    (Arrives(), "proxy.dishonest", Status.WARN),
    (Ends("tunnel.unexpected-bytes"), "proxy.dishonest", Status.WARN),
    (Ends("proxy.denied", {"reply": "403"}), "ok", Status.PASS),
    (Ends("proxy.upstream-dns", {"reply": "503"}), "ok", Status.PASS),
    (Ends("proxy.closed"), "ok", Status.PASS),
    (Ends("proxy.no-reply"), "proxy.no-reply", Status.ERROR),
    (Ends("proxy.overloaded"), "proxy.overloaded", Status.ERROR),
    (Ends("proxy.auth-rejected", {"reply": "407"}), "proxy.auth-rejected", Status.ERROR),
    (Ends("proxy.captive-portal", {"reply": "302"}), "proxy.captive-portal", Status.ERROR),
    (Ends("tcp.refused"), "tcp.refused", Status.ERROR),
]


@pytest.mark.parametrize(("meets", "code", "status"), HONEST)
async def test_proxy_honest_wants_a_no(meets: Meets, code: str, status: Status) -> None:
    net = FakeNet({"*": meets})
    (finding,) = await judged(ProxyHonestCheck(name="proxy-honest"), net)
    assert (finding.code, finding.status) == (code, status)
    assert net.walks[0][0].host == "qzxwvkjhgfds.invalid"
    assert net.walks[0][2] is Phase.PROXY


async def test_proxy_honest_asks_nobody_without_a_proxy() -> None:
    net = FakeNet()
    assert said(await judged(ProxyHonestCheck(name="x"), net, declared=Declared())) == ["internal.not-applicable"]
    assert net.walks == []


async def test_proxy_config_repeats_the_readers_remarks() -> None:
    check = ProxyConfigCheck(name="proxy-config")
    lint = codes.finding("tcp.partial", message="x", hint="y")
    assert said(await judged(check, declared=Declared(lints={"proxy-config": (lint,)}))) == ["tcp.partial"]
    (fine,) = await judged(check)
    assert (fine.code, "192.0.2.1:3128" in fine.message) == ("ok", True)
    assert said(await judged(check, declared=Declared())) == ["internal.not-applicable"]


CLOCKS: list[tuple[list[float], str, Status]] = [
    ([], "internal.not-applicable", Status.SKIP),
    ([0], "ok", Status.PASS),
    ([60], "ok", Status.PASS),
    ([-61], "clock.skew", Status.WARN),
    ([300], "clock.skew", Status.WARN),
    ([301], "clock.skew", Status.FAIL),
    ([-4000, -4001, -3999], "clock.skew", Status.FAIL),
    ([0, 1, 4000], "ok", Status.PASS),
    ([0, 4000], "ok", Status.PASS),
    ([4000, -4000], "clock.skew", Status.FAIL),
]


@pytest.mark.parametrize(("ahead", "code", "status"), CLOCKS)
async def test_clock_believes_most_of_its_peers(ahead: list[float], code: str, status: Status) -> None:
    dates = [Dated(f"peer{number}", seconds) for number, seconds in enumerate(ahead)]
    (finding,) = await judged(ClockCheck(name="clock"), dates=dates)
    assert (finding.code, finding.status) == (code, status)


async def test_clock_says_which_way_and_how_far() -> None:
    (finding,) = await judged(ClockCheck(name="clock"), dates=[Dated("a", -600)])
    assert "about 10 min behind" in finding.message


@pytest.mark.parametrize(
    ("names", "code"),
    [
        ({"a.example": ["192.0.2.1"]}, "ok"),
        ({}, "dns.nxdomain"),
        ({"a.example": "dns.sinkhole"}, "dns.sinkhole"),
        ({"a.example": "dns.timeout"}, "dns.timeout"),
    ],
)
async def test_dns_says_what_the_resolver_says(names: dict[str, Any], code: str) -> None:
    (finding,) = await judged(DnsCheck(name="x", host="a.example"), dns=FakeDns(names))
    assert finding.code == code
    assert "a.example" in finding.message
    assert "?" not in finding.message


async def test_tcp_goes_no_further_than_the_connection_and_never_through_a_proxy() -> None:
    net = FakeNet()
    check = TcpCheck(name="x", target="a.example:22")
    assert said(await judged(check, net)) == ["ok"]
    assert (isinstance(net.walks[0][1], Direct), net.walks[0][2]) == (True, Phase.TCP)
    assert said(await judged(check, FakeNet({"a.example": Ends("tcp.refused")}))) == ["tcp.refused"]
    partly = Arrives(facts={Phase.TCP: {"dead": {"192.0.2.9": "tcp.refused"}}})
    assert said(await judged(check, FakeNet({"a.example": partly}))) == ["ok", "tcp.partial"]
