from __future__ import annotations

from datetime import UTC, datetime
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path

import pytest
from msgspec.structs import replace

from preflight.model import Blame, CheckResult, Finding, Phase, Report, Status, Step
from preflight.real.own_routes import own_routes
from preflight.serve.isolation import Network, Sight, Watch, cut_off
from preflight.untrusted import Json

NOWHERE = Step(Phase.TCP, 0.1, "tcp.unreachable", {"name": "10.0.1.20", "addresses": "10.0.1.20"})
NO_RESOLVER = Step(Phase.DNS, 0.1, "dns.timeout", {"name": "proxy.corp"})
CUT_OFF = "this host has no route to 10.0.1.20, and no walk left it"
OTHER = IPv4Network("172.17.0.0/16")


def walked(*walks: tuple[Step, ...]) -> Report:
    results = tuple(
        CheckResult(str(number), "https", "core", "", True, (Finding("tcp.unreachable", Status.FAIL, Blame.UNKNOWN, ""),), steps)
        for number, steps in enumerate(walks)
    )
    return Report(results, (), (), datetime(2026, 3, 1, tzinfo=UTC), 1.0, "1", "p", "v")


def said(report: Report, *routes: Network) -> str | None:
    return cut_off(report, lambda: routes)


def test_a_host_without_any_route_is_cut_off() -> None:
    assert said(walked((NOWHERE,))) == CUT_OFF
    assert said(walked((NOWHERE,), (NO_RESOLVER,)))
    assert said(walked((NO_RESOLVER,)))


def named(*walks: tuple[str, Step]) -> Report:
    report = walked(*((step,) for _, step in walks))
    return replace(report, results=tuple(replace(result, name=name) for result, (name, _) in zip(report.results, walks, strict=True)))


A, B, AWAY = ("a", NOWHERE), ("b", NOWHERE), Step(Phase.TCP, 0.1)
CLEAR, BLIND, NOTHING = Sight


def test_what_a_whole_run_disproved_is_not_asked_again_until_one_of_these_checks_leaves() -> None:
    watch = Watch(lambda: ())
    assert watch.look(named(A), whole=False) is NOTHING
    assert watch.unsure
    assert watch.look(named(A), whole=False) is NOTHING  # the run of everything broke
    assert watch.look(named(A, ("b", AWAY)), whole=True) is CLEAR
    assert not watch.unsure
    assert watch.look(named(A), whole=False) is CLEAR
    assert watch.look(named(A, B), whole=False) is NOTHING  # `b` left before
    assert watch.look(named(("a", AWAY), ("b", AWAY)), whole=True) is CLEAR
    assert watch.look(named(A), whole=False) is NOTHING
    watch.forget()
    assert watch.look(named(A), whole=False) is NOTHING
    assert watch.look(named(A, B), whole=True) is BLIND
    assert watch.reason == CUT_OFF
    assert watch.look(named(A), whole=False) is BLIND
    assert watch.look(named(("a", AWAY)), whole=False) is NOTHING
    assert watch.reason == ""


def test_an_optional_check_that_stays_makes_nothing_unsure() -> None:
    watch = Watch(lambda: ())
    report = named(A)
    assert watch.look(replace(report, results=(replace(report.results[0], required=False),)), whole=False) is NOTHING
    assert not watch.unsure


@pytest.mark.parametrize(
    ("target", "route", "sight"), [("10.0.1.20:443", OTHER, BLIND), ("172.17.0.9:443", OTHER, CLEAR), (None, OTHER, CLEAR), (None, None, BLIND)]
)
def test_what_was_cut_may_have_left_if_a_route_leads_where_it_goes(target: str | None, route: Network | None, sight: Sight) -> None:
    """What was cut has no steps. Of a proxy nobody knows here where it is."""
    watch = Watch(lambda: (route,) if route else ())
    run = named(A)
    cut = replace(run.results[0], name="cut", steps=(), target=target, findings=(Finding("internal.deadline", Status.ERROR, Blame.UNKNOWN, ""),))
    assert watch.look(replace(run, results=(*run.results, cut), complete=False), whole=True) is sight


def test_where_the_checks_that_are_held_back_go_counts_too() -> None:
    watch = Watch(lambda: (OTHER,))
    assert watch.look(named(A), whole=True, besides=["172.17.0.9"]) is CLEAR
    assert watch.look(named(A), whole=True, besides=["10.0.1.21"]) is BLIND


def test_where_nothing_walks_any_more_nobody_is_cut_off() -> None:
    """A check that crashed, or was held back, might have walked."""
    watch, crashed = Watch(lambda: (), CUT_OFF), named(A)
    crashed = replace(crashed, results=(replace(crashed.results[0], steps=(), findings=(Finding("internal.crashed", Status.ERROR, Blame.UNKNOWN, ""),)),))
    assert watch.look(walked(()), whole=False) is BLIND
    assert watch.look(walked(()), whole=True, besides=["10.0.1.20"]) is BLIND
    assert watch.look(crashed, whole=True) is BLIND
    assert watch.look(walked(()), whole=True) is NOTHING
    assert watch.reason == ""


