"""Opening the SDK and looking for credentials are bounded apart, and neither is taken for the other."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from preflight.aws.scope import Part, Scope
from preflight.declared import Declared
from preflight.model import Proxy
from preflight.real.aws.session import Session
from preflight.real.aws.walks import SECONDS as WALK_SECONDS
from preflight.route import Proxies
from preflight.untrusted import Secret
from tests.fake import FakeNet
from tests.real.aws.lab import read, unread
from tests.real.aws.moto_server import Lab

IDENTITY = Scope("us-west-1", frozenset({Part.IDENTITY}))


def test_an_sdk_that_does_not_open_in_time_says_nothing_about_credentials(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    held = threading.Event()
    monkeypatch.setattr("preflight.real.aws.Session", lambda *_: held.wait())
    monkeypatch.setattr("preflight.real.aws.SECONDS", WALK_SECONDS + 0.5)
    try:
        found = unread(read(IDENTITY))["identity"]
    finally:
        held.set()
    assert (found.code, found.action) == ("internal.deadline", "sts:GetCallerIdentity")
    assert found.reason.startswith("the AWS SDK was not open within 0.5 s, and nobody was asked")
    assert lab.calls == []


def test_opening_the_sdk_does_not_count_as_looking_for_credentials(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is no time at all for the look, the SDK is opened all the same."""
    opened: list[Session] = []

    def noted(*args: Any) -> Session:
        opened.append(Session(*args))
        return opened[0]

    monkeypatch.setattr("preflight.real.aws.Session", noted)
    monkeypatch.setattr("preflight.real.aws.CREDENTIALS_SECONDS", 0.0)
    found = unread(read(IDENTITY))["identity"]
    assert opened
    assert found.code == "aws.no-credentials"
    assert "the SDK was still looking" in found.reason


@pytest.fixture
def bare(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> Lab:
    """An AWS on loopback, and no credentials for it anywhere."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, "/dev/null")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    return lab


def test_nobody_waits_for_a_proxy_where_there_are_no_credentials(bare: Lab) -> None:
    proxy = Proxy("http", "proxy.example", 3128, Secret("u"), Secret("hunter22"))
    net = FakeNet()
    found = unread(read(IDENTITY, Declared(proxies=Proxies(proxy, proxy)), net))["identity"]
    assert found.code == "aws.no-credentials"
    assert net.walks == []
    assert bare.calls == []


def test_a_set_endpoint_that_cannot_be_asked_is_no_bug_of_ours(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "https://u:hunter22@127.0.0.1:1")
    found = unread(read(IDENTITY))["identity"]
    assert (found.code, found.action) == ("aws.unreachable", "sts:GetCallerIdentity")
    assert found.reason.startswith("AWS_ENDPOINT_URL is no URL")
    assert lab.calls == []


def test_a_set_endpoint_of_one_service_spoils_that_service_only(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_KMS", "ftp://127.0.0.1")
    found = unread(read(Scope("us-west-1", frozenset({Part.IDENTITY, Part.KEY}), keys=("k",))))
    assert {name: each.code for name, each in found.items()} == {"k": "aws.unreachable"}
    assert "AWS_ENDPOINT_URL_KMS" in found["k"].reason
