"""A file of saved facts is read strictly, fits the inputs or is refused, and what it lacks is an error and never an empty answer."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from preflight import checks
from preflight.aws.facts import (
    SCHEMA,
    Absent,
    Endpoint,
    Facts,
    Group,
    GroupReference,
    Hop,
    Identity,
    Interface,
    Key,
    RouteTable,
    Rule,
    Service,
    Subnet,
    Unread,
    Vpc,
)
from preflight.aws.scope import Part, Scope
from preflight.inputs.aws_facts import fitted, read_facts
from preflight.inputs.options import Options
from preflight.inputs.problem import InputError
from preflight.inputs.select import Loaded, load
from preflight.untrusted import Redactor, Secret

SCOPE = Scope("us-west-1", frozenset(Part), "vpc-1", ("subnet-1",), ("sg-1",), ("arn:aws:kms:us-west-1:1:key/1",), ("proxy.example",), ("kms",))
FACTS = Facts(
    scope=SCOPE,
    identity=Identity("1", "arn:aws:iam::1:user/x", "env"),
    services={"kms": Service("kms.us-west-1.amazonaws.com", ("com.amazonaws.us-west-1.kms",))},
    vpc=Vpc("vpc-1", ("10.0.0.0/16",), dns_support=True, dns_hostnames=Unread("ec2:DescribeVpcAttribute", "aws.access-denied", "no")),
    subnets=(Subnet("subnet-1", "vpc-1", "usw1-az1", ("10.0.1.0/24",)),),
    endpoints=(Endpoint("vpce-1", "vpc-1", "com.amazonaws.us-west-1.kms", "Interface", "available", full_access=None),),
    groups=(Group("sg-1", "nodes", "vpc-1", (Rule("tcp", 3128, 3128, ("10.9.0.0/16",), ("pl-1",), (GroupReference("sg-2"),)),)),),
    route_tables=(RouteTable("rtb-1", "vpc-1", main=True, hops=(Hop("0.0.0.0/0", target="nat-1"),)),),
    interfaces=(Interface("eni-1", "vpc-2", "subnet-2", ("10.9.1.77",)),),
    prefix_lists={"pl-1": ("10.9.1.77/32",), "pl-2": Unread("ec2:GetManagedPrefixListEntries", "aws.throttled", "later")},
    keys={"arn:aws:kms:us-west-1:1:key/1": Key("1", "arn:aws:kms:us-west-1:1:key/1", "Enabled"), "gone": Absent("gone")},
    proxies={"proxy.example": ("10.9.1.77",)},
)


def saved(folder: Path, facts: Facts = FACTS, change: Callable[[Any], object] | None = None) -> Path:
    raw = msgspec.to_builtins(facts)
    raw["scope"]["parts"] = sorted(raw["scope"]["parts"])
    if change:
        change(raw)
    (folder / "facts.json").write_text(json.dumps(raw))
    return folder / "facts.json"


def refused(path: Path) -> list[str]:
    with pytest.raises(InputError) as caught:
        read_facts(path, Redactor())
    return [f"{problem.code} {problem}" for problem in caught.value.problems]


def test_what_was_saved_is_what_is_read(tmp_path: Path) -> None:
    assert read_facts(saved(tmp_path, change=lambda raw: raw.pop("read")), Redactor()) == FACTS  # as older files are
    assert read_facts(saved(tmp_path), Redactor()) == FACTS


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "input.json-syntax"),
        ("{", "input.json-syntax"),
        ("[]", "input.value"),
        ("null", "input.value"),
        ("{}", "input.value"),
        ('{"schema": "preflight/report/1"}', "input.value"),
        ('{"schema": "preflight/aws-facts/2", "scope": {}}', "input.value"),
        (f'{{"schema": "{SCHEMA}"}}', "input.value"),
        (f'{{"schema": "{SCHEMA}", "scope": {{}}, "scope": {{}}}}', "input.duplicate-key"),
        (f'{{"schema": "{SCHEMA}", "scope": {{"region": NaN}}}}', "input.json-syntax"),
        (f'{{"schema": "{SCHEMA}", "scope": {{}}, "endpoint": []}}', "input.unknown-field"),
        ("[" * 100_000, "input.too-deep"),
        ("[" * 700 + "]" * 700, "input.too-deep input.value"),
        ("1" * 5000, "input.json-syntax input.value"),
    ],
)
def test_what_is_no_file_of_facts_is_refused(text: str, code: str, tmp_path: Path) -> None:
    (tmp_path / "facts.json").write_text(text)
    (said,) = refused(tmp_path / "facts.json")
    assert said.split()[0] in code.split()
    assert "facts.json" in said


def put(*path: Any, value: Any) -> Callable[[Any], None]:
    def change(raw: Any) -> None:
        for key in path[:-1]:
            raw = raw[key]
        raw[path[-1]] = value

    return change


@pytest.mark.parametrize(
    "change",
    [
        put("endpoints", 0, "private_dns", value="yes"),
        put("endpoints", 0, "state", value=5),
        put("endpoints", value={"type": "unread"}),
        put("endpoints", value=None),
        put("vpc", "type", value="planet"),
        put("vpc", "dns_support", value=1),
        put("vpc", "cidrs", value=["10.0.0.0/99"]),
        put("groups", 0, "egress", 0, "cidrs", value=["everywhere"]),
        put("groups", 0, "egress", 0, "first", value="3128"),
        put("interfaces", 0, "addresses", value=["proxy"]),
        put("proxies", "proxy.example", value=["proxy"]),
        put("prefix_lists", "pl-1", value=["x"]),
        put("route_tables", 0, "hops", 0, "cidr", value="default"),
        put("scope", "parts", value=["moon"]),
        put("subnets", 0, "vpcs", value="x"),
        put("keys", "gone", "why", value="x"),
        put("interfaces", 0, "addresses", value=["10.9.1.0/24"]),
        put("proxies", "proxy.example", value=["10.9.1.0/24"]),
        put("route_tables", 0, "hops", 0, "cidr", value=""),
        put("route_tables", 0, "hops", 0, "prefix_list", value="pl-1"),
        put("read", value="yesterday"),
    ],
)
def test_a_value_that_cannot_be_is_refused(change: Callable[[Any], None], tmp_path: Path) -> None:
    (said,) = refused(saved(tmp_path, change=change))
    assert said.split()[0] in {"input.value", "input.unknown-field"}


def test_a_file_that_is_too_large_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("preflight.inputs.aws_facts.LARGEST", 100)
    assert refused(saved(tmp_path))[0].startswith("input.too-large ")


@pytest.mark.parametrize(
    "change", [put("prefix_lists", "pl-1", value=["10.0.0.0/32"] * 5_001), put("proxies", value={f"p{number}": [] for number in range(5_001)})]
)
def test_a_list_that_aws_never_has_is_refused(change: Callable[[Any], None], tmp_path: Path) -> None:
    (said,) = refused(saved(tmp_path, change=change))
    assert said.startswith("input.value ")
    assert "more than 5,000 entries" in said


def test_a_large_account_fits(tmp_path: Path) -> None:
    """More than other inputs may have."""
    groups = tuple(Group(f"sg-{number:017d}", "x" * 200, "vpc-1", (Rule("-1", cidrs=("0.0.0.0/0",)),) * 4) for number in range(2000))
    path = saved(tmp_path, msgspec.structs.replace(FACTS, groups=groups))
    assert path.stat().st_size > 1 << 20
    assert read_facts(path, Redactor()).groups == groups


def test_every_text_is_clean(tmp_path: Path) -> None:
    hostile = "\u202e\x1b[31mhunter22"
    path = saved(tmp_path, change=put("groups", 0, "name", value=hostile))
    facts = read_facts(path, Redactor([Secret("hunter22")]))
    assert isinstance(facts.groups, tuple)
    assert facts.groups[0].name == "\\u202e\\x1b[31m***"


@pytest.mark.parametrize("scope", [{"region": "eu-west-1"}, {"vpc": "vpc-2"}])
def test_facts_of_another_place_are_refused(scope: dict[str, str]) -> None:
    with pytest.raises(InputError) as caught:
        fitted(FACTS, msgspec.structs.replace(SCOPE, **scope), "facts.json")
    assert caught.value.problems[0].code == "input.conflict"


def test_a_run_that_names_no_place_takes_the_files() -> None:
    assert fitted(FACTS, Scope(parts=frozenset(Part)), "facts.json").scope == SCOPE


def test_what_the_file_lacks_is_not_asked_and_says_what_to_do() -> None:
    lacking = fitted(Facts(scope=Scope("us-west-1")), SCOPE, "facts.json")
    parts = {name: getattr(lacking, name) for name in ("identity", "vpc", "subnets", "endpoints", "groups", "route_tables", "acls", "interfaces", "peerings")}
    parts |= dict(lacking.keys) | dict(lacking.proxies)
    assert {each.code for each in parts.values()} == {"aws.not-asked"}
    assert all("facts.json" in each.reason and "record it again" in each.reason for each in parts.values())


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"subnets": ("subnet-9",)}, "subnets"),
        ({"groups": ("sg-9",)}, "groups"),
        ({"services": ("sts",)}, "endpoints"),
        ({"proxies": ("other",)}, "interfaces"),
    ],
)
def test_what_the_file_was_not_asked_for_is_not_taken_for_absent(more: dict[str, tuple[str, ...]], field: str) -> None:
    """Else a subnet that was declared since would be judged as one that does not exist."""
    found = getattr(fitted(FACTS, SCOPE | Scope(**more), "facts.json"), field)  # type: ignore[arg-type]
    assert isinstance(found, Unread)
    assert found.code == "aws.not-asked"


def test_what_the_file_was_asked_for_and_did_not_find_stays_absent() -> None:
    gone = msgspec.structs.replace(FACTS, subnets=())
    assert fitted(gone, SCOPE, "facts.json").subnets == ()


PROFILE = "profile: test\nchecks:\n- {kind: aws, name: aws}\n"


def loaded(folder: Path, profile: str = PROFILE, **options: Any) -> Loaded:
    (folder / "checks.yaml").write_text(profile)
    return load(Options(direct=True, **options), {}, folder, checks.find)


def test_the_file_is_an_input_with_its_source(tmp_path: Path) -> None:
    saved(tmp_path)
    found = loaded(tmp_path, aws_facts=Path("facts.json"), region="us-west-1")
    assert found.aws_facts is not None
    assert found.aws_facts.identity == FACTS.identity
    assert [(each.value, each.source) for each in found.declared.inputs if each.name == "aws-facts"] == [(str(tmp_path / "facts.json"), "--aws-facts")]


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"aws_facts": Path("facts.json"), "save_aws_facts": Path("new.json")}, "input.conflict"),
        ({"aws_facts": Path("facts.json"), "no_aws": True}, "input.conflict"),
        ({"save_aws_facts": Path("new.json"), "no_aws": True}, "input.conflict"),
        ({"aws_facts": Path("facts.json"), "region": "eu-west-1"}, "input.conflict"),
        ({"aws_facts": Path("nowhere.json")}, "input.not-a-file"),
        ({"aws_facts": Path("http://user:secret@proxy")}, "input.value"),
    ],
)
def test_flags_that_cannot_be_followed_are_refused(options: dict[str, Any], code: str, tmp_path: Path) -> None:
    saved(tmp_path)
    with pytest.raises(InputError) as caught:
        loaded(tmp_path, "profile: test\nchecks:\n- {kind: aws, name: aws}\n- {kind: tcp, name: x, target: 'localhost:1'}\n", **options)
    assert code in {problem.code for problem in caught.value.problems}
    assert "secret" not in str(caught.value)


def test_saving_where_nobody_asks_aws_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        loaded(tmp_path, "profile: test\nchecks:\n- {kind: tcp, name: x, target: 'localhost:1'}\n", save_aws_facts=Path("new.json"))
    assert caught.value.problems[0].code == "input.conflict"
