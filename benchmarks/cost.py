"""What a whole process costs, and several of them in turn."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Final, TypeVar

LAUNCH: Final = Path(__file__).with_name("launch.py")

T = TypeVar("T")


class Broken(RuntimeError):
    """Something did not do what is to be measured, so that its time would mean nothing."""


@dataclass(frozen=True, slots=True)
class Ran:
    """One process from its start to its end: seconds, CPU seconds of it and its children, peak memory in MB, and what it printed."""

    wall: float
    cpu: float
    peak: float
    code: int
    output: str


def measured(argv: Sequence[str | Path], env: Mapping[str, str], cwd: Path, *, codes: Sequence[int] = (0,)) -> Ran:
    """Run a command with its output in a pipe. Raises Broken if it ends with another code than `codes`."""
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as told:
        command = [sys.executable, "-I", "-S", LAUNCH, str(writing), *argv]
        done = subprocess.run(command, env=dict(env), cwd=cwd, capture_output=True, pass_fds=[writing], text=True, check=False)
        os.close(writing)
        cost = told.read()
    if not cost:
        raise Broken(f"{argv[0]} was not started: {done.stderr[-1000:]}")
    ran = Ran(**json.loads(cost), output=done.stdout)
    if ran.code not in codes:
        raise Broken(f"{' '.join(map(str, argv[:6]))} … ended with {ran.code}\n{done.stdout[-1500:]}\n{done.stderr[-1500:]}")
    return ran


def interleaved(rounds: int, subjects: Mapping[str, Callable[[], T]], *, warm: bool = True) -> dict[str, list[T]]:
    """A B A B …: what each subject gave in each round, if `warm` after one round that is not counted."""
    for subject in subjects.values() if warm else ():
        subject()
    seen: dict[str, list[T]] = {name: [] for name in subjects}
    for _ in range(rounds):
        for name, subject in subjects.items():
            seen[name].append(subject())
    return seen


def walls(runs: Sequence[Ran]) -> float:
    """The median wall time, in seconds."""
    return median(run.wall for run in runs)


def cpu_of(pid: int) -> float:
    """CPU seconds that a running process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
