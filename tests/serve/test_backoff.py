"""Credentials that were refused are not sent every minute."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from preflight.check import Check
from preflight.checks.clock import ClockCheck
from preflight.checks.https import HttpsCheck
from preflight.checks.proxy import ProxyCheck
from preflight.checks.proxy_config import ProxyConfigCheck
from preflight.checks.tcp import TcpCheck
from preflight.checks.vpc_endpoint import VpcEndpointCheck
from preflight.declared import Declared
from preflight.model import Proxy
from preflight.plan import make
from preflight.route import NoProxy, Proxies
from preflight.serve.backoff import Accounts, Backoff
from preflight.serve.rhythm import Every, Jitter, Moment
from preflight.serve.schedule import Timetable
from preflight.untrusted import Secret
from tests.samples import DEAD, STARTED, failed, passed, skipped

REFUSED = failed("proxy-https", "proxy.auth-rejected", "407", "Correct the credentials.")
TAKEN = passed("gcr.io")


def after(backoff: Backoff, *results: object, started: float = 0.0) -> Backoff:
    return backoff.after(results, started=started, interval=60)  # type: ignore[arg-type]


@pytest.mark.parametrize("code", ["proxy.auth-rejected", "proxy.auth-required", "proxy.auth-unsupported"])
def test_a_refusal_doubles_the_interval(code: str) -> None:
    backoff = after(Backoff(), failed("proxy-https", code, "407", "x"), skipped("gcr.io", blocker="proxy-https"))
    assert (backoff.holds(60), backoff.holds(120)) == (True, False)


def test_further_refusals_double_it_up_to_an_hour() -> None:
    backoff, pauses = Backoff(), []
    for _ in range(40):
        backoff = after(backoff, REFUSED)
        pauses.append(next(seconds for seconds in range(0, 7200, 60) if not backoff.holds(seconds)))
    assert pauses[:7] == [120, 240, 480, 960, 1920, 3600, 3600]
    assert set(pauses[6:]) == {3600}


def test_an_interval_longer_than_an_hour_stays() -> None:
    backoff = Backoff().after([REFUSED], started=0, interval=86400)
    assert (backoff.holds(3600), backoff.holds(86400)) == (True, False)


def test_nothing_holds_at_first_whatever_the_clock_says() -> None:
    assert not Backoff().holds(-5.0)


def test_credentials_that_are_taken_end_it() -> None:
    assert after(after(Backoff(), REFUSED), TAKEN) == Backoff()


def test_a_refusal_beside_a_success_is_about_that_target() -> None:
    """Squid says 407 for a policy denial too, where the rule ends with the ACL of the account."""
    assert after(Backoff(), TAKEN, REFUSED) == after(Backoff(), REFUSED, TAKEN) == Backoff()


HTTP, HTTPS = (Proxy("http", host, 3128, Secret("u"), Secret("planted")) for host in ("10.0.1.20", "10.0.1.21"))
INTERVALS = {"proxy-http": 60.0, "proxy-https": 60.0, "gcr.io": 30.0, "odd": 60.0}


def accounts(http: Proxy, https: Proxy) -> Accounts:
    checks: list[Check[Any]] = [
        ProxyCheck(name="proxy-http", scheme="http"),
        ProxyCheck(name="proxy-https", scheme="https"),
        HttpsCheck(name="gcr.io", target="gcr.io", proof="google-api"),
        ProxyConfigCheck(name="proxy-config"),
    ]
    declared = Declared(proxies=Proxies(http, https))
    return Accounts.of(make(checks, declared), declared)


def test_what_one_proxy_refuses_is_no_reason_to_leave_another_alone() -> None:
    two = accounts(HTTP, HTTPS)
    refused = two.after([failed("proxy-http", "proxy.auth-rejected", "407", "x"), TAKEN], started=0, intervals=INTERVALS)
    assert refused.held(60).keys() == {"proxy-http"}
    assert not refused.held(120)
    assert refused.hosts(60) == {"10.0.1.20": 30.0}
    assert refused.hosts(120) == two.hosts(60) == {}


def test_one_account_on_two_ports_is_held_back_as_one() -> None:
    one = accounts(HTTP, replace(HTTP, port=3129)).after([REFUSED], started=0, intervals=INTERVALS)
    assert one.held(44).keys() == {"proxy-http", "proxy-https", "gcr.io"}
    assert not one.held(45)


def test_other_credentials_are_another_account() -> None:
    before = accounts(HTTP, HTTP).after([REFUSED], started=0, intervals=INTERVALS)
    other = replace(HTTP, password=Secret("another"))
    assert accounts(HTTP, HTTP).keeping(before).held(1).keys() == before.held(1).keys()
    changed = accounts(other, other).keeping(before)
    assert not changed.held(1)
    assert not changed.hosts(1)
    assert accounts(HTTP, HTTP).keeping(changed).held(1).keys() == before.held(1).keys()


def test_of_a_check_that_may_have_asked_either_proxy_only_a_refusal_counts() -> None:
    both = Accounts({("a", Secret("x")): frozenset({"gcr.io", "odd"}), ("b", Secret("x")): frozenset({"odd"})})
    odd = replace(TAKEN, name="odd")
    refused = both.after([replace(REFUSED, name="odd")], started=0, intervals=INTERVALS)
    assert refused.held(30).keys() == {"gcr.io", "odd"}
    assert refused.after([odd], started=60, intervals=INTERVALS) == refused
    assert refused.after([TAKEN], started=60, intervals=INTERVALS).held(60).keys() == {"odd"}


def test_a_proxy_that_is_down_says_nothing_about_credentials() -> None:
    backoff = after(Backoff(), REFUSED)
    assert after(backoff, DEAD, skipped("gcr.io", blocker="proxy-https")) == backoff


@given(share=st.integers(0, 49), chances=st.lists(st.floats(0, 1), min_size=30, max_size=30))
def test_on_a_timetable_with_jitter_an_account_sees_few_attempts(share: int, chances: list[float]) -> None:
    numbers = iter(chances * 20)
    timetable = Timetable.of({"x": Every(60)}, Moment(0, STARTED), jitter=Jitter(share=share / 100), random=lambda: next(numbers))
    backoff, now, slots = Backoff(), 0.0, []
    while now < 1900:
        turn = timetable.take(Moment(now, STARTED), lambda: next(numbers))
        if not backoff.holds(now):
            slots.append(int(now // 60))
            backoff = after(backoff, REFUSED, started=now)
        timetable = turn.table
        now += timetable.sleep(Moment(now, STARTED))
    assert slots[0] == 0
    assert slots[1:] == sorted(set(slots[1:]))
    assert len(slots) == 5  # at 0, about 2, 6, 14 and 30 minutes


def senders(checks: list[Check[Any]], declared: Declared) -> frozenset[str]:
    return frozenset[str]().union(*Accounts.of(make(checks, declared), declared).senders.values())


def test_who_is_entrusted_with_the_credentials() -> None:
    checks: list[Check[Any]] = [
        ProxyCheck(name="proxy-https", scheme="https"),
        ProxyConfigCheck(name="proxy-config"),
        HttpsCheck(name="routed", target="gcr.io", proof="google-api"),
        HttpsCheck(name="exempt", target="direct.example", proof="google-api"),
        TcpCheck(name="plain", target="db.example:5432"),
        VpcEndpointCheck(name="endpoint/ec2", service="ec2"),
        ClockCheck(name="clock"),
    ]
    exempt = NoProxy.parse("direct.example")
    routed = Declared(proxies=Proxies(HTTP, HTTP, exempt), region="us-west-1")
    assert senders(checks, routed) == {"proxy-https", "routed", "endpoint/ec2"}
    regional = Declared(proxies=Proxies(HTTP, HTTP, NoProxy.parse("direct.example,us-west-1.amazonaws.com")), region="us-west-1")
    assert senders(checks, regional) == {"proxy-https", "routed"}
    anybody = Declared(proxies=Proxies(replace(HTTP, user=None, password=None), None, exempt))
    assert senders(checks, anybody) == frozenset()
