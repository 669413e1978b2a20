"""What a walk leaves behind besides its code: steps, durations, dates, and how often it says what."""

from __future__ import annotations

import errno
import os
from typing import Any

import anyio
import httpx
import pytest
from msgspec.structs import replace

from preflight.model import Phase, Route, Target
from preflight.proof import Request
from preflight.real.client import WalkFailed
from preflight.real.tls import Trust
from preflight.real.wire import Wire
from preflight.world import Trace
from tests.identities import Leaf, signer, store
from tests.loopback import by_request, drip, hear, reset, say
from tests.real.places import TARGET, place
from tests.worlds.words import API, BASIC, GRANT, NOT_FOUND, http, origin, refusing

pytestmark = pytest.mark.anyio


async def test_a_walk_shows_every_hop_and_its_seconds_are_those_of_the_walk() -> None:
    async with place() as here:
        clock = here.net.means.clock
        start = clock.monotonic()
        trace = await here.net.walk(TARGET, here.via())
        total = clock.monotonic() - start
    assert [step.phase for step in trace.steps] == [Phase.DNS, Phase.TCP, Phase.PROXY, Phase.TLS, Phase.HTTP]
    assert all(step.ok and step.seconds >= 0 for step in trace.steps)
    assert 0 < sum(step.seconds for step in trace.steps) <= total
    assert trace.answer is not None
    assert trace.answer.status == 404
    tls = trace.step(Phase.TLS)
    assert tls is not None
    assert (tls.facts["version"], tls.facts["alpn"], tls.facts["issuer"]) == ("TLSv1.3", None, "Lab Root")


@pytest.mark.parametrize("upto", [Phase.TCP, Phase.PROXY, Phase.TLS])
async def test_a_walk_goes_no_further_than_asked(upto: Phase) -> None:
    async with place() as here:
        trace = await here.net.walk(TARGET, here.via(), upto=upto)
        assert (trace.steps[-1].phase, trace.code, trace.answer) == (upto, None, None)
        assert here.origin.heads == []


async def test_the_request_is_plain_and_says_no_more_than_it_must() -> None:
    async with place() as here:
        await here.net.walk(TARGET, here.via(user=True), ask=Request("/x?y=1"))
        (connect,), (request,) = here.proxy.heads, here.origin.heads
    assert connect.split("\r\n")[0] == f"CONNECT {API}:443 HTTP/1.1"
    assert here.proxy.carried("host") == [f"{API}:443"]
    assert here.proxy.carried("proxy-authorization") == [BASIC]
    assert request.split("\r\n")[0] == "GET /x?y=1 HTTP/1.1"
    assert here.origin.carried("host") == [API]
    assert here.origin.carried("connection") == ["close"]
    assert here.origin.carried("proxy-authorization") == []


async def test_a_target_in_clear_is_asked_for_in_absolute_form() -> None:
    async with place(refusing("200 OK")) as here:
        await here.net.walk(Target.parse("http://archive.example:8080/a?b"), here.via())
        await here.net.walk(Target.parse("http://archive.example/a"), here.via())
    assert [head.split("\r\n")[0] for head in here.proxy.heads] == ["GET http://archive.example:8080/a?b HTTP/1.1", "GET http://archive.example/a HTTP/1.1"]
    assert here.proxy.carried("host") == ["archive.example:8080", "archive.example"]


async def test_a_deadline_is_for_the_whole_walk_however_busy_the_peer_is() -> None:
    async with place(behind=origin((drip(b"HTTP/1.1 200 OK\r\nX: " + b"y" * 500, 0.01),))) as here:
        with anyio.fail_after(30):
            trace = await here.net.walk(TARGET, here.via(), timeout=2)
    assert trace.code == "http.timeout"
    assert trace.steps[-1].facts["after"] == "2 s"


async def test_no_more_is_read_than_was_asked_for() -> None:
    async with place(behind=origin(http("200 OK", body="x" * 500_000))) as here:
        trace = await here.net.walk(TARGET, here.via(), ask=Request(keep=1000))
    assert trace.answer is not None
    assert (len(trace.answer.body), trace.answer.whole, trace.answer.cut) == (1000, False, False)


async def test_dates_are_noted_with_the_peer_that_gave_them() -> None:
    async with place(behind=origin(http("404 Not Found", "Date: Fri, 17 May 2024 12:00:00 GMT", "Age: 60"))) as here:
        await here.net.walk(TARGET, here.via())
    (dated,) = here.seen.dates
    assert dated.peer == API
    async with place(refusing("403 Forbidden", "Date: Fri, 17 May 2024 12:00:00")) as here:
        await here.net.walk(TARGET, here.via())
    assert [dated.peer for dated in here.seen.dates] == ["proxy.localhost"]


@pytest.mark.parametrize("date", ["", "yesterday", "Fri, 99 May 2024 12:00:00 GMT", "0", "Fri, 17 May 99999 12:00:00 GMT", "Mon, 01 Jan 0001 00:00:00 +2359"])
async def test_a_date_that_means_nothing_is_not_noted(date: str) -> None:
    async with place(behind=origin(http("404 Not Found", f"Date: {date}", "Age: 9" + "9" * 400))) as here:
        trace = await here.net.walk(TARGET, here.via())
    assert trace.code is None
    assert here.seen.dates == []


