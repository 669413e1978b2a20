"""Accounts lock: credentials that nobody accepted yet are sent by one walk at a time, and once refused by none."""

from __future__ import annotations

import pytest

from preflight.model import Phase, Target
from tests.loopback import Script, by_request, drip, hear, if_authorized, say
from tests.real.places import TARGET, place, together
from tests.worlds.words import API, BASIC, GRANT, OK_200, http, refusing

pytestmark = pytest.mark.anyio

WANTS = 'Proxy-Authenticate: Basic realm="x"'


LOGIN: Script = (hear, if_authorized(BASIC, (say(OK_200), *GRANT[2:]), (say(http("407 Nope", WANTS)),)))


async def test_credentials_that_are_wrong_are_sent_once_however_many_walk() -> None:
    async with place(refusing("407 Nope", WANTS)) as here:
        traces = await together(here.net, [here.via(user=True)] * 8)
    assert [trace.code for trace in traces] == ["proxy.auth-rejected"] * 8
    assert here.proxy.carried("proxy-authorization") == [BASIC]


async def test_wrong_credentials_are_not_tried_again_on_another_port_of_that_proxy() -> None:
    async with place(refusing("407 Nope", WANTS)) as here:
        other = await here.lab.serve(refusing("407 Nope", WANTS))
        traces = await together(here.net, [here.via(user=True), here.via(user=True, port=other.port)])
    assert {trace.code for trace in traces} == {"proxy.auth-rejected"}
    assert len(here.proxy.carried("proxy-authorization") + other.carried("proxy-authorization")) == 1


async def test_a_scheme_that_cannot_be_spoken_is_said_of_all_walks() -> None:
    async with place(refusing("407 Nope", "Proxy-Authenticate: NTLM")) as here:
        traces = await together(here.net, [here.via(user=True)] * 3)
    assert [trace.code for trace in traces] == ["proxy.auth-unsupported"] * 3
    assert {str(trace.steps[-1].facts["offers"]) for trace in traces} == {"NTLM"}
    assert len(here.proxy.carried("proxy-authorization")) == 1


async def test_credentials_that_are_right_serve_everybody() -> None:
    async with place(LOGIN) as here:
        traces = await together(here.net, [here.via(user=True)] * 5)
    assert [trace.code for trace in traces] == [None] * 5
    assert len(here.proxy.carried("proxy-authorization")) == 5


async def test_a_denial_tells_nothing_about_the_credentials() -> None:
    async with place((hear, by_request({API: (say(http("403 Forbidden")),)}, (say(http("407 Nope", WANTS)),)))) as here:
        first = await here.net.walk(TARGET, here.via(user=True))
        second = await here.net.walk(Target.parse("gcr.io"), here.via(user=True))
        third = await here.net.walk(Target.parse("gcr.io"), here.via(user=True))
    assert [first.code, second.code, third.code] == ["proxy.denied", "proxy.auth-rejected", "proxy.auth-rejected"]
    assert len(here.proxy.carried("proxy-authorization")) == 2


async def test_waiting_for_ones_turn_costs_no_time_of_ones_own() -> None:
    slow: Script = (hear, drip(b"HTTP/1.1 200 OK\r\nX: " + b"y" * 999))  # for all of its own time, which is all of the other's
    async with place((hear, by_request({API: slow}, (say(OK_200), *GRANT[2:])))) as here:
        first, second = await together(here.net, [here.via(user=True)] * 2, bound=2, targets=[TARGET, Target.parse("gcr.io")])
    assert second.code is None or second.code.startswith("http")
    assert first.steps[-1].phase is not Phase.DNS
