"""Worlds in which whoever answers behind the tunnel cannot show that it is the target, or only to some."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from typing import Final

from tests.identities import DAY, NOW, Leaf
from tests.worlds.words import NOT_FOUND, SOUND, Scenario, behind, bumped, direct, origin

NAMES: Final = SOUND.names


def _presents(rule: str, leaf: Leaf, *codes: str, exit_code: int = 1, trusts: tuple[str, ...] = (), hint: str = "") -> Scenario:
    return Scenario(rule=rule, origin=origin(NOT_FOUND, leaf), expected=behind(*codes), exit_code=exit_code, trusts=trusts, hint={"api": hint} if hint else {})


WORLDS: Final[Mapping[str, Scenario]] = {
    "expired": _presents("expired", Leaf(NAMES, NOW - 90 * DAY, NOW - DAY), "tls.expired", hint=f"{NOW - DAY:%Y-%m-%d}"),
    "not-yet-valid": _presents("not yet valid", Leaf(NAMES, NOW + DAY), "tls.not-yet-valid", hint=f"{NOW + DAY:%Y-%m-%d}"),
    "expires-soon": _presents("14 days left", Leaf(NAMES, not_after=NOW + 13 * DAY), "ok", "tls.expires-soon", exit_code=0),
    "wrong-name": _presents("wrong host", Leaf(("www.acme.example", "*.acme.example")), "tls.hostname", hint="www.acme.example"),
    "wrong-name-by-a-wildcard": _presents("a wildcard covers one label only", Leaf(("*.com",)), "tls.hostname"),
    "no-name-at-all": _presents("a certificate without names", Leaf(()), "tls.hostname"),
    "hostile-names": _presents("control bytes in a name", Leaf(("\x1b[31mevil.example",), subject="\x1b[2J\u202e"), "tls.hostname", hint="\\x1b"),
    "self-signed": _presents("self-signed leaf", Leaf(NAMES, issuer="", subject="router.local"), "tls.self-signed", hint="router.local"),
    "unknown-ca-with-root": _presents("an untrusted root in the chain", Leaf(NAMES, issuer="ACME", sends=("ACME",)), "tls.intercepted", hint="ACME"),
    "unknown-ca-without-root": _presents("unknown issuer", Leaf(NAMES, issuer="ACME"), "tls.untrusted", hint="ACME"),
    "intermediate-left-out": _presents("missing intermediate, AIA in the leaf", Leaf(NAMES, issuer="Lab Intermediate", aia=True), "tls.incomplete-chain"),
    "intermediate-left-out-without-aia": _presents("missing intermediate, nothing in the leaf", Leaf(NAMES, issuer="Lab Intermediate"), "tls.untrusted"),
    "intermediate-sent": _presents("none: the whole chain", Leaf(NAMES, issuer="Lab Intermediate", sends=("Lab Intermediate",)), "ok", exit_code=0),
    "strict-ca": _presents("a CA that only strict verifiers reject", Leaf(NAMES, issuer="Lax Root"), "ok", "tls.strict-ca", exit_code=0, trusts=("Lax Root",)),
    "strict-ca-expired": _presents("a lax CA, and an expired leaf", Leaf(NAMES, NOW - 90 * DAY, NOW - DAY, "Lax Root"), "tls.expired", trusts=("Lax Root",)),
    "strict-ca-wrong-name": _presents("a lax CA, and the wrong name", Leaf(("acme.example",), issuer="Lax Root"), "tls.hostname", trusts=("Lax Root",)),
    "weak-key": _presents("RSA 1024", Leaf(NAMES, bits=1024), "tls.weak"),
    "old-protocol": Scenario(rule="TLS 1.1 only", origin=origin(NOT_FOUND, newest=ssl.TLSVersion.TLSv1_1), expected=behind("tls.protocol")),
    "tls-1.2": Scenario(rule="none: TLS 1.2", origin=origin(NOT_FOUND, newest=ssl.TLSVersion.TLSv1_2), expected=behind("ok"), exit_code=0),
    "client-certificate": Scenario(rule="client certificate wanted", origin=origin(NOT_FOUND, client=True), expected=behind("tls.client-cert-required")),
    "client-certificate-1.2": Scenario(
        rule="client certificate wanted, TLS 1.2",
        origin=origin(NOT_FOUND, client=True, newest=ssl.TLSVersion.TLSv1_2),
        expected=behind("tls.handshake"),
    ),
    "h2-survives": Scenario(rule="none: ALPN h2", origin=origin(NOT_FOUND, alpn=("h2", "http/1.1")), h2=True, expected=behind("ok"), exit_code=0),
    "h2-stripped": Scenario(rule="ALPN h2 stripped", h2=True, expected=behind("ok", "tls.no-h2"), exit_code=0),
    "inspected": Scenario(
        rule="the same foreign issuer on unrelated names",
        proxy=bumped(NOT_FOUND, sends=("ACME Inspection",)),
        expected={"proxy-https": "ok", "api": "tls.intercepted", "registry": "tls.intercepted"},
        hint={"api": "ACME Inspection"},
    ),
    "inspected-and-untrusted": Scenario(
        rule="the same foreign issuer, root not sent",
        proxy=bumped(NOT_FOUND),
        expected={"proxy-https": "ok", "api": "tls.untrusted", "registry": "tls.untrusted"},
    ),
    "expired-without-a-proxy": Scenario(
        rule="expired, without a proxy", proxy=None, origin=origin(NOT_FOUND, Leaf(NAMES, NOW - 90 * DAY, NOW - DAY)), expected=direct("tls.expired")
    ),
    "untrusted-without-a-proxy": Scenario(
        rule="unknown issuer, without a proxy", proxy=None, origin=origin(NOT_FOUND, Leaf(NAMES, issuer="ACME")), expected=direct("tls.untrusted")
    ),
    "well-without-a-proxy": Scenario(rule="none, without a proxy", proxy=None, expected=direct("ok"), exit_code=0),
}
