"""Which endpoint counts, and what is wrong with it: one broken world for each sentence."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from preflight.aws.facts import Facts, Group, GroupReference, Rule, Service, Vpc, Walked
from preflight.aws.nodes import Nodes
from tests.aws.endpoints.worlds import (
    DENIED,
    FACTS,
    GATEWAY,
    GOOD,
    KMS,
    REGION,
    S3,
    TABLES,
    VPC,
    admitting,
    endpoint,
    facts,
    gateway,
    only,
    said,
    verdict,
)

HOST = f"kms.{REGION}.amazonaws.com"
OTHER = GroupReference("sg-other")
DNS_OFF = Vpc("vpc-1", VPC.cidrs, dns_support=False, dns_hostnames=True)
NAMES_OFF = Vpc("vpc-1", VPC.cidrs, dns_support=True, dns_hostnames=False)
DNS_UNREAD = Vpc("vpc-1", VPC.cidrs, dns_support=DENIED, dns_hostnames=True)

INTERFACE: dict[str, tuple[Facts, str]] = {
    "all is well": (FACTS, "ok"),
    "no endpoint": (facts(endpoints=()), "endpoint.missing"),
    "endpoints unread": (facts(endpoints=DENIED), "aws.access-denied"),
    "another service's": (facts(endpoints=(endpoint(service=f"{KMS}-fips"),)), "endpoint.missing"),
    "another VPC's": (facts(endpoints=(endpoint(vpc="vpc-2"),)), "endpoint.missing"),
    "another case is another name": (facts(endpoints=(endpoint(service=KMS.upper()),)), "endpoint.missing"),
    "deleted only": (facts(endpoints=(endpoint(state="Deleted"),)), "endpoint.missing"),
    "deleted beside a good one": (facts(endpoints=(endpoint(id="vpce-0", state="deleted"), GOOD)), "ok"),
    "failed beside a good one": (facts(endpoints=(endpoint(id="vpce-0", state="failed"), GOOD)), "ok"),
    "of a type that never fits": (facts(endpoints=(endpoint(type="GatewayLoadBalancer"),)), "endpoint.wrong-type"),
    "a gateway": (facts(endpoints=(endpoint(type="Gateway"),)), "endpoint.wrong-type"),
    "state with a capital": (facts(endpoints=(endpoint(state="Available"),)), "ok"),
    "pending": (facts(endpoints=(endpoint(state="pending"),)), "endpoint.pending"),
    "pending acceptance": (facts(endpoints=(endpoint(state="pendingAcceptance"),)), "endpoint.pending"),
    "pending beside a failed one": (facts(endpoints=(endpoint(state="failed"), endpoint(id="vpce-2", state="Pending"))), "endpoint.pending"),
    "partial": (facts(endpoints=(endpoint(state="Partial"),)), "endpoint.not-available"),
    "deleting": (facts(endpoints=(endpoint(state="deleting"),)), "endpoint.not-available"),
    "rejected": (facts(endpoints=(endpoint(state="rejected"),)), "endpoint.not-available"),
    "expired": (facts(endpoints=(endpoint(state="expired"),)), "endpoint.not-available"),
    "a state nobody knows": (facts(endpoints=(endpoint(state="levitating"),)), "endpoint.unknown"),
    "no state": (facts(endpoints=(endpoint(state=""),)), "endpoint.unknown"),
    "available in no subnet": (facts(endpoints=(endpoint(subnets=()),)), "endpoint.not-available"),
    "private DNS off": (facts(endpoints=(endpoint(private_dns=False),)), "endpoint.private-dns-off"),
    "private DNS by its twin": (facts(endpoints=(endpoint(id="vpce-0", private_dns=False), GOOD)), "ok"),
    "private DNS by a twin that is shut": (
        facts(endpoints=(endpoint(id="vpce-0", private_dns=False), endpoint(groups=("sg-proxy",)))),
        "endpoint.no-ingress",
    ),
    "private DNS by a twin that is not there yet": (
        facts(endpoints=(endpoint(id="vpce-0", private_dns=False), endpoint(state="pending"))),
        "endpoint.pending",
    ),
    "private DNS by a twin that failed": (
        facts(endpoints=(endpoint(id="vpce-0", private_dns=False), endpoint(state="failed"))),
        "endpoint.private-dns-off",
    ),
    "DNS support off": (facts(vpc=DNS_OFF), "endpoint.vpc-dns-off"),
    "DNS host names off": (facts(vpc=NAMES_OFF), "endpoint.vpc-dns-off"),
    "DNS support unread": (facts(vpc=DNS_UNREAD), "aws.access-denied"),
    "a zone not covered": (facts(endpoints=(endpoint(subnets=("subnet-a",)),)), "endpoint.subnet-uncovered"),
    "another subnet of the zone": (facts(endpoints=(endpoint(subnets=("subnet-p", "subnet-b")),)), "ok"),
    "subnets unread": (facts(subnets=DENIED), "aws.access-denied"),
    "groups unread": (facts(groups=DENIED), "aws.access-denied"),
    "groups not found": (facts(endpoints=(endpoint(groups=("sg-gone",)),)), "endpoint.unknown"),
    "no groups": (facts(endpoints=(endpoint(groups=()),)), "endpoint.unknown"),
    "a group not found beside one that admits": (facts(endpoints=(endpoint(groups=("sg-gone", "sg-endpoint")),)), "ok"),
    "a group not found beside one that does not": (facts(endpoints=(endpoint(groups=("sg-gone", "sg-proxy")),)), "endpoint.unknown"),
    "a narrow policy": (facts(endpoints=(endpoint(full_access=False),)), "endpoint.policy"),
    "a policy nobody understands": (facts(endpoints=(endpoint(full_access=None),)), "endpoint.policy"),
}

INGRESS: dict[str, tuple[tuple[Rule, ...], str]] = {
    "nothing": ((), "endpoint.no-ingress"),
    "all": ((Rule("-1", cidrs=("0.0.0.0/0",)),), "ok"),
    "protocol by number": ((Rule("6", 0, 65535, cidrs=("10.0.0.0/8",)),), "ok"),
    "UDP": ((Rule("udp", 443, 443, cidrs=("10.0.0.0/16",)),), "endpoint.no-ingress"),
    "another port": ((Rule("tcp", 444, 8443, cidrs=("10.0.0.0/16",)),), "endpoint.no-ingress"),
    "one subnet of two": ((Rule("tcp", 443, 443, cidrs=("10.0.1.0/24",)),), "endpoint.no-ingress"),
    "each subnet": ((Rule("tcp", 443, 443, cidrs=("10.0.1.0/24", "10.0.2.0/24")),), "ok"),
    "IPv6 only": ((Rule("tcp", 443, 443, cidrs=("::/0",)),), "endpoint.no-ingress"),
    "a declared group": ((Rule("tcp", 443, 443, groups=(GroupReference("sg-proxy"),)),), "ok"),
    "an undeclared group": ((Rule("tcp", 443, 443, groups=(OTHER,)),), "endpoint.unknown"),
    "an undeclared group on another port": ((Rule("tcp", 22, 22, groups=(OTHER,)),), "endpoint.no-ingress"),
    "an undeclared group of another VPC": ((Rule("tcp", 443, 443, groups=(GroupReference("sg-other", vpc="vpc-2"),)),), "endpoint.no-ingress"),
    "an undeclared group over a peering": ((Rule("tcp", 443, 443, groups=(GroupReference("sg-other", peering="active"),)),), "endpoint.no-ingress"),
    "the default group's members": ((Rule("-1", groups=(GroupReference("sg-default"),)),), "endpoint.no-ingress"),
    "a prefix list": ((Rule("tcp", 443, 443, prefix_lists=("pl-good",)),), "ok"),
    "a prefix list of others": ((Rule("tcp", 443, 443, prefix_lists=("pl-else",)),), "endpoint.no-ingress"),
    "a prefix list unread": ((Rule("tcp", 443, 443, prefix_lists=("pl-dark",)),), "aws.access-denied"),
    "a prefix list nobody read": ((Rule("tcp", 443, 443, prefix_lists=("pl-none",)),), "aws.not-asked"),
    "a rule nobody understands": ((Rule("tcp", cidrs=("10.0.0.0/16",)),), "endpoint.unknown"),
}
LISTS = {"pl-good": ("10.0.0.0/16",), "pl-else": ("192.0.2.0/24",), "pl-dark": DENIED}

MAIN_ONLY = gateway(route_tables=("rtb-main",))
B_ONLY = gateway(id="vpce-8", route_tables=("rtb-b",))
ROUTES: dict[str, tuple[Facts, str]] = {
    "all is well": (FACTS, "ok"),
    "no gateway": (facts(endpoints=(GOOD,)), "endpoint.missing"),
    "S3 Express": (facts(endpoints=(gateway(service=S3 + "express"),)), "endpoint.missing"),
    "an interface endpoint only": (facts(endpoints=(endpoint(service=S3),)), "endpoint.wrong-type"),
    "both": (facts(endpoints=(endpoint(service=S3), GATEWAY)), "ok"),
    "an interface endpoint and a gateway being made": (facts(endpoints=(endpoint(service=S3), gateway(state="Pending"))), "endpoint.pending"),
    "not attached": (facts(endpoints=(gateway(route_tables=()),)), "endpoint.no-route"),
    "the main table missing": (facts(endpoints=(gateway(route_tables=("rtb-b", "rtb-p")),)), "endpoint.no-route"),
    "a subnet's own table missing": (facts(endpoints=(MAIN_ONLY,)), "endpoint.no-route"),
    "two gateways for two tables": (facts(endpoints=(MAIN_ONLY, B_ONLY)), "ok"),
    "two gateways, one failed": (facts(endpoints=(MAIN_ONLY, msgspec.structs.replace(B_ONLY, state="failed"))), "endpoint.no-route"),
    "two gateways, one with a policy": (facts(endpoints=(MAIN_ONLY, msgspec.structs.replace(B_ONLY, full_access=False))), "endpoint.policy"),
    "a policy of a gateway that serves others": (
        facts(endpoints=(GATEWAY, gateway(id="vpce-8", route_tables=("rtb-p",), full_access=False))),
        "ok",
    ),
    "tables unread": (facts(route_tables=DENIED), "aws.access-denied"),
    "no main table": (facts(route_tables=TABLES[1:]), "endpoint.unknown"),
    "subnets unread": (facts(subnets=DENIED), "aws.access-denied"),
    "DNS support off": (facts(vpc=DNS_OFF), "endpoint.vpc-dns-off"),
    "a narrow policy": (facts(endpoints=(gateway(full_access=False),)), "endpoint.policy"),
}


@pytest.mark.parametrize(("known", "code"), INTERFACE.values(), ids=INTERFACE)
def test_an_interface_endpoint(known: Facts, code: str) -> None:
    assert said(verdict(known)) == [code]


@pytest.mark.parametrize(("rules", "code"), INGRESS.values(), ids=INGRESS)
def test_who_is_let_in(rules: tuple[Rule, ...], code: str) -> None:
    assert said(verdict(facts(groups=admitting(*rules), prefix_lists=LISTS))) == [code]


@pytest.mark.parametrize(("known", "code"), ROUTES.values(), ids=ROUTES)
def test_a_gateway(known: Facts, code: str) -> None:
    assert said(verdict(known, service="s3")) == [code]


@pytest.mark.parametrize("decoy", ["ec2messages", "application-autoscaling", "kms-fips", "s3express", "s3-global.accesspoint", "email-smtp"])
@pytest.mark.parametrize("service", ["ec2", "autoscaling", "kms", "s3", "sts"])
def test_a_decoy_satisfies_nothing(service: str, decoy: str) -> None:
    name = f"com.amazonaws.{REGION}."
    known = facts(services={service: Service("", (name + service,))}, endpoints=(endpoint(service=name + decoy), gateway(service=name + decoy)))
    assert said(verdict(known, service=service)) == ["endpoint.missing"]


@pytest.mark.parametrize(
    ("walked", "code"),
    [
        (Walked(HOST, ("10.9.0.7", "100.64.1.1", "fd00::1")), "endpoint.elsewhere"),
        (Walked(HOST, ("10.9.0.7", "52.1.2.3")), "endpoint.missing"),
        (Walked(HOST, ("10.9.0.7",), code="tls.untrusted"), "endpoint.missing"),
        (Walked(HOST, ("10.9.0.7",), through="http://proxy:3128"), "endpoint.missing"),
        (Walked(HOST, ("127.0.0.1",)), "endpoint.missing"),
        (Walked(HOST, ("169.254.1.1",)), "endpoint.missing"),
        (Walked(HOST, ("nonsense",)), "endpoint.missing"),
        (Walked(HOST), "endpoint.missing"),
        (Walked("sts.amazonaws.com", ("10.9.0.7",)), "endpoint.missing"),
    ],
)
def test_an_endpoint_elsewhere_is_seen_by_private_addresses_that_verified(walked: Walked, code: str) -> None:
    assert said(verdict(facts(endpoints=(), walked={"kms": walked}))) == [code]


def test_a_gateway_elsewhere_serves_nobody_here() -> None:
    walked = {"s3": Walked(f"s3.{REGION}.amazonaws.com", ("10.9.0.7",))}
    assert said(verdict(facts(endpoints=(), walked=walked), service="s3")) == ["endpoint.missing"]


@pytest.mark.parametrize(
    ("cidrs", "groups", "code"),
    [
        (("10.0.0.0/16",), (), "ok"),
        (("10.0.0.0/17", "10.0.128.0/17"), (), "ok"),
        (("10.0.1.0/24",), (), "endpoint.unknown"),
        (("10.0.1.9/32",), (), "endpoint.unknown"),
        (("192.0.2.0/24",), (), "endpoint.no-ingress"),
        (("2001:db8::/56",), (), "endpoint.no-ingress"),
        ((), (OTHER,), "endpoint.unknown"),
    ],
)
@pytest.mark.parametrize("nodes", [(), (Nodes("management"),)], ids=["nobody", "a role without subnets"])
def test_the_vpc_stands_for_nodes_whose_subnets_nobody_declares(nodes: Any, cidrs: tuple[str, ...], groups: tuple[Any, ...], code: str) -> None:
    known = facts(groups=admitting(Rule("tcp", 443, 443, cidrs=cidrs, groups=groups)))
    assert said(verdict(known, nodes)) == [code]


@pytest.mark.parametrize(
    ("tables", "code"),
    [
        (("rtb-main", "rtb-b", "rtb-p"), "ok"),
        (("rtb-main", "rtb-b"), "endpoint.unknown"),
        ((), "endpoint.no-route"),
        (("rtb-of-nobody",), "endpoint.no-route"),
    ],
)
@pytest.mark.parametrize("nodes", [(), (Nodes("management"),)], ids=["nobody", "a role without subnets"])
def test_a_gateway_for_nodes_that_may_stand_anywhere(nodes: Any, tables: tuple[str, ...], code: str) -> None:
    assert said(verdict(facts(endpoints=(gateway(route_tables=tables),)), nodes, "s3")) == [code]


@pytest.mark.parametrize(("entries", "code"), [(("10.0.1.0/24",), "endpoint.unknown"), (("192.0.2.0/24",), "endpoint.no-ingress"), (("10.0.0.0/8",), "ok")])
def test_a_prefix_list_may_let_in_part_of_the_vpc(entries: tuple[str, ...], code: str) -> None:
    known = facts(groups=admitting(Rule("tcp", 443, 443, prefix_lists=("pl-1",))), prefix_lists={"pl-1": entries})
    assert said(verdict(known, ())) == [code]


def test_a_vpc_of_which_no_address_is_known_is_never_let_in() -> None:
    assert said(verdict(facts(vpc=Vpc("vpc-1", (), dns_support=True, dns_hostnames=True)), ())) == ["endpoint.unknown"]


def test_a_gateway_for_nodes_of_which_no_subnet_is_known_cannot_be_judged() -> None:
    assert said(verdict(facts(subnets=()), (), "s3")) == ["endpoint.unknown"]
    no_main = tuple(each for each in TABLES if not each.main)
    assert said(verdict(facts(route_tables=no_main, endpoints=(gateway(route_tables=("rtb-b", "rtb-p")),)), (), "s3")) == ["endpoint.unknown"]


def test_a_group_that_another_role_declares_is_not_the_installers() -> None:
    nodes = (Nodes("management", ("sg-other",), ("subnet-a",)), Nodes("control-plane", (), ("subnet-b",)))
    others = (*admitting(Rule("tcp", 443, 443, groups=(OTHER,))), Group("sg-other", "other", "vpc-1"))
    found = only(verdict(facts(groups=others), nodes))
    assert found.code == "endpoint.no-ingress"
    assert found.fields["nodes"] == "control-plane (10.0.2.0/24)"


def test_every_fault_of_the_best_endpoint_is_said() -> None:
    known = facts(vpc=Vpc("vpc-1", VPC.cidrs, dns_support=False, dns_hostnames=False), endpoints=(endpoint(full_access=False),), groups=admitting())
    assert said(verdict(known)) == ["endpoint.vpc-dns-off", "endpoint.vpc-dns-off", "endpoint.no-ingress", "endpoint.policy"]
