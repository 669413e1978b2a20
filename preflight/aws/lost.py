"""Which declared ids AWS does not have at all: misspelt, deleted, or of another account or region."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from preflight.aws.conclusion import Conclusion
from preflight.aws.facts import Facts
from preflight.aws.nodes import Nodes
from preflight.aws.remedy import Command
from preflight.untrusted import Json


def subnets(facts: Facts, everyone: Iterable[Nodes], sources: Mapping[str, str]) -> tuple[Conclusion, ...]:
    """One for each declared subnet that is none of AWS's, and none where they were not read. `sources` say where an id is declared.

    Subnets of other VPCs are among the facts, where they are declared.
    """
    names = (name for nodes in everyone for name in nodes.subnets)
    return tuple(_absent(facts, "subnet", names, facts.subnets, sources))


def groups(facts: Facts, everyone: Iterable[Nodes], sources: Mapping[str, str]) -> tuple[Conclusion, ...]:
    """One for each declared security group that is none of AWS's, and none where they were not read."""
    names = (name for nodes in everyone for name in nodes.groups)
    return tuple(_absent(facts, "security group", names, facts.groups, sources))


def _absent(facts: Facts, what: str, names: Iterable[str], known: object, sources: Mapping[str, str]) -> Iterator[Conclusion]:
    """In the same words whatever asks, so that one misspelt id is one story."""
    if not isinstance(known, tuple):
        return
    there = {each.id for each in known}
    operation = "DescribeSubnets" if what == "subnet" else "DescribeSecurityGroups"
    look = Command("ec2", operation, {"Filters": [{"Name": "vpc-id", "Values": [facts.vpc_id]}]}, facts.scope.region)
    for name in dict.fromkeys(names):
        if name not in there:
            where = f" ({sources[name]})" if name in sources else ""
            fields: dict[str, Json] = {"what": f"{what} {name}{where}", "reason": f"it lists no such {what}", "region": facts.scope.region}
            hint = f"Correct the id. Those that there are in {facts.vpc_id}: `{look}`. If it looks right, compare account and region."
            yield Conclusion("aws.not-found", fields, (look,), hint=hint, evidence={"absent": name})
