"""AWS's half of a report joined with the walks' half: one story, the person, and the command."""

from __future__ import annotations

from collections.abc import Sequence

from preflight.causes import causes
from preflight.model import Blame, Cause, CheckResult, Finding, Status
from preflight.untrusted import Json

COMMAND = "aws ec2 authorize-security-group-egress --region us-west-1 --group-id sg-1"


def said(code: str, status: Status, message: str = "m", hint: str = "h", **evidence: Json) -> Finding:
    return Finding(code, status, Blame.AWS, message, hint, evidence)


def result(name: str, kind: str, *findings: Finding, blocked_by: Sequence[str] = (), required: bool = True) -> CheckResult:
    return CheckResult(name, kind, "core", "", required, findings, blocked_by=tuple(blocked_by))


def passed(name: str, kind: str) -> CheckResult:
    return result(name, kind, said("ok", Status.PASS))


def blocked(name: str, by: str) -> CheckResult:
    return result(name, "https", said("internal.blocked", Status.SKIP), blocked_by=[by])


SILENT = result("proxy-https", "proxy", said("tcp.timeout", Status.FAIL, "no answer from 10.0.0.254:3128"))
SHUT = result("egress/management", "security-group", said("egress.blocked", Status.FAIL, "sg-1 does not allow tcp 3128 to 10.0.0.254", f"Run: {COMMAND}."))


def only(*results: CheckResult) -> Cause:
    [cause] = causes(results)
    return cause


def test_a_proxy_that_is_silent_and_a_group_without_the_rule_are_one_story() -> None:
    cause = only(SILENT, blocked("gcr.io", "proxy-https"), SHUT)
    assert cause.code == "egress.blocked"
    assert cause.checks == ("proxy-https", "gcr.io", "egress/management")
    assert "sg-1 does not allow tcp 3128" in cause.title
    assert COMMAND in cause.hint


def test_a_proxy_that_refuses_is_not_explained_by_a_group() -> None:
    refused = result("proxy-https", "proxy", said("tcp.refused", Status.FAIL))
    assert {cause.code for cause in causes((refused, SHUT))} == {"tcp.refused", "egress.blocked"}


def test_silence_without_a_shut_door_stays_the_proxys() -> None:
    assert only(SILENT, passed("egress/management", "security-group")).code == "tcp.timeout"


def test_a_group_that_could_not_be_judged_explains_no_silence() -> None:
    unsure = result("egress/management", "security-group", said("egress.unknown", Status.ERROR))
    assert {cause.code for cause in causes((SILENT, unsure))} == {"tcp.timeout", "egress.unknown"}


def test_an_acl_that_nobody_requires_explains_silence_as_well() -> None:
    acl = result("network-acl", "network-acl", said("route.acl-out", Status.FAIL, "acl-1 denies"), required=False)
    assert only(SILENT, acl).code == "route.acl-out"


def test_the_group_is_named_before_the_route() -> None:
    route = result("route", "route", said("route.none", Status.FAIL))
    assert only(SILENT, route, SHUT).code == "egress.blocked"


def test_live_good_and_static_bad_means_another_place() -> None:
    cause = only(passed("proxy-https", "proxy"), SHUT)
    assert "not standing where the nodes will stand" in cause.title
    assert cause.checks == ("egress/management",)


def test_nothing_is_said_of_the_place_where_no_proxy_was_asked() -> None:
    skipped = result("proxy-http", "proxy", said("internal.not-applicable", Status.SKIP))
    assert "standing" not in only(skipped, SHUT).title


def test_one_letter_for_every_permission_that_is_missing() -> None:
    kms = result("kms-key", "kms-key", said("aws.access-denied", Status.ERROR, action="kms:DescribeKey"), required=False)
    sts = result("endpoint/sts", "vpc-endpoint", said("aws.access-denied", Status.ERROR, action="ec2:DescribeVpcEndpoints"))
    s3 = result("endpoint/s3", "vpc-endpoint", said("aws.access-denied", Status.ERROR, action="ec2:DescribeVpcEndpoints"))
    unsure = result(
        "egress/management", "security-group", said("egress.unknown", Status.ERROR, unread="aws.access-denied", action="ec2:GetManagedPrefixListEntries")
    )
    cause = only(kms, sts, s3, unsure)
    assert cause.checks == ("kms-key", "endpoint/sts", "endpoint/s3", "egress/management")
    assert "ec2:DescribeVpcEndpoints, ec2:GetManagedPrefixListEntries, kms:DescribeKey" in cause.hint
    assert "preflight iam-policy" in cause.hint


