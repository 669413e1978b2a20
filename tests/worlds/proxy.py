"""Worlds in which the proxy answers CONNECT with something that is no answer of a proxy, or not in time, or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Final

from tests.identities import DAY, NOW, Leaf, serving
from tests.loopback import Script, drip, hang, hear, listen_only, reset, say, secure
from tests.worlds.words import (
    API,
    GRANT,
    HONEST,
    HTML,
    OK_200,
    PAGE,
    QUICK,
    SOUND,
    TLS_PROXY,
    Scenario,
    at_proxy,
    behind,
    granting,
    http,
    in_clear,
    refusing,
)  # fmt: skip

_RELAYED: Final = GRANT[-1]


def _tls_proxy(leaf: Leaf, *, client: bool = False) -> Script:
    return (secure(partial(serving, leaf, client=client)), hear, say(OK_200), _RELAYED)


def _grants(rule: str, reply: str) -> Scenario:
    return Scenario(rule=rule, proxy=granting(reply), expected=behind("ok"), exit_code=0)


def _banner(rule: str, first: bytes, guess: str) -> Scenario:
    return Scenario(rule=rule, proxy=(listen_only, say(first)), expected=at_proxy("proxy.not-http"), hint={"proxy-https": guess})


def _malformed(rule: str, reply: str) -> Scenario:
    return Scenario(rule=rule, proxy=(hear, say(reply)), expected=at_proxy("proxy.malformed"))


WORLDS: Final[Mapping[str, Scenario]] = {
    "everything-is-well": Scenario(
        rule="none", proxy=HONEST, expected={"proxy-https": "ok", "proxy-honest": "ok", "api": "ok", "clock": "internal.not-applicable"}, exit_code=0
    ),
    "grants-as-http-1.0": _grants("HTTP/1.0 200 (tinyproxy)", "HTTP/1.0 200 Connection established\r\nProxy-agent: tinyproxy/1.11.1\r\n\r\n"),
    "grants-after-1xx": _grants("1xx then 200", "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + OK_200),
    "grants-with-201": _grants("201 opens the tunnel", "HTTP/1.1 201 Created\r\n\r\n"),
    "grants-with-204": _grants("204 opens the tunnel", "HTTP/1.1 204 No Content\r\n\r\n"),
    "grants-with-content-length": _grants("Content-Length on 2xx is ignored", "HTTP/1.1 200 OK\r\nContent-Length: 120\r\n\r\n"),
    "grants-with-transfer-encoding": _grants("Transfer-Encoding on 2xx is ignored", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
    "grants-with-bare-line-feeds": _grants("bare LF", "HTTP/1.1 200 OK\nX-Proxy: odd\n\n"),
    "grants-without-a-reason": _grants("no reason phrase", "HTTP/1.1 200\r\n\r\n"),
    "grants-everything": Scenario(
        rule="2xx for a name that does not exist", proxy=GRANT, expected={"proxy-https": "ok", "proxy-honest": "proxy.dishonest", "api": "ok"}, exit_code=0
    ),
    "hangs": Scenario(rule="hang before reply", proxy=(hear, hang), expected=at_proxy("proxy.no-reply"), timeout=QUICK),
    "drips": Scenario(rule="slow drip", proxy=(hear, drip(b"HTTP/1.1 200 OK\r\nX-Slow: " + b"a" * 999)), expected=at_proxy("proxy.slow-reply"), timeout=QUICK),
    "drips-interim-replies": Scenario(
        rule="1xx without end", proxy=(hear, drip(b"HTTP/1.1 102 Processing\r\n\r\n")), expected=at_proxy("proxy.slow-reply"), timeout=QUICK
    ),
    "closes": Scenario(rule="closed before reply", proxy=(hear,), expected=at_proxy("proxy.closed"), hint={"proxy-https": "https://"}),
    "closes-at-once": Scenario(rule="closed before the request", proxy=(), expected=at_proxy("proxy.closed")),
    "closes-mid-head": Scenario(rule="closed within the reply's head", proxy=(hear, say("HTTP/1.1 200 OK\r\nVia")), expected=at_proxy("proxy.closed")),
    "resets": Scenario(rule="RST before reply", proxy=(hear, reset), expected=at_proxy("proxy.closed")),
    "is-an-ssh-server": _banner("SSH banner", b"SSH-2.0-OpenSSH_9.2p1 Debian\r\n", "SSH"),
    "is-a-mail-server": _banner("SMTP banner", b"220 mail.example ESMTP Postfix\r\n", "SMTP"),
    "is-a-socks-proxy": _banner("SOCKS reply", b"\x05\xff", "SOCKS"),
    "is-a-tls-server": _banner("a TLS alert, where clear text was sent", b"\x15\x03\x03\x00\x02\x02\x46", "https://"),
    "sends-a-bare-page": _banner("a page without HTTP", b"<html><body>blocked</body></html>", "page"),
    "sends-hostile-bytes": _banner("control and bidirectional bytes", b"\x1b]0;owned\x07\xe2\x80\xaegnp.exe\r\n", "\\x1b"),
    "malformed-status": _malformed("HTTP/1.1 2xx", "HTTP/1.1 2xx Fine\r\n\r\n"),
    "malformed-header": _malformed("X Bad Header", "HTTP/1.1 200 OK\r\nX Bad Header\r\n\r\n"),
    "malformed-version": _malformed("an impossible version", "HTTP/9 200 OK\r\n\r\n"),
    "switches-protocols": _malformed("101 that nobody asked for", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n"),
    "huge-head": _malformed("huge header block", "HTTP/1.1 200 OK\r\n" + "X-Pad: aaaaaaaaaaaaaaaaaaaaaaaa\r\n" * 900),
    "endless-status-line": _malformed("a status line without end", "HTTP/1.1 200 " + "a" * 40000),
    "is-a-web-server-400": Scenario(
        rule="400 from a web server", proxy=refusing("400 Bad Request", "Server: nginx/1.22.1", HTML, body=PAGE), expected=at_proxy("proxy.not-a-proxy")
    ),
    "is-a-web-server-404": Scenario(rule="404 from a web server", proxy=refusing("404 Not Found", "Server: nginx"), expected=at_proxy("proxy.not-a-proxy")),
    "is-a-web-server-405": Scenario(rule="405 from a web server", proxy=refusing("405 Not Allowed", "Server: nginx"), expected=at_proxy("proxy.not-a-proxy")),
    "is-a-web-server-501": Scenario(rule="501 from a web server", proxy=refusing("501 Not Implemented"), expected=at_proxy("proxy.not-a-proxy")),
    "is-a-web-server-in-clear": Scenario(
        rule="400 to an absolute-form GET", proxy=refusing("400 Bad Request", "Server: nginx"), expected=in_clear("proxy.not-a-proxy", "internal.blocked")
    ),
    "portal-302": Scenario(
        rule="302 to CONNECT",
        proxy=refusing("302 Found", "Location: http://login.acme.example/in?session=1"),
        expected=at_proxy("proxy.captive-portal"),
        hint={"proxy-https": "http://login.acme.example/in"},
    ),
    "portal-303": Scenario(rule="303 to CONNECT", proxy=refusing("303 See Other", "Location: /login"), expected=at_proxy("proxy.captive-portal")),
    "portal-511": Scenario(rule="511 to CONNECT", proxy=refusing("511 Network Authentication Required"), expected=at_proxy("proxy.captive-portal")),
    "tls-proxy": Scenario(rule="none: a proxy spoken to over TLS", scheme="https", proxy=TLS_PROXY, expected=behind("ok"), exit_code=0),
    "tls-proxy-is-not-tls": Scenario(
        rule="TLS to a plaintext proxy",
        scheme="https",
        proxy=(listen_only, say(http("400 Bad Request"))),
        expected=at_proxy("proxy-tls.not-tls"),
        hint={"proxy-https": "Write http://"},
    ),
    "tls-proxy-hangs": Scenario(rule="silence to a ClientHello", scheme="https", proxy=(hang,), expected=at_proxy("proxy-tls.handshake"), timeout=QUICK),
    "tls-proxy-closes": Scenario(rule="close after a ClientHello", scheme="https", proxy=(listen_only,), expected=at_proxy("proxy-tls.handshake")),
    "tls-proxy-resets": Scenario(rule="RST after a ClientHello", scheme="https", proxy=(listen_only, reset), expected=at_proxy("proxy-tls.handshake")),
    "tls-proxy-untrusted": Scenario(
        rule="TLS proxy, unknown CA", scheme="https", proxy=_tls_proxy(Leaf(SOUND.names, issuer="ACME")), expected=at_proxy("proxy-tls.untrusted")
    ),
    "tls-proxy-self-signed": Scenario(
        rule="TLS proxy, self-signed", scheme="https", proxy=_tls_proxy(Leaf(SOUND.names, issuer="")), expected=at_proxy("proxy-tls.untrusted")
    ),
    "tls-proxy-expired": Scenario(
        rule="TLS proxy, expired", scheme="https", proxy=_tls_proxy(Leaf(SOUND.names, NOW - 90 * DAY, NOW - DAY)), expected=at_proxy("proxy-tls.expired")
    ),
    "tls-proxy-hostname": Scenario(rule="TLS proxy, wrong name", scheme="https", proxy=_tls_proxy(Leaf((API,))), expected=at_proxy("proxy-tls.hostname")),
    "tls-proxy-wants-a-certificate": Scenario(
        rule="TLS proxy that wants a client certificate", scheme="https", proxy=_tls_proxy(SOUND, client=True), expected=at_proxy("proxy-tls.handshake")
    ),
    "tls-proxy-closes-after-connect": Scenario(
        rule="TLS proxy that closes before reply", scheme="https", proxy=(secure(partial(serving, SOUND)), hear), expected=at_proxy("proxy.closed")
    ),
}
