"""Finished results → root causes: one story per person who has to change something, instead of ten symptoms. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from preflight.causes import account, walks
from preflight.causes.trouble import Rule, Trouble, worst
from preflight.model import Cause, CheckResult

__all__ = ["causes"]

_RULES: Final[tuple[Rule, ...]] = (
    walks.clock,
    account.not_there,
    account.shut_door,
    walks.dead_hop,
    walks.blocking,
    walks.unusable_proxy,
    walks.dishonest,
    walks.interception,
    walks.denied,
    account.not_allowed,
    account.other_place,
    account.same_change,
    walks.rest,
    walks.trusted_interception,
)


def causes(results: Sequence[CheckResult]) -> tuple[Cause, ...]:
    """The root causes behind everything that failed or could not be decided. Each check stands in one cause.

    What decides the verdict comes first: a failure of a required check before what only warns. Of equals, the one that explains most.
    """
    open_troubles = [Trouble(result, finding) for result in results if (finding := worst(result))]
    found: list[Cause] = []
    for rule in _RULES:
        for cause in rule(open_troubles, results):
            found.append(cause)
            open_troubles = [trouble for trouble in open_troubles if trouble.name not in cause.checks]
    statuses = {result.name: result.status for result in results}
    return tuple(sorted(found, key=lambda cause: (-max(statuses[name] for name in cause.checks), -len(cause.checks))))
