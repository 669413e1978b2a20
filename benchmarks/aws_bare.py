"""The SDK alone: boto3's paginators in threads. Prints how long they took, the client's making included and the SDK's import not."""

from __future__ import annotations

import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3  # type: ignore[import-untyped]
from botocore.config import Config  # type: ignore[import-untyped]

_LISTS = {
    "endpoints": ("describe_vpc_endpoints", "VpcEndpoints"),
    "groups": ("describe_security_groups", "SecurityGroups"),
    "routes": ("describe_route_tables", "RouteTables"),
    "acls": ("describe_network_acls", "NetworkAcls"),
}


def main() -> None:
    """`aws_bare.py TASK`."""
    task = json.loads(sys.argv[1])
    config = Config(max_pool_connections=16)
    client = boto3.client("ec2", config=config) if task.get("warm") else None
    start, before = time.perf_counter(), time.process_time()
    client = client or boto3.client("ec2", config=config)
    by_vpc = [{"Name": "vpc-id", "Values": [task["vpc"]]}]

    def every(action: str, key: str) -> list[Any]:
        return [item for page in client.get_paginator(action).paginate(Filters=by_vpc) for item in page.get(key, ())]

    with ThreadPoolExecutor(8) as pool:
        found = {part: pool.submit(every, *_LISTS[part]) for part in task["parts"] if part in _LISTS}
        if "network" in task["parts"]:
            for asked in (("describe_vpcs", "Vpcs"), ("describe_subnets", "Subnets")):
                pool.submit(every, *asked)
            for name in ("enableDnsSupport", "enableDnsHostnames"):
                pool.submit(client.describe_vpc_attribute, VpcId=task["vpc"], Attribute=name)
        numbers = {part: len(future.result()) for part, future in found.items()}
    seconds, cpu = time.perf_counter() - start, time.process_time() - before
    if (numbers["endpoints"], numbers["groups"]) != (task["endpoints"], task["groups"]):
        sys.exit(f"read {numbers}")
    print(json.dumps({"seconds": seconds, "cpu": cpu}))


main()
