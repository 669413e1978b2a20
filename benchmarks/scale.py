"""P4, P5, P5b: ten thousand targets, and many of them far away."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from math import ceil
from pathlib import Path
from statistics import median
from typing import Any, Final

from benchmarks.stage import WIRE_PORT, Stage, many
from benchmarks.table import Row
from benchmarks.wire import round_trip

_WIDE: Final = 64
_WALK: Final = 4
"""Round trips of one walk: TCP to the proxy, CONNECT (from there to the origin is no distance), TLS 1.3, HTTP."""
_PROXY_CHECK: Final = 2
"""Round trips before the first walk: TCP and CONNECT of the proxy's own check, on which the others wait."""


def memory(stage: Stage, few: int, lots: int) -> Iterator[Row]:
    """P4: the peak of a run that writes JSON and JUnit."""
    peaks = {count: _peak(stage, count) for count in (few, lots)}
    slope = (peaks[lots] - peaks[few]) / (lots - few) * 1000
    yield Row("P4", f"{lots} targets at concurrency {_WIDE}, JSON and JUnit written: peak", 80, 50, peaks[lots], "MB", f"{few} targets: {peaks[few]:.0f} MB")
    yield Row("P4", "further 1000 targets", 4, 1.5, slope, "MB")


def _peak(stage: Stage, count: int) -> float:
    flags = ("--concurrency", str(_WIDE), "--deadline", "30m", "--quiet", "--report", "json=report.json", "--report", "junit=report.xml")
    return stage.run(stage.folder(many(count)), *flags).peak


def distance(stage: Stage, rounds: int) -> Iterator[Row]:
    """P5 and P5b: what a run takes against what light takes, and whether the phases tell the truth."""
    rows = (
        Row("P5", "N = 16 at concurrency 16 ÷ its round trips", 1.10, 1.03),
        Row("P5", f"N = 768 at concurrency {_WIDE} ÷ its round trips", 1.25, 1.1),
        Row("P5b", f"median error of connect and http at concurrency {_WIDE}", 5, unit="ms"),
        Row("P5b", "median error of tls", 25, unit="ms"),
    )
    if stage.wired:
        yield from (replace(row, aside=stage.wired) for row in rows)
        return
    rtt = round_trip(WIRE_PORT)
    for row, count, wide in ((rows[0], 16, 16), (rows[1], 768, _WIDE)):
        reports = [_report(stage, count, wide) for _ in range(rounds if count == wide else max(1, rounds // 3))]
        trips = _PROXY_CHECK + _WALK * ceil(count / wide)
        took = median(float(report["seconds"]) for report in reports)
        yield replace(row, value=took / (trips * rtt), aside=f"{took:.2f} s for {trips} round trips of {rtt * 1000:.1f} ms")
    for row, phases in ((rows[2], ("tcp", "http")), (rows[3], ("tls",))):
        yield replace(row, value=max(_error(reports[-1], phase, rtt) for phase in phases) * 1000)


def _report(stage: Stage, count: int, wide: int) -> Any:  # noqa: ANN401  (any JSON)
    folder = stage.folder(many(count, proxy_first=True), far=True)
    stage.run(folder, "--concurrency", str(wide), "--deadline", "10m", "--quiet", "--report", "json=report.json")
    return json.loads(Path(folder, "report.json").read_text())


def _error(report: Any, phase: str, rtt: float) -> float:  # noqa: ANN401
    """How far the median walk's phase is from the one round trip that it takes."""
    walks = [result["steps"] for result in report["results"] if result["kind"] == "https"]
    return float(median(abs(step["seconds"] - rtt) for steps in walks for step in steps if step["phase"] == phase))
