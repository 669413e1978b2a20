from __future__ import annotations

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from preflight.inputs.problem import Problem
from preflight.inputs.tree import Node
from preflight.inputs.yaml_text import MANY, read_yaml


def parsed(text: str) -> tuple[tuple[Node, ...], list[Problem]]:
    problems: list[Problem] = []
    return read_yaml(text, "f", problems), problems


def plain(text: str) -> object:
    documents, problems = parsed(text)
    assert problems == []
    return [document.plain() for document in documents]


@pytest.fixture(params=["C", "Python"], autouse=True)
def _loader(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "Python":
        monkeypatch.delattr(yaml, "CSafeLoader")


def test_scalars_are_read_by_yaml_1_2() -> None:
    text = "[NO, on, yes, 1:30, 0123, 0x1f, 1_000, .inf, true, False, null, ~, '', 'true', 12, -3, 1.5, 1e3, 1.25.5, 2020-01-01, =]"
    words: list[object] = ["NO", "on", "yes", "1:30", "0123", "0x1f", "1_000", ".inf", True, False, None, None, "", "true"]
    assert plain(text) == [[*words, 12, -3, 1.5, 1000.0, "1.25.5", "2020-01-01", "="]]


def test_a_number_too_large_to_be_one_stays_text() -> None:
    assert plain("9" * 5000) == ["9" * 5000]
    assert plain("[1e999]") == [["1e999"]]


def test_several_documents_and_empty_ones() -> None:
    assert plain("---\na: 1\n---\n---\nb: 2\n...\n---\n- c\n") == [{"a": 1}, {"b": 2}, ["c"]]
    assert plain("") == []
    assert plain("# nothing\n") == []


def test_each_value_keeps_its_place_and_text() -> None:
    (root,), _ = parsed("a:\n  - b: 1.20\n  -   c\n")
    node = root.get("a")
    assert node is not None
    assert node.items is not None
    version = node.items[0].get("b")
    assert version is not None
    assert (version.text, version.scalar, str(version.where)) == ("1.20", 1.2, "f:2:8")
    assert str(root.nearest(("a", 1))) == "f:3:7"
    assert str(root.nearest(("a", 0, "missing"))) == "f:2:5"


@pytest.mark.parametrize(
    ("text", "code", "place", "says"),
    [
        ("a: 1\nb: 2\na: 3\n", "input.duplicate-key", "f:3:1", "in line 1"),
        ("a: &x 1\n", "input.yaml-alias", "f:1:4", "anchors"),
        ("a: *x\n", "input.yaml-alias", "f:1:4", "aliases"),
        ("a: !!python/object/apply:os.system [id]\n", "input.yaml-tag", "f:1:4", "tags"),
        ("a: !secret x\n", "input.yaml-tag", "f:1:4", "tags"),
        ("<<: {a: 1}\n", "input.yaml-alias", "f:1:1", "merges"),
        ("a:\n\t- b\n", "input.yaml-syntax", "f:2:1", "tabs"),
        ("a: [1\n", "input.yaml-syntax", "f:2:1", "not YAML"),
        ("a: b: c\n", "input.yaml-syntax", "f:1:5", "mapping values"),
        ("? [a]\n: b\n", "input.yaml-syntax", "f:1:3", "a key is a word"),
        ("a: \x07\n", "input.encoding", "f:1:4", "control character"),
        ("[" * 51 + "]" * 51, "input.too-deep", "f:1:51", "50 levels"),
        ("[" * (1 << 20), "input.too-deep", "f:1:51", "50 levels"),
        ("{a: " * 200_000, "input.too-deep", "f:1:201", "50 levels"),
    ],
)
def test_what_is_refused(text: str, code: str, place: str, says: str) -> None:
    _, problems = parsed(text)
    assert [problem.code for problem in problems] == [code]
    assert str(problems[0].where) == place
    assert says in str(problems[0])


def test_an_alias_bomb_is_refused_before_it_is_big() -> None:
    bomb = "a: &a [x]\n" + "".join(f"{chr(98 + n)}: &{chr(98 + n)} [{','.join(['*' + chr(97 + n)] * 9)}]\n" for n in range(20))
    _, problems = parsed(bomb)
    assert {problem.code for problem in problems} == {"input.yaml-alias"}
    assert len(problems) == MANY


def test_everything_wrong_is_named_at_once() -> None:
    _, problems = parsed("a: &x 1\nb: !t 2\nb: 3\n")
    assert [problem.code for problem in problems] == ["input.yaml-alias", "input.yaml-tag", "input.duplicate-key"]


def test_the_documentations_dots_are_named_and_the_rest_is_read() -> None:
    documents, problems = parsed("spec:\n  ids:\n  - A\n  ...\nkind: K\n")
    assert [(problem.code, str(problem.where)) for problem in problems] == [("input.placeholder", "f:4:3")]
    assert [document.plain() for document in documents] == [{"spec": {"ids": ["A"]}, "kind": "K"}]


def test_dots_inside_a_block_or_quoted_scalar_are_content() -> None:
    assert plain("a: |\n  x\n  ...\n  y\nb: 1\n") == [{"a": "x\n...\ny\n", "b": 1}]
    assert plain("a: 'x\n  ...\n  y'\n") == [{"a": "x ... y"}]


def test_dots_at_the_margin_end_a_document() -> None:
    assert plain("a: 1\n...\n") == [{"a": 1}]


def test_no_message_repeats_the_text() -> None:
    for text in ("a: 'hunter22\n", "a: [hunter22\nb: hunter22", "%hunter22\n", "a: !hunter22!x y\n", "@hunter22", "hunter22: [}", "a: *hunter22\n"):
        _, problems = parsed(text)
        assert problems
        assert "hunter22" not in " ".join(map(str, problems))


@settings(deadline=None)
@given(st.text(alphabet=st.sampled_from("ab:-[]{},'\"|>&*!#%@\t\n .<?é\\0")))
def test_any_text_ends_in_documents_or_problems(text: str) -> None:
    documents, problems = parsed(text)
    for document in documents:
        document.plain()
    assert all(problem.where.file == "f" for problem in problems)
