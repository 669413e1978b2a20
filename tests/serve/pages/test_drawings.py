"""Strips, lines and colours: what a picture shows and whether it can be seen."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import preflight.serve.pages
from preflight.model import Status
from preflight.serve.board import Standing
from preflight.serve.pages.drawings import RUNS, spark, strip


@given(st.lists(st.sampled_from(Status), max_size=200))
def test_a_strip_has_a_bar_for_every_run_it_counts(statuses: list[Status]) -> None:
    drawn = strip(statuses)
    bars = {status: path.count("M") for status, path in drawn.paths}
    assert bars == {status.word: statuses[-RUNS:].count(status) for status in set(statuses[-RUNS:])}
    assert sum(map(int, re.findall(r"\d+", drawn.label.partition(": ")[2]))) == (len(statuses[-RUNS:]) if len(statuses) > 1 else 0)


@given(st.lists(st.floats(min_value=0, max_value=1e6), max_size=200))
def test_a_line_stays_in_its_frame(seconds: list[float]) -> None:
    drawn = spark(seconds)
    assert (drawn is None) is (len(seconds) < 2)
    if drawn:
        points = [tuple(map(float, each.split(","))) for each in drawn.points.split()]
        assert all(0 <= x <= 100 and 0 <= y <= 20 for x, y in points)


def _luminance(colour: str) -> float:
    digits = "".join(digit * 2 for digit in colour[1:]) if len(colour) == 4 else colour[1:]
    linear = [each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in (int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4))]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_every_text_has_contrast(scheme: int) -> None:
    sheet = (Path(preflight.serve.pages.__file__).parent / "templates" / "style.css").read_text()
    colours = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]+)", re.findall(r":root \{(.*?)\}", sheet, re.DOTALL)[scheme]))
    pairs = [(text, ground) for text in ("ink", "soft", "link") for ground in ("ground", "card")]
    pairs += [(status, ground) for status in ("pass", "warn", "fail", "error", "skip") for ground in (f"{status}-wash", "card")]
    pairs += [("ink", f"{status}-wash") for status in ("pass", "warn", "skip")]
    found = {f"{text} on {ground}": (colours[text], colours[ground]) for text, ground in pairs}
    found |= {f"white on {standing}": ("#fff", colours[f"hero-{standing}"]) for standing in Standing}
    for what, (text, ground) in found.items():
        high, low = sorted((_luminance(text), _luminance(ground)), reverse=True)
        assert (high + 0.05) / (low + 0.05) >= 4.5, what  # WCAG 2.2, 1.4.3
