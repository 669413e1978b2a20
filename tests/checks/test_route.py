"""What the check of the routes says, and what it says where there is nothing to judge; the latter is the same for the network ACLs."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from preflight.aws.facts import Absent, Facts, Peering, Unread
from preflight.aws.proxies import destinations
from preflight.aws.scope import Part
from preflight.checks.facts import worded
from preflight.checks.network_acl import NetworkAclCheck
from preflight.checks.route import RouteCheck
from preflight.checks.way import WayCheck
from preflight.declared import Declared, Role, RoleKind, Sourced
from preflight.model import Proxy, Status
from preflight.route import Proxies
from preflight.world import World
from tests.aws.ways.networks import ALLOW_IN, ALLOW_OUT, LOCAL, ONPREM, PUBLIC, A, acl, hop, listed, table
from tests.checks.ways import DECLARED, asked, codes, declaring, facts, said
from tests.fake import FakeClock, FakeDns, FakeNet

ROUTE, ACL = RouteCheck(name="route"), NetworkAclCheck(name="network-acl")
BOTH = pytest.mark.parametrize("check", [ROUTE, ACL], ids=["route", "network-acl"])
WHOLE: dict[str, Any] = {"route_tables": (table(LOCAL, hop("192.168.0.0/16", "tgw-1")),), "acls": (acl(ALLOW_OUT, ALLOW_IN),)}
DENIED = Unread("ec2:DescribeNetworkInterfaces", "aws.access-denied", "not authorized")


class Told(msgspec.Struct):
    """AWS, of which everything was read."""

    known: Facts

    async def facts(self) -> Facts:
        return self.known


def test_a_pass_quotes_the_table_and_the_hop() -> None:
    (found,) = said(ROUTE, facts(**WHOLE))
    assert found.code == "ok"
    assert found.message.startswith("rtb-1 leads subnet-a to 192.168.7.4 by 192.168.0.0/16 → tgw-1; the way back from 192.168.7.4 was not looked at")


def test_a_failure_says_what_where_and_how_to_mend_it() -> None:
    (found,) = said(ROUTE, facts(route_tables=(table(LOCAL),)))
    assert found.code == "route.none"
    assert found.message == "rtb-1 has no route to 192.168.7.4: none of its routes contains 192.168.7.4/32 (subnet-a)"
    assert str(found.evidence["command"]).startswith("aws ec2 create-route --region us-west-1 --route-table-id rtb-1 ")
    assert f"`{found.evidence['command']}`" in found.hint
    assert found.hint.endswith("what was read does not show which one it is.")


def test_a_doubtful_way_is_a_warning() -> None:
    (found,) = said(ROUTE, facts(route_tables=(table(LOCAL, hop("0.0.0.0/0", "igw-1")),), proxies={"proxy.example": (PUBLIC,)}))
    assert (found.code, found.status) == ("route.no-public-address", Status.WARN)


def test_what_could_not_be_read_is_an_error_with_the_action() -> None:
    unread = Unread("ec2:GetManagedPrefixListEntries", "aws.access-denied", "not authorized")
    (found,) = said(ROUTE, facts(route_tables=(table(listed("pl-1", "tgw-1")),), prefix_lists={"pl-1": unread}))
    assert (found.code, found.status, found.evidence["action"]) == ("route.unknown", Status.ERROR, "ec2:GetManagedPrefixListEntries")
    (peering,) = said(ROUTE, facts(route_tables=(table(hop("192.168.0.0/16", "pcx-1")),), peerings=DENIED))
    assert (peering.code, peering.evidence["reason"]) == ("route.unknown", "not authorized")


def test_each_broken_table_has_a_finding_of_its_own() -> None:
    tables = (table(LOCAL), table(LOCAL, hop("192.168.0.0/16", "pcx-1"), id="rtb-2", subnets=["subnet-b"]))
    known = facts(route_tables=tables, peerings=(Peering("pcx-1", "vpc-1", "vpc-2", "expired"),))
    assert codes(said(ROUTE, known, declaring("subnet-a", "subnet-b"))) == ["route.none", "route.blackhole"]


@pytest.mark.parametrize(("check", "parts"), [(ROUTE, {Part.NETWORK, Part.ROUTES, Part.PROXY}), (ACL, {Part.NETWORK, Part.ACLS, Part.PROXY})])
def test_it_asks_for_what_it_judges(check: WayCheck, parts: set[Part]) -> None:
    scope = asked(check)
    assert scope.parts == parts
    assert (scope.subnets, scope.proxies) == (("subnet-a",), ("proxy.example",))


@BOTH
@pytest.mark.anyio
async def test_it_looks_at_what_the_run_has_read(check: WayCheck) -> None:
    seen = await check.observe(World(FakeNet(), FakeDns(), FakeClock(), DECLARED, aws=Told(facts(**WHOLE))))
    assert codes(list(check.judge(seen))) == ["ok"]


@BOTH
def test_every_address_of_every_proxy_and_every_subnet_counts(check: WayCheck) -> None:
    other = msgspec.structs.replace(DECLARED, proxies=Proxies(DECLARED.proxies.http, Proxy("http", "other.example", 8080)))
    ways = said(check, facts(**WHOLE, proxies={"proxy.example": (ONPREM, "192.168.7.5"), "other.example": ("192.168.9.9",)}), other)
    assert codes(ways) == ["ok"]
    assert all(each in ways[0].message for each in (ONPREM, "192.168.7.5", "192.168.9.9"))
    assert codes(said(check, facts(**WHOLE), declaring("subnet-a", "subnet-b"))) == ["route.unknown"]


@BOTH
def test_a_role_whose_subnets_are_not_declared_is_not_claimed(check: WayCheck) -> None:
    declared = msgspec.structs.replace(DECLARED, roles=(*DECLARED.roles, Role(RoleKind.CONTROL_PLANE, "cluster-0")))
    (found,) = said(check, facts(**WHOLE), declared)
    assert found.code == "ok"
    assert "the control plane cluster-0 was not looked at, for no subnet of it is declared" in found.message
    assert "not looked at, for no subnet" not in said(check, facts(**WHOLE))[0].message


@BOTH
@pytest.mark.parametrize("answer", [Unread("", "dns.timeout", "silence"), ()])
def test_a_name_that_leads_nowhere_is_an_error_in_the_words_of_every_check(check: WayCheck, answer: Unread | tuple[str, ...]) -> None:
    known = facts(**WHOLE, proxies={"proxy.example": answer})
    (found,) = said(check, known)
    (gap,) = destinations(known, [("proxy.example", 3128)])[1]
    assert found == worded(gap)
    assert found.status is Status.ERROR
    assert "the addresses of the proxy proxy.example are not known here" in found.message
    assert "where the proxy's name resolves" in found.hint


@BOTH
def test_without_a_question_it_is_skipped(check: WayCheck) -> None:
    direct = msgspec.structs.replace(DECLARED, proxies=Proxies())
    for declared in (direct, declaring(), msgspec.structs.replace(DECLARED, roles=())):
        (found,) = said(check, facts(**WHOLE), declared)
        assert (found.code, found.status) == ("internal.not-applicable", Status.SKIP)


@BOTH
def test_a_vpc_that_is_still_to_be_made_is_skipped_with_what_it_will_have_to_have(check: WayCheck) -> None:
    dedicated = declaring(dedicated=Sourced("10.0.0.0/16", "anthos-gke.yaml:7"))
    (found,) = said(check, facts(vpc=None), dedicated)
    assert found.status is Status.SKIP
    assert "it will have to have" in found.message
    assert "proxy.example:3128" in found.message


@BOTH
@pytest.mark.parametrize(
    ("known", "code"),
    [
        ({"vpc": DENIED}, "aws.access-denied"),
        ({"vpc": Absent("no such VPC")}, "aws.not-found"),
        ({"vpc": None}, "aws.no-vpc"),
        ({"subnets": DENIED}, "aws.access-denied"),
        ({"subnets": ()}, "aws.not-found"),
        ({"route_tables": DENIED, "acls": DENIED}, "aws.access-denied"),
        ({"proxies": {"proxy.example": Unread("", "dns.nxdomain", "no such name")}}, "dns.nxdomain"),
        ({"proxies": {"proxy.example": ()}}, "dns.no-address"),
        ({"proxies": {}}, "aws.not-asked"),
        ({"interfaces": DENIED}, "aws.access-denied"),
    ],
)
def test_what_is_not_known_is_never_a_pass(check: WayCheck, known: dict[str, Any], code: str) -> None:
    found = said(check, facts(**(WHOLE | known)))
    assert codes(found) == [code]
    assert found[0].hint


@BOTH
def test_an_address_needs_no_resolver(check: WayCheck) -> None:
    literal = Proxy("http", ONPREM, 3128)
    assert codes(said(check, facts(**WHOLE, proxies={}), msgspec.structs.replace(DECLARED, proxies=Proxies(literal, literal)))) == ["ok"]


@BOTH
def test_who_carries_a_public_address_need_not_be_known(check: WayCheck) -> None:
    public = msgspec.structs.replace(A, public_addresses=True)
    internet = {"route_tables": (table(LOCAL, hop("0.0.0.0/0", "igw-1")),), "subnets": (public,), "proxies": {"proxy.example": (PUBLIC,)}}
    assert codes(said(check, facts(**(WHOLE | internet), interfaces=DENIED))) == ["ok"]


@BOTH
def test_a_subnet_that_is_not_there_does_not_hide_the_others(check: WayCheck) -> None:
    broken = facts(route_tables=(table(LOCAL),), acls=(acl(ALLOW_IN),))
    found = said(check, broken, declaring("subnet-a", "subnet-typo"))
    assert codes(found) == ["route.none" if check is ROUTE else "route.acl-out", "aws.not-found"]
    assert found[1].message == "AWS has no subnet subnet-typo (pool.yaml:9) in us-west-1: it lists no such subnet"
    assert codes(said(check, facts(**WHOLE), declaring("subnet-a", "subnet-typo"))) == ["aws.not-found"], "half a pass is none"


def test_a_declared_installation_without_proxy_or_vpc_asks_nobody() -> None:
    (found,) = said(ROUTE, facts(vpc=None), Declared())
    assert found.status is Status.SKIP
