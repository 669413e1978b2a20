"""What a proxy's answer means. Pure: an `Answer` in, a code and the facts that led to it out.

In order of trust: `Proxy-Status` (RFC 9209), the vendor's own headers and reason phrases, the status code. Vendors' answers were measured on
Squid 5.7, tinyproxy 1.11, Privoxy 3.0, Apache 2.4 and mitmproxy 12.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

import msgspec

from preflight.proof import Answer
from preflight.untrusted import Json, Redactor

_NO_SECRETS = Redactor()

_PROXY_STATUS: Final = {
    "dns_timeout": "proxy.upstream-dns",
    "dns_error": "proxy.upstream-dns",
    "destination_not_found": "proxy.upstream-dns",
    "destination_unavailable": "proxy.upstream-failed",
    "destination_ip_prohibited": "proxy.denied",
    "destination_ip_unroutable": "proxy.upstream-failed",
    "connection_refused": "proxy.upstream-refused",
    "connection_terminated": "proxy.upstream-failed",
    "connection_timeout": "proxy.upstream-timeout",
    "connection_read_timeout": "proxy.upstream-timeout",
    "connection_write_timeout": "proxy.upstream-timeout",
    "connection_limit_reached": "proxy.overloaded",
    "tls_protocol_error": "proxy.upstream-failed",
    "tls_certificate_error": "proxy.upstream-failed",
    "tls_alert_received": "proxy.upstream-failed",
    "http_request_denied": "proxy.denied",
    "http_response_timeout": "proxy.upstream-timeout",
    "proxy_internal_error": "proxy.upstream-failed",
    "proxy_configuration_error": "proxy.upstream-failed",
    "proxy_loop_detected": "proxy.loop",
}
_SQUID: Final = {
    "ERR_ACCESS_DENIED": "proxy.denied",
    "ERR_FORWARDING_DENIED": "proxy.denied",
    "ERR_DNS_FAIL": "proxy.upstream-dns",
    "ERR_READ_TIMEOUT": "proxy.upstream-timeout",
    "ERR_LIFETIME_EXP": "proxy.upstream-timeout",
}
_SQUID_ERRNO: Final = {"111": "proxy.upstream-refused", "110": "proxy.upstream-timeout"}
_VENDOR_REASON: Final = (
    (re.compile(r"no such domain|name or service not known|host not found|could not resolve", re.IGNORECASE), "proxy.upstream-dns"),
    (re.compile(r"filtered|access violation|blocked|access denied|forbidden by|prohibited", re.IGNORECASE), "proxy.denied"),
    (re.compile(r"connection refused", re.IGNORECASE), "proxy.upstream-refused"),
    (re.compile(r"unable to connect|connect failed", re.IGNORECASE), "proxy.upstream-failed"),
)
_PROXY_SERVERS: Final = re.compile(
    r"squid|tinyproxy|privoxy|mitmproxy|blue ?coat|zscaler|mcafee web gateway|forcepoint|fortiproxy|websense|ironport", re.IGNORECASE
)
_STATUS: Final = {
    403: "proxy.denied",
    451: "proxy.denied",
    429: "proxy.overloaded",
    504: "proxy.upstream-timeout",
    508: "proxy.loop",
    511: "proxy.captive-portal",
}
_SCHEME: Final = re.compile(r"(?:^|,)\s*([A-Za-z][\w!#$%&'*+.^`|~-]*)(?=\s|,|$)(?!\s*=)")
_QUOTED: Final = re.compile(r'(?<!error=)"(?:[^"\\]|\\.)*"')
_TITLE: Final = re.compile(rb"<title[^>]*>(.{1,200}?)</title>", re.IGNORECASE | re.DOTALL)


class Refusal(msgspec.Struct, frozen=True):
    """The code for an answer that did not do what was asked, and the facts for its texts."""

    code: str
    facts: Mapping[str, Json] = msgspec.field(default_factory=dict)


def to_connect(answer: Answer, *, sent_credentials: bool) -> Refusal | None:
    """Why the proxy did not open the tunnel; None if it did (any 2xx, RFC 9110 section 9.3.6)."""
    if 200 <= answer.status < 300:  # noqa: PLR2004
        return None
    if refused_credentials(answer, connect=True):
        return unauthenticated(answer, sent_credentials=sent_credentials)
    code = _told(answer) or _by_status(answer)
    return Refusal(code, facts(answer))


def to_forwarded(answer: Answer, *, sent_credentials: bool, in_clear: bool) -> Refusal | None:
    """Why the proxy answered in the origin's place; None where nothing shows that it did.

    `in_clear` is an absolute-form request, where a bare 502 or 504 is the gateway's own; inside a tunnel it would be the origin's.
    """
    if refused_credentials(answer):
        return unauthenticated(answer, sent_credentials=sent_credentials)
    if answer.status < 300 and not answer.get("X-Squid-Error"):  # noqa: PLR2004
        return None
    code = _told(answer, anybody=in_clear)
    own = {429, 502, 504, *([503] if answer.get("Retry-After") else [])} if in_clear else set()
    if code is None and answer.status in {511, *own}:
        code = _by_status(answer)
    return Refusal(code, facts(answer)) if code else None


def facts(answer: Answer) -> dict[str, Json]:
    """The parts of an answer that a message quotes: clean, short, and the same in every run."""
    error = answer.get("X-Squid-Error") or answer.get("Proxy-Status")
    quoted: dict[str, Json] = {
        "status": answer.status,
        "reply": f"{answer.status} {answer.reason}".strip() + (f" [{error}]" if error else ""),
        "server": answer.get("Server"),
        "via": answer.get("Via"),
        "location": answer.get("Location").partition("?")[0],
        "first_bytes": excerpt(answer.body),
    }
    return {key: value for key, value in quoted.items() if value}


def excerpt(body: bytes) -> str:
    """What a body says about itself: the title of a page, else its first 80 characters."""
    title = _TITLE.search(body)
    return _NO_SECRETS.clean(title[1] if title else body[:320], 80)


def by_a_known_proxy(answer: Answer) -> bool:
    """Whether the answer names a proxy product as the server that made it."""
    return bool(answer.get("X-Squid-Error") or _PROXY_SERVERS.search(answer.get("Server")))


def refused_credentials(answer: Answer, *, connect: bool = False) -> bool:
    """Whether the proxy wants other credentials: 407, or 401 where no origin can have said it (tinyproxy does)."""
    return answer.status == 407 or (answer.status == 401 and (connect or by_a_known_proxy(answer)))  # noqa: PLR2004


def unauthenticated(answer: Answer, *, sent_credentials: bool) -> Refusal:
    """What an answer that wants other credentials means for ours."""
    challenges = answer.get("Proxy-Authenticate") or answer.get("WWW-Authenticate")
    offers = sorted(set(_SCHEME.findall(_QUOTED.sub("", challenges))))
    told = {**facts(answer), "offers": ", ".join(offers) or "no scheme"}
    if offers and "basic" not in {offer.lower() for offer in offers}:
        return Refusal("proxy.auth-unsupported", told)
    return Refusal("proxy.auth-rejected" if sent_credentials else "proxy.auth-required", told)


def _told(answer: Answer, *, anybody: bool = True) -> str | None:
    """The code that the proxy itself named, most trusted source first. The words of `anybody`, or of products that are known as proxies."""
    nearest = _QUOTED.sub("", answer.get("Proxy-Status")).rpartition(",")[2]
    error = re.search(r";\s*error\s*=\s*\"?([a-z_]+)", nearest)
    if error:
        return _PROXY_STATUS.get(error[1], "proxy.upstream-failed")
    squid, _, errno = answer.get("X-Squid-Error").partition(" ")
    if squid:
        return _SQUID.get(squid) or _SQUID_ERRNO.get(errno.strip(), "proxy.upstream-failed")
    if by_a_known_proxy(answer) or (anybody and answer.status in {403, 404, 500, 502, 503}):
        return next((code for pattern, code in _VENDOR_REASON if pattern.search(answer.reason)), None)
    return None


def _by_status(answer: Answer) -> str:
    if 300 <= answer.status < 400:  # noqa: PLR2004
        return "proxy.captive-portal"
    if answer.status == 503 and answer.get("Retry-After"):  # noqa: PLR2004
        return "proxy.overloaded"
    if answer.status in _STATUS:
        return _STATUS[answer.status]
    return "proxy.upstream-failed" if answer.status in {500, 502, 503} else "proxy.not-a-proxy"
