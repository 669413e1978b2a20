"""What the check says about a noProxy list."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from preflight.checks.no_proxy import AWS_SERVICES, NoProxyCheck, NoProxySeen, aws_names
from preflight.declared import Declared
from preflight.model import Finding, Proxy, Status, Target
from preflight.route import NO_PROXY_AT_ALL, NoProxy, Proxies
from preflight.world import Clock, Dns, Net, Wanted, World

PROXY = Proxy("http", "10.0.0.254", 80)
CHECK = NoProxyCheck(name="no-proxy")
SAMPLE = "localhost,127.0.0.1,169.254.169.254,10.0.0.0/16,example.com"
"""The documentation's own list."""
NOTHING = cast("Net", None)
"""The check asks nobody: it gets no network."""


def world(no_proxy: str, *urls: str, required: bool = True, region: str | None = None, variables: Mapping[str, str] | None = None) -> World:
    declared = Declared(Proxies(PROXY, None, NoProxy.parse(no_proxy)), region, variables or {})
    wanted = tuple(Wanted(url, Target.parse(url), required) for url in urls)
    return World(NOTHING, cast("Dns", None), cast("Clock", None), declared, wanted)


async def said(world: World) -> dict[str, Finding]:
    found = list(CHECK.judge(await CHECK.observe(world)))
    codes = {finding.code: finding for finding in found}
    assert len(codes) == len(found)
    return codes


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


pytestmark = pytest.mark.anyio


async def test_a_sound_list_passes_and_shows_what_it_means() -> None:
    found = await said(world("169.254.169.254, Example.com", "gcr.io"))
    assert list(found) == ["ok"]
    assert found["ok"].status is Status.PASS
    assert found["ok"].message == "2 entries, each of them does what it says"
    assert found["ok"].evidence["entries"] == [
        {"text": "169.254.169.254", "kind": "ip", "normal": "169.254.169.254", "why": ""},
        {"text": "Example.com", "kind": "domain", "normal": "example.com", "why": ""},
    ]


async def test_a_single_entry_is_spoken_of_in_the_singular() -> None:
    assert (await said(world("169.254.169.254")))["ok"].message == "1 entry, and it does what it says"


async def test_without_a_proxy_there_is_nothing_to_exempt() -> None:
    seen = await CHECK.observe(World(NOTHING, cast("Dns", None), cast("Clock", None), Declared(NO_PROXY_AT_ALL, "us-west-1")))
    assert [(finding.code, finding.message) for finding in CHECK.judge(seen)] == [("internal.not-applicable", "no proxy is declared")]


async def test_the_documentations_own_sample_gets_one_remark_on_dialects_and_one_on_aws() -> None:
    found = await said(world(SAMPLE, "gcr.io", "gkeconnect.googleapis.com", region="us-west-1", variables={"vpc_cidr": "10.0.0.0/16"}))
    assert list(found) == ["input.no-proxy-aws", "input.no-proxy-dialect"]
    assert found["input.no-proxy-dialect"].evidence["differences"] == {"10.0.0.0/16": ["urllib, httpx, botocore: exempts nothing"]}


@pytest.mark.parametrize(
    ("no_proxy", "code", "words"),
    [
        ("169.254.169.254,a.com/", "inert", ["'a.com/'", "a slash is no part of a host name"]),
        ("a.com", "metadata", ["169.254.169.254"]),
        ("", "metadata", ["169.254.169.254"]),
        ("169.254.169.254:8080", "metadata", ["169.254.169.254"]),
        ("169.254.169.254,A.com,a.com", "duplicate", ["'A.com', 'a.com'"]),
        ("169.254.169.254,a.com,10.0.0.1,a.com,::ffff:10.0.0.1", "duplicate", ["'a.com', 'a.com'; '10.0.0.1', '::ffff:10.0.0.1'"]),
        ("*", "everything", ["'*'"]),
        ("a.com,*", "shadowed", ["'a.com'", "'*' exempts everything"]),
        ("a.com,*,b.com", "shadowed", ["'a.com', 'b.com', because"]),
        ("169.254.169.254,.a.com", "dialect", ["'.a.com'", "curl, urllib, requests, botocore: exempts the name itself too"]),
        ("169.254.169.254,.a.com,*.b.com", "dialect", ["'.a.com' (", "'*.b.com' ("]),
    ],
)
async def test_a_doubtful_list_is_remarked_on(no_proxy: str, code: str, words: list[str]) -> None:
    finding = (await said(world(no_proxy)))[f"input.no-proxy-{code}"]
    assert finding.status is Status.WARN
    assert finding.hint
    assert [word for word in words if word not in finding.message] == []
    assert "?" not in finding.message + finding.hint  # what a template field that nobody filled reads as


