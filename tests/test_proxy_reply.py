"""What a proxy's answer means."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from preflight.codes import find
from preflight.proof import Answer
from preflight.proxy_reply import excerpt, facts, to_connect, to_forwarded


def answer(status: int, reason: str = "", **headers: str) -> Answer:
    return Answer(status, reason, tuple((name.replace("_", "-"), value) for name, value in headers.items()))


CONNECT = [
    (answer(403), "proxy.denied"),
    (answer(403, "Proxy Error", Server="Apache/2.4"), "proxy.denied"),
    (answer(403, "Connection refused by rule"), "proxy.upstream-refused"),
    (answer(404, "No such domain"), "proxy.upstream-dns"),
    (answer(404, "Not Found", Server="nginx"), "proxy.not-a-proxy"),
    (answer(400), "proxy.not-a-proxy"),
    (answer(405), "proxy.not-a-proxy"),
    (answer(501), "proxy.not-a-proxy"),
    (answer(302, Location="http://x/"), "proxy.captive-portal"),
    (answer(511), "proxy.captive-portal"),
    (answer(429), "proxy.overloaded"),
    (answer(503, Retry_After="3"), "proxy.overloaded"),
    (answer(503), "proxy.upstream-failed"),
    (answer(504), "proxy.upstream-timeout"),
    (answer(508), "proxy.loop"),
    (answer(502, Proxy_Status="p; error=dns_timeout"), "proxy.upstream-dns"),
    (answer(502, Proxy_Status="p; error=unheard_of"), "proxy.upstream-failed"),
    (answer(502, Proxy_Status="o; error=connection_refused, p; error=http_request_denied"), "proxy.denied"),
    (answer(502, Proxy_Status='p; error=http_request_denied; details="a, b; error=dns_error"'), "proxy.denied"),
    (answer(403, X_Squid_Error="ERR_ACCESS_DENIED 0"), "proxy.denied"),
    (answer(503, X_Squid_Error="ERR_CONNECT_FAIL 110"), "proxy.upstream-timeout"),
    (answer(503, X_Squid_Error="ERR_CONNECT_FAIL 111", Proxy_Status="p; error=dns_error"), "proxy.upstream-dns"),
    (answer(599), "proxy.not-a-proxy"),
]


@pytest.mark.parametrize(("given_answer", "code"), CONNECT)
def test_a_refused_connect(given_answer: Answer, code: str) -> None:
    refusal = to_connect(given_answer, sent_credentials=False)
    assert refusal is not None
    assert refusal.code == code


@pytest.mark.parametrize("status", [200, 201, 204, 299])
def test_any_2xx_opens_the_tunnel(status: int) -> None:
    assert to_connect(answer(status), sent_credentials=False) is None


@pytest.mark.parametrize(
    ("offered", "sent", "code", "offers"),
    [
        ('Basic realm="x"', False, "proxy.auth-required", "Basic"),
        ('Basic realm="x"', True, "proxy.auth-rejected", "Basic"),
        ("bAsIc", True, "proxy.auth-rejected", "bAsIc"),
        ("NTLM", True, "proxy.auth-unsupported", "NTLM"),
        ('Negotiate, NTLM, Basic realm="a, b"', True, "proxy.auth-rejected", "Basic, NTLM, Negotiate"),
        ('Digest realm="Basic", nonce="Basic", qop="auth"', False, "proxy.auth-unsupported", "Digest"),
        ('Digest realm="x, Basic y", qop="auth"', False, "proxy.auth-unsupported", "Digest"),
        ("", False, "proxy.auth-required", "no scheme"),
    ],
)
def test_credentials_that_are_wanted(offered: str, sent: bool, code: str, offers: str) -> None:
    for refusal in (
        to_connect(answer(407, Proxy_Authenticate=offered), sent_credentials=sent),
        to_connect(answer(401, WWW_Authenticate=offered), sent_credentials=sent),
        to_forwarded(answer(407, Proxy_Authenticate=offered), sent_credentials=sent, in_clear=True),
    ):
        assert refusal is not None
        assert (refusal.code, refusal.facts["offers"]) == (code, offers)


@pytest.mark.parametrize(
    ("given_answer", "in_clear", "code"),
    [
        (answer(200), True, None),
        (answer(200, Server="squid"), True, None),
        (answer(401, WWW_Authenticate="Basic"), True, None),
        (answer(401, WWW_Authenticate="Bearer"), False, None),
        (answer(403), True, None),
        (answer(403, "Access denied"), False, None),
        (answer(403, "Filtered", Server="tinyproxy/1.11"), True, "proxy.denied"),
        (answer(403, "Filtered", Server="tinyproxy/1.11"), False, "proxy.denied"),
        (answer(302, Location="http://x/"), True, None),
        (answer(404, Retry_After="1"), True, None),
        (answer(429), True, "proxy.overloaded"),
        (answer(429), False, None),
        (answer(503, Retry_After="1"), True, "proxy.overloaded"),
        (answer(503, Retry_After="1"), False, None),
        (answer(503), True, None),
        (answer(502), True, "proxy.upstream-failed"),
        (answer(502), False, None),
        (answer(504), True, "proxy.upstream-timeout"),
        (answer(504), False, None),
        (answer(511), False, "proxy.captive-portal"),
        (answer(503, X_Squid_Error="ERR_DNS_FAIL 0"), False, "proxy.upstream-dns"),
    ],
)
def test_an_answer_in_the_origins_place(given_answer: Answer, in_clear: bool, code: str | None) -> None:
    refusal = to_forwarded(given_answer, sent_credentials=False, in_clear=in_clear)
    assert (refusal.code if refusal else None) == code


@given(st.integers(300, 599), st.text(max_size=30), st.text(max_size=60), st.text(max_size=30), st.booleans())
def test_every_refusal_has_a_code(status: int, reason: str, proxy_status: str, squid: str, sent: bool) -> None:
    refusal = to_connect(answer(status, reason, Proxy_Status=proxy_status, X_Squid_Error=squid), sent_credentials=sent)
    assert refusal is not None
    assert find(refusal.code).name.startswith("proxy.")


def test_what_is_quoted_is_short_and_holds_no_query() -> None:
    quoted = facts(Answer(302, "Found", (("Location", "http://login/?token=abc"),), b"<title>\x1b Sign\n in </title>" + b"x" * 900))
    assert quoted == {"status": 302, "reply": "302 Found", "location": "http://login/", "first_bytes": "\\x1b Sign in"}
    assert len(excerpt(b"y" * 1000)) == 80