def test_routes_that_cannot_be_read_for_once_end_no_isolation() -> None:
    tables = iter([(), None, ()])
    watch = Watch(lambda: next(tables))
    assert [watch.look(named(A), whole=True) for _ in range(3)] == [BLIND] * 3


def test_a_container_bridge_that_is_up_is_no_way_to_the_proxy() -> None:
    assert said(walked((NOWHERE,)), OTHER)
    assert said(walked((NO_RESOLVER,)), OTHER) == ""  # a name may be anywhere


def test_a_run_without_walks_tells_nothing() -> None:
    assert said(walked(())) is None


@pytest.mark.parametrize(
    "walk",
    [
        (Step(Phase.TCP, 0.1), Step(Phase.PROXY, 0.1, "proxy.denied")),
        (Step(Phase.TCP, 0.1, "tcp.refused", {"addresses": "10.0.1.20"}),),
        (Step(Phase.TCP, 0.1, "tcp.timeout", {"addresses": "10.0.1.20"}),),
        (Step(Phase.TCP, 0.1, "tcp.denied-locally", {"addresses": "10.0.1.20"}),),
        (Step(Phase.DNS, 0.1, "dns.nxdomain", {"name": "proxy.corp"}),),
        (Step(Phase.DNS, 0.1), Step(Phase.TCP, 0.1)),
    ],
    ids=lambda walk: walk[-1].code or "arrived",
)
def test_whoever_heard_anything_is_not_cut_off(walk: tuple[Step, ...]) -> None:
    assert said(walked((NOWHERE,), walk)) == ""


def test_a_route_to_the_proxy_makes_it_the_proxys_trouble() -> None:
    assert said(walked((NOWHERE,)), IPv4Network("10.0.0.0/8")) == ""
    assert said(walked((NOWHERE,)), IPv4Network("0.0.0.0/0")) == ""


def test_where_nobody_knows_the_routes_nothing_is_claimed() -> None:
    assert cut_off(walked((NOWHERE,)), lambda: None) is None


def test_any_of_several_addresses_counts() -> None:
    facts: dict[str, Json] = {"name": "proxy.corp", "addresses": "10.0.1.20, 172.17.0.9"}
    assert said(walked((Step(Phase.TCP, 0.1, "tcp.unreachable", facts),)), OTHER) == ""


V4 = """Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
eth0\t00000000\t0101000A\t0003\t0\t0\t0\t00000000\t0\t0\t0
eth0\t0001000A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0
eth0\t0000FEA9\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0
eth1\t0000A8C0\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0
eth0\t0000A8C0\t00000000\t0200\t0\t0\t0\t0000FFFF\t0\t0\t0
"""
V6 = """fd000000000000000000000000000000 40 00000000000000000000000000000000 00 00000000000000000000000000000000 00000100 00000001 00000000 00000001     eth0
fe800000000000000000000000000000 40 00000000000000000000000000000000 00 00000000000000000000000000000000 00000100 00000002 00000000 00000001     eth0
00000000000000000000000000000001 80 00000000000000000000000000000000 00 00000000000000000000000000000000 00000000 00000004 00000000 80200001       lo
fd000000000000000000000000000002 80 00000000000000000000000000000000 00 00000000000000000000000000000000 00000000 00000004 00000000 80200001     eth0
00000000000000000000000000000000 00 00000000000000000000000000000000 00 00000000000000000000000000000000 ffffffff 00000001 00000000 00200200       lo
"""


def kernel(root: Path, **states: str) -> Path:
    (root / "proc/net").mkdir(parents=True)
    (root / "proc/net/route").write_text(V4)
    (root / "proc/net/ipv6_route").write_text(V6)
    for name, state in states.items():
        (root / "sys/class/net" / name).mkdir(parents=True)
        (root / "sys/class/net" / name / "operstate").write_text(f"{state}\n")
    return root


def test_the_kernels_tables(tmp_path: Path) -> None:
    found = own_routes(kernel(tmp_path, eth0="up", eth1="down"))
    assert found == (IPv4Network("0.0.0.0/0"), IPv4Network("10.0.1.0/24"), IPv6Network("fd00::/64"))


def test_an_interface_without_a_carrier_leads_nowhere(tmp_path: Path) -> None:
    assert own_routes(kernel(tmp_path, eth0="lowerlayerdown", eth1="down")) == ()


def test_a_kernel_that_tells_nothing(tmp_path: Path) -> None:
    assert own_routes(tmp_path) is None