async def test_a_required_target_that_bypasses_the_proxy_names_its_entry() -> None:
    found = await said(world("169.254.169.254,googleapis.com", "storage.googleapis.com", "gcr.io"))
    assert list(found) == ["input.no-proxy-bypass"]
    assert all(word in found["input.no-proxy-bypass"].message for word in ("'googleapis.com'", "storage.googleapis.com:443"))


async def test_several_targets_behind_one_entry_are_one_remark() -> None:
    found = await said(world("169.254.169.254,googleapis.com", "storage.googleapis.com", "www.googleapis.com"))
    assert list(found) == ["input.no-proxy-bypass"]
    assert found["input.no-proxy-bypass"].evidence["targets"] == ["storage.googleapis.com:443", "www.googleapis.com:443"]


@pytest.mark.parametrize("url", ["localhost:8443", "127.0.0.1:8443", "tcp://googleapis.com:22"])
async def test_what_is_direct_anyway_bypasses_nothing(url: str) -> None:
    assert list(await said(world("169.254.169.254,localhost,127.0.0.1,googleapis.com", url))) == ["ok"]


async def test_an_optional_target_may_bypass_the_proxy() -> None:
    assert list(await said(world("169.254.169.254,googleapis.com", "storage.googleapis.com", required=False))) == ["ok"]


async def test_a_star_is_one_remark_and_not_one_a_target() -> None:
    assert list(await said(world("*", "gcr.io", "k8s.gcr.io", region="us-west-1", variables={"vpc_cidr": "10.0.0.0/16"}))) == ["input.no-proxy-everything"]


@pytest.mark.parametrize(
    ("no_proxy", "missing"),
    [
        ("amazonaws.com", []),
        ("us-west-1.amazonaws.com", []),
        ("10.0.0.0/8", AWS_SERVICES),
        ("ec2.us-west-1.amazonaws.com,s3.us-west-1.amazonaws.com:443", ["autoscaling", "elasticloadbalancing", "kms", "sts"]),
    ],
)
async def test_aws_names_that_would_go_to_the_proxy_are_listed(no_proxy: str, missing: list[str]) -> None:
    found = (await said(world(f"169.254.169.254,{no_proxy}", region="us-west-1"))).get("input.no-proxy-aws")
    assert (found.evidence["names"] if found else []) == [f"{service}.us-west-1.amazonaws.com" for service in missing]


async def test_aws_names_are_not_guessed_without_a_region() -> None:
    assert list(await said(world("169.254.169.254"))) == ["ok"]


def test_china_has_its_own_domain() -> None:
    assert "ec2.cn-north-1.amazonaws.com.cn" in aws_names("cn-north-1")
    assert "kms.us-gov-west-1.amazonaws.com" in aws_names("us-gov-west-1")


@pytest.mark.parametrize(
    ("variables", "remarked"),
    [
        ({"vpc_cidr": "10.0.0.0/16"}, []),
        ({"vpc_cidr": "10.0.4.0/22"}, []),
        ({"vpc_cidr": "10.0.0.0/15"}, ["10.0.0.0/15 (the VPC's range)"]),
        ({"vpc_cidr": "no network"}, ["no network (the VPC's range)"]),
        ({"pod_cidr": "10.0.0.0/24, 172.16.0.0/16", "service_cidr": "10.1.0.0/16"}, ["172.16.0.0/16 (the pods' range)", "10.1.0.0/16 (the services' range)"]),
        ({}, []),
    ],
)
async def test_the_clusters_own_networks_must_be_exempt_as_a_whole(variables: dict[str, str], remarked: list[str]) -> None:
    seen = await CHECK.observe(world("169.254.169.254,10.0.0.0/16", variables=variables))
    messages = [finding.message for finding in CHECK.judge(seen) if finding.code == "input.no-proxy-vpc"]
    assert len(messages) == len(remarked)
    assert all(each in message for each, message in zip(remarked, messages, strict=True))


@given(st.text())
def test_any_list_is_judged(text: str) -> None:
    seen = NoProxySeen(proxied=True, no_proxy=NoProxy.parse(text), region="us-west-1", ranges=(("10.0.0.0/16", "the VPC's range"),))
    found = list(CHECK.judge(seen))
    assert found
    assert all(finding.status is Status.WARN and finding.hint for finding in found if finding.code != "ok")
