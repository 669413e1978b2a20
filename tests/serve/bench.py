"""A probe on a bench: no socket, a clock that moves only when the probe rests, and a network that is written down run by run."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

import anyio
from msgspec.structs import replace

from preflight import engine, plan
from preflight.check import Check
from preflight.checks.https import HttpsCheck
from preflight.checks.proxy import ProxyCheck
from preflight.checks.proxy_config import ProxyConfigCheck
from preflight.declared import Declared
from preflight.engine import Stop
from preflight.inputs.files import read
from preflight.inputs.select import Loaded
from preflight.model import Proxy, Report
from preflight.plan import Limits
from preflight.route import Proxies
from preflight.serve.around import Around
from preflight.serve.board import Board
from preflight.serve.configuration import Configuration
from preflight.serve.damping import Damped
from preflight.serve.history import PastRun, Unwritten
from preflight.serve.journal import Journal
from preflight.serve.notify.notice import Notice
from preflight.serve.present import Present
from preflight.serve.probe import Probe
from preflight.serve.recorder import NoHistory, Recorder
from preflight.serve.rhythm import Every, Jitter
from preflight.serve.settings import Settings
from preflight.serve.systemd import Systemd
from preflight.untrusted import Redactor, Secret
from tests import fake
from tests.fake import Arrives, Ends, FakeClock, FakeNet, Meets

USER, WORD = "installer", "planted-secret-7"
PROXY = Proxy("http", "10.0.1.20", 3128, Secret(USER), Secret(WORD))
REFUSED = Ends("tcp.refused", {"name": "10.0.1.20", "addresses": "10.0.1.20"})
UNREACHABLE = Ends("tcp.unreachable", {"name": "10.0.1.20", "addresses": "10.0.1.20"})
GOOD = Arrives()
SUBNET = (IPv4Network("10.0.0.0/16"),)


def checks(**fields: Any) -> tuple[Check[Any], ...]:
    """The proxy, a target behind it, and a lint that sends nothing. `fields` are those of the target."""
    return (
        ProxyCheck(name="proxy-https", scheme="https", attempts=1),
        HttpsCheck(name="gcr.io", target="gcr.io", proof="google-api", attempts=1, **fields),
        ProxyConfigCheck(name="proxy-config"),
    )


@dataclass
class Archive(NoHistory):
    """A history that only counts, and breaks when told to."""

    runs_kept: list[Report] = field(default_factory=list)
    new_kept: list[frozenset[str]] = field(default_factory=list)
    stood: dict[str, Damped] = field(default_factory=dict)
    broken: str = ""
    trouble: Exception | None = None

    def record(self, report: Report, stands: Mapping[str, Damped] | None = None, new: Collection[str] | None = None) -> int:
        if self.trouble:
            raise self.trouble
        if self.broken:
            raise Unwritten(self.broken)
        self.runs_kept.append(report)
        self.new_kept.append(frozenset(new or ()))
        self.stood = dict(stands or {})
        return len(self.runs_kept)

    def stands(self) -> Mapping[str, Damped]:
        return self.stood

    def runs(self, limit: int) -> tuple[PastRun, ...]:
        newest = reversed(self.runs_kept[-limit:])
        return tuple(PastRun(0, run.started, run.seconds, run.status, run.exit_code, run.complete, run.causes) for run in newest)


@dataclass
class Bench:
    """Everything around a probe, and what came of it."""

    checks: Sequence[Check[Any]] = field(default_factory=checks)
    meets: Sequence[Meets] = (GOOD,)
    """What every walk meets, run by run; the last one for ever."""
    worlds: Mapping[str, Meets] = field(default_factory=dict)
    """What walks to some targets (by host) meet instead, in every run."""
    settings: Settings = field(default_factory=lambda: Settings(rhythm=Every(60.0), jitter=Jitter()))
    limits: Limits = field(default_factory=lambda: Limits(deadline=5.0))
    delays: Sequence[float] = ()
    """Seconds by the bench's clock that each run takes."""
    file: Path | None = None
    """A file whose content has to be `good`."""
    archive: Archive = field(default_factory=Archive)
    clock: FakeClock = field(default_factory=lambda: FakeClock(ticks=1000.0))
    routes: tuple[IPv4Network, ...] | None = SUBNET
    environ: Mapping[str, str] = field(default_factory=dict)
    between: Callable[[int], None] = lambda _: None
    """Called before each rest, with how many runs there were."""

    def __post_init__(self) -> None:
        self.told: list[Notice] = []
        self.lines: list[str] = []
        self.sent: list[str] = []
        self.began: list[tuple[float, tuple[str, ...]]] = []
        self.going = self.overlaps = 0
        self.configuration = Configuration(self._load, self.settings, self.clock.now)
        force = self.configuration.now
        self.board = Board(version="1", profile="", vantage="here", started=self.clock.now(), stale_after=force.stale_after)
        recorder = Recorder(self.archive, self.board)
        around = Around(
            clock=self.clock,
            chance=lambda: 0.5,
            token=lambda: f"id-{len(self.told)}",
            rest=self._rest,
            run=self._run,
            routes=lambda: self.routes,
            recorder=recorder,
            tell=self.told.append,
            systemd=Systemd(self.environ, lambda _address, text: self.sent.append(text)),
            journal=Journal(self.lines.append, self.clock.now, prefixed=True),
            jitter=self.settings.jitter,
        )
        self.probe = Probe(self.board, self.configuration, Present(self.board, self.settings.damping, recorder.saved()), around)

    async def play(self, rests: int) -> None:
        """Let the probe go until it has rested so many times."""
        self._left = rests
        with anyio.fail_after(20):
            await self.probe.forever()

    def names(self) -> list[list[str]]:
        """Which checks each run took."""
        return [list(names) for _, names in self.began]

    def log(self, event: str) -> list[str]:
        """The lines of that event."""
        return [line for line in self.lines if f"event={event} " in line]

    def _load(self) -> Loaded:
        if self.file and read(self.file).text != "good":
            read(self.file.with_name("there is no such file"))
        declared = Declared(proxies=Proxies(PROXY, PROXY))
        made = replace(plan.make(self.checks, declared), limits=self.limits, profile="mine", vantage="here")
        return Loaded(declared, made, Redactor(pairs=[(Secret(USER), Secret(WORD))]))

    async def _run(self, loaded: Loaded, stop: Stop) -> Report:
        number = len(self.began)
        self.began.append((self.clock.ticks, tuple(check.name for check in loaded.plan.checks)))
        self.overlaps += self.going
        self.going += 1
        net = FakeNet({**self.worlds, "*": self.meets[min(number, len(self.meets) - 1)]})
        here = fake.world(loaded.plan, net=net, declared=loaded.declared)
        report = await engine.run(loaded.plan, here, lambda _event: None, redactor=loaded.secrets, stop=stop)
        self._pass(self.delays[number] if number < len(self.delays) else 0.0)
        self.going -= 1
        return replace(report, started=self.clock.now())

    async def _rest(self, seconds: float) -> None:
        await anyio.lowlevel.checkpoint()
        self.between(len(self.began))
        self._left -= 1
        if self._left <= 0:
            self.board.stopping = True
        self._pass(seconds)

    def _pass(self, seconds: float) -> None:
        self.clock.ticks += seconds
        self.clock.time += timedelta(seconds=seconds)
