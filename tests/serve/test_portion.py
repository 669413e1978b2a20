"""Which part of a plan is run, and how its results join the rest."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from preflight.checks.tcp import TcpCheck
from preflight.declared import Declared
from preflight.model import Blame, CheckResult, Finding, Proxy, Report, Status
from preflight.plan import Plan, make
from preflight.serve import portion
from preflight.untrusted import Secret

NOW = datetime(2026, 3, 1, tzinfo=UTC)
WITH = Proxy("http", "10.0.1.20", 3128, Secret("u"), Secret("planted"))


def planned(*waits: tuple[str, ...]) -> Plan:
    """Checks `0`, `1`, … of which each requires those that are named."""
    return make([TcpCheck(name=str(number), target=f"h{number}.example:1", requires=each) for number, each in enumerate(waits)], Declared())


CHAIN = planned((), ("0",), ("1",), ())


def result(name: str, status: Status = Status.PASS, by: tuple[str, ...] = ()) -> CheckResult:
    code = "internal.blocked" if by else "ok" if status is Status.PASS else "tcp.refused"
    return CheckResult(name, "tcp", "core", "", True, (Finding(code, status, Blame.UNKNOWN, "said", "do"),), blocked_by=by)


def report(*results: CheckResult) -> Report:
    return Report(results, (), (), NOW, 1.0, "1", "p", "v")


def test_blockers_go_along_and_the_rest_stays() -> None:
    assert portion.taken(CHAIN, ["2"], {}) == {"0", "1", "2"}
    assert portion.taken(CHAIN, ["3", "not in the plan any more"], {}) == {"3"}


def test_what_is_blocked_goes_along_with_what_blocks_it() -> None:
    latest = {"1": result("1", Status.SKIP, ("0",)), "2": result("2", Status.SKIP, ("1",))}
    assert portion.taken(CHAIN, ["0"], latest) == {"0", "1", "2"}
    assert portion.taken(CHAIN, ["3"], latest) == {"3"}


def test_what_cannot_be_judged_without_the_spared_is_spared_too() -> None:
    assert portion.waiting(CHAIN, {"0": 60.0}) == {"0": 60.0, "1": 60.0, "2": 60.0}
    assert portion.waiting(CHAIN, {"1": 60.0, "2": 90.0}) == {"1": 60.0, "2": 90.0}
    assert portion.waiting(CHAIN, {}) == {}


def test_a_part_knows_the_targets_of_the_rest() -> None:
    part = portion.part(CHAIN, {"0", "1"})
    assert [check.name for check in part.checks] == ["0", "1"]
    assert part.blockers == {"0": (), "1": ("0",)}
    assert [each.name for each in part.wanted()] == ["0", "3", "1", "2"]


def test_what_was_not_run_follows_its_blocker_down() -> None:
    latest = {str(number): result(str(number)) for number in range(4)}
    first = portion.joined(CHAIN, latest, report(result("0", Status.FAIL)))
    joined = first.report
    said = {each.name: (each.findings[0].code, each.blocked_by) for each in joined.results}
    assert said == {"0": ("tcp.refused", ()), "1": ("internal.blocked", ("0",)), "2": ("internal.blocked", ("1",)), "3": ("ok", ())}
    assert first.new == {"0", "1", "2"}
    assert joined.counted["2"] is Status.FAIL
    assert set(joined.causes[0].checks) >= {"0", "1"}
    again = portion.joined(CHAIN, {each.name: each for each in joined.results}, report(result("0", Status.FAIL)))
    assert again.new == {"0"}
    assert again.report.results[1] is joined.results[1]


def test_what_has_never_been_run_is_absent() -> None:
    joined = portion.joined(CHAIN, {}, report(result("3")))
    assert [each.name for each in joined.report.results] == ["3"]


@given(st.sets(st.sampled_from("0123")), st.dictionaries(st.sampled_from("0123"), st.sampled_from(list(Status))))
def test_a_run_is_never_without_the_blockers_of_what_it_holds(due: set[str], statuses: dict[str, Status]) -> None:
    taken = portion.taken(CHAIN, due, {name: result(name, status) for name, status in statuses.items()})
    assert taken >= due
    assert all(set(CHAIN.blockers[name]) <= taken for name in taken)
