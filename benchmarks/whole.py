"""P1, P1b, P6: the whole process as a user waits for it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from statistics import median

from benchmarks.cost import Ran, interleaved, measured, walls
from benchmarks.peers import Curl
from benchmarks.stage import RTT, URLS, Stage
from benchmarks.table import Row

_DEFAULT = ("--disable", "recommended")
"""The eight required targets and the checks of the proxy, which curl is not asked for."""


def near(stage: Stage, rounds: int) -> Iterator[Row]:
    """P1: no distance, so that only what the client does is seen."""
    folder, curl, small = stage.folder(), Curl(stage, stage.bundle), Curl(stage, stage.lab.trusted)
    seen = interleaved(
        rounds,
        {
            "preflight": lambda: stage.run(folder, *_DEFAULT),
            "curl": lambda: curl.parallel(URLS),
            "small": lambda: small.parallel(URLS),
        },
    )
    ours, theirs = walls(seen["preflight"]), walls(seen["curl"])
    aside = f"{_absolute(seen['preflight'])}; curl {theirs * 1000:.0f} ms; ÷ curl with a CA file of one: {ours / walls(seen['small']):.1f}"
    yield Row("P1", "default network checks ÷ curl -Z, system bundle, 8 URLs", 1.15, 0.6, ours / theirs, aside=aside)


def far(stage: Stage, rounds: int) -> Iterator[Row]:
    """P1b: the same, a round trip of 100 ms away."""
    rows = (
        Row("P1b", f"the same at RTT {RTT * 1000:.0f} ms ÷ curl -Z", 1.5, 1.35),
        Row("P1b", f"the same at RTT {RTT * 1000:.0f} ms ÷ a shell loop of curl", 0.35),
    )
    if stage.wired:
        yield from (Row(row.name, row.what, row.bound, row.stretch, aside=stage.wired) for row in rows)
        return
    folder, curl = stage.folder(far=True), Curl(stage, stage.bundle, far=True)
    seen = interleaved(
        rounds,
        {
            "preflight": lambda: stage.run(folder, *_DEFAULT),
            "curl": lambda: curl.parallel(URLS),
            "loop": lambda: curl.loop(URLS),
        },
    )
    ours = walls(seen["preflight"])
    for row, peer in zip(rows, ("curl", "loop"), strict=True):
        theirs = walls(seen[peer])
        yield Row(row.name, row.what, row.bound, row.stretch, ours / theirs, aside=f"{_absolute(seen['preflight'])}; peer {theirs * 1000:.0f} ms")


def start(stage: Stage, rounds: int) -> Iterator[Row]:
    """P6: what it takes to say nothing much."""
    env, here = stage.environment(), stage.folder()

    def python() -> Ran:
        return measured([sys.executable, "-c", "pass"], env, here)

    def preflight(flag: str) -> Ran:
        return measured([stage.installed / "bin" / "preflight", flag], env, here)

    seen = interleaved(rounds * 2, {"pass": python, "--version": lambda: preflight("--version"), "--help": lambda: preflight("--help")})
    bare = walls(seen["pass"])
    for flag, bound, stretch in (("--version", 2.0, 1.2), ("--help", 7.5, 4.0)):
        ours = walls(seen[flag])
        yield Row("P6", f"{flag} ÷ python -c pass", bound, stretch, ours / bare, aside=f"{ours * 1000:.0f} ms against {bare * 1000:.0f} ms")


def _absolute(runs: list[Ran]) -> str:
    return f"{walls(runs) * 1000:.0f} ms, CPU {median(run.cpu for run in runs) * 1000:.0f} ms, {median(run.peak for run in runs):.0f} MB"
