"""K of the last N runs have to say so."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from preflight import codes
from preflight.model import Blame, Cause, CheckResult, Report, Status
from preflight.serve.board import Change, Standing
from preflight.serve.damping import WHOLE, Damped, Damping, Standings, worst

UP, DEGRADED, UNKNOWN, DOWN = Standing
NOON = datetime(2024, 5, 17, 12, tzinfo=UTC)
CODE = {UP: "ok", DEGRADED: "tcp.partial", UNKNOWN: "internal.crashed", DOWN: "tcp.refused", None: "internal.not-applicable"}
ORDER = list(Standing)
RULES = st.integers(1, 20).flatmap(lambda of: st.builds(Damping, st.integers(1, of), st.just(of)))
SEEN = st.lists(st.sampled_from(ORDER), min_size=1, max_size=25)


def result(name: str, seen: Standing | None, *, required: bool = True, blocked_by: tuple[str, ...] = ()) -> CheckResult:
    code = "internal.blocked" if blocked_by else CODE[seen]
    return CheckResult(name, "kind", "core", "", required, (codes.finding(code),), blocked_by=blocked_by)


def report(*results: CheckResult, causes: tuple[Cause, ...] = ()) -> Report:
    return Report(results, causes, (), NOON, 1.0, "1", "", "")


def history(rule: Damping, seen: Sequence[Standing], start: Damped | None = None) -> list[Standing]:
    """How a check stands after each of these results."""
    damped, stood = start, []
    for number, each in enumerate(seen):
        at = NOON + timedelta(minutes=number)
        damped = damped.after(each, at, rule) if damped else Damped(each, at, (each,))
        stood.append(damped.standing)
    return stood


def fed(standings: Standings, *reports: Report) -> tuple[Standings, list[Change]]:
    changes: list[Change] = []
    for number, each in enumerate(reports):
        standings, more = standings.after(each, NOON + timedelta(minutes=number))
        changes += more
    return standings, changes


@pytest.mark.parametrize("text", ["0/1", "2/1", "1/21", "-1/3", "2", "2/", "/3", "2 / 3", "2/3x", "٢/٣", "1/0", "100/100", ""])
def test_a_bad_rule_is_told(text: str) -> None:
    with pytest.raises(ValueError, match="damping"):
        Damping.parse(text)


def test_a_rule_is_so_many_of_so_many() -> None:
    assert Damping.parse("2/3") == Damping(2, 3)
    assert Damping.parse("20/20") == Damping(20, 20)
    assert Damping() == Damping(1, 1)


@pytest.mark.parametrize(
    ("rule", "seen", "stood"),
    [
        ("1/1", [UP, DOWN, UP], [UP, DOWN, UP]),
        ("2/3", [UP, DOWN, UP, DOWN, DOWN, UP, UP], [UP, UP, UP, DOWN, DOWN, DOWN, UP]),
        ("2/2", [UP, DOWN, DOWN, UP, UP], [UP, UP, DOWN, DOWN, UP]),
        ("3/3", [UP, DOWN, UNKNOWN, DOWN, DEGRADED], [UP, UP, UP, UNKNOWN, UNKNOWN]),
        ("2/3", [UP, DOWN, DEGRADED], [UP, UP, DEGRADED]),
        ("2/3", [DOWN, UP, DEGRADED, UP], [DOWN, DOWN, DEGRADED, UP]),
        ("1/3", [UP, DOWN, UP, UP], [UP, DOWN, UP, UP]),
        ("1/3", [UP, DOWN, UP, DEGRADED], [UP, DOWN, UP, DEGRADED]),
    ],
)
def test_how_it_stands(rule: str, seen: list[Standing], stood: list[Standing]) -> None:
    assert history(Damping.parse(rule), seen) == stood


@given(rule=RULES.filter(lambda rule: rule.needed >= 2), seen=SEEN, good=st.sampled_from(ORDER))
def test_one_other_run_in_n_never_changes_anything(rule: Damping, seen: list[Standing], good: Standing) -> None:
    lonely = [each for other in seen for each in (*[good] * rule.of, other)]
    assert set(history(rule, lonely)) == {good}


@given(rule=RULES, seen=SEEN, last=st.sampled_from(ORDER))
def test_n_equal_results_always_settle(rule: Damping, seen: list[Standing], last: Standing) -> None:
    assert history(rule, [*seen, *[last] * rule.of])[-1] is last


@given(rule=RULES, seen=SEEN, last=st.sampled_from(ORDER))
def test_no_change_comes_before_k_results_say_so(rule: Damping, seen: list[Standing], last: Standing) -> None:
    stood = history(rule, [*[last] * rule.of, *seen])[rule.of :]
    for number, (before, after) in enumerate(zip([last, *stood], stood, strict=False)):
        window = [*[last] * rule.of, *seen][: rule.of + number + 1][-rule.of :]
        if ORDER.index(after) > ORDER.index(before):
            assert sum(ORDER.index(each) >= ORDER.index(after) for each in window) >= rule.needed
        elif after is not before:
            assert sum(ORDER.index(each) <= ORDER.index(after) for each in window) >= rule.needed


@given(rule=RULES, pairs=st.lists(st.tuples(st.sampled_from(ORDER), st.sampled_from(ORDER)), min_size=1, max_size=40))
def test_worse_results_never_make_it_stand_better(rule: Damping, pairs: list[tuple[Standing, Standing]]) -> None:
    better = history(rule, [min(pair, key=ORDER.index) for pair in pairs])
    poorer = history(rule, [max(pair, key=ORDER.index) for pair in pairs])
    assert all(ORDER.index(one) <= ORDER.index(other) for one, other in zip(better, poorer, strict=True))


@given(rule=RULES, seen=SEEN, cut=st.integers(0, 40))
def test_a_restart_changes_nothing(rule: Damping, seen: list[Standing], cut: int) -> None:
    reports = [report(result("x", each)) for each in seen]
    whole, changes = fed(Standings({"x": rule}), *reports)
    first, early = fed(Standings({"x": rule}), *reports[:cut])
    restored = Standings.restored(first.saved, rules={"x": rule}, usual=Damping())
    assert restored == first
    second, late = fed(restored, *reports[cut:])
    assert [(each.subject, each.before, each.after) for each in (*early, *late)] == [(each.subject, each.before, each.after) for each in changes]
    assert {name: damped.standing for name, damped in second.saved.items()} == {name: damped.standing for name, damped in whole.saved.items()}


@given(order=st.permutations(ORDER))
def test_the_order_of_checks_does_not_matter(order: list[Standing]) -> None:
    standings, changes = fed(Standings(), report(*(result(each.value, each) for each in order)))
    assert {name: damped.standing for name, damped in standings.checks.items()} == {each.value: each for each in ORDER}
    assert {(change.subject, change.after) for change in changes} == {(WHOLE, DOWN), ("down", DOWN), ("degraded", DEGRADED)}


def test_what_is_up_at_first_is_no_change_and_what_is_down_is() -> None:
    standings, changes = fed(Standings(usual=Damping(2, 3)), report(result("good", UP), result("bad", DOWN)))
    assert [(each.subject, each.before, each.after) for each in changes] == [(WHOLE, UNKNOWN, DOWN), ("bad", UNKNOWN, DOWN)]
    assert standings.checks["good"] == Damped(UP, NOON, (UP,), NOON)


def test_a_change_says_since_when_and_with_which_causes() -> None:
    mine = Cause("tcp.refused", "The proxy does not answer", Blame.PROXY, "Start it.", ("x",))
    other = replace(mine, checks=("y",))
    bad = report(result("x", DOWN), result("y", UP), causes=(mine, other))
    _, changes = fed(Standings(), report(result("x", UP), result("y", UP)), bad, bad)
    assert [(each.subject, each.at, each.causes) for each in changes] == [
        (WHOLE, NOON + timedelta(minutes=1), (mine, other)),
        ("x", NOON + timedelta(minutes=1), (mine,)),
    ]
    assert changes[0].report is bad


def test_a_blocked_check_stands_as_its_blocker() -> None:
    standings, _ = fed(Standings(), report(result("proxy", DOWN), result("x", None, blocked_by=("proxy",)), result("y", None, blocked_by=("x",))))
    assert {damped.standing for damped in standings.checks.values()} == {DOWN}


def test_a_check_that_is_not_applicable_is_not_up_and_hides_nothing() -> None:
    standings, changes = fed(Standings(), report(result("x", None), result("y", DOWN)))
    assert set(standings.checks) == {"y"}
    assert [each.subject for each in changes] == [WHOLE, "y"]


def test_nothing_but_skips_is_unknown() -> None:
    for empty in (report(result("x", None)), report()):
        standings, changes = fed(Standings(), empty)
        assert standings.whole is not None
        assert standings.whole.standing is UNKNOWN
        assert changes == []


def test_a_check_that_is_not_applicable_for_a_while_goes_on_as_it_was_and_pages_nobody_twice() -> None:
    down, skip = report(result("x", DOWN), result("y", UP)), report(result("x", None), result("y", UP))
    standings, changes = fed(Standings(), down, skip, down)
    assert [(each.subject, each.after) for each in changes] == [(WHOLE, DOWN), ("x", DOWN), (WHOLE, UP), (WHOLE, DOWN)]
    assert standings.checks["x"] == Damped(DOWN, NOON, (DOWN,), NOON + timedelta(minutes=2))


def test_the_whole_is_what_the_report_says_when_nothing_is_damped() -> None:
    status = {Status.PASS: UP, Status.WARN: DEGRADED, Status.ERROR: UNKNOWN, Status.FAIL: DOWN}
    for required in ORDER:
        for optional in ORDER:
            one = report(result("x", required), result("y", optional, required=False))
            standings, _ = fed(Standings(), one)
            assert standings.whole is not None
            assert standings.whole.standing is status[one.status]


def test_an_optional_check_degrades_at_most() -> None:
    standings, _ = fed(Standings(), report(result("x", UP), result("y", DOWN, required=False)))
    assert standings.checks["y"].standing is DEGRADED


def test_a_result_that_is_not_new_is_not_counted_twice() -> None:
    standings, _ = fed(Standings(usual=Damping(2, 3)), report(result("x", UP), result("y", UP)))
    bad = report(result("x", DOWN), result("y", UP))
    standings, _ = standings.after(bad, NOON, ran={"x"})
    for _ in range(5):
        standings, changes = standings.after(bad, NOON, ran={"y"})
        assert changes == ()
    assert standings.checks["x"].window == (UP, DOWN)


def test_a_check_that_left_the_profile_is_forgotten() -> None:
    standings, _ = fed(Standings(), report(result("x", DOWN), result("y", UP)))
    standings, changes = standings.asking({"y": ""}, {}, {}).after(report(result("y", UP)), NOON)
    assert set(standings.saved) == {"y", ""}
    assert [(each.subject, each.after) for each in changes] == [(WHOLE, UP)]


def test_results_of_another_question_do_not_damp_the_first_one() -> None:
    good, bad = report(result("x", UP), result("y", UP)), report(result("x", DOWN), result("y", DOWN))
    standings, _ = fed(Standings(usual=Damping(2, 3)).asking({"x": "a", "y": "b"}, {}, {}), good, good, good)
    standings, changes = fed(standings.asking({"x": "a", "y": "other"}, {}, {}), bad)
    assert [(each.subject, each.after) for each in changes] == [(WHOLE, DOWN), ("y", DOWN)]
    assert (standings.checks["x"].standing, standings.checks["y"]) == (UP, Damped(DOWN, NOON, (DOWN,), NOON, "other"))


def test_results_that_are_too_old_damp_nothing_even_after_a_restart() -> None:
    """A check that did not apply for hours, a host that slept or was cut off, a probe that did not run."""
    good, bad, skip = (report(result("x", each), result("y", UP)) for each in (UP, DOWN, None))
    patient = Standings(usual=Damping(2, 3)).asking({"x": "", "y": ""}, {}, {"x": 130.0, "y": 130.0})
    assert fed(patient, good, good, skip, bad)[0].checks["x"].standing is UP
    standings, _ = fed(patient, good, good, skip, skip, skip)
    restored = Standings.restored(standings.saved, rules={}, usual=Damping(2, 3)).asking({"x": "", "y": ""}, {}, {"x": 130.0, "y": 130.0})
    for each in (standings, restored):
        after, changes = each.after(bad, NOON + timedelta(minutes=5))
        assert after.checks["x"].standing is DOWN
        assert [change.subject for change in changes] == [WHOLE, "x"]


def test_what_was_not_asked_what_is_asked_now_is_never_well_and_stays_as_bad_as_it_was() -> None:
    standings, _ = fed(Standings(), report(result("x", UP), result("y", DOWN), result("z", UP)))
    latest = report(result("x", UNKNOWN), result("y", UNKNOWN), result("z", UP))
    after, changes = standings.after(latest, NOON, ran={"z"}, unknown={"x", "y"})
    assert changes == ()
    assert [after.of(name, Status.ERROR, known=False) for name in "xy"] == [UNKNOWN, DOWN]
    _, changes = standings.after(report(result("x", UNKNOWN), result("z", UP)), NOON, ran={"z"}, unknown={"x"})
    assert [(change.subject, change.after) for change in changes] == [(WHOLE, UNKNOWN)]


def test_a_rule_that_became_shorter_or_longer_keeps_what_is_known() -> None:
    start = Damped(UP, NOON, (UP, UP, DOWN))
    assert history(Damping(2, 2), [DOWN], start) == [DOWN]
    assert history(Damping(4, 5), [DOWN, DOWN, DOWN], start) == [UP, UP, DOWN]


def test_zero_checks_are_no_evidence() -> None:
    assert worst([]) is UNKNOWN
    assert worst([UP, DEGRADED]) is DEGRADED
