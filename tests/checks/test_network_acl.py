"""What the check of the network ACLs says. Where there is nothing to judge it does as the check of the routes does: see there."""

from __future__ import annotations

from preflight.aws.facts import AclRule
from preflight.checks.network_acl import NetworkAclCheck
from tests.aws.ways.networks import ALLOW_IN, ALLOW_OUT, NEAR, P, acl, interface
from tests.checks.ways import codes, declaring, facts, said

CHECK = NetworkAclCheck(name="network-acl")


def test_a_pass_quotes_the_entries() -> None:
    (found,) = said(CHECK, facts(acls=(acl(ALLOW_OUT, ALLOW_IN),)))
    assert found.code == "ok"
    assert "acl-1 lets in from 192.168.7.4 on ports 32768-60999 by rule 100 (for subnet-a)" in found.message
    assert "acl-1 lets out to 192.168.7.4 on port 3128 by rule 100 (for subnet-a)" in found.message
    assert "the ACL at 192.168.7.4 was not looked at" in found.message


def test_a_pass_names_both_ends_where_both_are_known() -> None:
    both = (acl(ALLOW_OUT, ALLOW_IN), acl(ALLOW_OUT, ALLOW_IN, id="acl-p", subnets=["subnet-p"]))
    (found,) = said(CHECK, facts(acls=both, interfaces=(interface(NEAR, P),), proxies={"proxy.example": (NEAR,)}))
    assert found.code == "ok"
    assert "acl-p lets in from 10.0.1.0/24 on port 3128 by rule 100" in found.message
    assert "not looked at" not in found.message


def test_a_failure_says_what_where_and_how_to_mend_it() -> None:
    (found,) = said(CHECK, facts(acls=(acl(ALLOW_OUT, AclRule(90, False, False, "6", "0.0.0.0/0", 40000, 49999), ALLOW_IN),)))
    assert found.code == "route.acl-return"
    assert found.message == "acl-1 refuses the proxy's answers: inbound from 192.168.7.4 on ports 40000-49999 (rule 90), for subnet-a"
    assert "--ingress" in found.hint
    assert str(found.evidence["command"]) in found.hint


def test_the_proxys_own_acl_is_named_as_such() -> None:
    both = (acl(ALLOW_OUT, ALLOW_IN), acl(ALLOW_OUT, id="acl-p", subnets=["subnet-p"]))
    (found,) = said(CHECK, facts(acls=both, interfaces=(interface(NEAR, P),), proxies={"proxy.example": (NEAR,)}))
    assert found.message == "acl-p refuses connections to the proxy: inbound from 10.0.1.0/24 on port 3128 (rule *), at the proxy's subnet-p, for subnet-a"


def test_each_acl_and_direction_has_a_finding_of_its_own() -> None:
    closed = (acl(), acl(ALLOW_IN, id="acl-2", subnets=["subnet-b"]))
    assert codes(said(CHECK, facts(acls=closed), declaring("subnet-a", "subnet-b"))) == ["route.acl-return", "route.acl-out", "route.acl-out"]


def test_commands_for_several_addresses_stand_in_one_line() -> None:
    (found,) = said(CHECK, facts(acls=(acl(ALLOW_IN),), proxies={"proxy.example": ("192.168.7.4", "192.168.7.5")}))
    first, second = str(found.evidence["command"]).split(" && ")
    assert ("--rule-number 10 " in first, "--rule-number 20 " in second) == (True, True)
