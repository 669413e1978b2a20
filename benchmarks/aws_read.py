"""This program's reading of AWS alone. Prints how long it took: from opening the SDK, or if the task says `warm`, from an open client, to the facts."""

from __future__ import annotations

import json
import sys
import time

import anyio
import boto3  # noqa: F401
import botocore.session  # type: ignore[import-untyped]  # noqa: F401

from preflight.aws.facts import Facts, Part, Scope
from preflight.declared import Declared
from preflight.real import aws
from preflight.real.aws_session import Session
from preflight.real.clock import RealClock
from preflight.real.dns import RealDns
from preflight.real.net import RealNet
from preflight.real.tls import Trust
from preflight.untrusted import Redactor


def main() -> None:
    """`aws_read.py TASK`."""
    task = json.loads(sys.argv[1])
    scope = Scope(region="us-west-1", parts=frozenset(map(Part, task["parts"])), vpc=task["vpc"])
    if task.get("warm"):
        opened = Session(scope.region, Declared(), None)
        opened.client("ec2")
        aws.Session = lambda *_: opened  # type: ignore[assignment,misc]
    clock, redactor = RealClock(), Redactor()
    dns = RealDns(clock, redactor)
    reader = aws.RealAws(scope, Declared(), RealNet(dns, clock, Trust(None), redactor, None), dns, clock, redactor)

    async def run() -> tuple[Facts, float, float]:
        start, before = time.perf_counter(), time.process_time()
        facts = await reader.facts()
        return facts, time.perf_counter() - start, time.process_time() - before

    facts, seconds, cpu = anyio.run(run)
    if (
        not isinstance(facts.endpoints, tuple)
        or not isinstance(facts.groups, tuple)
        or (len(facts.endpoints), len(facts.groups)) != (task["endpoints"], task["groups"])
    ):
        sys.exit(f"read {facts.endpoints!r:.500} {facts.groups!r:.500}")
    print(json.dumps({"seconds": seconds, "cpu": cpu}))


main()
