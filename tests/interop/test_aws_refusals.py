"""AWS does not answer, refuses, or is not asked: what could not be looked at is an error, and everything else is judged."""

from __future__ import annotations

import contextlib
import json
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.real.aws.moto_server import ENVIRON, Refusal
from tests.real.aws.moto_server import Lab as Aws

from .account import EVERYWHERE, permission
from .conftest import start
from .installation import CHECKS, EGRESS, ENDPOINTS, WITHOUT_NETWORK, Installation, install
from .lab import USER, Lab
from .page import NO_PROXY, with_proxy
from .stuck import hole

pytestmark = pytest.mark.interop

_DENIED = Refusal("UnauthorizedOperation", "You are not authorized to perform this operation.", 403)
_KEYS = dict.fromkeys(name for name in ENVIRON if name.startswith(("AWS_ACCESS", "AWS_SECRET", "AWS_SESSION")))


def test_endpoints_that_may_not_be_listed(installation: Installation) -> None:
    """Six errors and one cause, which names the action; the rest of AWS and the network are judged."""
    installation.account.aws.faults["ec2:DescribeVpcEndpoints"] = _DENIED
    seen = installation.verdict()
    assert seen.exit_code == 3
    assert sorted(seen.named("error")) == sorted(ENDPOINTS)
    assert {code for name in ENDPOINTS for code in seen.codes(name)} == {"aws.access-denied"}
    assert {"aws", *EGRESS, "network-acl", "route", "kms-key", "gcr.io"} <= set(seen.named("pass"))
    [cause] = seen.report["causes"]
    assert cause["code"] == "aws.access-denied"
    assert "ec2:DescribeVpcEndpoints" in cause["title"]
    assert sorted(cause["checks"]) == sorted(ENDPOINTS)


def test_a_prefix_list_that_may_not_be_read(installation: Installation) -> None:
    """It may hold the proxy: that is no failure, and no pass."""
    account = installation.account
    listed = account.prefix_list("127.0.0.1/32")
    account.egress(permission(account.port, PrefixListIds=[{"PrefixListId": listed}]))
    readable = installation.verdict("--only", "aws", "--only", "egress/*")
    assert readable.exit_code == 0, readable.stdout
    account.aws.faults["ec2:GetManagedPrefixListEntries"] = _DENIED
    seen = installation.verdict("--only", "aws", "--only", "egress/*")
    assert seen.exit_code == 3
    assert seen.named("error") == list(EGRESS)
    assert {code for name in EGRESS for code in seen.codes(name)} == {"egress.unknown"}
    [cause] = seen.report["causes"]
    assert "ec2:GetManagedPrefixListEntries" in cause["title"]
    assert seen.says("ec2:GetManagedPrefixListEntries")


def test_no_credentials(installation: Installation) -> None:
    """Not even of a metadata service that takes connections and says nothing; the network's verdict stands."""
    with hole("127.0.0.1", 0) as metadata:
        port = metadata.listener.getsockname()[1]
        where = {"AWS_EC2_METADATA_DISABLED": None, "AWS_EC2_METADATA_SERVICE_ENDPOINT": f"http://127.0.0.1:{port}"}
        seen = installation.verdict(env={**_KEYS, **where})
        assert metadata.wait_for_visitor(0)
    assert seen.exit_code == 3
    assert seen.named("error") == ["aws"]
    assert seen.codes("aws") == ["aws.no-credentials"]
    assert sorted(seen.named("skip")) == sorted({*CHECKS} - {"aws"})
    assert {tuple(seen.result(name)["blocked_by"]) for name in CHECKS[1:]} == {("aws",)}
    assert {"proxy-http", "proxy-https", "gcr.io", "manifest"} <= set(seen.named("pass"))
    assert seen.causes() == ["aws.no-credentials"]
    assert installation.account.aws.calls == []


@pytest.mark.parametrize(
    ("refusal", "code"),
    [
        (Refusal("RequestLimitExceeded", "Request limit exceeded.", 503), "aws.throttled"),
        (Refusal("ExpiredToken", "The security token included in the request is expired", 403), "aws.expired"),
    ],
)
def test_everything_refused(installation: Installation, refusal: Refusal, code: str) -> None:
    installation.account.aws.faults["*"] = refusal
    seen = installation.verdict("--only", "aws", "--only", "kms-key")
    assert seen.exit_code == 3
    assert (seen.named("error"), seen.codes("aws"), seen.causes()) == (["aws"], [code], [code])
    assert seen.named("skip") == ["kms-key"]


def test_a_region_that_may_not_be_enabled_is_asked_about(installation: Installation) -> None:
    """The one action of the policy that no good run asks for."""
    installation.account.aws.faults["sts:GetCallerIdentity"] = Refusal("InvalidClientTokenId", "The security token included in the request is invalid.", 403)
    seen = installation.verdict("--only", "aws")
    assert seen.exit_code == 3
    assert set(installation.account.aws.calls) == {"sts:GetCallerIdentity", "ec2:DescribeRegions"}


