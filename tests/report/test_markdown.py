"""Markdown: the worst first, nothing that a forge would obey, never more than it takes."""

from __future__ import annotations

import re

import pytest

from preflight.report import FORMATS
from preflight.report.markdown import LIMIT, code, prose
from tests.samples import DENIED, POISONED, failed, passed, report


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("plain words, and 403 more.", "plain words, and 403 more."),
        ("ask @team to see #1", "ask `@team` to see `#1`"),
        ("(see https://x.example/).", "(see `https://x.example/`)."),
        ("Run: `aws ec2 create-vpc-endpoint --region us-west-1 --x Interface`.", "Run: `aws ec2 create-vpc-endpoint --region us-west-1 --x Interface`."),
        ("add `a.example` (or `b.example`), then vpce-1 `c`", "add `a.example` (or `b.example`), then `vpce-1` `c`"),
        ("a `tick", "a `` `tick ``"),
        ("a ` b `c` `", "a `` ` `` b `c` `` ` ``"),
        ("@me`tick`", "`` @me`tick` ``"),
        ("`a`@me", "`` `a`@me ``"),
        ("``a` @me`", "``` ``a` @me` ```"),
        ("`a\n# @me`", "`a # @me`"),
        ("<b>bold</b> **x** [a](b)", "`<b>bold</b> **x** [a](b`)"),
        ("the proxy's well-known host - fine", "the proxy's well-known host - fine"),
        ("...", "..."),
        ("", ""),
    ],
)
def test_prose_keeps_words_and_fences_the_rest(text: str, written: str) -> None:
    assert prose(text) == written


def test_a_fence_is_longer_than_any_run_of_backticks_inside() -> None:
    assert code("a``b") == "```a``b```"


def test_the_worst_stands_first() -> None:
    rows = [line for line in FORMATS["markdown"](DENIED).splitlines() if line.startswith("| ")][2:]
    assert [row.split()[2] for row in rows] == ["fail", "warn", "pass", "pass"]


def test_every_row_has_five_cells() -> None:
    for sample in (DENIED, POISONED):
        rows = [line for line in FORMATS["markdown"](sample).splitlines() if line.startswith("| ")]
        assert all(len(re.findall(r"(?<!\\)\|", row)) == 6 for row in rows)


def test_outside_code_there_is_no_mention_link_or_markup() -> None:
    for line in FORMATS["markdown"](POISONED).splitlines():
        if line.startswith(("<details>", "</details>", "| ---")):
            continue
        bare = re.sub(r"(?<!`)(`+)(?!`).*?(?<!`)\1(?!`)", "", line)
        assert not re.search(r"[@<>\[\]`\\_]|://", bare), bare


def test_what_does_not_fit_is_left_out_and_said() -> None:
    bad = [failed(f"host-{number}.example", "proxy.denied", "no " * 100, "ask") for number in range(1500)]
    rendered = FORMATS["markdown"](report(*(passed(f"good-{number}.example") for number in range(1000)), *bad))
    assert len(rendered.encode()) <= LIMIT
    assert re.search(r"\*\*Cut: \d+ pieces did not fit into 1 MiB", rendered)
    assert rendered.count("<details>") == rendered.count("</details>")
    assert "host-0.example" in rendered


def test_one_monstrous_text_does_not_break_the_bound() -> None:
    monster = failed("gcr.io", "proxy.denied", "x" * 3_000_000, "ask")
    assert len(FORMATS["markdown"](report(monster)).encode()) <= LIMIT
