"""The security groups of a role, as a check of the profile: whom it stands for, when it does not apply, and how it words what follows."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec
import pytest

from preflight.aws.facts import Absent, Facts, Unread, Vpc
from preflight.aws.scope import Part
from preflight.checks import find
from preflight.checks.security_group import SecurityGroupCheck
from preflight.declared import Declared, Role, RoleKind, Sourced
from preflight.model import Finding, Proxy, Status
from preflight.plan import make
from preflight.route import Proxies
from tests import fake
from tests.aws.egress.worlds import DENIED, FACTS, FIELD, IN, LIST_DENIED, facts, guard, listing, refer, role, to

PROXIES = Proxies(http=Proxy("http", "proxy.corp", 3128))
CHECK = SecurityGroupCheck(name="egress/control-plane", role=RoleKind.CONTROL_PLANE)
POOLS = SecurityGroupCheck(name="egress/node-pool", role=RoleKind.NODE_POOL)


def machines(kind: RoleKind = RoleKind.CONTROL_PLANE, name: str = "", groups: tuple[str, ...] = ("sg-1",)) -> Role:
    subnets = tuple(Sourced(text, "cluster.yaml:9") for text in ("subnet-a", "subnet-b"))
    return Role(kind, name, FIELD, "cluster.yaml:1", tuple(Sourced(text, "cluster.yaml:7") for text in groups), subnets)


DECLARED = Declared(proxies=PROXIES, region="us-west-1", roles=(machines(),))


def pool(name: str, *groups: str) -> Role:
    return machines(RoleKind.NODE_POOL, name, groups or ("sg-1",))


@dataclass(frozen=True, slots=True)
class Told:
    """An AWS that answers with these facts."""

    answer: Facts

    async def facts(self) -> Facts:
        return self.answer


async def found(answer: Facts, declared: Declared = DECLARED, check: SecurityGroupCheck = CHECK) -> list[Finding]:
    world = msgspec.structs.replace(fake.world(declared=declared), aws=Told(answer))
    return list(check.judge(await check.observe(world)))


async def only(answer: Facts, declared: Declared = DECLARED, check: SecurityGroupCheck = CHECK) -> Finding:
    [finding] = await found(answer, declared, check)
    return finding


def without(**changes: object) -> Declared:
    return msgspec.structs.replace(DECLARED, **changes)


def test_the_profile_finds_the_kind() -> None:
    assert find("security-group") is SecurityGroupCheck


@pytest.mark.anyio
async def test_a_good_world_passes_and_names_the_rules() -> None:
    finding = await only(FACTS)
    assert (finding.code, finding.status) == ("ok", Status.PASS)
    assert "sg-1 allows tcp 3128 to the group sg-p" in finding.message
    assert finding.evidence["groups"] == ["sg-1"]
    assert finding.evidence["proxies"] == ["proxy.corp:3128 (10.0.9.7)"]
    assert finding.evidence["by"]


@pytest.mark.anyio
async def test_a_missing_rule_fails_with_the_command_in_hint_and_evidence() -> None:
    finding = await only(facts(groups=(role(), IN)))
    assert (finding.code, finding.status) == ("egress.none", Status.FAIL)
    command = str(finding.evidence["command"])
    assert command.startswith("aws ec2 authorize-security-group-egress --region us-west-1 --group-id sg-1")
    assert f"`{command}`" in finding.hint


@pytest.mark.anyio
async def test_an_unreadable_list_is_an_error_that_names_the_action() -> None:
    finding = await only(facts(groups=(role(listing("pl-1")), IN), prefix_lists={"pl-1": LIST_DENIED}))
    assert (finding.code, finding.status) == ("egress.unknown", Status.ERROR)
    assert "ec2:GetManagedPrefixListEntries" in finding.hint
    assert finding.evidence["unread"] == "aws.access-denied"


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("world", "code", "status"),
    [
        (facts(groups=DENIED), "aws.access-denied", Status.ERROR),
        (facts(vpc=DENIED), "aws.access-denied", Status.ERROR),
        (facts(vpc=Absent("no such VPC")), "aws.not-found", Status.FAIL),
        (facts(vpc=None), "aws.no-vpc", Status.ERROR),
        (facts(groups=(IN,)), "aws.not-found", Status.FAIL),
        (facts(proxies={"proxy.corp": Unread("", "dns.nxdomain", "no such name")}), "dns.nxdomain", Status.ERROR),
        (facts(proxies={"proxy.corp": Unread("", "dns.timeout", "silence")}), "dns.timeout", Status.ERROR),
        (facts(proxies={}), "aws.not-asked", Status.ERROR),
    ],
)
async def test_what_could_not_be_looked_at_never_passes(world: Facts, code: str, status: Status) -> None:
    finding = await only(world)
    assert (finding.code, finding.status) == (code, status)
    assert finding.hint
    assert "?" not in finding.message + finding.hint


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("declared", "why"),
    [
        (without(proxies=Proxies()), "no proxy is declared"),
        (without(roles=()), "AWSCluster"),
        (without(roles=(pool("a"),)), "AWSCluster"),
    ],
)
async def test_without_a_proxy_or_a_role_there_is_no_question(declared: Declared, why: str) -> None:
    finding = await only(FACTS, declared)
    assert finding.code == "internal.not-applicable"
    assert why in finding.message


@pytest.mark.anyio
async def test_a_vpc_that_is_yet_to_be_made_skips_and_says_what_it_will_need() -> None:
    declared = without(dedicated=Sourced("10.0.0.0/16", "anthos-gke.yaml:12"))
    finding = await only(facts(vpc=None), declared)
    assert finding.status is Status.SKIP
    assert "tcp 3128" in finding.message
    assert "anthos-gke.yaml:12" in finding.message


@pytest.mark.anyio
async def test_the_checks_own_groups_stand_instead_of_the_manifests() -> None:
    own = msgspec.structs.replace(CHECK, groups=("sg-2",))
    world = facts(groups=(role(), role(to("0.0.0.0/0"), name="sg-2"), guard(to("10.0.0.0/16"))))
    assert (await only(world)).code == "egress.none"
    assert (await only(world, check=own)).code == "ok"
    assert (await only(world, without(roles=()), own)).code == "ok"
    assert "sg-2" in own.asks(DECLARED).groups


def test_it_asks_for_its_three_parts_and_the_proxys_host() -> None:
    scope = CHECK.asks(DECLARED)
    assert scope.parts == {Part.NETWORK, Part.GROUPS, Part.PROXY}
    assert scope.proxies == ("proxy.corp",)
    assert scope.groups == ("sg-1",)


def names(*roles: Role, check: SecurityGroupCheck = POOLS) -> list[str]:
    return [each.name for each in make([check], without(roles=roles)).checks]


def test_several_node_pools_are_a_check_each() -> None:
    assert names() == ["egress/node-pool"]
    assert names(pool("a")) == ["egress/node-pool"]
    assert names(pool("a"), pool("b")) == ["egress/node-pool/a", "egress/node-pool/b"]
    assert names(pool(""), pool("b")) == ["egress/node-pool/1", "egress/node-pool/b"]
    assert names(pool("a"), pool("a"), pool("a b")) == ["egress/node-pool/a", "egress/node-pool/a-2", "egress/node-pool/3"]
    assert names(pool("a"), pool("b"), check=msgspec.structs.replace(POOLS, pool="b")) == ["egress/node-pool"]


@pytest.mark.anyio
async def test_the_proxys_rule_for_another_roles_group_lets_this_one_not_in() -> None:
    world = facts(groups=(role(refer("sg-p")), role(name="sg-2"), guard(refer("sg-2"))))
    assert (await only(world)).code == "egress.unknown"
    declared = without(roles=(machines(), pool("a", "sg-2")))
    assert (await only(world, declared)).code == "egress.proxy-ingress"


@pytest.mark.anyio
async def test_each_pool_is_judged_by_its_own_groups() -> None:
    declared = without(roles=(pool("good"), pool("bad", "sg-2")))
    world = facts(groups=(role(refer("sg-p")), role(name="sg-2"), guard(to("10.0.0.0/16"))))
    told = {check.name: (await only(world, declared, check)).code for check in POOLS.several(declared)}
    assert told == {"egress/node-pool/good": "ok", "egress/node-pool/bad": "egress.none"}
    assert "bad" in (await only(world, declared, msgspec.structs.replace(POOLS, pool="bad"))).message
    assert (await only(world, declared, msgspec.structs.replace(POOLS, pool="gone"))).code == "internal.not-applicable"


@pytest.mark.anyio
async def test_several_control_planes_are_all_judged() -> None:
    declared = without(roles=(machines(name="one"), machines(name="two", groups=("sg-2",))))
    world = facts(groups=(role(refer("sg-p")), role(name="sg-2"), guard(to("10.0.0.0/16"))))
    assert [each.code for each in await found(world, declared)] == ["ok", "egress.none"]


@pytest.mark.anyio
async def test_a_role_without_groups_is_told_its_field() -> None:
    finding = await only(facts(groups=(guard(to("10.0.0.0/16")),)), without(roles=(machines(groups=()),)))
    assert finding.code == "egress.none"
    assert FIELD in finding.hint
    assert "aws ec2 create-security-group" in finding.hint


@pytest.mark.anyio
async def test_each_address_and_port_of_two_proxies_counts_once() -> None:
    same = Proxies(http=PROXIES.http, https=Proxy("http", "proxy.corp", 3128))
    assert (await only(FACTS, without(proxies=same))).evidence["proxies"] == ["proxy.corp:3128 (10.0.9.7)"]
    other = Proxies(http=PROXIES.http, https=Proxy("http", "proxy.corp", 8080))
    assert {each.code for each in await found(FACTS, without(proxies=other))} == {"egress.partial", "egress.proxy-ingress"}


@pytest.mark.anyio
async def test_facts_of_a_vpc_whose_dns_is_unread_are_judged() -> None:
    world = facts(vpc=Vpc("vpc-1", ("10.0.0.0/16",), dns_support=DENIED, dns_hostnames=DENIED))
    assert (await only(world)).code == "ok"


def standing(each: Role, *subnets: str) -> Role:
    return msgspec.structs.replace(each, subnets=tuple(Sourced(text, f"{each.kind}.yaml:9") for text in subnets))


@pytest.mark.anyio
async def test_a_misspelt_id_is_a_failure_in_the_words_of_every_check() -> None:
    declared = without(roles=(standing(machines(), "subnet-a", "subnet-typo"), standing(pool("pool-0", "sg-typo"), "subnet-typo")))
    finding = await only(FACTS, declared)
    assert (finding.code, finding.status) == ("aws.not-found", Status.FAIL)
    assert finding.message == "AWS has no subnet subnet-typo (control-plane.yaml:9, node-pool.yaml:9) in us-west-1: it lists no such subnet"
    group, subnet = await found(FACTS, declared, POOLS)
    assert group.message == "AWS has no security group sg-typo (cluster.yaml:7) in us-west-1: it lists no such security group"
    assert subnet.message == finding.message


@pytest.mark.anyio
async def test_a_misspelt_subnet_does_not_hide_what_is_wrong_besides() -> None:
    told = await found(facts(groups=(role(), IN)), without(roles=(standing(machines(), "subnet-a", "subnet-typo"),)))
    assert [each.code for each in told] == ["egress.none", "aws.not-found"]
