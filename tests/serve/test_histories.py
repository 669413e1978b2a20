"""Random histories of a world that breaks and mends, of reloads and of bugs: what stands well was asked, is of the present, and was good.

And it always recovers: when the world is good for long enough, it is up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

import pytest
from msgspec.structs import replace

from preflight import engine
from preflight.check import Check
from preflight.checks.clock import ClockCheck
from preflight.checks.https import HttpsCheck
from preflight.checks.proxy import ProxyCheck
from preflight.checks.proxy_config import ProxyConfigCheck
from preflight.checks.tcp import TcpCheck
from preflight.engine import Stop
from preflight.inputs.select import Loaded
from preflight.model import Report, Status
from preflight.serve.board import WELL, Standing
from preflight.serve.pages import headline
from preflight.serve.rhythm import Every, Jitter
from preflight.serve.settings import Settings
from preflight.world import Dated
from tests import fake
from tests.fake import Ends, FakeNet, Meets
from tests.serve.bench import GOOD, REFUSED, SUBNET, UNREACHABLE, Bench

pytestmark = pytest.mark.anyio

AUTH = Ends("proxy.auth-rejected", {"reply": "407"})
FAR = Ends("tcp.unreachable", {"name": "10.0.0.9", "addresses": "10.0.0.9"})
RESTS = 200


def asking(path: int, timeout: int) -> tuple[Check[Any], ...]:
    """A plan with rhythms of every sort. The numbers make other questions of two of its checks."""
    return (
        ProxyCheck(name="proxy-https", scheme="https", attempts=1, timeout=f"{5 + timeout}s"),
        HttpsCheck(name="gcr.io", target="gcr.io", proof="google-api", attempts=1),
        HttpsCheck(name="slow", target="slow.example", proof="google-api", attempts=1, every="10m", path=f"/{path}/"),
        HttpsCheck(name="optional", target="optional.example", proof="google-api", attempts=1, every="90s", required=False),
        TcpCheck(name="direct", target="10.0.0.9:443", attempts=1, every="30s"),
        ProxyConfigCheck(name="proxy-config", every="5m"),
        ClockCheck(name="clock"),
    )


@dataclass
class Asked:
    """How a check was answered."""

    at: float
    verdict: Status
    question: str
    cut_off: bool


@dataclass
class History:
    """A bench whose world changes at random, and what its answers were in truth."""

    bench: Bench
    chance: Random
    bugs: bool
    answers: dict[str, Asked] = field(default_factory=dict)
    looked: dict[str, float] = field(default_factory=dict)
    worlds: dict[str, Meets] = field(default_factory=dict)
    cut_off: bool = False
    runs: int = 0
    path: int = 0
    timeout: int = 0
    wrong: list[str] = field(default_factory=list)

    async def run(self, loaded: Loaded, stop: Stop) -> Report:
        """One run in the world as it is, of 0 to 20 seconds."""
        self.runs += 1
        names, now = tuple(check.name for check in loaded.plan.checks), self.bench.clock.ticks
        self.bench.began.append((now, names))
        self.looked |= dict.fromkeys(names, now)
        if self.bugs and self.chance.random() < 0.1:
            raise RuntimeError
        dates = [Dated("gcr.io", 0.0)] if "gcr.io" in names and self.chance.random() < 0.8 else []
        here = fake.world(loaded.plan, net=FakeNet({"*": GOOD, **self.worlds}), declared=loaded.declared, dates=dates)
        report = await engine.run(loaded.plan, here, lambda _event: None, redactor=loaded.secrets, stop=stop)
        self.bench._pass(self.chance.choice([0, 0, 0, 1, 4, 20]))
        asked = self.bench.configuration.now.asked
        self.answers |= {each.name: Asked(self.bench.clock.ticks, each.verdict, asked[each.name], self.cut_off) for each in report.results}
        return replace(report, started=self.bench.clock.now())

    def between(self, _runs: int) -> None:
        """Judge what is said now, and let something happen."""
        if self.runs > 3:
            self.wrong.append(f"{self.runs} runs without a rest")
        self.runs = 0
        self.judge()
        self.happen()

    def judge(self) -> None:
        """Hold what is said against what was answered."""
        bench, force, now = self.bench, self.bench.configuration.now, self.bench.clock.ticks
        held = bench.probe._held()
        for check in force.loaded.plan.checks:
            if check.name in held:
                self.looked[check.name] = now
            elif now - self.looked.get(check.name, now) > 2 * force.patience[check.name]:
                self.wrong.append(f"{now}: {check.name} is starved")
        if headline.whole(bench.board, bench.board.report, bench.clock.now()).standing not in WELL:
            return
        for check in force.loaded.plan.checks:
            if check.required and check.name != "clock" and (why := self._doubt(check.name)):
                self.wrong.append(f"{now}: well, but {check.name} {why}")

    def _doubt(self, name: str) -> str:
        """Why this check cannot be well."""
        force, answer = self.bench.configuration.now, self.answers.get(name)
        if answer is None:
            return "was never asked"
        if answer.question != force.asked[name]:
            return "was asked something else"
        if not answer.verdict.good_enough:
            return f"is {answer.verdict.word}"
        if answer.cut_off and name != "proxy-config":
            return "was asked while the host was cut off"
        return "is of the past" if self.bench.clock.ticks - answer.at > force.patience[name] + 1 else ""

    async def calm(self) -> None:
        """Let all be well for longer than any account is left alone, and any check rests."""
        self.bugs, self.cut_off, self.worlds, self.bench.routes = False, False, {}, SUBNET
        self.bench.between, self.bench.board.stopping = lambda _runs: None, False
        until = self.bench.clock.ticks + 4800
        while self.bench.clock.ticks < until:
            self.bench.board.stopping = False
            await self.bench.play(10)

    def happen(self) -> None:
        """The proxy, a target, the host's network or the files change, or nothing does."""
        roll, choose = self.chance.random(), self.chance.choice
        after: Sequence[Meets] = (GOOD, REFUSED, AUTH)
        of_target: Sequence[Meets] = (GOOD, AUTH, Ends("tls.hostname", {"names": "x"}))
        if roll < 0.12 and not self.cut_off:
            self.worlds["*"] = choose((GOOD, *after))
        elif roll < 0.30 and not self.cut_off:
            name = choose(["10.0.0.9", "optional.example", "slow.example"])
            self.worlds[name] = choose(after[:2] if name == "10.0.0.9" else of_target)
        elif roll < 0.34:
            self.cut_off = not self.cut_off
            self.bench.routes = () if self.cut_off else SUBNET
            self.worlds = {"*": UNREACHABLE, "10.0.0.9": FAR} if self.cut_off else {"*": choose(after)}
        elif roll < 0.38:
            self.path += choose([0, 1])
            self.timeout += choose([0, 0, 1])
            self.bench.checks = asking(self.path, self.timeout)
            self.bench.probe.ask_reload()


@pytest.mark.parametrize("bugs", [False, True], ids=["", "bugs"])
@pytest.mark.parametrize("seed", range(25))
async def test_what_stands_well_is_known_to_be_good(seed: int, *, bugs: bool) -> None:
    bench = Bench(checks=asking(0, 0), settings=Settings(rhythm=Every(60.0), jitter=Jitter(share=0.1 * (seed % 2))))
    history = History(bench, Random(seed), bugs)
    bench.between = history.between
    bench.probe._around = replace(bench.probe._around, run=history.run)
    await bench.play(RESTS)
    assert not history.wrong
    await history.calm()
    assert headline.whole(bench.board, bench.board.report, bench.clock.now()).standing is Standing.UP
    assert bench.clock.ticks > 1000 + 10 * RESTS
