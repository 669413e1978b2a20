"""How the service runs, as its own flags say; what it checks is said by the inputs, as for a single run."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from ipaddress import IPv4Address, IPv6Address, ip_address
from itertools import pairwise
from pathlib import Path
from typing import Final, TypeVar

import msgspec

from preflight.check import EVERYTHING, seconds
from preflight.inputs.problem import InputError, Problem, Where
from preflight.plan import AnyCheck, Plan
from preflight.serve.damping import Damping
from preflight.serve.history import Retention
from preflight.serve.rhythm import Every, Jitter, Moment, Rhythm

T = TypeVar("T")

PORT: Final = 9716
_SIZES: Final = {"KB": 10**3, "MB": 10**6, "GB": 10**9, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30}
_SIZE: Final = re.compile(rf"(\d{{1,6}})({'|'.join(_SIZES)})")
_DAYS: Final = re.compile(r"(\d{1,4})d")
_LOOKED_AHEAD: Final = 200
"""Slots of a cron expression among which the longest gap is looked for: nights and weekends."""


class Listen(msgspec.Struct, frozen=True):
    """Where the service listens."""

    address: IPv4Address | IPv6Address = IPv4Address("127.0.0.1")
    port: int = PORT

    @classmethod
    def parse(cls, text: str) -> Listen:
        """`ADDRESS:PORT`, as `127.0.0.1:9716` or `[::1]:9716`; `localhost` is 127.0.0.1. Raises ValueError with a sentence."""
        host, colon, port = text.rpartition(":")
        try:
            address = ip_address("127.0.0.1" if host == "localhost" else host.removeprefix("[").removesuffix("]"))
            number = int(port) if port.isascii() and port.isdecimal() else -1
        except ValueError:
            number = -1
        if not colon or not 0 <= number < 1 << 16:
            raise ValueError(f"{text!r} is no place to listen: write an address of this host and a port, such as 127.0.0.1:{PORT} or [::1]:{PORT}")
        return cls(address, number)

    def __str__(self) -> str:
        return f"[{self.address}]:{self.port}" if isinstance(self.address, IPv6Address) else f"{self.address}:{self.port}"


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that the flags of `serve` decide."""

    rhythm: Rhythm = Every(60.0)
    jitter: Jitter = Jitter(share=0.1)
    damping: Damping = Damping()
    listen: Listen = Listen()
    hosts: tuple[str, ...] = ()
    history: Path | None = None
    """None keeps none."""
    keep: Retention = Retention()
    stale_after: float | None = None

    def rhythms(self, plan: Plan) -> Mapping[str, Rhythm]:
        """When each check of the plan is asked. Raises InputError."""
        return dict(self._rhythms(plan))

    def rules(self, plan: Plan) -> Mapping[str, Damping]:
        """The checks whose damping the profile sets. Raises InputError."""
        return {check.name: _read(Damping.parse, check.out_of, check, "for") for check in plan.checks if check.out_of is not None}

    def stale(self, plan: Plan, now: datetime) -> float:
        """Seconds after which the last run says nothing about the present: by default twice the time between them, and a deadline. Raises InputError."""
        gap = min(_longest_gap(rhythm, now) for rhythm in set(self.rhythms(plan).values()))
        interval = gap + self.jitter.delay(gap, 1.0)
        if self.stale_after is None:
            return 2 * interval + plan.limits.deadline
        if self.stale_after < interval:
            why = f"every result would be stale before the next one: runs are up to {interval:g} s apart"
            raise InputError(Problem("input.value", Where("--stale-after"), why))
        return self.stale_after

    def patience(self, plan: Plan, now: datetime) -> Mapping[str, float]:
        """Seconds after which the latest result of each check says nothing about the present, by the check's own rhythm."""
        longest = {rhythm: _longest_gap(rhythm, now) for rhythm in set(self.rhythms(plan).values())}
        each = {rhythm: 2 * (gap + self.jitter.delay(gap, 1.0)) + plan.limits.deadline for rhythm, gap in longest.items()}
        after_all = {check.name for check in plan.checks if EVERYTHING in check.after()}  # these live on what the others find
        slowest = max(each.values())
        return {name: max(self.stale_after or 0.0, slowest if name in after_all else each[rhythm]) for name, rhythm in self.rhythms(plan).items()}

    def _rhythms(self, plan: Plan) -> Iterator[tuple[str, Rhythm]]:
        for check in plan.checks:
            yield check.name, self.rhythm if check.every is None else _read(Every.parse, check.every, check, "every")


def _read(parse: Callable[[str], T], text: str, check: AnyCheck, key: str) -> T:
    try:
        return parse(text)
    except ValueError as error:
        raise InputError(Problem("input.value", Where(f"check {check.name}"), f"`{key}`: {error}")) from None


def _longest_gap(rhythm: Rhythm, now: datetime) -> float:
    if isinstance(rhythm, Every):
        return rhythm.seconds
    slots = [rhythm.first(Moment(0.0, now))]
    for _ in range(_LOOKED_AHEAD):
        slots.append(slots[-1] + rhythm.gap(slots[-1]))
    return max(later - slot for slot, later in pairwise(slots))


def retention(age: str | None, size: str | None) -> Retention:
    """What `--keep` and `--keep-size` say. Failures are kept a year, or as long as passes if those are kept longer. Raises ValueError with a sentence."""
    usual = Retention()
    passes = usual.passes if age is None else _age(age)
    return Retention(passes, max(passes, usual.failures), usual.size if size is None else _bytes(size))


def _age(text: str) -> timedelta:
    days = _DAYS.fullmatch(text)
    try:
        found = timedelta(days=int(days[1])) if days else timedelta(seconds=seconds(text))
    except ValueError:
        found = timedelta(0)
    if not found:
        raise ValueError(f"{text!r} is no age: write a number with a unit, such as 30d or 12h")
    return found


def _bytes(text: str) -> int:
    match = _SIZE.fullmatch(text)
    if not match or not int(match[1]):
        raise ValueError(f"{text!r} is no size: write a number with a unit, such as 200MB or 1GiB")
    return int(match[1]) * _SIZES[match[2]]
