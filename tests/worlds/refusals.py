"""Worlds in which the proxy says no in the words of some product: by policy, for want of credentials, or because it failed behind itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tests.loopback import Script, by_request, hang, hear, if_authorized, relay, say
from tests.worlds.words import (
    API,
    BASIC,
    BLOCKED,
    HTML,
    OK_200,
    PAGE,
    Expected,
    Scenario,
    at_proxy,
    behind,
    http,
    in_clear,
    refusing,
    squid,
)  # fmt: skip

NTLM: Final = "Proxy-Authenticate: NTLM"
WANTS_BASIC: Final = 'Proxy-Authenticate: Basic realm="ACME, Inc. proxy"'
LOGIN: Final = (hear, if_authorized(BASIC, (say(OK_200), relay), (say(http("407 Proxy Authentication Required", WANTS_BASIC)),)))


def _behind(rule: str, proxy: Script, code: str, *, hint: str = "", status: str = "ok") -> Scenario:
    return Scenario(rule=rule, proxy=proxy, expected={"proxy-https": status, "api": code}, hint={"api": hint} if hint else {})


def _status(parameters: str, code: str) -> Scenario:
    header = f"Proxy-Status: origin.example, cache; error=dns_error, proxy.acme.example; {parameters}"
    return _behind(f"Proxy-Status {parameters}", refusing("502 Bad Gateway", header), code)


def _refused(rule: str, proxy: Script, code: str, *, user: bool, expected: Expected | None = None, hint: str = "") -> Scenario:
    return Scenario(rule=rule, proxy=proxy, user=user, expected=expected or at_proxy(code), hint={"proxy-https": hint} if hint else {})


WORLDS: Final[Mapping[str, Scenario]] = {
    "407-none-configured": _refused("407, no credentials configured", LOGIN, "proxy.auth-required", user=False, hint="Basic"),
    "407-rejected": _refused("407 with credentials", refusing("407 Proxy Authentication Required", WANTS_BASIC), "proxy.auth-rejected", user=True),
    "407-accepted": Scenario(rule="none: credentials that are right", proxy=LOGIN, user=True, expected=behind("ok"), exit_code=0),
    "407-ntlm": _refused("only NTLM offered", refusing("407 Authentication Required", NTLM), "proxy.auth-unsupported", user=True, hint="NTLM"),
    "407-negotiate-and-digest": _refused(
        "only Negotiate and Digest offered",
        refusing("407 Authentication Required", "Proxy-Authenticate: Negotiate", 'Proxy-Authenticate: Digest realm="x", qop="auth", nonce="Basic"'),
        "proxy.auth-unsupported",
        user=False,
        hint="Digest, Negotiate",
    ),
    "407-ntlm-and-basic": _refused("NTLM and Basic offered", refusing("407 Authentication Required", NTLM, WANTS_BASIC), "proxy.auth-rejected", user=True),
    "407-without-a-scheme": _refused("407 that offers nothing", refusing("407 Nope"), "proxy.auth-required", user=False),
    "407-whose-page-hangs": Scenario(
        rule="407 whose page never ends",
        proxy=(hear, say(f"HTTP/1.1 407 Auth\r\n{WANTS_BASIC}\r\nContent-Length: 9999\r\n\r\n<html>"), hang),
        expected=at_proxy("proxy.auth-required"),
    ),
    "407-cut": Scenario(
        rule="407 whose page is cut off",
        proxy=(hear, say(f"HTTP/1.1 407 Auth\r\n{WANTS_BASIC}\r\nContent-Length: 9999\r\n\r\n<html>")),
        expected=at_proxy("proxy.auth-required"),
    ),
    "407-in-clear": Scenario(
        rule="407 to an absolute-form GET", proxy=refusing("407 Auth", WANTS_BASIC), user=True, expected=in_clear("proxy.auth-rejected", BLOCKED)
    ),
    "401-rejected": _refused(
        "401 with credentials (tinyproxy)",
        refusing("401 Unauthorized", "Server: tinyproxy/1.11.1", 'WWW-Authenticate: Basic realm="Tinyproxy"', HTML, body="<html>The administrator</html>"),
        "proxy.auth-rejected",
        user=True,
    ),
    "echoes-our-credentials": _refused(
        "a proxy that repeats what it was sent",
        refusing("407 dXNlcjpTM2NyM3QjUGEvc3M6JTQxIjzDqQ==", 'Proxy-Authenticate: Basic realm="S3cr3t#Pa/ss"', "Server: S3cr3t%23Pa%2Fss%3A%2541%22%3C%C3%A9"),
        "proxy.auth-rejected",
        user=True,
    ),
    "403-squid": _behind("policy 403 (squid)", squid("403 Forbidden", "ERR_ACCESS_DENIED 0"), "proxy.denied", hint=f"`{API}` to the dstdomain"),
    "403-tinyproxy": _behind("policy 403 (tinyproxy)", refusing("403 Filtered", "Server: tinyproxy/1.11.1"), "proxy.denied", hint="Filter file"),
    "403-tinyproxy-port": _behind("port not allowed (tinyproxy)", refusing("403 Access violation", "Server: tinyproxy/1.11.1"), "proxy.denied"),
    "403-privoxy": _behind("policy 403 (Privoxy)", refusing("403 Request blocked by Privoxy", "Proxy-Agent: Privoxy/3.0.34"), "proxy.denied"),
    "403-apache": _behind("policy 403 (Apache)", refusing("403 Proxy Error", "Server: Apache/2.4.57 (Debian)"), "proxy.denied"),
    "403-plain": _behind("policy 403 of an unknown product", refusing("403 Forbidden", HTML, body=PAGE), "proxy.denied"),
    "451": _behind("451", refusing("451 Unavailable For Legal Reasons"), "proxy.denied"),
    "503-squid-dns": _behind("upstream DNS (squid)", squid("503 Service Unavailable", "ERR_DNS_FAIL 0"), "proxy.upstream-dns"),
    "500-squid-cannot-forward": _behind("upstream DNS (older squid)", squid("500 Internal Server Error", "ERR_CANNOT_FORWARD 0"), "proxy.upstream-failed"),
    "404-privoxy": _behind("upstream DNS (Privoxy)", refusing("404 No such domain", "Proxy-Agent: Privoxy/3.0.34"), "proxy.upstream-dns"),
    "502-mitmproxy": _behind("upstream DNS (mitmproxy)", refusing("502 [Errno -2] Name or service not known"), "proxy.upstream-dns"),
    "503-squid-refused": _behind("upstream refused (squid)", squid("503 Service Unavailable", "ERR_CONNECT_FAIL 111"), "proxy.upstream-refused"),
    "503-squid-timeout": _behind("upstream timeout (squid)", squid("503 Service Unavailable", "ERR_CONNECT_FAIL 110"), "proxy.upstream-timeout"),
    "503-squid-unreachable": _behind("upstream unreachable (squid)", squid("503 Service Unavailable", "ERR_CONNECT_FAIL 101"), "proxy.upstream-failed"),
    "503-apache": _behind("upstream failed (Apache)", refusing("503 Service Unavailable", "Server: Apache"), "proxy.upstream-failed"),
    "503-privoxy": _behind("upstream failed (Privoxy)", refusing("503 Connect failed", "Proxy-Agent: Privoxy/3.0.34"), "proxy.upstream-failed"),
    "500-tinyproxy": _behind("upstream failed (tinyproxy)", refusing("500 Unable to connect", "Server: tinyproxy/1.11.1"), "proxy.upstream-failed"),
    "502-mitmproxy-refused": _behind("upstream refused (mitmproxy)", refusing("502 [Errno 111] Connection refused"), "proxy.upstream-refused"),
    "502-plain": _behind("502 without hint", refusing("502 Bad Gateway"), "proxy.upstream-failed"),
    "504": _behind("504", refusing("504 Gateway Timeout"), "proxy.upstream-timeout"),
    "508": Scenario(rule="proxy loops", proxy=refusing("508 Loop Detected"), expected=at_proxy("proxy.loop")),
    "proxy-status-dns": _status("error=dns_error; rcode=NXDOMAIN", "proxy.upstream-dns"),
    "proxy-status-refused": _status("error=connection_refused", "proxy.upstream-refused"),
    "proxy-status-timeout": _status("error=connection_timeout", "proxy.upstream-timeout"),
    "proxy-status-ip": _status("error=destination_ip_prohibited", "proxy.denied"),
    "proxy-status-denied": _status('error=http_request_denied; details="policy, rule 7"', "proxy.denied"),
    "proxy-status-quoted": _status('details="error=dns_error, x; error=dns_error"; error=connection_refused', "proxy.upstream-refused"),
    "proxy-status-loop": Scenario(
        rule="Proxy-Status error=proxy_loop_detected",
        proxy=refusing("502 Bad Gateway", "Proxy-Status: acme; error=proxy_loop_detected"),
        expected=at_proxy("proxy.loop"),
    ),
    "429": Scenario(rule="429", proxy=refusing("429 Too Many Requests"), expected=at_proxy("proxy.overloaded"), exit_code=3),
    "503-retry-after": Scenario(
        rule="503 with Retry-After", proxy=refusing("503 Service Unavailable", "Retry-After: 30"), expected=at_proxy("proxy.overloaded"), exit_code=3
    ),
    "429-for-one-target": Scenario(
        rule="429 for one target of two",
        proxy=(hear, by_request({"gcr.io": (say(http("429 Too Many Requests")),)}, (say(OK_200), relay))),
        expected={"proxy-https": "ok", "api": "ok", "registry": "proxy.overloaded"},
        exit_code=3,
    ),
    "hangs-for-one-target": Scenario(
        rule="hang towards a blackholed target (tinyproxy, Privoxy)",
        proxy=(hear, by_request({"gcr.io": (hang,)}, (say(OK_200), relay))),
        expected={"proxy-https": "ok", "api": "ok", "registry": "proxy.no-reply"},
        timeout="3s",
    ),
    "hangs-for-the-first-target": Scenario(
        rule="the first target hangs, the second passes: the proxy is alive",
        proxy=(hear, by_request({API: (hang,)}, (say(OK_200), relay))),
        expected={"proxy-https": "ok", "api": "proxy.no-reply", "registry": "ok"},
        timeout="3s",
    ),
    "403-in-clear": Scenario(
        rule="policy 403 to an absolute-form GET", proxy=squid("403 Forbidden", "ERR_ACCESS_DENIED 0"), expected=in_clear("ok", "proxy.denied")
    ),
    "429-in-clear": Scenario(
        rule="429 to an absolute-form GET", proxy=refusing("429 Too Many Requests"), expected=in_clear("proxy.overloaded", BLOCKED), exit_code=3
    ),
    "502-in-clear": Scenario(rule="502 to an absolute-form GET", proxy=refusing("502 Bad Gateway"), expected=in_clear("ok", "proxy.upstream-failed")),
    "504-in-clear": Scenario(rule="504 to an absolute-form GET", proxy=refusing("504 Gateway Timeout"), expected=in_clear("ok", "proxy.upstream-timeout")),
}
