"""The SDK alone: boto3's paginators in threads. Prints how long they took, the client's making included and the SDK's import not."""

from __future__ import annotations

import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3
import botocore.session  # type: ignore[import-untyped]  # noqa: F401


def main() -> None:
    """`aws_bare.py TASK`."""
    task = json.loads(sys.argv[1])
    start, before = time.perf_counter(), time.process_time()
    client = boto3.client("ec2")
    by_vpc = [{"Name": "vpc-id", "Values": [task["vpc"]]}]

    def every(action: str, key: str) -> list[Any]:
        return [item for page in client.get_paginator(action).paginate(Filters=by_vpc) for item in page.get(key, ())]

    with ThreadPoolExecutor() as pool:
        endpoints = pool.submit(every, "describe_vpc_endpoints", "VpcEndpoints")
        groups = pool.submit(every, "describe_security_groups", "SecurityGroups")
        found = (len(endpoints.result()), len(groups.result()))
    seconds, cpu = time.perf_counter() - start, time.process_time() - before
    if found != (task["endpoints"], task["groups"]):
        sys.exit(f"read {found}")
    print(json.dumps({"seconds": seconds, "cpu": cpu}))


main()
