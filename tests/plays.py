"""A check that plays a script, for the tests of the engine."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, ClassVar

import msgspec

from preflight import codes, engine, plan
from preflight.check import Check
from preflight.declared import Declared
from preflight.engine import Stop
from preflight.events import Event
from preflight.model import CheckResult, Finding, Report
from preflight.plan import AnyCheck, Limits
from preflight.untrusted import Redactor, Secret
from preflight.world import World
from tests.fake import world

SECRET = "correct-horse"


class Plays(Check[int], frozen=True, kw_only=True, tag="plays"):
    """Does at each attempt what its script says: a code to find, an exception to raise, or something to call."""

    kind: ClassVar[str] = "plays"
    script: tuple[Any, ...] = ("ok",)
    waits: tuple[str, ...] = ()
    counter: list[int] = msgspec.field(default_factory=list)
    bound: float = 10.0

    def after(self) -> Iterable[str]:
        return self.waits

    def budget(self) -> float:
        return self.bound

    async def observe(self, world: World) -> int:
        del world
        turn = len(self.counter)
        self.counter.append(turn)
        now = self.script[min(turn, len(self.script) - 1)]
        if isinstance(now, BaseException):
            raise now
        if callable(now):
            await now()
        return turn

    def judge(self, seen: int) -> Iterable[Finding]:
        now = self.script[min(seen, len(self.script) - 1)]
        for code in now if isinstance(now, tuple) else (now,):
            yield codes.finding(code, fields={"target": self.name}, message=f"{self.name} says {code}", hint="do something")


def plays(name: str, *script: Any, **options: Any) -> Plays:
    return Plays(name=name, script=script or ("ok",), counter=[], **options)


async def run(*checks: AnyCheck, stop: Stop | None = None, listen: Callable[[Event], None] = lambda event: None, **limits: Any) -> Report:
    made = plan.make(checks, Declared(), limits=Limits(**{"backoff": 0.0, **limits}))
    return await engine.run(made, world(made), listen, redactor=Redactor((Secret(SECRET),)), stop=stop)


def result(report: Report, name: str) -> CheckResult:
    return next(each for each in report.results if each.name == name)


def found(report: Report, name: str) -> tuple[str, ...]:
    return tuple(finding.code for finding in result(report, name).findings)
