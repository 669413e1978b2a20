"""Worlds in which every hop works, and the last word is not the target's, or not whole."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Final

from tests.identities import DAY, NOW
from tests.loopback import Script, by_request, drip, hang, hear, reset, say
from tests.worlds.words import (
    ERROR,
    HTML,
    INDEX,
    JSON,
    NOT_FOUND,
    OK_200,
    PAGE,
    QUICK,
    UNAUTHORIZED,
    Scenario,
    behind,
    bumped,
    direct,
    http,
    in_clear,
    origin,
    refusing,
)  # fmt: skip

SQUID_PAGE: Final = http("503 Service Unavailable", "Server: squid/5.7", "X-Squid-Error: ERR_CONNECT_FAIL 111", HTML, body=PAGE)
THEN: Final = format_datetime(NOW - DAY, usegmt=True)


def _says(rule: str, answer: str | Script, *codes: str, exit_code: int = 1, timeout: str = "5s", hint: str = "") -> Scenario:
    return Scenario(rule=rule, origin=origin(answer), expected=behind(*codes), exit_code=exit_code, timeout=timeout, hint={"api": hint} if hint else {})


def _registry(rule: str, answer: str, code: str, exit_code: int = 1, redirects: tuple[str, ...] = ()) -> Scenario:
    return Scenario(rule=rule, origin=origin(answer), expected={"proxy-https": "ok", "registry": code}, exit_code=exit_code, redirects=redirects)


def _archive(rule: str, answer: str | Script, code: str, exit_code: int = 1, timeout: str = "5s") -> Scenario:
    said: Script = (say(answer),) if isinstance(answer, str) else answer
    return Scenario(rule=rule, proxy=(hear, by_request({"http://": said}, (say(OK_200),))), expected=in_clear("ok", code), exit_code=exit_code, timeout=timeout)


def _dated(age: int = 0) -> str:
    """An answer of this moment that caches have kept so many seconds."""
    made = datetime.now(UTC) - timedelta(seconds=age)
    return http("404 Not Found", f"Date: {format_datetime(made, usegmt=True)}", f"Age: {age}", JSON, body=ERROR)


def _length(said: str, missing: int = 100) -> str:
    """An answer that announces more than it sends."""
    return f"HTTP/1.1 404 Not Found\r\nServer: ESF\r\n{JSON}\r\nContent-Length: {len(said) + missing}\r\n\r\n{said}"


WORLDS: Final[Mapping[str, Scenario]] = {
    "google-404": _says("none: a Google API's error", NOT_FOUND, "ok", exit_code=0),
    "google-page": _says("none: Google's error page", http("404 Not Found", HTML, body="<html><title>Error 404 (Not Found)!!1</title>"), "ok", exit_code=0),
    "bare-200": _says("status alone is not proof", http("200 OK"), "http.unproven", exit_code=0),
    "bare-404": _says("status alone is not proof, 404", http("404 Not Found", "Server: nginx"), "http.unproven", exit_code=0),
    "foreign-json": _says("JSON that is not Google's", http("404 Not Found", JSON, body='{"error": "no"}'), "http.unproven", exit_code=0),
    "portal-200": _says("200 text/html where JSON is expected", http("200 OK", HTML, body=PAGE), "http.block-page"),
    "portal-200-unlabelled": _says("a page without a content type", http("200 OK", body=PAGE), "http.block-page"),
    "filter-403": _says("a filter's page inside the tunnel", http("403 Forbidden", HTML, body=PAGE), "http.block-page"),
    "foreign-404": _says("somebody else's 404 page", http("404 Not Found", HTML, "Server: Apache", body=PAGE), "http.wrong-origin"),
    "redirect-elsewhere": _says(
        "302 to another host", http("302 Found", "Location: https://block.acme.example/?u=1"), "http.block-page", hint="block.acme.example"
    ),
    "redirect-to-clear": _says("302 to the same host in clear", http("302 Found", "Location: http://gkeconnect.googleapis.com/"), "http.block-page"),
    "redirect-to-itself": _says("302 to the same host", http("302 Found", "Location: /other"), "http.unproven", exit_code=0),
    "redirect-without-a-place": _says("302 without Location", http("302 Found"), "http.unexpected-status"),
    "redirect-to-nonsense": _says("302 to what is no URL", http("302 Found", "Location: http://[::1"), "http.block-page"),
    "origin-503": _says("5xx of the origin", http("503 Service Unavailable", "Server: ESF"), "http.server-error", exit_code=0),
    "origin-500-page": _says("5xx page of the origin", http("500 Internal Server Error", HTML, body=PAGE), "http.server-error", exit_code=0),
    "origin-429": _says("429 of the origin", http("429 Too Many Requests"), "http.rate-limited", exit_code=0),
    "origin-teapot": _says("a status that nobody expects", http("418 I'm a teapot"), "http.unexpected-status"),
    "origin-407": _says("407 inside the tunnel", http("407 Proxy Authentication Required", 'Proxy-Authenticate: Basic realm="x"'), "proxy.auth-required"),
    "origin-511": _says("511 inside the tunnel", http("511 Network Authentication Required", HTML, body=PAGE), "proxy.captive-portal"),
    "squid-inside": Scenario(
        rule="the proxy's own page inside a bumped tunnel", proxy=bumped(SQUID_PAGE, issuer="Lab Root"), expected=behind("proxy.upstream-refused")
    ),
    "squid-denies-inside": Scenario(
        rule="the proxy's denial inside a bumped tunnel",
        proxy=bumped(http("403 Forbidden", "X-Squid-Error: ERR_ACCESS_DENIED 0", HTML, body=PAGE), issuer="Lab Root"),
        expected=behind("proxy.denied"),
    ),
    "answer-hangs": _says("silence after the request", (hang,), "http.timeout", timeout=QUICK),
    "answer-drips": _says("slow drip", (say("HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n"), drip(b"{")), "http.timeout", timeout=QUICK),
    "answer-closes": _says("closed after the request", (), "http.closed"),
    "answer-resets": _says("RST after the request", (reset,), "http.closed"),
    "answer-truncated": _says("shorter than announced", _length(ERROR), "http.closed"),
    "answer-truncated-by-reset": _says("RST within the body", (say(_length(ERROR)), reset), "http.closed"),
    "answer-without-length-reset": _says("RST within a body without a length", (say(f"HTTP/1.1 404 Not Found\r\n{JSON}\r\n\r\n{ERROR}"), reset), "http.closed"),
    "answer-chunk-missing": _says(
        "the last chunk is missing", f"HTTP/1.1 404 Not Found\r\n{JSON}\r\nTransfer-Encoding: chunked\r\n\r\n{len(ERROR):x}\r\n{ERROR}\r\n", "http.closed"
    ),
    "answer-malformed": _says("malformed status line", "HTTP/1.1 abc\r\n\r\n", "http.malformed"),
    "answer-bad-chunk": _says("a chunk without a size", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nnonsense\r\n", "http.malformed"),
    "answer-not-http": _says("no HTTP inside TLS", "220 mail.example ESMTP\r\n", "http.malformed", hint="220 mail"),
    "answer-huge-head": _says("huge header block", "HTTP/1.1 200 OK\r\n" + "X-Pad: aaaaaaaaaaaaaaaaaaaaaaaa\r\n" * 900, "http.malformed"),
    "answer-huge-body": _says("more than is read", http("404 Not Found", JSON, "Server: ESF", body=" " * 200_000), "ok", exit_code=0),
    "registry-401": _registry("none: a Bearer challenge", UNAUTHORIZED, "ok", 0),
    "registry-200": _registry("none: an open registry", http("200 OK", "Docker-Distribution-Api-Version: registry/2.0", body="{}"), "ok", 0),
    "registry-page": _registry("200 text/html where a registry is expected", http("200 OK", HTML, body=PAGE), "http.block-page"),
    "registry-bare-401": _registry("401 without a challenge", http("401 Unauthorized"), "http.unproven", 0),
    "registry-basic-401": _registry(
        "401 with a Basic challenge", http("401 Unauthorized", 'WWW-Authenticate: Basic realm="x"', HTML, body=PAGE), "http.block-page"
    ),
    "registry-404": _registry("404 of a registry's host", http("404 Not Found"), "http.unexpected-status"),
    "registry-moves": _registry(
        "none: a redirect that the profile knows", http("302 Found", "Location: https://registry.k8s.io/v2/"), "ok", 0, ("registry.k8s.io",)
    ),
    "registry-moves-elsewhere": _registry(
        "302 to another host", http("302 Found", "Location: https://evil.example/v2/"), "http.block-page", 1, ("registry.k8s.io",)
    ),
    "archive": _archive("none: a signed index", http("200 OK", body=INDEX), "ok", 0),
    "archive-cached": _archive("a cached hit is no proof", http("200 OK", "Age: 5", body=INDEX), "http.unproven", 0),
    "archive-other": _archive("200 that is no index", http("200 OK", "Content-Type: text/plain", body="hello"), "http.wrong-origin"),
    "archive-portal": _archive("200 text/html where an index is expected", http("200 OK", HTML, body=PAGE), "http.block-page"),
    "archive-redirect": _archive("302 to a sign-in page", http("302 Found", "Location: http://login.acme.example/"), "http.block-page"),
    "archive-404": _archive("404 of the archive", http("404 Not Found"), "http.unexpected-status"),
    "archive-503": _archive("503 in clear: whose it is cannot be told", http("503 Service Unavailable"), "http.unexpected-status"),
    "archive-truncated": _archive("shorter than announced", f"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n{INDEX}", "http.closed"),
    "archive-drips": _archive("slow drip of the body", (say("HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n"), drip(b"a")), "http.timeout", timeout=QUICK),
    "clock-agrees": Scenario(
        rule="none: Date headers",
        origin=origin((say(_dated),)),
        expected={"proxy-https": "ok", "api": "ok", "clock": "ok"},
        exit_code=0,
    ),
    "clock-is-ahead": Scenario(
        rule="Date far from local time",
        origin=origin(http("404 Not Found", f"Date: {THEN}", JSON, body=ERROR)),
        expected={"proxy-https": "ok", "api": "ok", "clock": "clock.skew"},
    ),
    "clock-by-a-cache": Scenario(
        rule="none: Date corrected by Age",
        origin=origin((say(lambda: _dated(86400)),)),
        expected={"proxy-https": "ok", "api": "ok", "clock": "ok"},
        exit_code=0,
    ),
    "clock-by-nonsense": Scenario(
        rule="Date and Age that mean nothing",
        origin=origin(http("404 Not Found", f"Date: {THEN}", f"Age: {'9' * 900}", JSON, body=ERROR)),
        expected={"proxy-https": "ok", "api": "ok", "clock": "internal.not-applicable"},
        exit_code=0,
    ),
    "portal-without-a-proxy": Scenario(
        rule="200 text/html, without a proxy", proxy=None, origin=origin(http("200 OK", HTML, body=PAGE)), expected=direct("http.block-page")
    ),
    "refusal": Scenario(rule="a proxy's page, in clear", proxy=refusing("403 Forbidden", HTML, body=PAGE), expected=in_clear("ok", "http.block-page")),
}
