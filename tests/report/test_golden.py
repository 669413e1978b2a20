"""Every format of every sample, byte for byte.

After a change that is meant: `UPDATE_GOLDEN=1 python -m pytest tests/report/test_golden.py`, then read the diff.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from preflight.report import FORMATS, STREAMS, text
from tests.samples import SAMPLES

GOLDEN = Path(__file__).parent / "golden"
SUFFIXES = {"text": "txt", "json": "json", "junit": "xml", "markdown": "md"}


def hold(name: str, rendered: str) -> None:
    """Compare with the golden file of that name, or renew it."""
    path = GOLDEN / name
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(rendered, encoding="utf-8", newline="")
    assert path.read_text(encoding="utf-8") == rendered


@pytest.mark.parametrize("sample", SAMPLES)
@pytest.mark.parametrize("name", FORMATS)
def test_format_is_as_agreed(name: str, sample: str) -> None:
    hold(f"{sample}.{SUFFIXES[name]}", FORMATS[name](SAMPLES[sample]))


def test_verbose_text_is_as_agreed() -> None:
    hold("denied-verbose.txt", text.render(SAMPLES["denied"], verbose=True))


@pytest.mark.parametrize("name", FORMATS)
def test_the_pieces_joined_are_the_whole(name: str) -> None:
    assert "".join(STREAMS[name](SAMPLES["dead-proxy"])) == FORMATS[name](SAMPLES["dead-proxy"])


def test_every_format_ends_in_a_newline() -> None:
    assert all(render(report).endswith("\n") for render in FORMATS.values() for report in SAMPLES.values())
