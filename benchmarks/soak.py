"""P10: `serve` for a while, as Prometheus and a reader of its page see it: does its memory grow?"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Final

from benchmarks.cost import Broken
from benchmarks.stage import Stage, many
from benchmarks.table import Row
from tests.serve.running import Serving, started

_TARGETS: Final = 10
_LOOK: Final = 5
"""Samples from one scrape to the next; each also asks for the page and for one check's."""
_WINDOW: Final = 10
"""Samples whose median is one reading, so that it does not matter whether a run is under way."""


@dataclass(frozen=True, slots=True)
class Soak:
    """So many seconds to settle, and so many in which nothing may grow any more."""

    settle: int
    stay: int
    quick: bool = False


def growth(stage: Stage, soak: Soak) -> Iterator[Row]:
    """P10: what is resident at the end, less what was when it had settled."""
    with started(_command(stage), stage.folder(many(_TARGETS, proxy_first=True)), stage.environment()) as service:
        seen = list(_samples(service, soak.settle + soak.stay))
        runs = _runs(service)
    settled, halfway, last = (median(seen[end - _WINDOW : end]) for end in (soak.settle, soak.settle + soak.stay // 2, len(seen)))
    when = f"{settled:.1f} MB after {soak.settle} s, {last:.1f} MB after {len(seen)} s and {runs} runs"
    aside = f"{'quick: ' * soak.quick}{when}; {last - halfway:.2f} MB of it in the last {soak.stay - soak.stay // 2} s"
    yield Row("P10", f"serve, {_TARGETS} targets every second, looked at every {_LOOK} s: growth of RSS", 2, 0, last - settled, "MB", aside)


def _command(stage: Stage) -> list[str]:
    flags = ("--no-aws", "--proxy-file", "proxy.json", "--region", "us-west-1", "--every", "1s", "--jitter", "0%", "--listen", "127.0.0.1:0")
    return [str(stage.installed / "bin" / "preflight"), "serve", *flags]


def _samples(service: Serving, seconds: int) -> Iterator[float]:
    """One sample a second, in MB, and a look now and then."""
    begin = time.monotonic()
    for second in range(1, seconds + 1):
        time.sleep(max(0.0, begin + second - time.monotonic()))
        if service.child.poll() is not None:
            raise Broken(f"serve ended after {second} s\n{service.log[-1500:]}")
        if second % _LOOK == 0:
            for path in ("/metrics", "/", "/checks/proxy-https"):
                status, said = service.get(path)
                if status != 200 and second > 2 * _LOOK:
                    raise Broken(f"{path} answered {status}: {said[:500]}")
        yield _resident(service.child.pid)


def _resident(pid: int) -> float:
    [kilobytes] = re.findall(r"^VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    return int(kilobytes) / 1024


def _runs(service: Serving) -> int:
    """How many runs there were. Raises Broken unless all passed, and were kept."""
    text = service.get("/metrics")[1]
    counted = {status: float(value) for status, value in re.findall(r'^preflight_runs_total\{status="(\w+)"\} (\S+)', text, re.MULTILINE)}
    if not counted.get("pass") or any(value for status, value in counted.items() if status != "pass"):
        raise Broken(f"not every run passed: {counted}\n{service.log[-1500:]}")
    if "\npreflight_history_writable 1.0" not in text:
        raise Broken(f"history was not written\n{service.log[-1500:]}")
    return int(counted["pass"])
