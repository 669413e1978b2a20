from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from preflight.inputs.entries import checks_of
from preflight.inputs.files import TextFile
from preflight.inputs.manifests import Manifests
from preflight.inputs.problem import Problem, Remarks
from preflight.inputs.profile import Profile, default_profile, parse_profile
from preflight.inputs.variables import Substitution, Variable
from preflight.plan import AnyCheck

from .kinds import KINDS, PingCheck

HEAD = "profile: p\ngroups: {g: {required: false}, off: {enabled: false}, auto: {feature: oidc}}\nchecks:\n"


def parsed(text: str) -> tuple[Profile | None, Remarks]:
    remarks = Remarks()
    return parse_profile(TextFile("checks.yaml", text, 0o644), remarks), remarks


def made(text: str, **values: str) -> tuple[tuple[AnyCheck, ...], list[Problem]]:
    profile, remarks = parsed(HEAD + text)
    assert profile is not None
    substitution = Substitution({name: Variable(value, "test") for name, value in values.items()})
    checks = checks_of(profile.items, profile, substitution, KINDS, remarks)
    substitution.complain(Manifests(), remarks)
    return checks, remarks.problems


def test_groups_variables_defaults_and_items() -> None:
    profile, remarks = parsed("variables: {a: 1.10, b: x}\ndefaults: {attempts: 3}\nlimits: {deadline: 5s}\n" + HEAD + "- {kind: ping, name: a, target: b}\n")
    assert profile is not None
    assert remarks.problems == []
    assert {name: value for name, (value, _) in profile.variables.items()} == {"a": "1.10", "b": "x"}
    assert {name: (group.enabled, group.required) for name, group in profile.groups.items()} == {
        "g": (True, False),
        "off": (False, True),
        "auto": ("auto", True),
        "core": (True, True),
    }
    assert [(item.kind, item.name, item.group) for item in profile.items] == [("ping", "a", "core")]


@pytest.mark.parametrize(
    ("text", "code", "place", "says"),
    [
        ("", "input.missing-field", "checks.yaml:1", "empty"),
        ("- a\n", "input.wrong-type", "checks.yaml:1:1", "a mapping"),
        ("profile: p\n", "input.missing-field", "checks.yaml:1:1", "`checks`"),
        ("checks: {}\n", "input.wrong-type", "checks.yaml:1:9", "a list"),
        ("check: []\nchecks: []\n", "input.unknown-field", "checks.yaml:1:1", "did you mean `checks`?"),
        ("checks: [a]\n", "input.wrong-type", "checks.yaml:1:10", "a check is a mapping"),
        ("checks: [{kind: ping}]\n", "input.missing-field", "checks.yaml:1:10", "`name`"),
        ("checks: [{name: a}]\n", "input.missing-field", "checks.yaml:1:10", "`kind`"),
        ("checks: [{kind: ping, name: 5}]\n", "input.wrong-type", "checks.yaml:1:29", "put it into quotes"),
        ("checks: [{kind: ping, name: a, group: h}]\ngroups: {hh: {}}\n", "input.value", "checks.yaml:1:39", "did you mean `hh`?"),
        ("checks: []\ngroups: {g: {enable: true}}\n", "input.unknown-field", "checks.yaml:2:14", "did you mean `enabled`?"),
        ("checks: []\ngroups: {g: {enabled: 'yes'}}\n", "input.wrong-type", "checks.yaml:2:23", "true, false or auto"),
        ("checks: []\ngroups: {g: {enabled: auto}}\n", "input.missing-field", "checks.yaml:2:10", "feature"),
        ("checks: []\ngroups: {g: {required: 1}}\n", "input.wrong-type", "checks.yaml:2:24", "true or false"),
        ("checks: []\ngroups: [g]\n", "input.wrong-type", "checks.yaml:2:9", "a mapping"),
        ("checks: []\nvariables: {a: [b]}\n", "input.wrong-type", "checks.yaml:2:16", "a single value"),
        ("checks: []\nvariables: {a-b: c}\n", "input.value", "checks.yaml:2:13", "letters"),
        ("checks: []\ndefaults: {retries: 2}\n", "input.unknown-field", "checks.yaml:2:12", "attempts"),
        ("checks: []\n---\nchecks: []\n", "input.wrong-type", "checks.yaml:3:1", "one YAML document"),
    ],
)
def test_what_is_refused_in_a_profile(text: str, code: str, place: str, says: str) -> None:
    _, remarks = parsed(text)
    assert [problem.code for problem in remarks.problems] == [code]
    assert str(remarks.problems[0].where) == place
    assert says in str(remarks.problems[0])


def test_a_check_is_made_with_its_groups_and_the_profiles_defaults() -> None:
    checks, problems = made("- {kind: ping, name: a, target: b, group: g}\n- {kind: ping, name: b, target: b, group: g, required: true}\n")
    assert problems == []
    assert checks == (PingCheck(name="a", target="b", group="g", required=False), PingCheck(name="b", target="b", group="g", required=True))


