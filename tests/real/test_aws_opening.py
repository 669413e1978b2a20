"""Opening the SDK and looking for credentials are bounded apart, and neither is taken for the other."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from preflight.aws.scope import Part, Scope
from preflight.real.aws_session import Session
from preflight.real.aws_walks import SECONDS as WALK_SECONDS
from tests.real.aws_lab import read, unread
from tests.real.moto_server import Lab

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
