"""Whatever text a report holds, no renderer raises, every document parses, and nothing leaves that a terminal would obey."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from typing import Any
from xml.etree import ElementTree as ET

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from rich.console import Console

from preflight.model import Blame, Cause, CheckResult, Direct, Finding, Input, Phase, Proxy, Report, Status, Step, Via
from preflight.report import FORMATS, text
from preflight.report.terminal import print_report
from preflight.untrusted import neutral
from tests.samples import HOSTILE, STARTED

UNSAFE = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")


def of(kind: Callable[..., Any]) -> Callable[..., Any]:
    """The class as a plain function: hypothesis need not look at its annotations."""
    return lambda *values: kind(*values)  # noqa: PLW0108 - the point


anything = st.one_of(st.text(st.characters(), max_size=30), st.sampled_from(["", "proxy.denied", "ok", "a|b`", HOSTILE]))
numbers = st.floats() | st.sampled_from([0.0, 1e-7, 12.3456789])
data: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | anything, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(anything, inner, max_size=2)
)
facts = st.dictionaries(anything, data, max_size=2)
statuses, blames = st.sampled_from(Status), st.sampled_from(Blame)
findings = st.builds(of(Finding), anything, statuses, blames, anything, anything, facts)
steps = st.builds(of(Step), st.sampled_from(Phase), numbers, st.none() | anything, facts)
routes = st.none() | st.builds(of(Direct), anything) | st.builds(of(Via), st.builds(of(Proxy), anything, anything, st.integers(1, 65535)), anything)
moments = st.builds(lambda seconds: STARTED + timedelta(seconds=seconds), st.integers(-(10**9), 10**9))
results = st.builds(
    of(CheckResult),
    anything,
    anything,
    anything,
    anything,
    st.booleans(),
    st.lists(findings, max_size=2).map(tuple),
    st.lists(steps, max_size=2).map(tuple),
    st.none() | anything,
    routes,
    st.lists(anything, max_size=2).map(tuple),
    st.integers(0, 9),
    st.none() | moments,
    numbers,
)
reports = st.builds(
    of(Report),
    st.lists(results, max_size=3).map(tuple),
    st.lists(st.builds(of(Cause), anything, anything, blames, anything, st.lists(anything, max_size=2).map(tuple)), max_size=2).map(tuple),
    st.lists(st.builds(of(Input), anything, data, anything), max_size=2).map(tuple),
    moments,
    numbers,
    anything,
    anything,
    anything,
    st.booleans(),
    st.none() | st.integers(1, 31),
    st.booleans(),
)
often = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


@often
@given(reports)
def test_nothing_unsafe_leaves_and_all_of_it_is_utf_8(report: Report) -> None:
    rendered = {name: render(report) for name, render in FORMATS.items()}
    rendered["verbose"] = text.render(report, verbose=True)
    for name, document in rendered.items():
        assert not UNSAFE.search(document), name
        assert document.encode().decode() == document
    root = ET.fromstring(rendered["junit"])  # noqa: S314 - ours
    assert len(list(root.iter("testcase"))) - len(report.results) in {0, 1}
    assert len(json.loads(rendered["json"])["results"]) == len(report.results)


@often
@given(reports)
def test_junit_is_red_exactly_when_the_exit_code_is(report: Report) -> None:
    assume(len({neutral(result.name) for result in report.results}) == len(report.results))
    root = ET.fromstring(FORMATS["junit"](report))  # noqa: S314 - ours
    assert bool([*root.iter("failure"), *root.iter("error")]) == bool(report.exit_code)


@often
@given(reports)
def test_rendering_again_says_the_same(report: Report) -> None:
    assert all(render(report) == render(report) for render in FORMATS.values())


@often
@given(reports, st.integers(20, 100))
def test_the_terminal_shows_any_report_at_any_width(report: Report, width: int) -> None:
    out = StringIO()
    print_report(report, Console(file=out, width=width, no_color=True, highlight=False), verbose=True)
    assert not UNSAFE.search(out.getvalue())


def test_the_strategies_do_reach_the_dangerous_characters() -> None:
    assert UNSAFE.search(HOSTILE)
