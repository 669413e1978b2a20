"""Whatever AWS, its SDK or the way to it refuses is `Unread` with its own code, touches nothing else, and tells no secret."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from preflight.aws.facts import Facts, Identity, Unread
from preflight.aws.scope import Part, Scope
from preflight.declared import Declared
from preflight.model import Proxy
from preflight.route import NoProxy, Proxies
from preflight.untrusted import Redactor, Secret
from tests.fake import Ends, FakeClock, FakeNet
from tests.real.aws.lab import EVERYTHING, read, scope_of, unread
from tests.real.aws.moto_server import ENVIRON, Account, Lab, Refusal

IDENTITY = Scope("us-west-1", frozenset({Part.IDENTITY}))
PASSWORD = "S3cr3t#Pa/ss:%41"
CALLS = {
    "sts:GetCallerIdentity": {"identity"},
    "ec2:DescribeVpcs": {"vpc"},
    "ec2:DescribeVpcAttribute": {"dns_support", "dns_hostnames"},
    "ec2:DescribeSubnets": {"subnets"},
    "ec2:DescribeVpcEndpoints": {"endpoints"},
    "ec2:DescribeSecurityGroups": {"groups"},
    "ec2:DescribeRouteTables": {"route_tables"},
    "ec2:DescribeNetworkAcls": {"acls"},
    "ec2:DescribeNetworkInterfaces": {"interfaces"},
    "ec2:DescribeVpcPeeringConnections": {"peerings"},
    "ec2:GetManagedPrefixListEntries": {"prefix list"},
    "kms:DescribeKey": {"key"},
}
"""What is not known where one call is denied."""
CODES = {
    "UnauthorizedOperation": "aws.access-denied",
    "RequestExpired": "aws.expired",
    "RequestLimitExceeded": "aws.throttled",
    "AuthFailure": "aws.refused",
    "OptInRequired": "aws.region-disabled",
    "SomethingNobodyHasHeardOf": "aws.refused",
}


@pytest.mark.parametrize("action", CALLS)
def test_one_denied_call_costs_what_it_would_have_told_and_nothing_else(action: str, lab: Lab, account: Account) -> None:
    lab.faults[action] = Refusal("UnauthorizedOperation", "You are not authorized to perform this operation.", 403)
    names = {account.prefix_list: "prefix list", account.key: "key"}
    found = {names.get(name, name): each for name, each in unread(read(scope_of(account))).items()}
    assert set(found) == CALLS[action]
    assert {(each.action, each.code) for each in found.values()} == {(action, "aws.access-denied")}
    assert all("not authorized" in each.reason for each in found.values())


@pytest.mark.parametrize(("said", "code"), CODES.items())
def test_each_refusal_has_its_code(said: str, code: str, lab: Lab, account: Account) -> None:
    lab.faults["ec2:DescribeVpcEndpoints"] = Refusal(said)
    found = unread(read(scope_of(account, frozenset({Part.ENDPOINTS}))))
    assert {name: (each.action, each.code) for name, each in found.items()} == {"endpoints": ("ec2:DescribeVpcEndpoints", code)}
    assert found["endpoints"].reason.startswith(f"{said}: ")


def test_what_is_throttled_is_asked_three_times(lab: Lab, account: Account) -> None:
    lab.faults["ec2:DescribeVpcEndpoints"] = Refusal("RequestLimitExceeded", status=503)
    read(scope_of(account, frozenset({Part.ENDPOINTS})))
    assert lab.calls == ["ec2:DescribeVpcEndpoints"] * 3


def test_an_expired_request_is_the_clocks_fault_where_the_clocks_differ(lab: Lab, account: Account) -> None:
    lab.faults["ec2:DescribeNetworkAcls"] = Refusal("RequestExpired")
    late = FakeClock(datetime.now(UTC) - timedelta(hours=1))
    found = unread(read(scope_of(account, frozenset({Part.ACLS})), clock=late))["acls"]
    assert found.code == "aws.clock"
    assert "s behind)" in found.reason


def test_a_region_that_is_not_enabled_is_told_from_bad_credentials(lab: Lab) -> None:
    lab.faults["sts:GetCallerIdentity"] = Refusal("InvalidClientTokenId", status=403)
    good = read(IDENTITY)
    assert good.region_state == "opt-in-not-required"
    disabled = read(Scope("me-south-1", frozenset({Part.IDENTITY})))
    assert disabled.region_state in {"opted-in", "not-opted-in"}
    assert {each.code for each in unread(good).values()} == {"aws.refused"}
    lab.faults["ec2:DescribeRegions"] = Refusal("AuthFailure", status=401)
    assert read(IDENTITY).region_state == ""


def test_only_doubtful_refusals_ask_for_the_regions(lab: Lab) -> None:
    lab.faults["sts:GetCallerIdentity"] = Refusal("ExpiredToken", status=403)
    assert unread(read(IDENTITY))["identity"].code == "aws.expired"
    assert lab.calls == ["sts:GetCallerIdentity"]


def test_an_api_that_cannot_be_reached_is_explained_by_our_own_walk(account: Account, lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{taken.getsockname()[1]}")
        net = FakeNet({"127.0.0.1": Ends("tcp.refused")})
        facts = read(scope_of(account, frozenset({Part.IDENTITY, Part.ENDPOINTS, Part.ACLS})), net=net)
    found = unread(facts)
    assert set(found) == {"identity", "endpoints", "acls"}
    assert {each.code for each in found.values()} == {"aws.unreachable"}
    assert all("ended with tcp.refused" in each.reason for each in found.values())
    assert {name: each.code for name, each in facts.walked.items()} == {"sts": "tcp.refused", "ec2": "tcp.refused"}
    assert len(net.walks) == 2


@pytest.fixture
def silent() -> Iterator[int]:
    """A port at which connections are made and nothing is ever said."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(16)
        yield listener.getsockname()[1]


