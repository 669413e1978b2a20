"""This program's reading of AWS alone. Prints how long it took: from opening the SDK, or if the task says `warm`, from an open client, to the facts."""

from __future__ import annotations

import json
import sys
import time

import anyio
import boto3  # type: ignore[import-untyped]  # noqa: F401 - imported before the clock starts

from preflight.aws.facts import Facts
from preflight.aws.scope import Part, Scope
from preflight.declared import Declared
from preflight.real import aws
from preflight.real.aws.session import Session
from preflight.real.clock import RealClock
from preflight.real.dns import RealDns
from preflight.real.net import RealNet
from preflight.real.tls import Trust
from preflight.untrusted import Redactor
from preflight.world import Seen


def main() -> None:
    """`aws_read.py TASK`."""
    task = json.loads(sys.argv[1])
    scope = Scope(region="us-west-1", parts=frozenset(map(Part, task["parts"])), vpc=task["vpc"])
    if task.get("warm"):
        opened = Session(scope.region, Declared(), None)
        opened.client("ec2")
        vars(aws)["Session"] = lambda *_: opened
    clock, redactor = RealClock(), Redactor()
    dns = RealDns(clock, redactor)
    reader = aws.RealAws(scope, Declared(), RealNet(dns, clock, Trust(), redactor, Seen()), dns, clock, redactor)

    async def run() -> tuple[Facts, float, float]:
        start, before = time.perf_counter(), time.process_time()
        facts = await reader.facts()
        return facts, time.perf_counter() - start, time.process_time() - before

    facts, seconds, cpu = anyio.run(run)
    found = tuple(len(each) if isinstance(each, tuple) else each for each in (facts.endpoints, facts.groups))
    if found != (task["endpoints"], task["groups"]):
        sys.exit(f"read {found}")
    print(json.dumps({"seconds": seconds, "cpu": cpu}))


main()
