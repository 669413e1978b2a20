"""What is asked of AWS, and in which waves: what does not wait for another answer is asked at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

import anyio
import msgspec

from preflight.aws.facts import NOT_ASKED, Absent, Facts, Identity, Unread
from preflight.aws.scope import Part
from preflight.real.at_once import Read, bound, together
from preflight.real.aws.api import Api, filtered
from preflight.real.aws.proxy import ProxyReading
from preflight.real.aws.shapes import Said, Shapes
from preflight.real.aws.vpc import FILTERED, VpcReading
from preflight.real.aws.walks import Walks

_IN_DOUBT: Final = frozenset({"AuthFailure", "InvalidClientTokenId", "OptInRequired", "UnrecognizedClientException"})
"""What a region that is not enabled says to good credentials."""


class Reading:
    """One reading of a scope. Each method asks one thing and puts the answer into `facts`."""

    def __init__(self, api: Api, facts: Facts, shapes: Shapes, vpc: VpcReading, proxy: ProxyReading, walks: Walks) -> None:
        """`facts` say what is asked about, and what the services are called."""
        self._api = api
        self._scope = facts.scope
        self._shapes = shapes
        self._vpc = vpc
        self._proxy = proxy
        self._walks = walks
        self._which: str | Absent | Unread | None = facts.scope.vpc or None
        self._decided = anyio.Event()
        self.facts = facts

    async def all(self, home: str, source: str) -> Facts:
        """Everything that the scope asks for. `home` is the region that knows which others are enabled; `source` is where the credentials came from."""
        await together(self._first(home, source))
        await together(self._second())
        await together(self._prefix_lists())
        self._put(walked=dict(self._walks.walked))
        return self.facts

    def _first(self, home: str, source: str) -> Iterator[Read]:
        """What waits for nothing, except for the VPC's id where only its subnets or groups are known."""
        reads: dict[Part, tuple[Read, ...]] = {
            Part.IDENTITY: (lambda: self._identity(home, source),),
            Part.NETWORK: (self._network,),
            Part.ENDPOINTS: (lambda: self._of_vpc("endpoints", "ec2:DescribeVpcEndpoints", "VpcEndpoints", self._shapes.endpoint),),
            Part.GROUPS: (lambda: self._of_vpc("groups", "ec2:DescribeSecurityGroups", "SecurityGroups", self._shapes.group),),
            Part.ROUTES: (lambda: self._of_vpc("route_tables", "ec2:DescribeRouteTables", "RouteTables", self._shapes.route_table),),
            Part.ACLS: (lambda: self._of_vpc("acls", "ec2:DescribeNetworkAcls", "NetworkAcls", self._shapes.acl),),
            Part.PROXY: (self._interfaces, self._peerings),
            Part.KEY: tuple(bound(self._key, key) for key in self._scope.keys),
        }
        if self._scope.vpc or Part.NETWORK not in self._scope.parts:
            self._decided.set()
        for part in sorted(self._scope.parts):
            yield from reads[part]

    def _second(self) -> Iterator[Read]:
        """What was named by an answer and is not part of it: groups and subnets elsewhere, the proxy's own VPC."""
        yield from self._prefix_lists()
        facts = self.facts
        if isinstance(facts.groups, tuple):
            yield self._other_groups
        if isinstance(facts.subnets, tuple):
            yield self._other_subnets
        if isinstance(facts.endpoints, tuple):
            endpoints = facts.endpoints
            yield lambda: self._walks.without_endpoint(facts.services, self._scope.services, endpoints)
        others = sorted({each.vpc for each in _items(facts.interfaces)} - {facts.vpc_id, ""})
        if others and isinstance(facts.route_tables, tuple):
            yield lambda: self._more("route_tables", "ec2:DescribeRouteTables", "RouteTables", self._shapes.route_table, filtered("vpc-id", others))
        if others and isinstance(facts.acls, tuple):
            yield lambda: self._more("acls", "ec2:DescribeNetworkAcls", "NetworkAcls", self._shapes.acl, filtered("vpc-id", others))

    def _prefix_lists(self) -> Iterator[Read]:
        """The lists that rules and routes refer to and that were not asked for yet."""
        rules = [rule for group in _items(self.facts.groups) for rule in (*group.egress, *group.ingress)]
        hops = [hop for table in _items(self.facts.route_tables) for hop in table.hops]
        named = {each for rule in rules for each in rule.prefix_lists} | {hop.prefix_list for hop in hops if hop.prefix_list}
        fresh = sorted(named - set(self.facts.prefix_lists))
        self._put(prefix_lists={**self.facts.prefix_lists, **dict.fromkeys(fresh, NOT_ASKED)})
        yield from (bound(self._prefix_list, each) for each in fresh)

    async def _identity(self, home: str, source: str) -> None:
        action, text = "sts:GetCallerIdentity", self._shapes.text
        found = await self._api.one(action, lambda said: Identity(text(said, "Account"), text(said, "Arn"), source))
        self._put(identity=found or Unread(action, "aws.refused", "AWS knows no such caller"))
        if self._api.refusals.get(action) not in _IN_DOUBT:
            return

        def state(said: Said) -> str:
            return next((text(each, "OptInStatus") for each in said.get("Regions", ()) if each.get("RegionName") == self._scope.region), "")

        told = await self._api.one("ec2:DescribeRegions", state, region=home, AllRegions=True)
        self._put(region_state=told if isinstance(told, str) else "")

    async def _network(self) -> None:
        if not self._scope.vpc:
            self._which = await self._vpc.find()
            self._decided.set()
        if isinstance(self._which, str):
            await together([self._itself, lambda: self._of_vpc("subnets", "ec2:DescribeSubnets", "Subnets", self._shapes.subnet)])
        else:
            self._put(vpc=self._which, subnets=self._without("ec2:DescribeSubnets"))

    async def _itself(self) -> None:
        self._put(vpc=await self._vpc.read(str(self._which)))

    async def _of_vpc(self, field: str, action: str, key: str, shape: Callable[[Said], Any]) -> None:
        """Everything of a kind in the VPC."""
        await self._decided.wait()
        known = isinstance(self._which, str)
        found = await self._api.every(action, key, shape, Filters=filtered("vpc-id", [str(self._which)])) if known else self._without(action)
        self._put(**{field: found})

    async def _interfaces(self) -> None:
        proxies, interfaces = await self._proxy.interfaces(self._scope.proxies)
        self._put(proxies=proxies, interfaces=interfaces)

    async def _peerings(self) -> None:
        await self._decided.wait()
        known = isinstance(self._which, str)
        self._put(peerings=await self._proxy.peerings(str(self._which)) if known else self._without("ec2:DescribeVpcPeeringConnections"))

    async def _key(self, key: str) -> None:
        found = await self._api.one("kms:DescribeKey", self._shapes.key, KeyId=key)
        self._put(keys={**self.facts.keys, key: found or Absent(f"{self._scope.region} has no key {key}")})

    async def _prefix_list(self, name: str) -> None:
        action = "ec2:GetManagedPrefixListEntries"
        gone = Unread(action, "aws.refused", f"AWS shows this account no list {name}, which a rule or a route names")
        found = await self._api.every(action, "Entries", self._shapes.prefix, gone=gone, PrefixListId=name)
        self._put(prefix_lists={**self.facts.prefix_lists, name: found})

    async def _other_groups(self) -> None:
        """The groups that are declared, or attached to an endpoint or to the proxy, and stand in no list yet."""
        attached = [group for each in (*_items(self.facts.endpoints), *_items(self.facts.interfaces)) for group in each.groups]
        await self._elsewhere("groups", "ec2:DescribeSecurityGroups", "SecurityGroups", self._shapes.group, "group-id", (*self._scope.groups, *attached))

    async def _other_subnets(self) -> None:
        await self._elsewhere("subnets", "ec2:DescribeSubnets", "Subnets", self._shapes.subnet, "subnet-id", self._scope.subnets)

    async def _elsewhere(self, field: str, action: str, key: str, shape: Callable[[Said], Any], name: str, named: Iterable[str]) -> None:
        """Those of `named` that are not known yet."""
        absent = sorted(set(named) - {each.id for each in _items(getattr(self.facts, field))})
        for start in range(0, len(absent), FILTERED):
            await self._more(field, action, key, shape, filtered(name, absent[start : start + FILTERED]))

    async def _more(self, field: str, action: str, key: str, shape: Callable[[Said], Any], filters: list[dict[str, Any]]) -> None:
        """Further items of a kind. If they may not be read, nothing of the kind is known to be complete."""
        found = await self._api.every(action, key, shape, Filters=filters)
        before = getattr(self.facts, field)
        if isinstance(before, tuple):
            self._put(**{field: found if isinstance(found, Unread) else before + found})

    def _without(self, action: str) -> Unread:
        """Why something of the VPC was not asked for."""
        if isinstance(self._which, Unread):
            return self._which
        why = self._which.reason if isinstance(self._which, Absent) else "nothing says which"
        return Unread(action, "aws.no-vpc", f"it is asked for by VPC, and {why}")

    def _put(self, **found: Any) -> None:  # noqa: ANN401
        self.facts = msgspec.structs.replace(self.facts, **found)


def _items(found: tuple[Any, ...] | Unread) -> tuple[Any, ...]:
    return found if isinstance(found, tuple) else ()
