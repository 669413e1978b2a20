"""`python -m benchmarks [--quick] [--only P1,P2…] [--markdown]`."""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Final

from benchmarks import aws, engines, scale, soak, structure, whole
from benchmarks.cost import Broken
from benchmarks.stage import Stage, stage
from benchmarks.table import Row, Table
from tests.interop.process import Missing, NotReady, program

_INSIDE: Final = "PREFLIGHT_BENCHMARK_NAMESPACE"

Measurement = Callable[[Stage], Iterator[Row]]


def _measurements(*, quick: bool) -> dict[str, Measurement]:
    """What yields which rows."""
    rounds = 3 if quick else 9
    span = engines.Span(50, 250) if quick else engines.Span(100, 2000)
    few, lots = (200, 1000) if quick else (1000, 10_000)
    months = soak.Soak(20, 60, quick=True) if quick else soak.Soak(60, 540)
    return {
        "P1": lambda stage: whole.near(stage, rounds),
        "P1b": lambda stage: whole.far(stage, rounds),
        "P2,P3": lambda stage: engines.slopes(stage, rounds, span),
        "P4": lambda stage: scale.memory(stage, few, lots),
        "P5,P5b": lambda stage: scale.distance(stage, rounds),
        "P6": lambda stage: whole.start(stage, rounds),
        "P7,P9": lambda stage: aws.whole(stage, rounds),
        "P8": lambda stage: aws.many(stage, rounds),
        "P9": lambda stage: aws.delayed(stage, rounds),
        "P10": lambda stage: soak.growth(stage, months),
        "P11": structure.modules,
    }


def _isolate() -> None:
    """Go on in a network namespace of this benchmark's own, where nothing but loopback exists."""
    if _INSIDE in os.environ:
        subprocess.run([program("ip"), "link", "set", "lo", "up"], check=True)
        return
    if os.geteuid() != 0:
        raise Missing("root (for a network namespace, and ports 53, 80 and 443 in it)")
    unshare = program("unshare")
    program("ip")
    os.environ[_INSIDE] = "yes"
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.stdout.flush()
    os.execv(unshare, [unshare, "--net", sys.executable, "-m", "benchmarks", *sys.argv[1:]])


def main() -> int:
    """0 with the table, whatever it says; 1 if it could not be measured."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rounds and targets: some minutes, and rougher")
    parser.add_argument("--only", metavar="P1,P2…", default="", help="these rows")
    parser.add_argument("--markdown", action="store_true", help="the table as Markdown")
    flags = parser.parse_args()
    wanted = {name for name in flags.only.split(",") if name}
    measurements = _measurements(quick=flags.quick)
    known = {name for names in measurements for name in names.split(",")}
    if not wanted <= known:
        parser.error(f"there is no {', '.join(sorted(wanted - known))}; there are {', '.join(sorted(known))}")
    try:
        _isolate()
        table, broken = _measured(measurements, wanted)
    except (Missing, NotReady) as error:
        print(f"benchmarks: nothing could be measured: {error}", file=sys.stderr)
        return 1
    print(_about(quick=flags.quick))
    print(table.markdown() if flags.markdown else table.plain())
    return int(broken)


def _measured(measurements: dict[str, Measurement], wanted: set[str]) -> tuple[Table, bool]:
    """The rows, and whether any are missing for another reason than a peer that is not installed."""
    table, broken = Table(), False
    with stage() as built:
        for names, measure in measurements.items():
            if not wanted or wanted & set(names.split(",")):
                start = time.monotonic()
                try:
                    table.add(row for row in measure(built) if not wanted or row.name in wanted)
                except Broken as error:
                    print(f"benchmarks: {names} could not be measured: {error}", file=sys.stderr)
                    broken = True
                print(f"benchmarks: {names} took {time.monotonic() - start:.0f} s", file=sys.stderr)
    return table, broken


def _about(*, quick: bool) -> str:
    shape = "quick: 3 rounds, fewer targets" if quick else "medians of 9 interleaved rounds"
    where = f"{os.cpu_count()} CPUs, Python {platform.python_version()}"
    return f"preflight against its peers: {shape}; {where}. In P1, P1b and P3 (ca_file) the peer reads the bundle again for every target.\n"


if __name__ == "__main__":
    sys.exit(main())
