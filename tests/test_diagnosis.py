"""A trace in words."""

from __future__ import annotations

from datetime import timedelta

import pytest

from preflight import codes
from preflight.codes.code import Fields
from preflight.diagnosis import allow_line, answered, diagnose, explain, remarks
from preflight.model import Blame, Direct, Phase, Proxy, Route, Status, Target, Via
from preflight.untrusted import Secret
from preflight.world import Trace
from tests.fake import NOON, Arrives, Ends, trace

PROXY = Proxy("http", "proxy.example", 3128, Secret("user"), Secret("correct-horse"))
VIA = Via(PROXY, "httpsProxy")
DIRECT = Direct("noProxy")
TARGET = Target.parse("gcr.io")
WALKED = [name for name, code in codes.TABLE.items() if code.phase in {Phase.DNS, Phase.TCP, Phase.PROXY_TLS, Phase.PROXY, Phase.TUNNEL, Phase.TLS, Phase.HTTP}]


@pytest.mark.parametrize("name", WALKED)
@pytest.mark.parametrize("route", [VIA, DIRECT], ids=["proxied", "direct"])
def test_every_code_of_a_walk_has_words_even_without_facts(name: str, route: Route, monkeypatch: pytest.MonkeyPatch) -> None:
    missing: list[str] = []

    def note(self: Fields, key: str) -> str:
        del self
        missing.append(key)
        return "?"

    monkeypatch.setattr(Fields, "__missing__", note)
    finding = explain(name, trace(Ends(name), TARGET, route))
    assert missing == ["dead"] * len(missing) if name == "tcp.partial" else missing == []
    assert finding.message
    assert finding.hint
    assert "correct-horse" not in repr(finding)


def test_a_walk_that_arrived_has_no_diagnosis() -> None:
    assert diagnose(trace(Arrives(), TARGET, VIA)) is None


@pytest.mark.parametrize("name", [name for name in WALKED if name.startswith("tcp.")])
def test_a_hop_that_is_the_proxy_is_called_so(name: str) -> None:
    proxied, direct = (explain(name, trace(Ends(name), TARGET, route), {"dead": "none"}) for route in (VIA, DIRECT))
    assert "the proxy proxy.example:3128" in proxied.message
    assert "proxy" not in direct.message
    assert "gcr.io:443" in direct.message


def test_directly_nobody_stands_between() -> None:
    for name in WALKED:
        blame = explain(name, trace(Ends(name), TARGET, DIRECT)).blame
        if name.startswith(("tunnel.", "tls.", "http.")):
            assert blame not in {Blame.PROXY, Blame.MIDDLEBOX}


def test_evidence_is_what_the_step_learned_and_nothing_else() -> None:
    finding = diagnose(trace(Ends("proxy.denied", {"reply": "403 Forbidden", "server": "squid/5"}), TARGET, VIA))
    assert finding is not None
    assert finding.evidence == {"reply": "403 Forbidden", "server": "squid/5"}
    assert finding.message == "http://proxy.example:3128 forbids gcr.io:443: 403 Forbidden"
    assert "`gcr.io` to the dstdomain list" in finding.hint


@pytest.mark.parametrize(("days", "codes_said"), [(15, []), (13, ["tls.expires-soon"]), (0, ["tls.expires-soon"])])
def test_a_certificate_that_ends_soon_is_remarked(days: int, codes_said: list[str]) -> None:
    end = (NOON + timedelta(days=days)).strftime("%b %d %H:%M:%S %Y GMT")
    walked = trace(Arrives(facts={Phase.TLS: {"not_after": end}}), TARGET, VIA)
    assert [finding.code for finding in remarks(walked, NOON)] == codes_said


def test_dead_addresses_are_the_proxys_only_where_the_walk_is_about_it() -> None:
    meets = Arrives(facts={Phase.TCP: {"dead": {"192.0.2.1": "tcp.timeout"}}})
    assert [finding.code for finding in remarks(trace(meets, TARGET, VIA), NOON)] == []
    (finding,) = remarks(trace(meets, TARGET, VIA), NOON, hop=True)
    assert (finding.code, finding.status) == ("tcp.partial", Status.WARN)
    assert "192.0.2.1 (tcp.timeout)" in finding.message
    assert [finding.code for finding in remarks(trace(meets, TARGET, DIRECT), NOON)] == ["tcp.partial"]


def test_a_chain_that_only_some_would_believe_is_remarked() -> None:
    meets = Arrives(facts={Phase.TLS: {"strict": "no key identifier", "added": "--ca-file", "issuer": "ACME", "not_after": "nonsense"}})
    assert [finding.code for finding in remarks(trace(meets, TARGET, VIA), NOON)] == ["tls.strict-ca", "tls.intercepted-trusted"]


@pytest.mark.parametrize(
    ("target", "server", "words"),
    [
        ("gcr.io", "squid/5.7", "`gcr.io` to the dstdomain list"),
        ("gcr.io", "tinyproxy/1.11", r"`^gcr\.io$` to the Filter file"),
        ("gcr.io:5000", "", "`gcr.io` to its allow-list, and port 5000 to the ports it allows"),
    ],
)
def test_the_line_that_is_missing_is_given(target: str, server: str, words: str) -> None:
    assert words in allow_line(Target.parse(target), server)


def test_an_answer_that_nobody_asked_for_is_a_bug() -> None:
    with pytest.raises(ValueError, match="was not asked"):
        answered(Trace(TARGET, VIA, ()))
