"""Worlds in which the proxy says yes and does not mean it, or something behind it tears the tunnel down."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tests.loopback import Script, hang, hear, listen_only, pause, reset, say
from tests.worlds.words import OK_200, PAGE, QUICK, Scenario, behind, direct

_LATE: Final = (pause(0.1), say(PAGE))


def _granted(rule: str, then: Script, code: str, timeout: str = "5s", hint: str = "") -> Scenario:
    return Scenario(rule=rule, proxy=(hear, say(OK_200), *then), expected=behind(code), timeout=timeout, hint={"api": hint} if hint else {})


def _origin(rule: str, script: Script, code: str, timeout: str = "5s") -> Scenario:
    return Scenario(rule=rule, origin=script, expected=behind(code), timeout=timeout)


def _alone(rule: str, script: Script, code: str, timeout: str = "5s") -> Scenario:
    return Scenario(rule=f"{rule}, without a proxy", proxy=None, origin=script, expected=direct(code), timeout=timeout)


WORLDS: Final[Mapping[str, Scenario]] = {
    "tunnel-closes": _granted("200 then FIN", (), "tunnel.closed"),
    "tunnel-resets": _granted("200 then RST", (reset,), "tunnel.reset"),
    "tunnel-is-silent": _granted("200 then silence", (hang,), "tunnel.timeout", QUICK),
    "tunnel-brings-a-page": _granted("200 then HTML, in one segment", (say(PAGE),), "tunnel.unexpected-bytes", hint="Sign in to ACME Guest"),
    "tunnel-brings-a-page-later": _granted("200 then HTML, in another segment", _LATE, "tunnel.unexpected-bytes", hint="Sign in to ACME Guest"),
    "tunnel-brings-a-page-at-once": Scenario(
        rule="200 and HTML in the same segment",
        proxy=(hear, say(f"HTTP/1.1 200 OK\r\nContent-Length: {len(PAGE)}\r\n\r\n{PAGE}")),
        expected=behind("tunnel.unexpected-bytes"),
        hint={"api": "Sign in to ACME Guest"},
    ),
    "tunnel-leads-to-plain-http": _origin(
        "the origin's port does not speak TLS", (listen_only, say("HTTP/1.1 400 Bad Request\r\n\r\n")), "tunnel.unexpected-bytes"
    ),
    "tunnel-leads-to-ssh": _origin("the origin is an SSH server", (say("SSH-2.0-OpenSSH_9.2\r\n"), hang), "tunnel.unexpected-bytes"),
    "origin-closes-after-hello": _origin("FIN after ClientHello: SNI filter", (listen_only,), "tls.closed"),
    "origin-resets-after-hello": _origin("RST after ClientHello: SNI filter", (listen_only, reset), "tls.closed"),
    "origin-drops-the-hello": _origin("silence after ClientHello", (hang,), "tunnel.timeout", QUICK),
    "closes-after-hello": _alone("FIN after ClientHello", (listen_only,), "tls.closed"),
    "resets-after-hello": _alone("RST after ClientHello", (listen_only, reset), "tls.closed"),
    "drops-the-hello": _alone("silence after ClientHello", (hang,), "tls.timeout", QUICK),
    "speaks-plain-http": _alone("plaintext server hit with TLS", (listen_only, say("HTTP/1.1 400 Bad Request\r\n\r\n")), "tls.handshake"),
    "tunnel-for-a-lie": Scenario(
        rule="2xx to everything, then FIN",
        proxy=(hear, say(OK_200)),
        expected={"proxy-https": "ok", "proxy-honest": "proxy.dishonest", "api": "tunnel.closed"},
    ),
}
