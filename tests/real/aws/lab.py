"""Reading AWS on loopback, with walks and names that are written down beforehand."""

from __future__ import annotations

import anyio
import msgspec

from preflight.aws.facts import Facts, Unread
from preflight.aws.scope import Part, Scope
from preflight.declared import Declared
from preflight.real.aws import RealAws
from preflight.real.clock import RealClock
from preflight.untrusted import Redactor
from preflight.world import Clock
from tests.fake import FakeDns, FakeNet
from tests.real.aws.moto_server import Account

EVERYTHING = frozenset(Part)


def scope_of(account: Account, parts: frozenset[Part] = EVERYTHING) -> Scope:
    """Everything that the account of the lab can be asked about."""
    return Scope(
        region="us-west-1",
        parts=parts,
        vpc=account.vpc,
        subnets=(account.subnet,),
        groups=(account.nodes,),
        keys=(account.key,),
        proxies=("proxy.example",),
        services=("kms", "ec2"),
    )


def reader(scope: Scope, declared: Declared | None = None, net: FakeNet | None = None, redactor: Redactor | None = None, clock: Clock | None = None) -> RealAws:
    """Who reads. The proxy's name leads to the proxy of the lab."""
    names = FakeDns({"proxy.example": ["10.9.1.77"]})
    return RealAws(scope, declared or Declared(), net or FakeNet(), names, clock or RealClock(), redactor or Redactor())


def read(scope: Scope, declared: Declared | None = None, net: FakeNet | None = None, redactor: Redactor | None = None, clock: Clock | None = None) -> Facts:
    """What is read."""
    asked = reader(scope, declared, net, redactor, clock)

    async def run() -> Facts:
        async with anyio.create_task_group() as group:
            group.start_soon(asked.read)
        return await asked.facts()

    return anyio.run(run)


def unread(facts: Facts) -> dict[str, Unread]:
    """By name of the field: what could not be read."""
    fields = {name: getattr(facts, name) for name in facts.__struct_fields__}
    found = {name: value for name, value in fields.items() if isinstance(value, Unread) and value.code != "aws.not-asked"}
    inner = {**facts.keys, **facts.proxies, **facts.prefix_lists}
    if not isinstance(facts.vpc, Unread | None):
        inner |= {name: value for name, value in msgspec.structs.asdict(facts.vpc).items() if isinstance(value, Unread)}
    return found | {name: value for name, value in inner.items() if isinstance(value, Unread)}
