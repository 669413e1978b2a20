"""A declared installation behind a proxy, and what a check of the way there says about some facts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from preflight import plan
from preflight.aws.facts import Facts
from preflight.aws.scope import Scope
from preflight.checks.way import Observed, WayCheck
from preflight.declared import Declared, Role, RoleKind, Sourced
from preflight.model import Finding, Proxy
from preflight.route import Proxies
from tests.aws.ways.networks import ONPREM, network

PROXY = Proxy("http", "proxy.example", 3128)
NODES = Role(RoleKind.NODE_POOL, "pool-0", subnets=(Sourced("subnet-a", "pool.yaml:9"),))
DECLARED = Declared(Proxies(PROXY, PROXY), region="us-west-1", roles=(NODES,))


def facts(**known: Any) -> Facts:
    return network(**({"proxies": {"proxy.example": (ONPREM,)}} | known))


def said(check: WayCheck, known: Facts, declared: Declared = DECLARED) -> list[Finding]:
    return list(check.judge(Observed(declared, known)))


def codes(found: Sequence[Finding]) -> list[str]:
    return [each.code for each in found]


def declaring(*subnets: str, **changes: Any) -> Declared:
    role = msgspec.structs.replace(NODES, subnets=tuple(Sourced(each, "pool.yaml:9") for each in subnets))
    return msgspec.structs.replace(DECLARED, **({"roles": (role,)} | changes))


def asked(check: WayCheck, declared: Declared = DECLARED) -> Scope:
    return plan.make([check], declared).scope(declared)
