"""What AWS's configuration says about the nodes' way, joined with what the walks meet: moto's server, a real squid, and the command as somebody runs it."""

from __future__ import annotations

import json
from typing import NamedTuple

import pytest

from tests.real.aws.moto_server import ENVIRON
from tests.real.aws.moto_server import Lab as Aws

from . import remedies
from .account import EVERYWHERE, permission, service
from .command import Verdict, steady
from .installation import CHECKS, EGRESS, ENDPOINTS, WITHOUT_NETWORK, Installation, install
from .lab import USER, Lab
from .squid import Squid

pytestmark = pytest.mark.interop

_ACLS = ("--only", "aws", "--only", "network-acl")


class Whole(NamedTuple):
    """One run in which everything was asked and all was right."""

    installation: Installation
    seen: Verdict
    calls: frozenset[str]


@pytest.fixture(scope="module")
def whole(lab: Lab, squid: Squid, aws: Aws, tmp_path_factory: pytest.TempPathFactory) -> Whole:
    installation = install(lab, aws, squid.port, tmp_path_factory.mktemp("whole"))
    seen = installation.verdict("--save-aws-facts", "facts.json", "-v", "--report", "junit=out.xml", "--report", "markdown=out.md")
    return Whole(installation, seen, frozenset(aws.calls))


def test_everything_right(whole: Whole) -> None:
    assert whole.seen.exit_code == 0, whole.seen.stdout
    assert {*CHECKS, "manifest", "proxy-http", "proxy-https", "gcr.io"} <= set(whole.seen.named("pass"))
    assert whole.seen.named("fail") == whole.seen.named("error") == whole.seen.named("skip") == []
    assert whole.seen.causes() == []


def test_the_policy_allows_exactly_what_is_asked(whole: Whole) -> None:
    """DescribeRegions is asked only where AWS refuses credentials that may be good."""
    done = whole.installation.command("iam-policy")
    assert done.returncode == 0, done.stderr
    statements = json.loads(done.stdout)["Statement"]
    assert {each["Effect"] for each in statements} == {"Allow"}
    assert {action for each in statements for action in each["Action"]} == whole.calls | {"ec2:DescribeRegions"}


def test_saved_facts_tell_the_same_without_aws(whole: Whole) -> None:
    """The account is gone and so are the credentials: every check says what it said."""
    dead = {name: None for name in ENVIRON if name.startswith("AWS_") and "KEY" in name} | {"AWS_ENDPOINT_URL": "http://127.0.0.1:1"}
    again = whole.installation.verdict("--aws-facts", "facts.json", env=dead)
    assert again.exit_code == 0, again.stdout
    first, second = ({result["name"]: result for result in steady(seen.report["results"])} for seen in (whole.seen, again))
    assert first.keys() == second.keys()
    assert first.pop("aws") != second.pop("aws")  # it says that AWS was not asked now
    assert again.says("AWS was not asked now")
    assert [name for name in first if first[name] != second[name]] == []


