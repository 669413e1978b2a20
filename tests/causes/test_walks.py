"""One story per person who has to change something: which results one cause explains, and which it must leave alone."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from preflight import codes
from preflight.causes import causes
from preflight.model import CheckResult, Finding, Proxy, Status, Via
from preflight.untrusted import Json

PROXY = Proxy("http", "proxy.acme.example", 3128)
ROUTE = Via(PROXY, "httpsProxy")
GOOGLE, GCR, UBUNTU = "gkehub.googleapis.com", "gcr.io", "us-west-1.ec2.archive.ubuntu.com"


def result(name: str, *findings: Finding, kind: str = "https", blocked_by: Sequence[str] = (), required: bool = True) -> CheckResult:
    blocked = (codes.finding("internal.blocked", fields={"names": "x"}),) if blocked_by else ()
    routed = kind in {"https", "http"}
    return CheckResult(
        name=name,
        kind=kind,
        group="core",
        about="",
        required=required,
        findings=(*findings, *blocked),
        target=f"{name}:443" if routed else None,
        route=ROUTE if routed else None,
        blocked_by=tuple(blocked_by),
    )


def found(code: str, status: Status | None = None, **evidence: Json) -> Finding:
    return codes.finding(code, fields={"proxy": PROXY.url, "target": "x", **evidence}, evidence=evidence, status=status)


def ok(name: str) -> CheckResult:
    return result(name, codes.finding("ok"))


def stories(*results: CheckResult) -> dict[str, tuple[str, ...]]:
    return {cause.code: cause.checks for cause in causes(results)}


def test_nothing_wrong_has_no_cause() -> None:
    assert causes((ok(GOOGLE), ok(GCR))) == ()


def test_what_many_have_in_common_is_asked_for_each_of_them() -> None:
    """One letter, and nobody has to guess which other names belong into it."""
    pages = [result(name, codes.finding("http.block-page", fields={"host": name, "target": name, "url": f"https://{name}/"})) for name in (GCR, GOOGLE, UBUNTU)]
    [cause] = causes(pages)
    assert cause.hint.startswith(f"Ask the proxy's administrator to allow {GCR}")
    assert cause.hint.endswith(f" Likewise for {GOOGLE}, {UBUNTU}.")
    [same] = causes([result(name, found("http.closed")) for name in (GCR, GOOGLE)])
    assert "Likewise" not in same.hint


def test_a_warning_has_no_cause() -> None:
    assert causes((result(GOOGLE, found("tls.expires-soon")),)) == ()


@pytest.mark.parametrize("code", ["tcp.refused", "tcp.timeout", "dns.nxdomain", "proxy.auth-rejected", "proxy-tls.not-tls", "proxy.no-reply"])
def test_a_dead_proxy_explains_all_that_was_not_tried(code: str) -> None:
    head = result("proxy-https", found(code), kind="proxy")
    assert stories(head, result(GOOGLE, blocked_by=["proxy-https"]), result(GCR, blocked_by=["proxy-https"])) == {code: ("proxy-https", GOOGLE, GCR)}


def test_both_proxy_checks_of_one_dead_proxy_are_one_story() -> None:
    heads = [result(name, found("tcp.refused"), kind="proxy") for name in ("proxy-https", "proxy-http")]
    blocked = [result(GOOGLE, blocked_by=["proxy-https"]), result(UBUNTU, kind="http", blocked_by=["proxy-http"])]
    assert stories(*heads, *blocked) == {"tcp.refused": ("proxy-https", "proxy-http", GOOGLE, UBUNTU)}


def test_two_proxies_with_different_troubles_are_two_stories() -> None:
    heads = [result("proxy-https", found("tcp.refused"), kind="proxy"), result("proxy-http", found("proxy.auth-required"), kind="proxy")]
    assert set(stories(*heads)) == {"tcp.refused", "proxy.auth-required"}


def test_what_was_blocked_at_second_hand_belongs_to_the_same_story() -> None:
    head = result("proxy-https", found("tcp.timeout"), kind="proxy")
    first = result("proxy-honest", kind="proxy-honest", blocked_by=["proxy-https"])
    assert stories(head, first, result(GCR, blocked_by=["proxy-honest"])) == {"tcp.timeout": ("proxy-https", "proxy-honest", GCR)}


def test_what_decides_the_verdict_comes_first_however_much_an_optional_trouble_explains() -> None:
    optional = [result(name, found("proxy.denied"), required=False) for name in ("a.example", "b.example", "c.example")]
    first, *_ = causes([*optional, result("gcr.io", found("tls.untrusted"))])
    assert first.checks == ("gcr.io",)


def test_without_proxy_checks_the_same_trouble_at_the_same_hop_is_one_story() -> None:
    assert stories(result(GOOGLE, found("tcp.refused")), result(GCR, found("tcp.refused"))) == {"tcp.refused": (GOOGLE, GCR)}


def test_one_denied_name_is_said_as_it_was_found() -> None:
    (cause,) = causes((result(GOOGLE, found("proxy.denied")), ok(GCR)))
    assert (cause.code, cause.checks) == ("proxy.denied", (GOOGLE,))


def test_several_denied_names_are_one_letter_with_every_line() -> None:
    (cause,) = causes((result(GOOGLE, found("proxy.denied")), result(GCR, found("proxy.denied")), ok("k8s.gcr.io")))
    assert "denies 2 targets" in cause.title
    assert f"`{GOOGLE}`" in cause.hint
    assert f"`{GCR}`" in cause.hint


def clear(host: str, *findings: Finding) -> CheckResult:
    made = result(host, *findings, kind="http")
    return msgspec.structs.replace(made, target=f"http://{host}/")


def test_a_proxy_that_denies_all_plain_http_and_nothing_else_is_said_to() -> None:
    denied = [clear(host, found("proxy.denied")) for host in (UBUNTU, "security.ubuntu.com")]
    (cause,) = causes((ok(GCR), *denied))
    assert "every plain http:// request" in cause.title
    assert "apt uses plain HTTP" in cause.hint


def test_interception_that_only_an_added_ca_lets_pass_is_a_cause() -> None:
    issuer = "CN=ACME Inspection CA"
    (cause,) = causes(tuple(result(name, codes.finding("ok"), found("tls.intercepted-trusted", issuer=issuer)) for name in (GOOGLE, GCR)))
    assert (cause.code, cause.checks) == ("tls.intercepted-trusted", (GOOGLE, GCR))
    assert issuer in cause.title


def test_an_interruption_is_no_cause() -> None:
    results = (
        result("proxy-https", found("internal.interrupted"), kind="proxy"),
        result(GOOGLE, found("internal.interrupted")),
        result(GCR, found("tcp.timeout")),
    )
    assert stories(*results) == {"tcp.timeout": (GCR,)}


def test_a_proxy_that_denies_every_target_is_said_to() -> None:
    (cause,) = causes((result(GOOGLE, found("proxy.denied")), result(GCR, found("proxy.denied"))))
    assert "denies every target" in cause.title


def test_one_foreign_issuer_on_unrelated_names_is_interception() -> None:
    issuer = "CN=ACME Inspection CA"
    results = (result(GOOGLE, found("tls.untrusted", issuer=issuer)), result(GCR, found("tls.intercepted", issuer=issuer)))
    (cause,) = causes(results)
    assert cause.code == "tls.intercepted"
    assert issuer in cause.title
    assert cause.checks == (GOOGLE, GCR)


def test_two_names_of_one_domain_are_not_unrelated() -> None:
    issuer = "CN=Some CA"
    results = [result(name, found("tls.untrusted", issuer=issuer)) for name in ("a.googleapis.com", "b.googleapis.com")]
    assert "tls.intercepted" not in stories(*results)


def test_different_issuers_are_not_one_interception() -> None:
    results = [result(GOOGLE, found("tls.untrusted", issuer="CN=One")), result(GCR, found("tls.untrusted", issuer="CN=Two"))]
    assert "tls.intercepted" not in stories(*results)


def test_a_skewed_clock_explains_certificates_out_of_date() -> None:
    clock = result("clock", found("clock.skew", difference="about 400 min behind"), kind="clock")
    assert stories(result(GOOGLE, found("tls.not-yet-valid", issuer="CN=One")), clock) == {"clock.skew": ("clock", GOOGLE)}


def test_certificates_of_different_issuers_all_out_of_date_are_the_clock() -> None:
    results = [result(GOOGLE, found("tls.expired", issuer="CN=One")), result(GCR, found("tls.expired", issuer="CN=Two"))]
    assert stories(*results) == {"clock.skew": (GOOGLE, GCR)}


def test_one_expired_certificate_is_itself() -> None:
    assert stories(result(GOOGLE, found("tls.expired", issuer="CN=One")), ok(GCR)) == {"tls.expired": (GOOGLE,)}


def test_a_dishonest_proxy_explains_the_promises_it_did_not_keep() -> None:
    honest = result("proxy-honest", found("proxy.dishonest"), kind="proxy-honest")
    assert stories(honest, result(GOOGLE, found("tunnel.closed")), result(GCR, found("tunnel.timeout"))) == {"proxy.dishonest": ("proxy-honest", GOOGLE, GCR)}


def test_what_could_not_be_decided_has_a_cause_too() -> None:
    assert stories(result(GOOGLE, found("proxy.overloaded"))) == {"proxy.overloaded": (GOOGLE,)}


def test_the_story_that_explains_most_comes_first() -> None:
    results = (result("alone", found("tls.hostname")), result(GOOGLE, found("proxy.denied")), result(GCR, found("proxy.denied")))
    assert [cause.code for cause in causes(results)] == ["proxy.denied", "tls.hostname"]


bad = st.sampled_from([name for name, code in codes.TABLE.items() if code.status >= Status.ERROR and name != "internal.interrupted"])
names = st.lists(st.sampled_from([f"{label}.{domain}" for label in "abcd" for domain in ("googleapis.com", "gcr.io")]), unique=True, max_size=8)


@given(names, st.data())
def test_every_failure_has_exactly_one_cause(chosen: list[str], data: st.DataObject) -> None:
    results = tuple(result(name, found(data.draw(bad), issuer=data.draw(st.sampled_from(["CN=One", "CN=Two"])))) for name in chosen)
    explained = [name for cause in causes(results) for name in cause.checks]
    assert sorted(explained) == sorted(chosen)
    assert all(cause.title and cause.hint for cause in causes(results))
