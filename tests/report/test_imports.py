"""What importing a report costs: rich and XML only for whom they serve."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = ("rich", "xml.etree.ElementTree", "anyio")


@pytest.mark.parametrize(
    ("module", "used"),
    [
        ("preflight.report", set()),
        ("preflight.report.text", set()),
        ("preflight.report.json_v1", set()),
        ("preflight.report.markdown", set()),
        ("preflight.report.junit", {"xml.etree.ElementTree"}),
    ],
)
def test_only_what_the_format_needs_is_imported(module: str, used: set[str]) -> None:
    show = f"import sys, {module}; print(*(name for name in {HEAVY!r} if name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", show], capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) == used