def test_what_was_throttled_is_no_missing_permission() -> None:
    unsure = result("endpoint/s3", "vpc-endpoint", said("aws.throttled", Status.ERROR, unread="aws.throttled", action="ec2:DescribeVpcEndpoints"))
    assert only(unsure).code == "aws.throttled"


def test_the_same_change_for_several_roles_gives_each_command_once() -> None:
    other = result("egress/node-pool", "security-group", said("egress.blocked", Status.FAIL, "sg-2 …", "Run: second."))
    same = result("egress/control-plane", "security-group", said("egress.blocked", Status.FAIL, "sg-1 …", f"Run: {COMMAND}."))
    cause = only(SHUT, same, other)
    assert cause.checks == ("egress/management", "egress/control-plane", "egress/node-pool")
    assert cause.hint == f"Run: {COMMAND}. Run: second."


def test_a_command_that_mends_all_is_said_once() -> None:
    roles = ("management", "control-plane")
    shut = [
        result(f"egress/{role}", "security-group", said("egress.blocked", Status.FAIL, "m", f"For {role}: `{COMMAND}`.", command=COMMAND)) for role in roles
    ]
    assert only(*shut).hint == f"For management: `{COMMAND}`."


def test_different_commands_are_all_said_with_what_must_be_chosen_besides() -> None:
    shut = [
        result(f"endpoint/{name}", "vpc-endpoint", said("endpoint.missing", Status.FAIL, "m", "h", command=f"aws {name}", then="Choose a group."))
        for name in "abcde"
    ]
    assert only(*shut).hint == "Run all of: `aws a`; `aws b`; `aws c`; `aws d`; `aws e`. Choose a group."


def test_endpoints_that_are_missing_are_one_story_and_the_decoy_is_not_in_it() -> None:
    missing = [result(f"endpoint/{name}", "vpc-endpoint", said("endpoint.missing", Status.FAIL, f"no {name}", f"Create {name}.")) for name in ("kms", "sts")]
    off = result("endpoint/ec2", "vpc-endpoint", said("endpoint.private-dns-off", Status.FAIL))
    assert {cause.code: cause.checks for cause in causes((*missing, off))} == {
        "endpoint.missing": ("endpoint/kms", "endpoint/sts"),
        "endpoint.private-dns-off": ("endpoint/ec2",),
    }


def test_without_credentials_there_is_one_story() -> None:
    head = result("aws", "aws", said("aws.no-credentials", Status.ERROR))
    rest = [result(name, "vpc-endpoint", said("internal.blocked", Status.SKIP), blocked_by=["aws"]) for name in ("endpoint/s3", "endpoint/kms")]
    assert only(head, *rest).checks == ("aws", "endpoint/s3", "endpoint/kms")


def absent(name: str, kind: str, *ids: str) -> CheckResult:
    findings = [said("aws.not-found", Status.FAIL, f"AWS has no subnet {each}", f"correct {each}", command=f"aws look-for {each}") for each in ids]
    return result(name, kind, *findings)


def test_one_misspelt_id_is_one_story_whoever_needs_it() -> None:
    kinds = {
        "endpoint/sts": "vpc-endpoint",
        "endpoint/kms": "vpc-endpoint",
        "egress/management": "security-group",
        "route": "route",
        "network-acl": "network-acl",
    }
    cause = only(passed("proxy-https", "proxy"), *(absent(name, kind, "subnet-typo") for name, kind in kinds.items()))
    assert (cause.code, cause.title, cause.hint) == ("aws.not-found", "AWS has no subnet subnet-typo", "correct subnet-typo")
    assert cause.checks == tuple(kinds)


def test_a_misspelt_id_explains_no_silence() -> None:
    found = causes((SILENT, blocked("gcr.io", "proxy-https"), absent("route", "route", "subnet-typo")))
    assert [(each.code, each.checks) for each in found] == [("tcp.timeout", ("proxy-https", "gcr.io")), ("aws.not-found", ("route",))]


def test_other_ids_that_the_same_checks_miss_are_told_with_it() -> None:
    both, one = absent("route", "route", "subnet-1", "subnet-2"), absent("egress/management", "security-group", "subnet-1")
    assert only(both, one).title == "AWS has no subnet subnet-1; AWS has no subnet subnet-2"
