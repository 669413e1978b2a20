"""P11: what is loaded, and how often the trust store is opened, seen from inside a run that passes."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

from benchmarks.cost import measured
from benchmarks.stage import Stage
from benchmarks.table import Row

UNWANTED = frozenset({"boto3", "botocore", "cryptography", "dns", "httpx", "jinja2", "pydantic", "rich", "starlette", "uvloop"})
"""What a run of the default profile without AWS, its text in a pipe, does not load."""


def modules(stage: Stage) -> Iterator[Row]:
    """P11: two numbers of the same passing run."""
    seen = stage.folder() / "seen.json"
    command = ["run", "--no-aws", "--proxy-file", "proxy.json", "--region", "us-west-1", "--disable", "recommended"]
    measured([sys.executable, Path(__file__).with_name("inside.py"), seen, *command], stage.environment(), stage.folder())
    told = json.loads(seen.read_text())
    loaded = UNWANTED & {name.partition(".")[0] for name in told["modules"]}
    yield Row("P11", "run --no-aws: libraries loaded that it does not need", 0, value=len(loaded), unit="", aside=", ".join(sorted(loaded)))
    yield Row("P11", "times the trust store is opened in a run", 1, value=told["opened"], unit="", aside=f"{len(told['modules'])} modules in all")
