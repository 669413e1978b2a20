"""What a check is: a frozen value that observes the world, and then judges what it saw.

`observe` looks and decides nothing; `judge` decides and looks at nothing, so it "must run on a train". Fields are the keys of the profile.
Retries, deadlines, concurrency and dependencies are the engine's; a check knows none of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Annotated, Any, ClassVar, Final, Generic, Self, TypeVar

import msgspec

from preflight.aws.scope import Scope
from preflight.declared import Declared
from preflight.model import CheckResult, Finding, Proxy, Step, Target, Via
from preflight.world import World

Seen = TypeVar("Seen")

_UNITS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
DURATION: Final = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h)")

Duration = Annotated[str, msgspec.Meta(pattern=rf"^{DURATION.pattern}$", description="a number with a unit: 500ms, 10s, 2m, 1h")]
OutOf = Annotated[str, msgspec.Meta(pattern=r"^\d{1,2}/\d{1,2}$", description="K/N, such as 2/3: a change needs K of the last N results")]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=200, pattern=r"^[^\s\x00-\x1f]+$")]
EVERYTHING: Final = "*"
"""In `after`: every check that does not itself come after everything."""


def seconds(duration: str) -> float:
    """A `Duration` in seconds. Raises ValueError for anything else."""
    match = DURATION.fullmatch(duration)
    if not match:
        raise ValueError(f"{duration!r} is no duration: write a number with a unit, e.g. 500ms, 10s, 2m")
    return float(match[1]) * _UNITS[match[2]]


def answer(check: Check[Any], declared: Declared, findings: Iterable[Finding]) -> CheckResult:
    """A result of this check that says this. When and how it looked is left open."""
    target = check.wants()
    return CheckResult(
        name=check.name,
        kind=check.kind,
        group=check.group,
        about=check.about,
        required=check.required,
        findings=tuple(findings),
        target=str(target) if target else None,
        route=declared.route(target) if target else None,
    )


class Check(msgspec.Struct, Generic[Seen], frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind"):
    """One question about the world. Subclass it, set `kind`, add fields, and write `observe` and `judge`."""

    kind: ClassVar[str]
    sends: ClassVar[bool] = True
    """Whether it may send anything to a proxy. What judges only what is declared, or what others saw, sends nothing."""

    name: Name
    group: str = "core"
    about: str = ""
    required: bool = True
    requires: tuple[str, ...] = ()
    attempts: Annotated[int, msgspec.Meta(ge=1, le=10)] = 2
    timeout: Duration = "10s"
    every: Duration | None = None
    """How often `serve` asks, where not as often as the rest. A single run asks once."""
    out_of: OutOf | None = msgspec.field(default=None, name="for")
    """How many of its results have to agree before `serve` says that something changed, where not as for the rest."""

    def wants(self) -> Target | None:
        """What must be reachable, if the check is about one target."""
        return None

    def asks(self, declared: Declared) -> Scope | None:
        """What the check has to know of AWS, if anything: `world.aws.facts()` holds that and what other checks asked for."""
        del declared
        return None

    def several(self, declared: Declared) -> Iterable[Self]:
        """The checks that this one stands for: itself, or one for each thing of its kind that is declared, each with a name of its own."""
        del declared
        yield self

    def blockers(self, declared: Declared) -> Iterable[str]:
        """The checks without whose success this one makes no sense."""
        del declared
        return self.requires

    def through(self, declared: Declared) -> Iterable[Proxy]:
        """The proxies that it may send something to. One without a target may ask for anything."""
        if not self.sends:
            return ()
        target = self.wants()
        if target is None:
            return filter(None, (declared.proxies.http, declared.proxies.https))
        route = declared.route(target)
        return (route.proxy,) if isinstance(route, Via) else ()

    def after(self) -> Iterable[str]:
        """The checks that must have ended before this one looks, however they ended."""
        return ()

    def budget(self) -> float:
        """Seconds that one `observe` may take before the engine ends it. Longer than what the check itself allows its walks."""
        return 2 * seconds(self.timeout) + 5

    async def observe(self, world: World) -> Seen:
        """Look at the world. Raises only if looking was impossible."""
        raise NotImplementedError

    def judge(self, seen: Seen) -> Iterable[Finding]:
        """What follows from what was seen: at least one finding."""
        raise NotImplementedError

    def steps(self, seen: Seen) -> Sequence[Step]:
        """The walk to show in the report, if there was one."""
        del seen
        return ()
