from __future__ import annotations

import json

import pytest
from preflight_oidc import Observed, OidcIssuerCheck

from preflight.model import Direct, Phase, Status, Step, Target
from preflight.proof import Answer
from preflight.world import Trace

ISSUER = "https://login.example.com/realms/ours"
CHECK = OidcIssuerCheck(name="login", issuer=ISSUER)
DOCUMENT = {"issuer": ISSUER, "jwks_uri": "https://keys.example.net/certs"}


def answered(url: str, body: object, status: int = 200) -> Trace:
    text = body if isinstance(body, str) else json.dumps(body)
    return Trace(Target.parse(url), Direct("no proxy"), (Step(Phase.HTTP, 0.1),), Answer(status, body=text.encode()))


def said(document: Trace, keys: Trace | None = None) -> list[str]:
    return [finding.code for finding in CHECK.judge(Observed(document, keys))]


def test_an_issuer_with_keys_is_proved() -> None:
    assert said(answered(ISSUER, DOCUMENT), answered(DOCUMENT["jwks_uri"], {"keys": [{"kty": "RSA"}]})) == ["ok"]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ("<html>Sign in to the guest network</html>", 200, "http.block-page"),
        ({**DOCUMENT, "issuer": "https://elsewhere.example"}, 200, "http.wrong-origin"),
        ("", 200, "http.wrong-origin"),
        ("upstream connect error", 503, "http.unexpected-status"),
    ],
)
def test_a_good_status_is_no_proof(body: object, status: int, code: str) -> None:
    assert said(answered(ISSUER, body, status)) == [code]


@pytest.mark.parametrize("keys", [{"keys": []}, {}, "null"])
def test_an_issuer_without_keys_is_not_proved(keys: object) -> None:
    assert said(answered(ISSUER, DOCUMENT), answered(DOCUMENT["jwks_uri"], keys)) == ["http.wrong-origin"]


def test_a_forgotten_host_of_the_keys_is_named() -> None:
    refused = Trace(Target.parse(DOCUMENT["jwks_uri"]), Direct("no proxy"), (Step(Phase.TCP, 0.1, "tcp.refused"),))
    [finding] = CHECK.judge(Observed(answered(ISSUER, DOCUMENT), refused))
    assert (finding.code, finding.status) == ("tcp.refused", Status.FAIL)
    assert "keys.example.net" in finding.message


def test_an_issuer_is_a_url() -> None:
    with pytest.raises(ValueError, match="https://"):
        OidcIssuerCheck(name="login", issuer="tcp://login.example.com:636")
