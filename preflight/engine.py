"""Runs a plan: dependencies, retries, deadlines, a pool of workers; a check that crashes or hangs harms only itself."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import anyio
import msgspec

from preflight import __version__, codes
from preflight.causes import causes
from preflight.check import answer
from preflight.events import CheckFinished, CheckStarted, Listener, RunFinished, RunStarted
from preflight.model import CheckResult, Finding, Report, Status, Step
from preflight.plan import AnyCheck, Plan
from preflight.untrusted import Json, Redactor
from preflight.world import World

TEXT_BOUND = 1000
SHARED_FACTS = 256
"""So many different sets of facts are remembered, so that equal ones are one object."""
_PLAIN = frozenset({str, int, bool, type(None)})


class Stop(msgspec.Struct):
    """Asks a run to end early. `signal` is what its exit code will tell."""

    asked: anyio.Event = msgspec.field(default_factory=anyio.Event)
    signal: int | None = None

    def ask(self, signal: int) -> None:
        """End the run now, with a report of what is known."""
        self.signal = signal
        self.asked.set()


async def run(plan: Plan, world: World, listen: Listener, *, redactor: Redactor, stop: Stop | None = None) -> Report:
    """Run every check of the plan, and tell `listen` about it. Never raises for what a check does."""
    started, start = world.clock.now(), world.clock.monotonic()
    listen(RunStarted(tuple(check.name for check in plan.checks)))
    going = _Run(plan, world, listen, redactor)
    with anyio.move_on_after(plan.limits.deadline) as total:
        await going.all(stop)
    ending = "internal.deadline" if total.cancelled_caught else "internal.interrupted"
    complete = going.left == 0
    for check in plan.checks:
        if check.name not in going.results:
            going.cut_short(check, codes.finding(ending, fields={"after": f"{plan.limits.deadline:g} s", "names": check.name}))
    results = tuple(going.results[check.name] for check in plan.checks)
    report = Report(
        results=results,
        causes=causes(results),
        inputs=world.declared.inputs,
        started=started,
        seconds=world.clock.monotonic() - start,
        version=__version__,
        profile=plan.profile,
        vantage=plan.vantage,
        strict=plan.strict,
        interrupted_by=stop.signal if stop and not complete else None,
        complete=complete,
    )
    listen(RunFinished(report))
    return report


class _Run:
    """One run in progress."""

    def __init__(self, plan: Plan, world: World, listen: Listener, redactor: Redactor) -> None:
        self.results: dict[str, CheckResult] = {}
        self._so_far: dict[str, tuple[Finding, ...]] = {}
        self._plan = plan
        self._world = world
        self._listen = listen
        self._redactor = redactor
        self._checks = {check.name: check for check in plan.checks}
        self._waiting = {name: len(waits) for name, waits in plan.waits.items()}
        self._dependents: dict[str, list[str]] = {}
        for name, waits in plan.waits.items():
            for other in waits:
                self._dependents.setdefault(other, []).append(name)
        self._ready = deque(check for check in plan.checks if not self._waiting[check.name])
        self._more = anyio.Event()
        self._shared: dict[tuple[tuple[str, type, Json], ...], Mapping[str, Json]] = {}

    @property
    def left(self) -> int:
        """How many checks have not ended."""
        return len(self._checks) - len(self.results)

    async def all(self, stop: Stop | None) -> None:
        """Work until nothing is left, or until asked to stop."""
        async with anyio.create_task_group() as group:
            if stop:
                group.start_soon(_cancel_when, stop.asked, group.cancel_scope)
            async with anyio.create_task_group() as workers:
                for _ in range(min(self._plan.limits.concurrency, len(self._checks))):
                    workers.start_soon(self._work)
            group.cancel_scope.cancel()

    async def _work(self) -> None:
        while self.left:
            if not self._ready:
                await self._more.wait()
                continue
            check = self._ready.popleft()
            await self._one(check)
            self._release(check.name)
            self._more.set()
            self._more = anyio.Event()

    def _release(self, name: str) -> None:
        """What waited for `name` only is ready now, or blocked, which may release others in turn."""
        ended = deque([name])
        while ended:
            for dependent in self._dependents.get(ended.popleft(), ()):
                self._waiting[dependent] -= 1
                if self._waiting[dependent]:
                    continue
                check = self._checks[dependent]
                blockers = tuple(other for other in self._plan.blockers[dependent] if not self.results[other].verdict.good_enough)
                if blockers:
                    self.finish(check, (codes.finding("internal.blocked", fields={"names": ", ".join(blockers)}),), blocked_by=blockers)
                    ended.append(dependent)
                else:
                    self._ready.append(check)

    async def _one(self, check: AnyCheck) -> None:
        self._listen(CheckStarted(check.name))
        started, start = self._world.clock.now(), self._world.clock.monotonic()
        earlier: list[Json] = []
        attempt = 0
        while True:
            attempt += 1
            findings, steps = await self._attempt(check)
            if attempt >= check.attempts or not _may_heal(findings):
                break
            self._so_far[check.name] = findings
            earlier.extend(finding.code for finding in findings if finding.status >= Status.ERROR)
            await anyio.sleep(self._plan.limits.backoff * 2 ** (attempt - 1))
        if earlier:
            healed = all(finding.status < Status.ERROR for finding in findings)
            findings = (
                msgspec.structs.replace(findings[0], evidence={**findings[0].evidence, "earlier": earlier, **({"flaky": True} if healed else {})}),
                *findings[1:],
            )
        seconds = self._world.clock.monotonic() - start
        self.finish(check, findings, steps=steps, attempts=attempt, started=started, seconds=seconds)

    async def _attempt(self, check: AnyCheck) -> tuple[tuple[Finding, ...], tuple[Step, ...]]:
        try:
            with anyio.move_on_after(check.budget()) as scope:
                seen = await check.observe(self._world)
            if scope.cancelled_caught:
                return (codes.finding("internal.deadline", fields={"after": f"{check.budget():g} s", "names": check.name}),), ()
            findings = tuple(map(self._clean, check.judge(seen))) or (codes.finding("internal.no-finding", fields={"names": check.name}),)
            return findings, tuple(Step(step.phase, step.seconds, step.code, self._clean_all(step.facts)) for step in check.steps(seen))
        except (Exception, SystemExit) as error:  # noqa: BLE001 - a check of anybody's may raise anything, and the others go on
            return (_crashed(check, error),), ()

    def cut_short(self, check: AnyCheck, ending: Finding) -> None:
        """Record a check that the end of the run overtook: as what its last attempt found, if it had one."""
        self.finish(check, self._so_far.get(check.name, (ending,)), attempts=int(check.name in self._so_far))

    def finish(
        self,
        check: AnyCheck,
        findings: Iterable[Finding],
        *,
        steps: tuple[Step, ...] = (),
        blocked_by: tuple[str, ...] = (),
        attempts: int = 0,
        started: datetime | None = None,
        seconds: float = 0.0,
    ) -> None:
        """Record how a check ended. Findings and steps are clean already, or our own."""
        said = answer(check, self._world.declared, findings)
        result = msgspec.structs.replace(said, steps=steps, blocked_by=blocked_by, attempts=attempts, started=started, seconds=seconds)
        self.results[check.name] = result
        self._listen(CheckFinished(result))

    def _clean(self, finding: Finding) -> Finding:
        return Finding(
            finding.code,
            finding.status,
            finding.blame,
            self._redactor.clean(finding.message, TEXT_BOUND),
            self._redactor.clean(finding.hint, TEXT_BOUND) or _default_hint(finding),
            self._clean_all(finding.evidence),
        )

    def _clean_all(self, facts: Mapping[str, Json]) -> Mapping[str, Json]:
        """The facts, clean. What most walks of a run have in common is cleaned once and kept once."""
        same = tuple((key, type(value), value) for key, value in facts.items() if type(value) in _PLAIN)
        known = self._shared.get(same) if len(same) == len(facts) else None
        if known is not None:
            return known
        clean = {self._redactor.clean(key): self._redactor.clean_json(value) for key, value in facts.items()}
        if len(same) == len(facts) and len(self._shared) < SHARED_FACTS:
            self._shared[same] = clean
        return clean


async def _cancel_when(asked: anyio.Event, scope: anyio.CancelScope) -> None:
    await asked.wait()
    scope.cancel()


def _default_hint(finding: Finding) -> str:
    """Nobody is left without a next step, whatever a plugin forgot."""
    if finding.status <= Status.SKIP:
        return ""
    code = codes.TABLE.get(finding.code)
    return code.do if code and "{" not in code.do else "Ask the authors of the check what to do about it."


def _may_heal(findings: tuple[Finding, ...]) -> bool:
    """Whether everything that is bad here may be better in a moment."""
    bad = [finding.code for finding in findings if finding.status >= Status.ERROR]
    return bool(bad) and all(code in codes.TABLE and codes.TABLE[code].heals for code in bad)


def _crashed(check: AnyCheck, error: BaseException) -> Finding:
    """Where the check crashed, without the exception's text, which may quote anything."""
    trace: Any = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    where = f"{trace.tb_frame.f_globals.get('__name__', '?')}:{trace.tb_lineno}" if trace else "?"
    return codes.finding("internal.crashed", fields={"names": check.name, "reason": f"{type(error).__name__} at {where}"})
