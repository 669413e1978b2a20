"""Everything that a run asks of AWS is read once, whole, at the same time, and by the calls that the policy names."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path

import anyio
import msgspec
import pytest

from preflight.aws.facts import Absent, Facts, Group, Identity, Interface, Key, Peering, Unread, Vpc
from preflight.aws.scope import ACTIONS, Part, Scope
from preflight.inputs.aws_facts import fitted, read_facts
from preflight.real import aws as real_aws
from preflight.real.aws.walks import SECONDS as WALK_SECONDS
from preflight.untrusted import Redactor
from tests.fake import Ends, FakeClock, FakeNet
from tests.real.aws.lab import read, reader, scope_of, unread
from tests.real.aws.moto_server import Account, Lab, Refusal

_READ: list[Facts] = []


@pytest.fixture
def facts(lab: Lab, account: Account) -> Facts:
    """What one faultless reading gives."""
    if not _READ:
        _READ.append(read(scope_of(account)))
        lab.clear()
    return _READ[0]


def test_everything_is_read(facts: Facts, account: Account) -> None:
    assert unread(facts) == {}
    assert isinstance(facts.identity, Identity)
    assert (facts.identity.account, facts.identity.source) == ("123456789012", "env")
    assert facts.vpc == Vpc(account.vpc, ("10.0.0.0/16",), dns_support=True, dns_hostnames=True, owner="123456789012")
    assert isinstance(facts.keys[account.key], Key)
    assert facts.proxies == {"proxy.example": ("10.9.1.77",)}
    assert facts.prefix_lists == {account.prefix_list: ("10.9.1.77/32",)}
    assert isinstance(facts.peerings, tuple)
    assert facts.peerings == (Peering(account.peering, account.vpc, account.proxy_vpc, "active"),)
    assert facts.scope.region == "us-west-1"


def test_what_stands_elsewhere_is_read_because_something_names_it(facts: Facts, account: Account) -> None:
    """The proxy's group, and the routes and ACLs of its VPC, belong to no list of the nodes' VPC."""
    assert isinstance(facts.groups, tuple)
    assert isinstance(facts.interfaces, tuple)
    assert isinstance(facts.route_tables, tuple)
    assert isinstance(facts.acls, tuple)
    assert [(each.vpc, each.groups, each.addresses) for each in facts.interfaces] == [(account.proxy_vpc, (account.proxy,), ("10.9.1.77",))]
    assert account.proxy in {each.id for each in facts.groups}
    assert {each.vpc for each in facts.route_tables} == {each.vpc for each in facts.acls} == {account.vpc, account.proxy_vpc}


def test_when_aws_answered_is_noted_in_utc(lab: Lab) -> None:
    clock = FakeClock(datetime(2026, 3, 1, 13, 0, tzinfo=timezone(timedelta(hours=1))))
    assert read(Scope("us-west-1", frozenset({Part.IDENTITY})), clock=clock).read == "2026-03-01T12:00:00Z"


def test_a_list_that_aws_does_not_show_is_not_an_empty_one(lab: Lab, account: Account) -> None:
    lab.faults["ec2:GetManagedPrefixListEntries"] = Refusal("InvalidPrefixListID.NotFound")
    found = read(scope_of(account)).prefix_lists[account.prefix_list]
    assert isinstance(found, Unread)
    assert (found.action, found.code) == ("ec2:GetManagedPrefixListEntries", "aws.refused")
    assert f"AWS shows this account no list {account.prefix_list}" in found.reason


def test_a_service_without_an_endpoint_is_walked_to_and_one_with_a_name_alike_is_none(lab: Lab, account: Account) -> None:
    net = FakeNet({"ec2.us-west-1.amazonaws.com": Ends("tcp.timeout")})
    facts = read(scope_of(account), net=net)
    assert isinstance(facts.endpoints, tuple)
    assert {each.service for each in facts.endpoints} == {"com.amazonaws.us-west-1.kms", "com.amazonaws.us-west-1.ec2messages"}
    assert set(facts.walked) == {"ec2"}
    assert facts.walked["ec2"].code == "tcp.timeout"


def test_the_vpc_is_that_of_the_subnet_or_of_the_group(lab: Lab, account: Account) -> None:
    by_subnet = read(Scope("us-west-1", frozenset({Part.NETWORK}), subnets=("subnet-gone", account.subnet)))
    by_group = read(Scope("us-west-1", frozenset({Part.NETWORK}), subnets=("subnet-gone",), groups=(account.nodes,)))
    assert by_subnet.vpc_id == by_group.vpc_id == account.vpc


def test_nothing_that_says_which_vpc_is_no_empty_answer(lab: Lab) -> None:
    facts = read(Scope("us-west-1", frozenset({Part.NETWORK, Part.ENDPOINTS, Part.PROXY})))
    assert facts.vpc is None
    assert {name: each.code for name, each in unread(facts).items()} == dict.fromkeys(("subnets", "endpoints", "peerings"), "aws.no-vpc")
    assert lab.calls == []


@pytest.mark.parametrize("scope", [{"vpc": "vpc-0000000000000dead"}, {"subnets": ("subnet-gone",), "groups": ("sg-gone",)}])
def test_a_vpc_that_is_not_there_is_absent(scope: dict[str, object], lab: Lab) -> None:
    facts = read(Scope("us-west-1", frozenset({Part.NETWORK}), **scope))  # type: ignore[arg-type]
    assert isinstance(facts.vpc, Absent)
    assert "us-west-1" in facts.vpc.reason


def test_aws_saying_that_the_vpc_is_not_there_is_an_answer(lab: Lab, account: Account) -> None:
    lab.faults["ec2:DescribeVpcs"] = Refusal("InvalidVpcID.NotFound")
    assert isinstance(read(scope_of(account, frozenset({Part.NETWORK}))).vpc, Absent)


def test_a_key_that_is_not_there_is_absent_and_one_that_may_not_be_read_is_not(lab: Lab, account: Account) -> None:
    scope = msgspec.structs.replace(scope_of(account, frozenset({Part.KEY})), keys=("nope",))
    assert isinstance(read(scope).keys["nope"], Absent)
    lab.faults["kms:DescribeKey"] = Refusal("AccessDeniedException")
    found = read(scope).keys["nope"]
    assert isinstance(found, Unread)
    assert (found.action, found.code) == ("kms:DescribeKey", "aws.access-denied")


@pytest.mark.parametrize("part", list(Part))
def test_the_calls_of_a_part_are_those_that_the_policy_names(part: Part, lab: Lab, account: Account) -> None:
    scope = scope_of(account, frozenset({part}))
    if part is Part.NETWORK:
        scope = msgspec.structs.replace(scope, vpc="", subnets=("subnet-gone",))
    if part is Part.IDENTITY:
        lab.faults["sts:GetCallerIdentity"] = Refusal("InvalidClientTokenId", status=403)
    read(scope)
    assert set(lab.calls) == set(ACTIONS[part])


def test_with_the_vpc_known_everything_is_asked_at_the_same_time(facts: Facts, lab: Lab, account: Account) -> None:
    """The two VPC attributes, both sides of peerings, and one each of the other nine: none is answered before all have come.

    `facts` were read before, so nothing that is loaded once takes time between them.
    """
    lab.hold = 13
    read(scope_of(account))
    assert lab.kept == []


def test_pages_are_read_to_the_last(facts: Facts, lab: Lab, account: Account) -> None:
    lab.paged |= {"ec2:DescribeVpcEndpoints", "ec2:DescribeSecurityGroups"}
    assert msgspec.structs.replace(read(scope_of(account)), read=facts.read) == facts
    assert lab.calls.count("ec2:DescribeVpcEndpoints") > 2


def test_an_answer_without_end_is_not_taken_for_a_whole_one(lab: Lab, account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("preflight.real.aws.api.PAGES", 1)
    lab.paged.add("ec2:DescribeVpcEndpoints")
    facts = read(scope_of(account, frozenset({Part.ENDPOINTS})))
    assert isinstance(facts.endpoints, Unread)
    assert facts.endpoints.code == "aws.unreachable"
    assert "not complete" in facts.endpoints.reason


def test_a_group_that_was_made_just_now_is_asked_for_again(lab: Lab, account: Account) -> None:
    lab.faults["ec2:DescribeSecurityGroups"] = Refusal("InvalidGroup.NotFound")
    read(scope_of(account, frozenset({Part.GROUPS})))
    assert lab.calls.count("ec2:DescribeSecurityGroups") >= 2


def test_what_was_saved_is_read_back_as_it_was(facts: Facts, tmp_path: Path) -> None:
    (tmp_path / "facts.json").write_bytes(msgspec.json.format(msgspec.json.encode(facts, order="deterministic"), indent=1))
    again = read_facts(tmp_path / "facts.json", Redactor())
    assert again == facts
    assert fitted(again, facts.scope, "facts.json") == facts


def test_a_bug_in_the_reading_is_unread_everywhere_and_hangs_nobody(lab: Lab, account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(self: object, *args: object) -> None:
        raise ZeroDivisionError("planted")

    monkeypatch.setattr("preflight.real.aws.reading.Reading._of_vpc", broken)
    found = unread(read(scope_of(account)))
    assert {each.code for each in found.values()} == {"internal.crashed"}
    assert {"identity", "vpc", "groups", account.key, "proxy.example"} <= set(found)
    assert all("ZeroDivisionError at " in each.reason and "planted" not in each.reason for each in found.values())


def test_a_reading_that_is_cut_off_leaves_nobody_waiting(lab: Lab, account: Account) -> None:
    lab.hold = 2  # one call comes, and waits for another

    async def run() -> Facts:
        asked = reader(scope_of(account, frozenset({Part.IDENTITY})))
        async with anyio.create_task_group() as group:
            group.start_soon(asked.read)
            while not lab.calls:  # noqa: ASYNC110 - the server is in another thread
                await anyio.sleep(0.01)
            group.cancel_scope.cancel()
        found = await asked.facts()
        lab.let_go()
        while not lab.times:  # noqa: ASYNC110 - the call that was given up ends by itself, and must not be counted in the next test
            await anyio.sleep(0.01)
        return found

    assert {name: each.code for name, each in unread(anyio.run(run)).items()} == {"identity": "internal.interrupted"}


def test_it_is_read_once_whoever_asks(lab: Lab, account: Account) -> None:
    async def run() -> list[Facts]:
        asked = reader(scope_of(account, frozenset({Part.IDENTITY})))
        found: list[Facts] = []

        async def ask() -> None:
            found.append(await asked.facts())

        async with anyio.create_task_group() as group:
            for _ in range(3):
                group.start_soon(ask)
        return found

    assert len({id(each) for each in anyio.run(run)}) == 1
    assert lab.calls == ["sts:GetCallerIdentity"]


def test_what_does_not_answer_in_time_is_unread_and_the_rest_is_read(facts: Facts, lab: Lab, account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(real_aws, "SECONDS", WALK_SECONDS + 5.0)
    lab.delays["ec2:DescribeRouteTables"] = 7
    found = unread(read(scope_of(account, frozenset({Part.IDENTITY, Part.ROUTES, Part.ACLS}))))
    assert set(found) == {"route_tables"}
    assert found["route_tables"].code == "aws.unreachable"
    assert "no answer within 5 s; our own walk to 127.0.0.1:" in found["route_tables"].reason


def test_nothing_is_asked_of_interfaces_where_the_proxy_has_no_address(lab: Lab, account: Account) -> None:
    scope = msgspec.structs.replace(scope_of(account, frozenset({Part.PROXY})), proxies=("nobody.example",))
    facts = read(scope)
    assert isinstance(facts.proxies["nobody.example"], Unread)
    assert facts.proxies["nobody.example"].code == "dns.nxdomain"
    assert facts.interfaces == ()
    assert "ec2:DescribeNetworkInterfaces" not in lab.calls


def test_names_of_the_account_are_not_kept(facts: Facts) -> None:
    assert isinstance(facts.groups, tuple)
    assert {each.name for each in facts.groups} == {"default", "nodes", "proxy"}
    assert not {"description", "tags"} & set(Group.__struct_fields__ + Interface.__struct_fields__)
