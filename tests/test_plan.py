"""Which checks are run, in which order, and which cannot be."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

import pytest

from preflight import plan
from preflight.check import EVERYTHING, Check, seconds
from preflight.checks.http import HttpCheck
from preflight.checks.https import HttpsCheck
from preflight.checks.proxy import ProxyCheck
from preflight.checks.proxy_honest import ProxyHonestCheck
from preflight.checks.tcp import TcpCheck
from preflight.declared import Declared
from preflight.model import Proxy
from preflight.route import NoProxy, Proxies


class Idle(Check[None], frozen=True, kw_only=True, tag="idle"):
    kind: ClassVar[str] = "idle"
    waits: tuple[str, ...] = ()

    def after(self) -> Iterable[str]:
        return self.waits


def idle(name: str, *requires: str, waits: tuple[str, ...] = ()) -> Idle:
    return Idle(name=name, requires=requires, waits=waits)


def order(*checks: Idle) -> list[str]:
    return [check.name for check in plan.make(checks, Declared()).checks]


def test_the_profiles_order_is_kept_where_dependencies_leave_a_choice() -> None:
    assert order(idle("c"), idle("a"), idle("b")) == ["c", "a", "b"]
    assert order(idle("late", "early"), idle("other"), idle("early")) == ["other", "early", "late"]


def test_nothing_stands_before_what_it_waits_for() -> None:
    checks = [idle("last", waits=(EVERYTHING,)), idle("d", "c"), idle("c", "b"), idle("b", "a"), idle("a")]
    names = order(*checks)
    assert names == ["a", "b", "c", "d", "last"]


def test_everything_means_everything_that_does_not_say_so_itself() -> None:
    made = plan.make([idle("x", waits=(EVERYTHING,)), idle("y", waits=(EVERYTHING,)), idle("z")], Declared())
    assert dict(made.waits) == {"x": ("z",), "y": ("z",), "z": ()}


def test_a_last_check_may_be_required_by_none_of_the_early_ones() -> None:
    with pytest.raises(ValueError, match="wait for each other"):
        plan.make([idle("x", waits=(EVERYTHING,)), idle("y", "x")], Declared())


def test_a_circle_is_refused_and_named() -> None:
    with pytest.raises(ValueError, match=r"a → b → a|b → a → b"):
        plan.make([idle("a", "b"), idle("b", "a")], Declared())
    with pytest.raises(ValueError, match="wait for each other"):
        plan.make([idle("a", "a")], Declared())


def test_a_name_stands_once() -> None:
    with pytest.raises(ValueError, match="two checks are named 'a'"):
        plan.make([idle("a"), idle("a")], Declared())


def test_what_is_absent_blocks_nothing() -> None:
    made = plan.make([idle("a", "gone", waits=("gone too",))], Declared())
    assert (made.blockers["a"], made.waits["a"]) == ((), ())


def test_a_routed_target_needs_its_proxy_and_an_exempted_one_does_not() -> None:
    proxy = Proxy("http", "192.0.2.1", 3128)
    checks: list[Check[Any]] = [
        HttpsCheck(name="in", target="near.example", proof="registry"),
        HttpsCheck(name="out", target="far.example", proof="registry"),
        HttpCheck(name="clear", target="http://far.example/", proof="ubuntu-archive"),
        TcpCheck(name="port", target="far.example:22"),
        ProxyHonestCheck(name="proxy-honest"),
        ProxyCheck(name="proxy-http", scheme="http"),
        ProxyCheck(name="proxy-https", scheme="https"),
    ]
    made = plan.make(checks, Declared(Proxies(proxy, proxy, NoProxy.parse("near.example"))))
    assert {name: needs for name, needs in made.blockers.items() if needs} == {
        "out": ("proxy-https",),
        "clear": ("proxy-http",),
        "proxy-honest": ("proxy-https",),
    }
    assert made.waits["proxy-http"] == ("proxy-https",)
    assert [wanted.name for wanted in made.wanted()] == [check.name for check in made.checks if check.wants()]


@pytest.mark.parametrize(("text", "value"), [("500ms", 0.5), ("10s", 10), ("1.5s", 1.5), ("2m", 120), ("1h", 3600)])
def test_durations_have_units(text: str, value: float) -> None:
    assert seconds(text) == value


@pytest.mark.parametrize("text", ["", "10", "10 s", "s", "-1s", "1d", "1s2", "\u0661s\n"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no duration"):
        seconds(text)
