"""One run from what was loaded: builds the real world, runs the plan, and writes the reports. The command line, the demo and the probe share it."""

from __future__ import annotations

import gc
import logging
import os
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from importlib.util import find_spec

import anyio
import msgspec

from preflight import engine
from preflight.aws.facts import Facts
from preflight.engine import Stop
from preflight.events import Event, Listener
from preflight.inputs.select import Loaded
from preflight.model import Report
from preflight.real.clock import RealClock
from preflight.real.dns import RealDns
from preflight.real.net import RealNet
from preflight.real.signals import end_at_once, heeded, tell_again
from preflight.real.tls import Trust
from preflight.report import STREAMS
from preflight.sink import STDOUT, Destination, File, Unwritable, to_stdout
from preflight.world import Aws, NoAws, Seen, World

UNWRITTEN = 5
FAST_FROM = 64
"""Checks from which loading uvloop costs less than it saves."""


def world(loaded: Loaded, trust: Trust) -> World:
    """The real world, as this configuration sees it."""
    clock, seen = RealClock(), Seen()
    dns = RealDns(clock, loaded.secrets)
    net = RealNet(dns, clock, trust, loaded.secrets, seen)
    scope = loaded.plan.scope(loaded.declared)
    aws: Aws = NoAws()
    if loaded.aws_facts or scope.parts:
        from preflight.real.aws import RealAws, RecordedAws  # noqa: PLC0415 - a dozen modules that a run without AWS need not wait for

        aws = RecordedAws(loaded.aws_facts) if loaded.aws_facts else RealAws(scope, loaded.declared, net, dns, clock, loaded.secrets, loaded.ca_file)
    return World(net, dns, clock, loaded.declared, loaded.plan.wanted(), control=os.urandom(6).hex(), seen=seen, aws=aws)


_SILENCE = logging.NullHandler()
"""Takes what libraries log at WARNING and above, URLs and headers among it: without any handler, Python writes that to stderr. The report says what matters."""


async def run(loaded: Loaded, listen: Listener, *, trust: Trust, stop: Stop | None = None, keep: Callable[[Facts], None] | None = None) -> Report:
    """Run the plan in a world of its own, to its end or until it is asked to stop. `keep` is given what AWS said, unless the run was interrupted."""
    logging.getLogger().addHandler(_SILENCE)
    async with anyio.create_task_group() as group:
        here = world(loaded, trust)
        group.start_soon(here.aws.facts)  # beside the walks, before the first check asks
        report = await engine.run(loaded.plan, here, listen, redactor=loaded.secrets, stop=stop)
        if keep and (stop is None or stop.signal is None):
            keep(await here.aws.facts())
        group.cancel_scope.cancel()
    return report


def conduct(loaded: Loaded, listen: Listener, *, trust: Trust, keep: Callable[[Facts], None] | None = None) -> Report:
    """Run the plan to its end, or to the first SIGINT or SIGTERM; a second one ends the process at once.

    `keep` is given what AWS said, unless the run was interrupted.
    """
    reports: list[Report] = []  # not the task's result: asyncio spells that out when it gives SIGINT back, once for each of its looks at the handler

    gc.enable()

    async def heeding() -> None:
        stop = Stop()
        async with anyio.create_task_group() as group:
            await group.start(_heed_signals, stop)
            reports.append(await run(loaded, listen, trust=trust, stop=stop, keep=keep))
            group.cancel_scope.cancel()

    fast = len(loaded.plan.checks) >= FAST_FROM and find_spec("uvloop") is not None
    anyio.run(heeding, backend="asyncio", backend_options={"use_uvloop": fast})
    [report] = reports
    return report


async def _heed_signals(stop: Stop, *, task_status: anyio.abc.TaskStatus[None]) -> None:
    with anyio.open_signal_receiver(*heeded()) as signals:
        tell_again()
        task_status.started()
        async for number in signals:
            if stop.signal is not None:
                end_at_once(number)
            stop.ask(number)


class Reports(msgspec.Struct):
    """Where the reports of one run go. `complain` is told what cannot be written, at once and at the end."""

    destinations: tuple[Destination, ...]
    complain: Callable[[str], None]
    facts: str = ""
    """The file that takes what AWS said; empty if none is to be kept."""
    unwritten: int = 0
    _kept: Facts | None = None
    _facts_file: File | None = None
    _files: list[tuple[Destination, File]] = msgspec.field(default_factory=list)

    def open(self) -> None:
        """Try every path before the first packet is sent."""
        for each in self.destinations:
            if each.path != STDOUT:
                try:
                    self._files.append((each, File(each.path)))
                except Unwritable as error:
                    self._failed(error)
        if self.facts:
            self.attempt(self._open_facts)

    def keep(self, facts: Facts) -> None:
        """Take what AWS said, to be written with the reports."""
        self._kept = facts

    def write(self, report: Report) -> None:
        """Write them all, whatever becomes of each."""
        if self._facts_file and self._kept:
            lines = msgspec.json.format(msgspec.json.encode(self._kept, order="deterministic"), indent=1).decode()
            self.attempt(partial(self._facts_file.write, (lines, "\n")))
        for each, file in self._files:
            self.attempt(partial(file.write, STREAMS[each.format](report)))
        for each in self.destinations:
            if each.path == STDOUT:
                self.attempt(partial(to_stdout, STREAMS[each.format](report)))

    def discard(self) -> None:
        """Leave no trace, where there is no report."""
        if self._facts_file:
            self._facts_file.discard()
        for _, file in self._files:
            file.discard()

    def attempt(self, write: Callable[[], None]) -> None:
        """Let somebody else write, and count it if that fails."""
        try:
            write()
        except Unwritable as error:
            self._failed(error)

    def exit_code(self, report: Report) -> int:
        """The report's own, unless it is good and was not delivered."""
        return UNWRITTEN if self.unwritten and report.exit_code == 0 else report.exit_code

    def _open_facts(self) -> None:
        if os.path.realpath(self.facts) in {os.path.realpath(each.path) for each in self.destinations if each.path != STDOUT}:
            raise Unwritable(f"cannot write {self.facts}: a report goes into the same file")
        self._facts_file = File(self.facts, private=True)

    def _failed(self, error: Unwritable) -> None:
        self.unwritten += 1
        self.complain(str(error))


def quiet(event: Event) -> None:
    """A listener that does not care."""
    del event


def destinations(texts: Iterable[str], formats: Mapping[str, object] = STREAMS) -> tuple[Destination, ...]:
    """What the `--report` flags name. Raises ValueError; standard output is taken once."""
    found = tuple(Destination.parse(text, formats) for text in texts)
    if sum(each.path == STDOUT for each in found) > 1:
        raise ValueError("only one report can go to standard output; give the others a path: --report FORMAT=PATH")
    paths = [os.path.realpath(each.path) for each in found if each.path != STDOUT and not each.path.startswith("/dev/")]
    if len(set(paths)) < len(paths):
        raise ValueError("two reports would go into the same file; give each a path of its own")
    return found
