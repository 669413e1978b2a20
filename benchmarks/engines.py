"""P2, P3: CPU for each further target, start-up left out: the slope between few and many."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from statistics import median

from benchmarks.cost import interleaved
from benchmarks.peers import CONCURRENCY, Blackbox, Curl, Floor, blackbox
from benchmarks.stage import Stage, hosts, many
from benchmarks.table import Row
from tests.interop.process import Missing

Slope = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Span:
    """From how many targets to how many; the slow peers, which read a bundle for every probe, get fewer."""

    few: int
    many: int

    def slope(self, cpu: Callable[[int], float]) -> Slope:
        """CPU seconds for each further target."""
        return lambda: (cpu(self.many) - cpu(self.few)) / (self.many - self.few)


def slopes(stage: Stage, rounds: int, span: Span) -> Iterator[Row]:
    """Every engine through the same squid, in turn."""
    with contextlib.ExitStack() as stack:
        subjects: dict[str, Slope] = {
            "uvloop": span.slope(lambda count: _preflight(stage, count, asyncio=False)),
            "asyncio": span.slope(lambda count: _preflight(stage, count, asyncio=True)),
            "curl": span.slope(lambda count: Curl(stage, stage.lab.trusted).parallel([f"https://{host}/v2/" for host in hosts(count)]).cpu),
        }
        missing: dict[str, str] = {}
        try:
            exporter = stack.enter_context(blackbox(stage))
            subjects |= _of_blackbox(exporter, span)
        except Missing as what:
            missing |= dict.fromkeys(("roots", "ca_file"), f"needs {what}")
        try:
            floor = Floor.built(stage)
            subjects["floor"] = span.slope(lambda count: floor.walk(count).cpu)
        except Missing as what:
            missing["floor"] = f"needs {what}"
        seen = {name: median(values) for name, values in interleaved(rounds, subjects, warm=False).items()}
    yield from _rows(seen, missing)


def _of_blackbox(exporter: Blackbox, span: Span) -> dict[str, Slope]:
    slow = Span(span.few // 5, span.many // 10)
    return {"roots": span.slope(lambda count: exporter.cpu(count, "roots")), "ca_file": slow.slope(lambda count: exporter.cpu(count, "file"))}


def _preflight(stage: Stage, count: int, *, asyncio: bool) -> float:
    folder = stage.folder(many(count))
    return stage.run(folder, "--concurrency", str(CONCURRENCY), "--deadline", "10m", asyncio=asyncio).cpu


def _rows(seen: dict[str, float], missing: dict[str, str]) -> Iterator[Row]:
    for name, ours, what, peer, bound, stretch in (
        ("P2", "uvloop", "CPU per further target, uvloop ÷ blackbox_exporter, system roots", "roots", 1.5, 1.0),
        ("P2", "asyncio", "the same without uvloop", "roots", 1.8, 1.0),
        ("P3", "uvloop", "÷ blackbox_exporter with ca_file", "ca_file", 0.25, 0.15),
        ("P3", "uvloop", "÷ curl -Z with a CA file of one", "curl", 1.15, 1.0),
        ("P3", "uvloop", "÷ C, one context, threads", "floor", 1.75, 1.4),
    ):
        if peer in missing:
            yield Row(name, what, bound, stretch, aside=missing[peer])
        else:
            aside = f"{seen[ours] * 1e6:.0f} µs against {seen[peer] * 1e6:.0f} µs"
            yield Row(name, what, bound, stretch, seen[ours] / seen[peer], aside=aside)
