"""What speaks for an endpoint that is not listed, or not named: private zones, shared VPCs; and what an endpoint without IPv4 is worth."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from preflight.aws.facts import Facts, Hop, Identity, Walked
from preflight.checks.facts import worded
from preflight.model import Status
from tests.aws.endpoints.worlds import GOOD, REGION, S3, TABLES, VPC, admitting, endpoint, facts, gateway, only, said, verdict

HOST = f"kms.{REGION}.amazonaws.com"
OURS, OWNER = "111111111111", "222222222222"
SHARED: dict[str, Any] = {"identity": Identity(OURS, f"arn:aws:iam::{OURS}:user/x"), "vpc": msgspec.structs.replace(VPC, owner=OWNER)}
UNNAMED = endpoint(private_dns=False)
NAMES_OFF = msgspec.structs.replace(VPC, dns_hostnames=False)
HUB, HERE = Walked(HOST, ("10.9.0.7",)), Walked(HOST, ("10.0.1.9",))


def shared(**changed: Any) -> Facts:
    """A VPC that another account shares with ours, and shows none of its endpoints."""
    return facts(**({"endpoints": ()} | SHARED | changed))


def test_none_in_a_shared_vpc_is_no_fact() -> None:
    found = worded(only(verdict(shared())))
    assert (found.code, found.status) == ("endpoint.unknown", Status.ERROR)
    assert OWNER in found.hint
    assert "--filters" in found.hint
    assert f"belongs to account {OWNER}" in found.message


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"vpc": msgspec.structs.replace(VPC, owner=OURS)}, "endpoint.missing"),
        ({"walked": {"kms": HUB}}, "endpoint.elsewhere"),
        ({"walked": {"kms": Walked(HOST, ("10.9.0.7",), "tls.unknown-ca")}}, "endpoint.unknown"),
        ({"endpoints": (endpoint(type="Gateway"),)}, "endpoint.unknown"),
        ({"endpoints": (endpoint(state="failed"),)}, "endpoint.unknown"),
        ({"endpoints": (UNNAMED,)}, "endpoint.unknown"),
        ({"endpoints": (GOOD,)}, "ok"),
        ({"endpoints": (endpoint(groups=("sg-proxy",)),)}, "endpoint.no-ingress"),
    ],
)
def test_what_is_said_in_a_shared_vpc(changed: dict[str, Any], code: str) -> None:
    assert said(verdict(shared(**changed))) == [code]


@pytest.mark.parametrize(("target", "state", "seen"), [("vpce-0s3", "active", True), ("vpce-0s3", "blackhole", False), ("tgw-1", "active", False)])
def test_a_route_to_a_prefix_list_is_said_and_proves_no_gateway(target: str, state: str, seen: bool) -> None:
    """A firewall's endpoint is reached by such a route too, and the list may be of any service."""
    tables = tuple(msgspec.structs.replace(each, hops=(Hop(prefix_list="pl-6ba54002", target=target, state=state),)) for each in TABLES)
    found = worded(only(verdict(shared(route_tables=tables), service="s3")))
    assert found.code == "endpoint.unknown"
    assert ("leads pl-6ba54002 to vpce-0s3" in found.message) is seen
    assert S3 in found.message


def test_a_private_zone_that_leads_to_the_hub_is_a_warning() -> None:
    found = worded(only(verdict(facts(endpoints=(UNNAMED,), walked={"kms": HUB}))))
    assert (found.code, found.status) == ("endpoint.elsewhere", Status.WARN)
    assert "private DNS of vpce-1" in found.message
    assert "10.9.0.7" in found.message
    assert "--private-dns-enabled" in found.hint


@pytest.mark.parametrize(
    "walked",
    [Walked(HOST, ("10.0.1.9", "3.5.1.1")), Walked(HOST, ("10.0.1.9",), "tls.unknown-ca"), Walked(HOST, ("10.0.1.9",), None, "http://p:1"), Walked(HOST)],
)
def test_without_evidence_it_stays_off(walked: Walked) -> None:
    assert said(verdict(facts(endpoints=(UNNAMED,), walked={"kms": walked}))) == ["endpoint.private-dns-off"]


def test_a_zone_that_leads_to_the_endpoint_itself_does_not_open_its_groups() -> None:
    shut = facts(endpoints=(UNNAMED,), groups=admitting())
    assert said(verdict(msgspec.structs.replace(shut, walked={"kms": HERE}))) == ["endpoint.elsewhere", "endpoint.no-ingress"]
    assert said(verdict(msgspec.structs.replace(shut, walked={"kms": HUB}))) == ["endpoint.elsewhere"]


@pytest.mark.parametrize(("endpoints", "code"), [((), "endpoint.missing"), ((endpoint(type="Gateway"),), "endpoint.wrong-type")])
def test_attributes_that_are_off_come_before_the_command_that_needs_them(endpoints: tuple[Any, ...], code: str) -> None:
    seen = verdict(facts(endpoints=endpoints, vpc=NAMES_OFF))
    assert said(seen) == ["endpoint.vpc-dns-off", code]
    first = worded(seen.statements[0])
    assert "modify-vpc-attribute" in first.hint
    assert "does not lead to an endpoint" in first.message


@pytest.mark.parametrize("kind", ["ip_type", "dns_type"])
@pytest.mark.parametrize(("word", "code"), [("ipv6", "endpoint.unknown"), ("novel", "endpoint.unknown"), ("", "ok"), ("ipv4", "ok"), ("Dualstack", "ok")])
def test_an_endpoint_without_ipv4_serves_no_node_for_certain(kind: str, word: str, code: str) -> None:
    assert said(verdict(facts(endpoints=(endpoint(**{kind: word}),)))) == [code]
    assert said(verdict(facts(endpoints=(gateway(route_tables=("rtb-main", "rtb-b"), **{kind: word}),)), service="s3")) == [code]


def test_what_an_endpoint_without_ipv4_lacks_is_named() -> None:
    found = worded(only(verdict(facts(endpoints=(endpoint(ip_type="ipv6", dns_type="ipv6"),)))))
    assert "its addresses are ipv6 and its DNS records are ipv6" in found.message
    assert "--ip-address-type dualstack" in found.hint


@pytest.mark.parametrize("named", [True, False])
def test_one_that_is_being_made_does_not_hide_a_broken_one_that_has_the_name(named: bool) -> None:
    broken = endpoint(groups=("sg-proxy",))
    coming = endpoint(id="vpce-0", state="pending", private_dns=named)
    assert said(verdict(facts(endpoints=(broken, coming)))) == ["endpoint.no-ingress"]


def test_one_that_is_being_made_without_the_name_hides_nothing() -> None:
    assert said(verdict(facts(endpoints=(UNNAMED, endpoint(id="vpce-0", state="pending", private_dns=False))))) == ["endpoint.private-dns-off"]