def test_secrets_of_a_refusal(installation: Installation) -> None:
    """AWS repeats what it was sent; no output does."""
    secrets = [ENVIRON[name] for name in _KEYS]
    installation.account.aws.faults["*"] = Refusal("UnauthorizedOperation", "denied to " + " ".join(secrets), 403)
    seen = installation.verdict(*WITHOUT_NETWORK, "-v", "--save-aws-facts", "facts.json", "--report", "junit=out.xml")
    assert seen.exit_code == 3
    assert "denied to" in seen.stdout
    written = [seen.stdout, seen.stderr, *((installation.folder / name).read_text() for name in ("report.json", "facts.json", "out.xml"))]
    pieces = [*secrets, "K7MDENG", "PlantedSessionToken"]
    assert [piece for piece in pieces for text in written if piece in text] == []


@pytest.fixture
def silent() -> Iterator[int]:
    """A port of 127.0.0.1 whose queue is full: further packets vanish, as where a security group drops them."""
    with socket.socket() as listener, ExitStack() as waiting:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(4):
            each = waiting.enter_context(socket.socket())
            each.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                each.connect(listener.getsockname())
        yield listener.getsockname()[1]


def test_a_proxy_in_silence_behind_a_rule_that_lacks(lab: Lab, aws: Aws, tmp_path: Path, silent: int) -> None:
    """One cause that names group, port and command."""
    installation = install(lab, aws, silent, tmp_path)
    account = installation.account
    account.egress(permission(443, **EVERYWHERE))
    seen = installation.verdict("--timeout", "1s")
    assert seen.exit_code == 1
    assert seen.codes("proxy-https") == ["tcp.timeout"]
    [cause] = seen.report["causes"]
    assert cause["code"] == "egress.blocked"
    assert account.nodes in cause["title"]
    assert f"tcp {silent}" in cause["title"]
    assert "aws ec2 authorize-security-group-egress --region us-west-1 " in cause["hint"]
    assert {"proxy-http", "proxy-https", "gcr.io", *EGRESS} <= set(cause["checks"])


def test_a_proxy_that_refuses_is_a_story_of_its_own(lab: Lab, aws: Aws, tmp_path: Path) -> None:
    """A refusal is somebody's answer, so no group swallowed the packets; what the groups lack is said beside it."""
    with ExitStack() as stack:
        proxy = start(stack, lambda: lab.squid(auth=USER))
        proxy.stop()
        installation = install(lab, aws, proxy.port, tmp_path)
        installation.account.egress(permission(443, **EVERYWHERE))
        seen = installation.verdict()
    assert seen.exit_code == 1
    assert sorted(seen.causes()) == ["egress.blocked", "tcp.refused"]
    assert {name for cause in seen.report["causes"] for name in cause["checks"]} >= {"proxy-http", "proxy-https", "gcr.io", *EGRESS}


def test_a_vpc_that_does_not_exist_yet(installation: Installation) -> None:
    """Skips that say what it will have to have; what does not need the VPC is judged."""
    account = installation.account
    text = (installation.folder / "anthos-gke.yaml").read_text().split("---\n")[0]
    made = "  dedicatedVPC:\n    vpcCIDRBlock: 10.0.0.0/16\n    privateSubnetCIDRBlocks: [10.0.1.0/24]\n    publicSubnetCIDRBlocks: [10.0.2.0/24]\n"
    text = "".join(line for line in text.splitlines(keepends=True) if "existingVPC" not in line and "securityGroupIDs" not in line) + made
    (installation.folder / "anthos-gke.yaml").write_text(text)
    seen = installation.verdict(*WITHOUT_NETWORK)
    assert seen.exit_code == 0, seen.stdout
    assert seen.named("pass") == ["aws", "kms-key"]
    assert sorted(seen.named("skip")) == sorted({*CHECKS} - {"aws", "kms-key"})
    needed = {name: str(seen.result(name)["findings"]) for name in seen.named("skip")}
    assert all("com.amazonaws.us-west-1." + name.partition("/")[2] in needed[name] for name in ENDPOINTS)
    assert f"tcp {account.port}" in needed["egress/management"]


def test_the_api_behind_the_proxy_only(lab: Lab, aws: Aws, tmp_path: Path) -> None:
    """Its name is known to squid's resolver alone: asked through squid with the credentials; exempted by noProxy it is out of reach, and our walk says why."""
    with ExitStack() as stack:
        stack.enter_context(lab.names.changed({"aws.lab.test": "127.0.0.1"}))
        proxy = start(stack, lambda: lab.squid(auth=USER, extra=f"acl Safe_ports port {aws.port}"))
        installation = install(lab, aws, proxy.port, tmp_path)
        where = {"AWS_ENDPOINT_URL": f"http://aws.lab.test:{aws.port}"}
        through = installation.verdict(*WITHOUT_NETWORK, env=where)
        asked = [line for line in proxy.with_credentials() if "aws.lab.test" in line]
        with_proxy(tmp_path, proxy.port, no_proxy=f"{NO_PROXY},aws.lab.test")
        direct = installation.verdict(*WITHOUT_NETWORK, env=where)
        again = [line for line in proxy.requests() if "aws.lab.test" in line]
    assert through.exit_code == 0, through.stdout
    assert set(through.named("pass")) == set(CHECKS)
    assert len(asked) == len(again) > len(CHECKS)
    assert direct.exit_code == 3
    assert direct.codes("aws") == ["aws.unreachable"]
    [finding] = direct.result("aws")["findings"]
    assert "our own walk to aws.lab.test" in finding["message"]
    assert "directly ended with dns." in finding["message"]
    assert json.dumps(direct.report).count("password") == 0