def without_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name)


def test_a_metadata_service_that_hangs_is_no_credentials_soon(silent: int, lab: Lab, account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    without_keys(monkeypatch)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "false")
    monkeypatch.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", f"http://127.0.0.1:{silent}")
    monkeypatch.setenv("AWS_METADATA_SERVICE_TIMEOUT", "60")
    monkeypatch.setattr("preflight.real.aws.CREDENTIALS_SECONDS", 30.0)  # not this bound ends it, but the metadata service's own
    facts = read(scope_of(account))
    found = unread(facts)
    assert {each.code for each in found.values()} == {"aws.no-credentials"}
    assert "the instance's metadata service" in found["identity"].reason
    assert found["endpoints"].action == "ec2:DescribeVpcEndpoints"
    assert {"identity", "vpc", "subnets", "endpoints", "groups", "route_tables", "acls", "interfaces", "peerings", account.key} <= set(found)
    assert lab.calls == []


def test_whoever_else_hangs_while_credentials_are_looked_for_is_given_up(lab: Lab, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    without_keys(monkeypatch)
    (tmp_path / "config").write_text("[default]\ncredential_process = sleep 3\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setattr("preflight.real.aws.CREDENTIALS_SECONDS", 1.0)
    found = unread(read(IDENTITY))["identity"]
    assert found.code == "aws.no-credentials"
    assert "within 1 s" in found.reason


def test_a_profile_that_is_not_there_is_no_credentials(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    found = unread(read(IDENTITY))["identity"]
    assert found.code == "aws.no-credentials"
    assert "nobody" in found.reason


@pytest.mark.parametrize(("region", "said"), [("", "--region"), ("us-wset-1", "did you mean us-west-1?"), ("aws-cn-global", "knows no region")])
def test_without_a_region_that_there_is_nobody_is_asked(region: str, said: str, lab: Lab) -> None:
    found = unread(read(Scope(region, EVERYTHING)))["identity"]
    assert found.code == "aws.no-region"
    assert said in found.reason
    assert lab.calls == []


@pytest.mark.parametrize("name", ["AWS_REGION", "AWS_DEFAULT_REGION"])
def test_the_region_may_come_from_the_environment(name: str, lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "eu-west-1")
    assert read(Scope("", frozenset({Part.IDENTITY}))).scope.region == "eu-west-1"


def proxied(lab: Lab, no_proxy: str = "") -> Declared:
    proxy = Proxy("http", "127.0.0.1", lab.port, Secret("us@er"), Secret(PASSWORD))
    return Declared(proxies=Proxies(proxy, proxy, NoProxy.parse(no_proxy)))


def test_the_api_is_asked_through_the_declared_proxy(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://sts.us-west-1.amazonaws.invalid")
    facts = read(IDENTITY, proxied(lab))
    assert isinstance(facts.identity, Identity)
    assert [url for url, _ in lab.through] == ["http://sts.us-west-1.amazonaws.invalid/"]
    assert lab.through[0][1] == "Basic dXNAZXI6UzNjcjN0I1BhL3NzOiU0MQ=="  # us@er:S3cr3t#Pa/ss:%41


def test_an_exempted_api_is_asked_directly_and_the_environment_is_not_heeded(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, lab.url)
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.2:{lab.port}")
    direct = read(IDENTITY, proxied(lab, "127.0.0.2"), net=FakeNet({"*": Ends("tcp.refused")}))
    assert unread(direct)["identity"].code == "aws.unreachable"  # nobody listens there, and no proxy was asked instead
    monkeypatch.setenv("AWS_ENDPOINT_URL", lab.url)
    assert isinstance(read(IDENTITY, proxied(lab, "127.0.0.1")).identity, Identity)
    assert lab.through == []


def test_a_proxy_that_refused_our_credentials_is_not_sent_them_again(lab: Lab, account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    """Accounts lock, and the SDK would try each of a dozen calls three times."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://aws.invalid")
    net = FakeNet({"*": Ends("proxy.auth-rejected")})
    found = unread(read(scope_of(account), proxied(lab), net=net))
    assert {each.code for each in found.values()} == {"aws.unreachable"}
    assert all("refuses our credentials (proxy.auth-rejected)" in each.reason for each in found.values())
    assert len(net.walks) == 1
    assert lab.calls == []


def test_no_secret_is_in_what_is_kept(lab: Lab, account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    """AWS, a proxy or a library may repeat what they were sent."""
    secrets = [ENVIRON[name] for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")] + [PASSWORD]
    for action in CALLS:
        lab.faults[action] = Refusal("UnauthorizedOperation", "refused: " + " ".join(secrets).replace("&", ""), 403)
    redactor = Redactor(pairs=[(Secret("us@er"), Secret(PASSWORD))])
    facts = read(scope_of(account), redactor=redactor)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://aws.invalid")
    unreached = read(
        IDENTITY, msgspec.structs.replace(proxied(lab), proxies=_dead(proxied(lab).proxies)), net=FakeNet({"*": Ends("tcp.refused")}), redactor=redactor
    )
    for kept in (facts, unreached):
        text = msgspec.json.encode(kept).decode()
        assert "***" in text or kept is unreached
        assert not [secret for secret in secrets if secret in text]
        assert not [piece for piece in ("S3cr3t", "K7MDENG", "PlantedSession", "%23Pa") if piece in text]


def _dead(proxies: Proxies) -> Proxies:
    assert proxies.http
    dead = msgspec.structs.replace(proxies.http, host="127.0.0.1", port=1)
    return msgspec.structs.replace(proxies, http=dead, https=dead)


def test_hostile_bytes_of_an_answer_are_neutral(lab: Lab, account: Account) -> None:
    lab.faults["kms:DescribeKey"] = Refusal("AccessDeniedException", "\u202egpj.exe\u200b and \x1b[31m")
    reason = unread(read(scope_of(account, frozenset({Part.KEY}))))[account.key].reason
    assert "and \\x1b[31m" in reason
    assert reason.isascii()
    assert reason.isprintable()


def test_the_facts_are_whatever_happens(lab: Lab, account: Account) -> None:
    lab.faults["*"] = Refusal("AuthFailure", status=401)
    facts: Facts = read(scope_of(account))
    found = unread(facts)
    assert {each.code for each in found.values()} == {"aws.refused"}
    assert all(isinstance(each, Unread) for each in (facts.identity, facts.vpc, facts.subnets, facts.endpoints, facts.groups, facts.route_tables, facts.acls))