def test_no_output_has_a_secret(whole: Whole) -> None:
    secrets = {ENVIRON[name] for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")}
    secrets |= {"K7MDENG", "PlantedSessionToken", ":".join(USER), "dXNlcjpwYXNzd29yZA"}  # base64 of the proxy's credentials
    written = [whole.seen.stdout, whole.seen.stderr, *(file.read_text() for file in whole.installation.folder.iterdir() if file.name != "proxy.json")]
    assert len(written) == 2 + 5  # the manifests, three reports, the facts
    assert [secret for secret in secrets for text in written if secret in text] == []


def test_the_endpoint_for_kms_deleted(installation: Installation) -> None:
    """One failure that names the service and the command; the command mends it."""
    installation.account.lose("kms")
    seen = installation.verdict()
    assert seen.exit_code == 1
    assert seen.named("fail") == ["endpoint/kms"]
    assert seen.named("error") == seen.named("skip") == []
    [finding] = seen.result("endpoint/kms")["findings"]
    assert finding["code"] == "endpoint.missing"
    assert service("kms") in finding["message"]
    [line] = remedies.commands(seen.result("endpoint/kms"))
    assert line.startswith("aws ec2 create-vpc-endpoint --region us-west-1 ")
    assert seen.says(line)
    remedies.run(installation.account.aws, line)
    healed = installation.verdict(*WITHOUT_NETWORK)
    assert healed.exit_code == 0, healed.stdout
    assert set(healed.named("pass")) == set(CHECKS)


def test_names_alike_satisfy_nothing_and_each_command_mends_its_own(installation: Installation) -> None:
    """And S3 by an interface alone is none for the nodes."""
    account = installation.account
    account.lose("ec2", "autoscaling", "kms", "s3")
    for name in ("ec2messages", "application-autoscaling", "autoscaling-plans", "kms-fips"):
        account.endpoint(name)
    account.gateway("s3express", account.table)
    alike = installation.verdict(*WITHOUT_NETWORK)
    missing = ["endpoint/autoscaling", "endpoint/ec2", "endpoint/kms", "endpoint/s3"]
    assert sorted(alike.named("fail")) == missing
    assert {code for name in missing for code in alike.codes(name)} == {"endpoint.missing"}
    assert alike.causes() == ["endpoint.missing"]
    interface = account.endpoint("s3", PrivateDnsEnabled=False)
    typed = installation.verdict("--only", "aws", "--only", "endpoint/s3")
    assert (typed.exit_code, typed.codes("endpoint/s3")) == (1, ["endpoint.wrong-type"])
    assert interface in typed.stdout
    for name in missing:
        for line in remedies.commands((typed if name == "endpoint/s3" else alike).result(name)):
            remedies.run(account.aws, line)
    healed = installation.verdict("--only", "aws", "--only", "endpoint/*")
    assert set(healed.named("pass")) == {"aws", *ENDPOINTS}


def test_a_deleted_duplicate_does_no_harm(installation: Installation) -> None:
    account = installation.account
    twins = [account.endpoint("kms"), account.gateway("s3")]
    account.ec2.delete_vpc_endpoints(VpcEndpointIds=twins)
    listed = account.ec2.describe_vpc_endpoints(VpcEndpointIds=twins)["VpcEndpoints"]
    assert {each["State"] for each in listed} == {"deleted"}
    seen = installation.verdict("--only", "aws", "--only", "endpoint/*")
    assert set(seen.named("pass")) == {"aws", *ENDPOINTS}


def test_each_node_pool_is_judged_by_its_own_groups(installation: Installation) -> None:
    """Six pools, five of which do not get out, each for a reason of its own. What AWS takes as the remedy mends each."""
    account, port = installation.account, installation.account.port
    account.ec2.authorize_security_group_ingress(GroupId=account.proxy, IpPermissions=[permission(port, IpRanges=[{"CidrIp": "127.0.0.0/16"}])])
    listed = account.prefix_list("10.9.0.0/16")
    rules = {
        "none": [],
        "blocked": [permission(443, **EVERYWHERE)],
        "family": [permission(port, Ipv6Ranges=[{"CidrIpv6": "::/0"}])],
        "reference": [permission(port, UserIdGroupPairs=[{"GroupId": account.doors}])],
        "list": [permission(port, PrefixListIds=[{"PrefixListId": listed}])],
    }
    installation.declare([*rules, "right"])
    for name, permissions in rules.items():
        group = account.group(name)
        if permissions:
            account.ec2.authorize_security_group_egress(GroupId=group, IpPermissions=permissions)
        text = (installation.folder / "anthos-gke.yaml").read_text()
        before, pool = text[: text.index(f"name: {name}}}")], text[text.index(f"name: {name}}}") :]
        (installation.folder / "anthos-gke.yaml").write_text(before + pool.replace(account.nodes, group, 1))
    only = ("--only", "aws", "--only", "egress/*")
    seen = installation.verdict(*only)
    codes = {name: seen.codes(f"egress/node-pool/{name}") for name in rules}
    assert codes == {
        "none": ["egress.none"],
        "blocked": ["egress.blocked"],
        "family": ["egress.family"],
        "reference": ["egress.reference"],
        "list": ["egress.blocked"],
    }
    assert "allows tcp 443" in str(seen.result("egress/node-pool/blocked"))
    assert listed in str(seen.result("egress/node-pool/list"))
    assert set(seen.named("pass")) == {"aws", "egress/management", "egress/control-plane", "egress/node-pool/right"}
    for name in rules:
        [line] = remedies.commands(seen.result(f"egress/node-pool/{name}"))
        remedies.run(account.aws, line)
    assert installation.verdict(*only).exit_code == 0


def test_standing_elsewhere_than_the_nodes_will(installation: Installation) -> None:
    """All walks pass, and AWS says that the nodes' would not: one cause, with the command."""
    installation.account.egress(permission(443, **EVERYWHERE))
    seen = installation.verdict()
    assert seen.exit_code == 1
    assert seen.named("fail") == list(EGRESS)
    assert {"proxy-http", "proxy-https", "gcr.io"} <= set(seen.named("pass"))
    [cause] = seen.report["causes"]
    assert cause["code"] == "egress.blocked"
    assert "not standing where the nodes will stand" in cause["title"]
    assert "aws ec2 authorize-security-group-egress --region us-west-1 " in cause["hint"]
    assert sorted(cause["checks"]) == sorted(EGRESS)


def test_everything_else_that_a_command_mends(installation: Installation) -> None:
    """Broken in one go, mended by the commands of one report."""
    account, ec2 = installation.account, installation.account.ec2
    ec2.modify_vpc_attribute(VpcId=account.vpc, EnableDnsHostnames={"Value": False})
    account.lose("ec2", "elasticloadbalancing", "s3")
    account.endpoint("ec2", SubnetIds=account.subnets[:1])
    account.endpoint("elasticloadbalancing", SecurityGroupIds=[account.group("shut")])
    account.gateway("s3")
    [group] = ec2.describe_security_groups(GroupIds=[account.proxy])["SecurityGroups"]
    ec2.revoke_security_group_ingress(GroupId=account.proxy, IpPermissions=group["IpPermissions"])
    seen = installation.verdict(*WITHOUT_NETWORK)
    codes = {code for name in CHECKS for code in seen.codes(name)} - {"ok"}
    assert codes == {
        "endpoint.vpc-dns-off",
        "endpoint.subnet-uncovered",
        "endpoint.no-ingress",
        "endpoint.no-route",
        "egress.proxy-ingress",
    }
    for line in dict.fromkeys(line for name in CHECKS for line in remedies.commands(seen.result(name))):
        remedies.run(account.aws, line)
    healed = installation.verdict(*WITHOUT_NETWORK)
    assert set(healed.named("pass")) == set(CHECKS), healed.stdout


def test_a_network_acl_that_denies_everything(installation: Installation) -> None:
    """The nodes' subnets and the proxy's share it, so it has to let four kinds of packets through, and its entries have numbers."""
    account = installation.account
    for egress in (True, False):
        denied = {"Protocol": "-1", "CidrBlock": "0.0.0.0/0", "RuleAction": "deny"}
        account.ec2.replace_network_acl_entry(NetworkAclId=account.acl, Egress=egress, RuleNumber=100, **denied)
    seen = installation.verdict(*_ACLS)
    assert seen.exit_code == 0  # it is recommended only
    assert set(seen.codes("network-acl")) == {"route.acl-out", "route.acl-return"}
    for line in dict.fromkeys(remedies.commands(seen.result("network-acl"))):
        remedies.run(account.aws, line)
    healed = installation.verdict(*_ACLS)
    assert healed.named("pass") == ["aws", "network-acl"], healed.stdout


@pytest.mark.parametrize("broken", ["private-dns", "policy"])
def test_what_the_stand_in_takes_and_does_not_do(installation: Installation, broken: str) -> None:
    """The remedy is a call that it accepts; whether it mends can be seen only where it does what it is told."""
    account = installation.account
    account.lose("sts")
    policy = json.dumps({"Version": "2012-10-17", "Statement": []})
    twin = account.endpoint("sts", **({"PrivateDnsEnabled": False} if broken == "private-dns" else {"PolicyDocument": policy}))
    seen = installation.verdict("--only", "aws", "--only", "endpoint/sts")
    assert seen.codes("endpoint/sts") == ["endpoint.private-dns-off" if broken == "private-dns" else "endpoint.policy"]
    [line] = remedies.commands(seen.result("endpoint/sts"))
    [before] = account.ec2.describe_vpc_endpoints(VpcEndpointIds=[twin])["VpcEndpoints"]
    remedies.run(account.aws, line)
    [after] = account.ec2.describe_vpc_endpoints(VpcEndpointIds=[twin])["VpcEndpoints"]
    if before == after:
        pytest.skip(f"moto accepts {line} and changes nothing")
    assert installation.verdict("--only", "aws", "--only", "endpoint/sts").named("pass") == ["aws", "endpoint/sts"]
