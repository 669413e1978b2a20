"""Every broken world is named by its code, and none of them passes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec
import pytest

from preflight import engine, plan
from preflight.codes.code import Fields
from preflight.declared import Declared
from preflight.model import CheckResult, Proxy, Report, Status
from preflight.proof import Answer
from preflight.route import Proxies
from preflight.untrusted import Redactor
from tests.fake import GOOGLE, Arrives, Ends, FakeNet, Meets, world
from tests.played import checks, stage
from tests.scenarios import SCENARIOS
from tests.worlds import tcp, tunnel
from tests.worlds.words import INDEX, Expected, Scenario

pytestmark = pytest.mark.anyio

HALVES = ("S3cr3t", "%41", "S3cr3t%23Pa%2Fss%3A%2541%22%3C%C3%A9", "dXNlcjpTM2NyM3QjUGEvc3M6JTQxIjzDqQ")


@pytest.fixture
def unfilled(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The template fields that nobody filled in."""
    missing: list[str] = []

    def note(self: Fields, key: str) -> str:
        del self
        missing.append(key)
        return "?"

    monkeypatch.setattr(Fields, "__missing__", note)
    return missing


@pytest.mark.parametrize("name", SCENARIOS)
async def test_a_broken_world_is_named_by_its_code(name: str, unfilled: list[str]) -> None:
    scenario = SCENARIOS[name]
    async with stage(scenario) as played:
        report = await played.run()
    assert said(report) == {name: (codes,) if isinstance(codes, str) else codes for name, codes in scenario.expected.items()}
    assert report.exit_code == scenario.exit_code
    assert unfilled == []
    for result in report.results:
        explains_itself(result)
    for check, words in scenario.hint.items():
        decisive = next(result for result in report.results if result.name == check).findings
        assert any(words in f"{finding.message} {finding.hint}" for finding in decisive)
    keeps_secrets(report)


def scripted(expected: Expected) -> list[tuple[str, str]]:
    """The one code that each check says; of a check that says more, nothing that a fake could play."""
    return [(name, codes if isinstance(codes, str) else codes[0] if len(codes) == 1 else "internal") for name, codes in expected.items()]


async def faked(scenario: Scenario, expected: Mapping[str, str]) -> Report:
    """The engine's report on walks that end as the scenario says."""
    proxy = Proxy("http", "192.0.2.1", 3128) if scenario.proxy is not None else None
    declared = Declared(Proxies(proxy, proxy))
    made = plan.make([msgspec.structs.replace(check, attempts=1) for check in checks(scenario, 443)], declared)
    index = Answer(200, "OK", (), INDEX.encode())
    registry = Answer(401, "", (("WWW-Authenticate", 'Bearer realm="https://x/"'),))
    answers = {"api": GOOGLE, "direct": GOOGLE, "registry": registry, "archive": index}
    script: dict[str, Meets] = {}
    for check in made.checks:
        target, code = check.wants(), expected[check.name]
        if target:
            head = next((expected[name] for name in (f"proxy-{target.scheme}",) if code == "internal.blocked"), code)
            script[target.host] = Arrives(answers.get(check.name, GOOGLE)) if head == "ok" else Ends(head, {"reply": "no"})
    script["*"] = Arrives() if expected.get("proxy-honest") == "proxy.dishonest" else Ends("proxy.upstream-dns", {"reply": "503"})
    return await engine.run(made, world(made, net=FakeNet(script), declared=declared), lambda event: None, redactor=Redactor())


def said(report: Report) -> dict[str, tuple[str, ...]]:
    return {result.name: tuple(finding.code for finding in result.findings) for result in report.results}


def explains_itself(result: CheckResult) -> None:
    bad = [finding for finding in result.findings if finding.status >= Status.WARN]
    assert all(finding.hint and finding.message for finding in bad)
    broken = [step for step in result.steps if not step.ok]
    assert broken == list(result.steps[-1:]) if broken else True
    for step in broken:
        assert step.code is not None
        assert step.code.startswith(f"{step.phase}.")


def keeps_secrets(report: Report) -> None:
    text = repr(report)
    assert not [half for half in HALVES if half in text]
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]", text)


@pytest.mark.parametrize("name", [name for name, scenario in SCENARIOS.items() if not scenario.rule.startswith("none")])
def test_no_broken_world_is_expected_to_pass(name: str) -> None:
    scenario = SCENARIOS[name]
    accepted = (
        "1xx then 200",
        "201",
        "204",
        "Content-Length",
        "Transfer-Encoding",
        "bare LF",
        "no reason",
        "HTTP/1.0",
        "a port that answers",
        "more than is read",
    )
    accepted_rule = any(word in scenario.rule for word in accepted)
    assert accepted_rule or any(codes not in {"ok", "internal.blocked"} and codes != ("ok",) for codes in _tuples(scenario.expected))


def _tuples(expected: Expected) -> list[Any]:
    return [codes if isinstance(codes, str) else tuple(codes) for codes in expected.values()]


INSIDE = {"origin-407", "origin-511"}
"""What is said of the proxy inside the tunnel: a fake walk that ends so would end at the hop."""
PLAYABLE = [
    name
    for name, scenario in SCENARIOS.items()
    if name not in INSIDE
    and not scenario.h2
    and all(
        check != "clock" and (codes in {"ok", "internal.blocked"} or not codes.startswith(("http.", "internal", "dns.")))
        for check, codes in scripted(scenario.expected)
    )
]


@pytest.mark.parametrize("name", PLAYABLE)
async def test_the_same_is_said_of_a_world_of_fakes(name: str) -> None:
    scenario = SCENARIOS[name]
    expected = dict(scripted(scenario.expected))
    report = await faked(scenario, expected)
    assert said(report) == {name: (code,) for name, code in expected.items()}
    assert report.exit_code == scenario.exit_code


SOCKETS = [
    *tcp.WORLDS,
    *tunnel.WORLDS,
    "closes",
    "resets",
    "hangs",
    "tls-proxy-resets",
    "answer-resets",
    "answer-truncated-by-reset",
    "weak-key",
    "client-certificate",
]


@pytest.mark.parametrize("name", SOCKETS)
@pytest.mark.parametrize("anyio_backend", [pytest.param(("asyncio", {"use_uvloop": True}), id="uvloop")])
async def test_the_same_is_said_on_another_event_loop(name: str) -> None:
    pytest.importorskip("uvloop")
    async with stage(SCENARIOS[name]) as played:
        report = await played.run()
    assert said(report) == {name: (codes,) if isinstance(codes, str) else codes for name, codes in SCENARIOS[name].expected.items()}
