"""Which part of the plan is run now, and how its results join those of the rest. Pure.

A check is judged with its blockers in the same run, so a check that is due takes them along; and a check that is blocked goes along with what blocks it, for
else it would stay blocked until it is due itself.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from msgspec.structs import replace

from preflight import codes
from preflight.causes import causes
from preflight.model import CheckResult, Report
from preflight.plan import Plan
from preflight.world import Wanted


def taken(plan: Plan, due: Collection[str], latest: Mapping[str, CheckResult]) -> frozenset[str]:
    """The checks to run where these are due."""
    names: set[str] = set()
    _take(plan, due, names)
    for check in plan.checks:
        blocked = latest.get(check.name)
        if blocked and not names.isdisjoint(blocked.blocked_by):
            _take(plan, [check.name], names)
    return frozenset(names)


def _take(plan: Plan, wanted: Collection[str], names: set[str]) -> None:
    """Add them and, in turn, what they cannot be judged without."""
    left = [name for name in wanted if name in plan.blockers]
    while left:
        name = left.pop()
        if name not in names:
            names.add(name)
            left += plan.blockers[name]


def sparing(plan: Plan, names: Collection[str], spared: Collection[str]) -> frozenset[str]:
    """`names` without those that are spared, and without what cannot be judged without them."""
    kept: set[str] = set()
    out = set(spared)
    for check in plan.checks:  # a blocker stands before what it blocks
        if out.isdisjoint((check.name, *plan.blockers[check.name])):
            kept.add(check.name)
        else:
            out.add(check.name)
    return frozenset(kept.intersection(names))


def part(plan: Plan, names: Collection[str]) -> Plan:
    """The plan for these checks alone. The targets of the others stay known: a check of the proxy asks it for one of them."""
    checks = tuple(check for check in plan.checks if check.name in names)
    others = tuple(Wanted(check.name, target, check.required) for check in plan.checks if check.name not in names and (target := check.wants()))
    return replace(
        plan,
        checks=checks,
        blockers={check.name: tuple(name for name in plan.blockers[check.name] if name in names) for check in checks},
        waits={check.name: tuple(name for name in plan.waits[check.name] if name in names) for check in checks},
        besides=others + plan.besides,
    )


def joined(plan: Plan, latest: Mapping[str, CheckResult], run: Report) -> tuple[Report, frozenset[str]]:
    """The report of all that is known after this run, and the checks about which it says something new.

    A check that was not run is blocked by what was run and is not good enough, and says so from now on.
    """
    fresh = {result.name: result for result in run.results}
    results: dict[str, CheckResult] = {}
    new = set(fresh)
    for check in plan.checks:
        result = fresh.get(check.name) or latest.get(check.name)
        if result is None:
            continue
        bad = tuple(name for name in plan.blockers[check.name] if name in results and not results[name].verdict.good_enough)
        if check.name not in fresh and bad and result.blocked_by != bad:
            result = _blocked(result, bad)
            new.add(check.name)
        results[check.name] = result
    found = tuple(results.values())
    return replace(run, results=found, causes=causes(found)), frozenset(new)


def _blocked(result: CheckResult, by: tuple[str, ...]) -> CheckResult:
    finding = codes.finding("internal.blocked", fields={"names": ", ".join(by)})
    return replace(result, findings=(finding,), steps=(), blocked_by=by, attempts=0, started=None, seconds=0.0)
