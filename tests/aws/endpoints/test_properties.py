"""What holds for every VPC: order, decoys and more rules change nothing for the worse, and a pass has its endpoint."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from preflight.aws.facts import Endpoint, GroupReference, Rule
from preflight.aws.nodes import Nodes
from preflight.model import Status
from tests.aws.endpoints.test_best import LISTS, OTHER
from tests.aws.endpoints.worlds import KMS, NODES, REGION, S3, admitting, endpoint, facts, gateway, verdict

_STATES = st.sampled_from(["available", "Available", "pending", "deleted", "failed", "partial", "odd"])
_ENDPOINTS = st.builds(
    Endpoint,
    id=st.sampled_from(["vpce-1", "vpce-2", "vpce-3", "vpce-4"]),
    vpc=st.sampled_from(["vpc-1", "vpc-1", "vpc-2"]),
    service=st.sampled_from([KMS, KMS, S3, f"{KMS}-fips"]),
    type=st.sampled_from(["Interface", "Gateway", "GatewayLoadBalancer"]),
    state=_STATES,
    private_dns=st.booleans(),
    subnets=st.sampled_from([(), ("subnet-a",), ("subnet-a", "subnet-b")]),
    groups=st.sampled_from([(), ("sg-endpoint",), ("sg-proxy", "sg-default")]),
    route_tables=st.sampled_from([(), ("rtb-main",), ("rtb-main", "rtb-b")]),
    full_access=st.sampled_from([True, False, None]),
)
_SEVERAL = st.lists(_ENDPOINTS, max_size=4, unique_by=lambda each: each.id)
_WANTED = st.sampled_from(["kms", "s3"])
_RULES = st.builds(
    Rule,
    protocol=st.sampled_from(["tcp", "udp", "-1"]),
    first=st.sampled_from([0, 443, 444]),
    last=st.sampled_from([443, 65535]),
    cidrs=st.lists(st.sampled_from(["10.0.0.0/16", "10.0.1.0/24", "10.0.2.0/25", "0.0.0.0/0", "::/0", "192.0.2.0/24"]), max_size=2).map(tuple),
    prefix_lists=st.lists(st.sampled_from(["pl-good", "pl-else", "pl-dark"]), max_size=1).map(tuple),
    groups=st.lists(st.sampled_from([OTHER, GroupReference("sg-proxy"), GroupReference("sg-default")]), max_size=1).map(tuple),
)


@given(_SEVERAL, _WANTED, st.randoms(use_true_random=False))
def test_the_order_of_endpoints_does_not_matter(endpoints: list[Endpoint], service: str, dice: random.Random) -> None:
    shuffled = list(endpoints)
    dice.shuffle(shuffled)
    assert verdict(facts(endpoints=tuple(endpoints)), service=service) == verdict(facts(endpoints=tuple(shuffled)), service=service)


@given(_SEVERAL, _WANTED, st.sampled_from(["ec2messages", "kms-fips", "s3express", "application-autoscaling"]))
def test_a_decoy_changes_nothing(endpoints: list[Endpoint], service: str, decoy: str) -> None:
    name = f"com.amazonaws.{REGION}.{decoy}"
    more = (*endpoints, endpoint(id="vpce-0", service=name, groups=()), gateway(id="vpce-00", service=name))
    assert verdict(facts(endpoints=more), service=service) == verdict(facts(endpoints=tuple(endpoints)), service=service)


@given(st.lists(_RULES, max_size=3), _RULES, st.sampled_from([NODES, (), (Nodes("node-pool"),)]))
def test_another_rule_never_makes_it_worse(rules: list[Rule], more: Rule, nodes: tuple[Nodes, ...]) -> None:
    before = verdict(facts(groups=admitting(*rules), prefix_lists=LISTS), nodes).status
    after = verdict(facts(groups=admitting(*rules, more), prefix_lists=LISTS), nodes).status
    assert after <= before


@given(_SEVERAL, _WANTED)
def test_a_pass_has_an_available_endpoint_of_the_right_type_and_name(endpoints: list[Endpoint], service: str) -> None:
    seen = verdict(facts(endpoints=tuple(endpoints)), service=service)
    if seen.status is Status.PASS:
        assert seen.endpoints
        for each in seen.endpoints:
            assert (each.vpc, each.state.lower()) == ("vpc-1", "available")
            assert (each.service, each.type) == ((KMS, "Interface") if service == "kms" else (S3, "Gateway"))
            assert each.private_dns or service == "s3"
