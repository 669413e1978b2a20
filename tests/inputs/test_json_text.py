from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from preflight.inputs.json_text import read_json
from preflight.inputs.problem import Problem


def parsed(text: str) -> tuple[object, list[Problem]]:
    problems: list[Problem] = []
    node = read_json(text, "f", problems)
    return node.plain() if node else None, problems


@pytest.mark.parametrize(
    ("text", "code", "place", "says"),
    [
        ("", "input.json-syntax", "f:1:1", "empty"),
        ('{"a": 1,\n}', "input.json-syntax", "f:1:8", "remove the comma"),
        ("[1, 2,]", "input.json-syntax", "f:1:6", "remove the comma"),
        ('{"a": 1 "b": 2}', "input.json-syntax", "f:1:9", "a comma or `}`"),
        ('{"a" 1}', "input.json-syntax", "f:1:6", "a colon"),
        ("{\u201ca\u201d: 1}", "input.json-syntax", "f:1:2", "typographic quote"),
        ("{'a': 1}", "input.json-syntax", "f:1:2", "another quote"),
        ('{"a": NaN}', "input.json-syntax", "f:1:7", "no NaN"),
        ('{"a": -Infinity}', "input.json-syntax", "f:1:7", "no NaN"),
        ('{"a": 1e999}', "input.json-syntax", "f:1:7", "too large"),
        ('{"a": True}', "input.json-syntax", "f:1:7", "lower case"),
        ('{a: "b"}', "input.json-syntax", "f:1:2", "a key"),
        ('{"a": "b\n"}', "input.json-syntax", "f:1:7", "no closing"),
        ('{"a": "b', "input.json-syntax", "f:1:7", "no closing"),
        (r'{"a": "\q"}', "input.json-syntax", "f:1:8", "escape"),
        (r'{"a": "\u12"}', "input.json-syntax", "f:1:8", "escape"),
        (r'{"a": "\ud800"}', "input.json-syntax", "f:1:7", "surrogate"),
        ('{"a": 1} x', "input.json-syntax", "f:1:10", "more text"),
        ('{"a": 01}', "input.json-syntax", "f:1:8", "a comma"),
        ('# c\n{"a": 1}', "input.json-syntax", "f:1:1", "no comments"),
        ('{"a": 1 // c\n}', "input.json-syntax", "f:1:9", "no comments"),
        ('{"a": 1,\n  ...\n}', "input.placeholder", "f:2:3", "`...`"),
        ('{"a": 1, "b": 2,\n "a": 3}', "input.duplicate-key", "f:2:2", "at 1:2"),
        ("[" * 100_000, "input.too-deep", "f:1:51", "50 levels"),
    ],
)
def test_what_is_refused(text: str, code: str, place: str, says: str) -> None:
    _, problems = parsed(text)
    assert [problem.code for problem in problems] == [code]
    assert str(problems[0].where) == place
    assert says in str(problems[0])


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**15), 10**15) | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)


@settings(deadline=None)
@given(VALUES, st.booleans())
def test_reads_what_json_writes(value: object, ascii_only: bool) -> None:
    assert parsed(json.dumps(value, ensure_ascii=ascii_only, indent=1)) == (value, [])


@settings(deadline=None)
@given(st.text(alphabet=st.sampled_from('{}[]:,"\\/ \n\t0123eE.-+truefalsnNI\u201cé#u')))
def test_takes_nothing_that_the_standard_library_refuses(text: str) -> None:
    found, problems = parsed(text)
    if problems or found is None:
        return
    assert json.loads(text) == found