def test_defaults_hold_where_a_check_is_silent_and_are_blamed_where_they_are_wrong() -> None:
    checks, problems = made("- {kind: ping, name: a, target: b}\n- {kind: ping, name: b, target: b, attempts: 1}\ndefaults: {attempts: 3}\n")
    assert problems == []
    assert [check.attempts for check in checks] == [3, 1]
    checks, problems = made("- {kind: ping, name: a, target: b}\ndefaults: {timeout: 10}\n")
    assert checks == ()
    assert [(problem.code, str(problem.where)) for problem in problems] == [("input.wrong-type", "checks.yaml:5:21")]


@pytest.mark.parametrize(
    ("fields", "code", "column", "says"),
    [
        ("targt: b, target: c", "input.unknown-field", 25, "did you mean `target`?"),
        ("zzz: b, target: c", "input.unknown-field", 25, "there are: about,"),
        ("port: 80", "input.missing-field", 3, "`target` is missing"),
        ("target: 5", "input.wrong-type", 33, "`target`: expected `str`, got `int`"),
        ("target: c, tags: [a, 5]", "input.wrong-type", 46, "`tags`: expected `str`"),
        ("target: c, tags: a", "input.wrong-type", 42, "`tags`: expected `array`"),
        ("target: c, port: 0", "input.value", 42, "a port from 1 to 65535"),
        ("target: c, timeout: 10", "input.wrong-type", 45, "a number with a unit"),
        ("target: c, timeout: 10 s", "input.value", 45, "a number with a unit"),
        ("target: c, attempts: 99", "input.value", 46, "`attempts`"),
        ("target: nowhere", "input.value", 3, "a target is somewhere"),
        ("target: c, requires: [aa]", "input.value", 47, "did you mean `a`?"),
    ],
)
def test_what_is_refused_in_a_check(fields: str, code: str, column: int, says: str) -> None:
    _, problems = made(f"- {{kind: ping, name: a, {fields}}}\n")
    assert [problem.code for problem in problems] == [code]
    assert (problems[0].where.line, problems[0].where.column) == (4, column)
    assert says in str(problems[0])


def test_everything_wrong_with_a_check_is_named_at_once() -> None:
    wrong = "- kind: ping\n  name: a\n  target: 5\n  port: x\n  tags: [1]\n  bogus: 1\n  attempts: 0\n"
    _, problems = made(wrong + "- {kind: pong, name: b}\n- {kind: broken, name: c}\n")
    assert sorted(problem.where.line or 0 for problem in problems) == [6, 7, 8, 9, 10, 11, 12]


def test_an_unknown_kind_is_answered_with_the_nearest() -> None:
    _, problems = made("- {kind: pin, name: a}\n")
    assert "did you mean `ping`?" in str(problems[0])


def test_two_checks_of_one_name_are_refused_with_both_places() -> None:
    checks, problems = made('- {kind: ping, name: "${x}", target: b}\n- {kind: ping, name: a, target: b}\n', x="a")
    assert len(checks) == 1
    assert [(problem.code, problem.where.line) for problem in problems] == [("input.duplicate-key", 5)]
    assert "checks.yaml:4" in problems[0].message


def test_variables_are_put_into_every_string() -> None:
    checks, problems = made('- {kind: ping, name: "${r}.x", target: "http://${r}.$${r}/$r", tags: ["${a}${r}"]}\n', r="us-west-1", a="b")
    assert problems == []
    assert checks == (PingCheck(name="us-west-1.x", target="http://us-west-1.${r}/$r", tags=("bus-west-1",)),)


def test_a_missing_variable_is_named_once_with_the_way_to_set_it() -> None:
    _, problems = made('- {kind: ping, name: a, target: "${region}", tags: ["${region}", "${other}", "${bad name}", "${open"]}\n')
    said = [str(problem) for problem in problems]
    assert [problem.code for problem in problems] == ["input.variable"] * 3
    assert "--region" in said[0]
    assert "2 times" in said[0]
    assert "--set other=VALUE" in said[1]
    assert "does not begin a variable" in said[2]


def test_a_missing_variable_is_the_only_complaint_about_its_check() -> None:
    _, problems = made('- {kind: ping, name: a, target: b, timeout: "${t}"}\n')
    assert [problem.code for problem in problems] == ["input.variable"]


def test_the_packaged_profile_is_sound() -> None:
    remarks = Remarks()
    profile = parse_profile(default_profile(), remarks, packaged=True)
    assert remarks.problems == []
    assert profile is not None
    assert len(profile.items) > 10


@settings(deadline=None)
@given(st.text(alphabet=st.sampled_from("profilechsgrouk:-[]{}, \n\"$'&*")))
def test_any_text_is_a_profile_or_a_problem(text: str) -> None:
    profile, remarks = parsed(text)
    assert profile is not None or remarks.problems
