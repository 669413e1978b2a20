"""Which part of the plan is run now, and how its results join those of the rest. Pure.

A check is judged with its blockers in the same run, so a check that is due takes them along; and a check that is blocked goes along with what blocks it, for
else it would stay blocked until it is due itself.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

import msgspec
from msgspec.structs import replace

from preflight import codes
from preflight.causes import causes
from preflight.check import EVERYTHING
from preflight.model import CheckResult, Finding, Report, Status
from preflight.plan import AnyCheck, Plan


def taken(plan: Plan, due: Collection[str], latest: Mapping[str, CheckResult]) -> frozenset[str]:
    """The checks to run where these are due.

    What judges everything that the others saw, and sends nothing, goes with each of them: on a timetable of its own it might never meet who tells the time.
    """
    names: set[str] = set()
    _take(plan, due, names)
    for check in plan.checks:
        blocked = latest.get(check.name)
        if blocked and not names.isdisjoint(blocked.blocked_by):
            _take(plan, [check.name], names)
    witnesses = {check.name for check in plan.checks if EVERYTHING in check.after() and not check.sends and names.issuperset(plan.blockers[check.name])}
    return frozenset(names | witnesses if names else names)


def doubted(plan: Plan, run: Report, latest: Mapping[str, CheckResult], silent: Collection[str]) -> frozenset[str]:
    """What judges everything that the others saw, and says in this part of the plan something else than before: only a run of everything can tell.

    One peer with a wrong clock is outvoted there. `silent` are those of which nothing is known any more.
    """
    last = {check.name for check in plan.checks if EVERYTHING in check.after()}
    said = [result for result in run.results if result.name in last and not result.blocked_by]
    changed = (each.name for each in said if each.verdict is not Status.SKIP and each.verdict is not latest[each.name].verdict)
    return frozenset((*changed, *(each.name for each in said if each.verdict is Status.SKIP and each.name in silent)))


def _take(plan: Plan, wanted: Collection[str], names: set[str]) -> None:
    """Add them and, in turn, what they cannot be judged without."""
    left = [name for name in wanted if name in plan.blockers]
    while left:
        name = left.pop()
        if name not in names:
            names.add(name)
            left += plan.blockers[name]


def waiting(plan: Plan, held: Mapping[str, float]) -> Mapping[str, float]:
    """The checks that have to wait, each with for how many seconds: those that are held back, and what cannot be judged without them."""
    waits: dict[str, float] = {}
    for check in plan.checks:  # a blocker stands before what it blocks
        bound = max((held.get(check.name, 0.0), *(waits.get(name, 0.0) for name in plan.blockers[check.name])))
        if bound > 0:
            waits[check.name] = bound
    return waits


def part(plan: Plan, names: Collection[str]) -> Plan:
    """The plan for these checks alone. All targets stay known, in their order: a check of the proxy asks it for the same one as in the whole plan."""
    checks = tuple(check for check in plan.checks if check.name in names)
    return replace(
        plan,
        checks=checks,
        blockers={check.name: tuple(name for name in plan.blockers[check.name] if name in names) for check in checks},
        waits={check.name: tuple(name for name in plan.waits[check.name] if name in names) for check in checks},
        known=plan.wanted(),
    )


class Joined(msgspec.Struct, frozen=True):
    """All that is known after a run."""

    report: Report
    new: frozenset[str]
    """The checks about which the run says something new."""
    unknown: frozenset[str]
    """The checks of which nothing is known until they are asked."""


def joined(plan: Plan, latest: Mapping[str, CheckResult], run: Report, unknown: Collection[str] = (), silent: Collection[str] = ()) -> Joined:
    """The latest result of every check, this run's among them. `unknown` are those whose `latest` is no answer, `silent` those and whose is too old.

    A check that was not run is blocked by what was asked and is not good enough, and says so from now on. Where its blocker is well again and it still was not
    run, nobody knows. A check of everything that came that finds nothing in a part of the plan leaves what it found before.
    """
    fresh = {result.name: result for result in run.results}
    results: dict[str, CheckResult] = {}
    new, still = set(fresh), set(unknown) - fresh.keys()
    freed: dict[str, str] = {}
    for check in plan.checks:
        name = check.name
        result = fresh.get(name) or latest.get(name)
        if result is None:
            continue
        if _found_nothing(check, result, len(fresh) < len(plan.checks)) and name in latest and name not in silent:
            result = latest[name]
            new.discard(name)
        bad = tuple(each for each in plan.blockers[name] if each in results and not results[each].verdict.good_enough and each not in still | freed.keys())
        if name not in fresh and bad and result.blocked_by != bad:
            result = _blocked(result, bad)
            new.add(name)
            still.discard(name)
        elif name not in fresh and not bad and result.blocked_by and still.isdisjoint(result.blocked_by):
            freed[name] = next((freed[each] for each in result.blocked_by if each in freed), f"since {', '.join(result.blocked_by)} is in order again")
            result = unasked(result, freed[name])
            new.add(name)
        results[name] = result
    found = tuple(results.values())
    return Joined(replace(run, results=found, causes=causes(found)), frozenset(new), frozenset(still | freed.keys()))


def unasked(result: CheckResult, why: str) -> CheckResult:
    """A result in place of this one, which says nothing of the present."""
    return _nothing(result, codes.finding("internal.not-asked", fields={"why": why}))


def _blocked(result: CheckResult, by: tuple[str, ...]) -> CheckResult:
    return replace(_nothing(result, codes.finding("internal.blocked", fields={"names": ", ".join(by)})), blocked_by=by)


def _nothing(result: CheckResult, because: Finding) -> CheckResult:
    return replace(result, findings=(because,), blocked_by=(), steps=(), attempts=0, started=None, seconds=0.0)


def _found_nothing(check: AnyCheck, result: CheckResult, part: bool) -> bool:
    return part and EVERYTHING in check.after() and result.status is Status.SKIP and not result.blocked_by
