"""Which VPC the nodes will stand in, and what it is like."""

from __future__ import annotations

from typing import Any

import msgspec

from preflight.aws.facts import Absent, Unread, Vpc
from preflight.aws.scope import Scope
from preflight.real.at_once import together
from preflight.real.aws.api import Api, filtered
from preflight.real.aws.shapes import Shapes

FILTERED = 200
"""Values that one filter takes."""


class VpcReading:
    """Asks about one VPC."""

    def __init__(self, api: Api, scope: Scope, shapes: Shapes) -> None:
        self._api = api
        self._scope = scope
        self._shapes = shapes

    async def find(self) -> str | Absent | Unread | None:
        """The id of the VPC of the first declared subnet that is there, or of the first group. None: nothing is declared that has one."""
        scope, shapes, refused = self._scope, self._shapes, []
        asked = (
            ("ec2:DescribeSubnets", "Subnets", shapes.subnet, "subnet-id", scope.subnets),
            ("ec2:DescribeSecurityGroups", "SecurityGroups", shapes.group, "group-id", scope.groups),
        )
        for action, key, shape, name, ids in asked:
            found: Any = await self._api.every(action, key, shape, Filters=filtered(name, ids[:FILTERED])) if ids else ()
            if isinstance(found, Unread):
                refused.append(found)
            elif found:
                return str(min(found, key=lambda each: ids.index(each.id) if each.id in ids else len(ids)).vpc)
        if refused:
            return refused[0]
        named = ", ".join((*scope.subnets, *scope.groups))
        return Absent(f"{scope.region} has none of {named}") if named else None

    async def read(self, name: str) -> Vpc | Absent | Unread:
        """The VPC of that id."""
        found: dict[str, Any] = {}

        async def itself() -> None:
            found["vpc"] = await self._api.every("ec2:DescribeVpcs", "Vpcs", self._shapes.vpc, Filters=filtered("vpc-id", [name]))

        async def attribute(field: str, spelled: str) -> None:
            action, asked = "ec2:DescribeVpcAttribute", spelled[0].lower() + spelled[1:]
            said = await self._api.one(action, lambda said: bool(said[spelled]["Value"]), VpcId=name, Attribute=asked)
            found[field] = Unread(action, "aws.refused", f"AWS knows no VPC {name}") if said is None else said

        await together([itself, lambda: attribute("dns_support", "EnableDnsSupport"), lambda: attribute("dns_hostnames", "EnableDnsHostnames")])
        vpcs: tuple[Vpc, ...] | Unread = found.pop("vpc")
        if isinstance(vpcs, Unread):
            return vpcs
        return msgspec.structs.replace(vpcs[0], **found) if vpcs else Absent(f"{self._scope.region} has no VPC {name}")
