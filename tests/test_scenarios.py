"""Every broken world is named by its code, and none of them passes."""

from __future__ import annotations

import re
from typing import Any

import pytest

from preflight.codes.code import Fields
from preflight.model import CheckResult, Report, Status
from tests.played import stage
from tests.scenarios import SCENARIOS
from tests.worlds.words import Expected

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
    accepted = ("1xx then 200", "201", "204", "Content-Length", "Transfer-Encoding", "bare LF", "no reason", "HTTP/1.0", "a port that answers", "more than is read")
    accepted_rule = any(word in scenario.rule for word in accepted)
    assert accepted_rule or any(codes not in {"ok", "internal.blocked"} and codes != ("ok",) for codes in _tuples(scenario.expected))


def _tuples(expected: Expected) -> list[Any]:
    return [codes if isinstance(codes, str) else tuple(codes) for codes in expected.values()]

