"""The table of codes holds what the contract promises, and its texts can be filled, printed and found."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from string import Formatter

import pytest

from preflight.codes import TABLE, Code, UnknownCode, find, finding, lint, lint_manifest, lint_no_proxy
from preflight.codes import input as input_codes
from preflight.codes.page import FIELDS, article, page
from preflight.model import Blame, Phase, Status
from preflight.untrusted import Redactor, neutral

SAMPLES = {name: f"<{name}>" for name in FIELDS}
ROOT = Path(__file__).parents[2]

CONTRACT = """
pass  nobody                   ok
fail  dns                      dns.nxdomain dns.servfail dns.refused dns.timeout dns.no-address
fail  unknown                  tcp.refused tcp.timeout tcp.reset tcp.unreachable
warn  dns                      tcp.partial
fail  proxy                    proxy-tls.untrusted proxy-tls.expired proxy-tls.hostname proxy-tls.handshake
fail  client                   proxy-tls.not-tls
fail  client                   proxy.auth-required proxy.auth-rejected proxy.auth-unsupported
fail  proxy                    proxy.denied
fail  proxy                    proxy.upstream-dns proxy.upstream-refused proxy.upstream-timeout proxy.upstream-failed
error proxy                    proxy.overloaded
fail  proxy,middlebox,client   proxy.captive-portal proxy.not-a-proxy proxy.not-http proxy.malformed proxy.no-reply proxy.closed
warn  middlebox                proxy.dishonest
fail  proxy,middlebox          tunnel.closed tunnel.reset tunnel.timeout tunnel.unexpected-bytes
fail  middlebox                tls.untrusted tls.intercepted tls.self-signed
fail  origin                   tls.incomplete-chain tls.expired tls.not-yet-valid tls.hostname tls.protocol
fail  middlebox,origin,unknown tls.closed tls.handshake
warn  origin                   tls.expires-soon
warn  middlebox                tls.strict-ca tls.intercepted-trusted tls.no-h2
fail  proxy,middlebox,origin   http.block-page http.wrong-origin http.unexpected-status http.malformed http.timeout http.closed
warn  origin                   http.server-error http.rate-limited http.unproven
fail  client                   clock.skew
error aws                      aws.no-credentials aws.expired aws.access-denied aws.throttled aws.unreachable aws.region-disabled
fail  client                   aws.not-found
fail  aws                      endpoint.missing endpoint.wrong-type endpoint.not-available endpoint.private-dns-off endpoint.vpc-dns-off
fail  aws                      endpoint.no-ingress endpoint.no-route
error aws                      endpoint.pending
warn  aws                      endpoint.subnet-uncovered endpoint.policy endpoint.elsewhere
fail  aws                      egress.none egress.blocked egress.family egress.partial egress.reference egress.proxy-ingress
error aws                      egress.unknown
fail  aws                      route.none route.blackhole route.acl-out route.acl-return
error unknown                  internal.crashed internal.deadline
"""
"""Status and admissible blames of every code that others parse."""

ADDED = """
fail  dns     dns.sinkhole dns.bad-chain
fail  client  tcp.denied-locally
fail  proxy   proxy.loop proxy.slow-reply
fail  unknown tls.timeout
fail  origin  tls.client-cert-required tls.weak
skip  nobody  internal.blocked internal.not-applicable
error unknown internal.interrupted internal.no-finding
error client  internal.resources internal.no-trust
error nobody  internal.not-asked
fail  client  input.json-syntax input.yaml-syntax input.yaml-tag input.yaml-alias input.encoding input.too-large input.too-deep input.not-a-file
fail  client  input.outside input.duplicate-key input.unknown-field input.wrong-type input.missing-field input.proxy-url input.no-proxy-source
fail  client  input.variable input.conflict input.value input.nothing-selected
warn  client  input.placeholder input.cleartext-credentials input.https-proxy input.permissions input.default-port input.unescaped input.environment
warn  client  input.no-proxy-inert input.no-proxy-bypass input.no-proxy-metadata input.no-proxy-aws input.no-proxy-vpc input.no-proxy-duplicate
warn  client  input.no-proxy-shadowed input.no-proxy-everything input.no-proxy-dialect
warn  client  input.cidr input.cidr-outside input.cidr-overlap input.group-not-shared input.malformed-id input.misplaced input.no-such-cluster
warn  client  input.other-proxy input.other-region input.proxy-in-cluster input.secret-name input.stale-status input.unknown-kind input.version input.vpc-choice
pass  nobody  input.fallback
error aws     aws.not-asked aws.refused aws.clock
error client  aws.no-region aws.no-vpc
fail  client  aws.wrong-region
fail  aws     aws.key-disabled aws.key-unsuitable
error aws     endpoint.unknown
warn  aws     egress.installer
error aws     egress.nobody
error aws     route.unknown
warn  aws     route.no-public-address
"""

PERMANENT = """
dns.nxdomain dns.refused dns.no-address dns.bad-chain dns.sinkhole proxy.auth-required proxy.auth-rejected proxy.auth-unsupported proxy.denied
proxy.malformed proxy.not-http proxy.not-a-proxy proxy.loop tls.untrusted tls.expired tls.hostname tls.self-signed tls.intercepted http.malformed
"""


def rows(text: str) -> Iterator[tuple[str, Status, frozenset[Blame]]]:
    """Name, status and blames of each code in one of the tables above."""
    for line in text.split("\n"):
        words = line.split()
        for name in words[2:]:
            yield name, Status[words[0].upper()], frozenset(Blame(blame) for blame in words[1].split(","))


def fields(template: str) -> set[str]:
    """The fields that a template uses."""
    return {name for _, name, _, _ in Formatter().parse(template) if name is not None}


@pytest.fixture(params=TABLE.values(), ids=lambda code: code.name)
def code(request: pytest.FixtureRequest) -> Code:
    """Each code of the table."""
    found: Code = request.param
    return found


@pytest.mark.parametrize(("name", "status", "blames"), [*rows(CONTRACT), *rows(ADDED)])
def test_a_promised_code_is_there_with_its_status_and_blame(name: str, status: Status, blames: frozenset[Blame]) -> None:
    found = find(name)
    assert found.status is status
    assert found.blame in blames


def test_the_table_is_closed() -> None:
    assert set(TABLE) == {name for name, _, _ in (*rows(CONTRACT), *rows(ADDED))}


def test_a_phase_declares_its_own_codes_once_and_in_order() -> None:
    for phase in Phase:
        module = import_module(f"preflight.codes.{phase.name.lower()}")
        names = [each.name for each in module.CODES]
        assert len(names) == len(set(names)), phase
        assert all(each.phase is phase for each in module.CODES), phase
        assert phase is Phase.INPUT or names == sorted(names), phase


def test_each_part_of_the_input_codes_is_in_order() -> None:
    remarks = (lint.LINTS, lint_no_proxy.LINTS, lint_manifest.LINTS)
    mistakes = input_codes.CODES[: -sum(map(len, remarks))]
    for part in (mistakes, *remarks):
        names = [each.name for each in part]
        assert names == sorted(names)
    assert {each.status for each in mistakes} == {Status.FAIL}
    assert Status.FAIL not in {each.status for part in remarks for each in part}


def test_a_name_is_a_phase_and_a_word(code: Code) -> None:
    assert code.name == "ok" or re.fullmatch(r"[a-z-]+\.[a-z0-9-]+", code.name)


def test_every_text_is_there(code: Code) -> None:
    assert all((code.says, code.means, code.told, code.who))
    assert code.do or code.status in {Status.PASS, Status.SKIP}


def test_a_sentence_ends_and_a_message_does_not(code: Code) -> None:
    assert all(text.endswith(".") for text in (code.means, code.told, code.who))
    assert not code.do or code.do.endswith(".")
    assert not code.says.endswith(".")


def test_a_hint_has_two_sentences_at_most(code: Code) -> None:
    assert len(re.findall(r"[.](?: |$)", code.do)) <= 2


def test_templates_use_documented_fields_only(code: Code) -> None:
    used = fields(code.says) | fields(code.do) | fields(code.reproduce)
    assert used <= set(FIELDS)


def test_no_field_is_documented_in_vain() -> None:
    used = set().union(*(fields(each.says) | fields(each.do) | fields(each.reproduce) for each in TABLE.values()))
    assert set(FIELDS) - used == set()


def test_a_filled_finding_leaves_no_question(code: Code) -> None:
    made = finding(code.name, fields=SAMPLES)
    assert made.status is code.status
    assert made.blame is code.blame
    assert "?" not in made.message + made.hint
    assert "{" not in made.message + made.hint
    assert (code.says == made.message) is not bool(fields(code.says))


def test_a_field_that_is_not_known_does_not_fail_the_report(code: Code) -> None:
    assert finding(code.name).message.count("?") == len([name for _, name, _, _ in Formatter().parse(code.says) if name is not None])


def test_our_own_words_are_not_taken_for_secrets(code: Code) -> None:
    redactor = Redactor()
    for text in (code.says, code.means, code.told, code.who, code.do, code.reproduce):
        assert redactor.redact(text) == text
        assert neutral(text) == text
        assert "password" not in text


def test_reproduction_is_one_line_without_credentials(code: Code) -> None:
    assert "\n" not in code.reproduce
    assert "--proxy-user" not in code.reproduce or "--proxy-user USER " in code.reproduce


def test_what_cannot_heal_is_not_retried() -> None:
    assert not [name for name in PERMANENT.split() if find(name).heals]


def test_what_passed_or_was_skipped_is_not_retried(code: Code) -> None:
    assert not code.heals or code.status in {Status.WARN, Status.ERROR, Status.FAIL}


@pytest.mark.parametrize(
    ("typo", "meant"),
    [("tls.untrustd", "tls.untrusted"), ("proxy.auth_required", "proxy.auth-required"), ("dns.nxdomian", "dns.nxdomain"), ("denied", "proxy.denied")],
)
def test_a_misspelt_code_suggests_the_right_one(typo: str, meant: str) -> None:
    with pytest.raises(UnknownCode) as caught:
        find(typo)
    assert meant in caught.value.like


def test_nonsense_suggests_nothing() -> None:
    with pytest.raises(UnknownCode) as caught:
        find("☃")
    assert caught.value.like == []


def test_the_committed_page_is_the_one_the_table_gives() -> None:
    assert (ROOT / "docs" / "codes.md").read_text(encoding="utf-8") == page(), "run: python -m preflight.codes.page > docs/codes.md"


def test_the_page_has_one_anchor_for_each_code() -> None:
    assert sorted(re.findall(r'<a id="(.+)"></a>', page())) == sorted(TABLE)
    assert sorted(re.findall(r"\(#(.+?)\)", page())) == sorted(TABLE)


def test_an_article_is_wrapped_and_its_command_is_not(code: Code) -> None:
    command = code.reproduce.format_map({name: f"{{{name}}}" for name in FIELDS})
    for width in (40, 120):
        text = article(code, width)
        assert text.startswith(code.name)
        assert command in text
        longest_word = max(len(word) for word in text.split())
        wrapped = [line for line in text.splitlines()[1:] if line.strip() != command]
        assert all(len(line) <= max(width, longest_word + 2) for line in wrapped)


def test_an_article_says_all_that_the_table_does(code: Code) -> None:
    words = article(code, 60).split()
    for text in (code.means, code.told, code.who):
        assert text.split()[-1] in words
    assert ("retried)" in words) is code.heals