async def test_every_address_is_tried_and_the_dead_are_named() -> None:
    async with place(addresses=("127.0.0.9", "127.0.0.1", "127.0.0.8")) as here:
        trace = await here.net.walk(TARGET, here.via(), upto=Phase.TCP, every_address=True)
    assert trace.code is None
    assert trace.steps[-1].facts == {"address": "127.0.0.1", "dead": {"127.0.0.9": "tcp.refused", "127.0.0.8": "tcp.refused"}}


async def test_an_address_that_hangs_does_not_eat_the_time_of_the_one_that_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    connect = Wire.to

    async def half_deaf(address: Any, port: Any) -> Any:
        if str(address) == "127.0.0.9":
            await anyio.sleep_forever()
        return await connect(address, port)

    monkeypatch.setattr(Wire, "to", half_deaf)
    async with place(addresses=("127.0.0.9", "127.0.0.1")) as here:
        trace = await here.net.walk(TARGET, here.via(), every_address=True, timeout=4)
        only_one = await here.net.walk(TARGET, here.via(), timeout=4)
    assert (trace.code, only_one.code) == (None, None)
    tcp = trace.step(Phase.TCP)
    assert tcp is not None
    assert tcp.facts["dead"] == {"127.0.0.9": "tcp.timeout"}


@pytest.mark.parametrize(
    ("number", "addresses", "code"),
    [
        (errno.EMFILE, ("127.0.0.1",), "internal.resources"),
        (errno.EADDRNOTAVAIL, ("127.0.0.1",), "internal.resources"),
        (errno.ENETUNREACH, ("127.0.0.1", "127.0.0.2"), "tcp.unreachable"),
        (errno.EHOSTUNREACH, ("127.0.0.1",), "tcp.unreachable"),
        (errno.EPERM, ("127.0.0.1",), "tcp.denied-locally"),
        (errno.ECONNRESET, ("127.0.0.1",), "tcp.reset"),
        (errno.ETIMEDOUT, ("127.0.0.1",), "tcp.timeout"),
        (errno.ENETUNREACH, ("2001:db8::1", "2001:db8::2"), "dns.no-address"),
        (errno.ENETUNREACH, ("2001:db8::1", "127.0.0.1"), "tcp.unreachable"),
    ],
)
async def test_what_the_system_says_has_its_code(number: int, addresses: tuple[str, ...], code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def refuse(address: Any, port: Any) -> Any:
        raise OSError(number, os.strerror(number))

    async with place(addresses=addresses) as here:
        monkeypatch.setattr(Wire, "to", refuse)
        trace = await here.net.walk(TARGET, here.via())
    assert trace.code == code
    assert trace.steps[-1].facts["reason"]


async def test_nothing_is_sent_to_a_peer_whose_certificate_was_refused() -> None:
    async with place(behind=origin(NOT_FOUND, Leaf((API,), issuer="ACME"))) as here:
        trace = await here.net.walk(TARGET, here.via())
        assert trace.code == "tls.untrusted"
        assert here.origin.heads == []


async def test_a_walk_that_is_cancelled_leaves_nothing_open() -> None:
    for script in ((hear, drip(b"x", 0.01)), GRANT):
        async with place(script, behind=(reset,)) as here:
            with anyio.move_on_after(0.2):
                await here.net.walk(TARGET, here.via())


async def test_a_root_that_was_added_is_seen(tmp_path: Any) -> None:

    file = tmp_path / "acme.pem"
    file.write_bytes(signer("ACME").pem)
    async with place(behind=origin(NOT_FOUND, Leaf((API,), issuer="ACME"))) as here:
        here.net.means = replace(here.net.means, trust=Trust(file, store=store, anchors=()))
        trace = await here.net.walk(TARGET, here.via())
        assert trace.code is None
        tls = trace.step(Phase.TLS)
        assert tls is not None
        assert tls.facts["added"] == "--ca-file"


async def test_a_client_walks_every_request_and_follows_nothing() -> None:
    moved = by_request({"/moved": (say(http("302 Found", "Location: /there", "Content-Encoding: gzip")),)}, (say(NOT_FOUND),))
    traces: list[Trace] = []
    async with place(behind=origin((moved,))) as here:
        route: Route = here.via()
        async with here.net.client(lambda target: route, timeout=5, traces=traces) as client:
            first = await client.get(f"https://{API}/moved?x=1", headers={"Accept": "application/json"})
            second = await client.post(f"https://{API}/there", content=b"hello")
        assert (first.status_code, first.headers["location"], second.status_code) == (302, "/there", 404)
        assert [trace.target.path for trace in traces] == ["/moved?x=1", "/there"]
        assert here.origin.carried("accept")[0] == "application/json"
        assert here.origin.carried("content-length") == ["5"]


async def test_a_client_whose_walk_fails_says_where() -> None:
    traces: list[Trace] = []
    async with place(refusing("403 Forbidden")) as here:
        route: Route = here.via()
        async with here.net.client(lambda target: route, timeout=5, traces=traces) as client:
            with pytest.raises(WalkFailed) as raised:
                await client.get(f"https://{API}/")
    assert isinstance(raised.value, httpx.TransportError)
    assert [trace.code for trace in traces] == [raised.value.trace.code] == ["proxy.denied"]
