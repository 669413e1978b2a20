"""What will be run, in which order, and within which limits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import reduce
from graphlib import CycleError, TopologicalSorter
from operator import or_
from typing import Any, TypeAlias

import msgspec

from preflight.aws.scope import Scope
from preflight.check import EVERYTHING, Check
from preflight.declared import Declared
from preflight.world import Wanted

AnyCheck: TypeAlias = Check[Any]


class Limits(msgspec.Struct, frozen=True):
    """The bounds of a run."""

    deadline: float = 60.0
    concurrency: int = 16
    backoff: float = 0.5
    """Seconds before the second attempt; doubled before each further one."""


class Plan(msgspec.Struct, frozen=True):
    """Checks in an order in which no check stands before what it waits for."""

    checks: tuple[AnyCheck, ...]
    blockers: Mapping[str, tuple[str, ...]]
    """By name: the checks that must be good enough, else this one is skipped. Only checks of this plan."""
    waits: Mapping[str, tuple[str, ...]]
    """By name: the checks that must have ended, blockers among them."""
    profile: str = ""
    vantage: str = ""
    strict: bool = False
    limits: Limits = msgspec.field(default_factory=Limits)
    besides: tuple[Wanted, ...] = ()
    """Targets of the profile that were not selected: a check of a proxy alone still asks it for something."""
    known: tuple[Wanted, ...] = ()
    """The targets of the plan that this one is a part of, in its order; empty where it is whole."""

    def scope(self, declared: Declared) -> Scope:
        """What all checks together have to know of AWS."""
        return reduce(or_, (asked for check in self.checks if (asked := check.asks(declared))), Scope())

    def wanted(self) -> tuple[Wanted, ...]:
        """The targets that the profile asks for, those of this plan first."""
        return self.known or tuple(Wanted(check.name, target, check.required) for check in self.checks if (target := check.wants())) + self.besides


def make(checks: Iterable[AnyCheck], declared: Declared, *, profile: str = "", limits: Limits | None = None) -> Plan:
    """The plan for these checks. Raises ValueError where names repeat or dependencies go round in a circle."""
    named: dict[str, AnyCheck] = {}
    for check in (each for one in checks for each in one.several(declared)):
        if check.name in named:
            raise ValueError(f"two checks are named {check.name!r}: names are what people alert on, so they must differ")
        try:
            check.wants()
        except Exception as error:  # noqa: BLE001 - a plugin's check may raise anything
            raise ValueError(f"the check {check.name!r} does not say what it wants: {type(error).__name__}") from None
        named[check.name] = check
    blockers = {name: tuple(other for other in check.blockers(declared) if other in named) for name, check in named.items()}
    last = {name for name, check in named.items() if EVERYTHING in check.after()}
    early = tuple(name for name in named if name not in last)
    waits = {
        name: tuple(dict.fromkeys((*blockers[name], *(early if name in last else (other for other in check.after() if other in named)))))
        for name, check in named.items()
    }
    try:
        order = tuple(TopologicalSorter(waits).static_order())
    except CycleError as cycle:
        raise ValueError(f"these checks wait for each other: {' → '.join(cycle.args[1])}") from None
    return Plan(tuple(named[name] for name in _as_written(order, named, waits)), blockers, waits, profile, limits=limits or Limits())


def _as_written(order: tuple[str, ...], named: Mapping[str, AnyCheck], waits: Mapping[str, tuple[str, ...]]) -> Iterable[str]:
    """`order` with the profile's own order kept wherever dependencies leave a choice."""
    depth: dict[str, int] = {}
    for name in order:
        depth[name] = 1 + max((depth[other] for other in waits[name]), default=-1)
    return sorted(named, key=depth.__getitem__)
