"""The terminal: whole names at every width, no markup, no colour where none is wanted."""

from __future__ import annotations

import re
from io import StringIO

import pytest
from rich.console import Console

from preflight.model import Report
from preflight.report.terminal import print_report
from tests.samples import ALL_PASS, DEAD_PROXY, DENIED, SAMPLES, failed, report


def shown(sample: Report, width: int, *, verbose: bool = False, terminal: bool = False) -> str:
    """What stands in the window, with or without its colours."""
    out = StringIO()
    print_report(sample, Console(file=out, width=width, force_terminal=terminal), verbose=verbose)
    return out.getvalue()


@pytest.mark.parametrize("width", [20, 40, 80, 120])
@pytest.mark.parametrize("sample", SAMPLES)
def test_every_name_is_whole_once_the_lines_are_joined(sample: str, width: int) -> None:
    joined = re.sub(r"\s+", "", shown(SAMPLES[sample], width))
    assert "…" not in joined
    if sample != "hostile":
        assert all(result.name in joined for result in SAMPLES[sample].results)


@pytest.mark.parametrize("width", [20, 40, 80])
def test_no_line_is_wider_than_the_window_but_the_one_to_copy(width: int) -> None:
    for line in shown(DENIED, width).splitlines():
        assert len(line.rstrip()) <= width or line.startswith("  curl ")


def test_the_line_to_copy_is_one_line() -> None:
    assert "  curl -v -o /dev/null --proxy http://10.0.1.20:3128 --proxy-user USER https://gkehub.googleapis.com/\n" in shown(DENIED, 40)


@pytest.mark.parametrize("width", [20, 40, 80])
def test_a_command_in_a_hint_is_one_line_as_well(width: int) -> None:
    command = "aws ec2 authorize-security-group-egress --region us-west-1 --group-id sg-1 --ip-permissions '[{\"FromPort\":3128}]'"
    seen = shown(report(failed("egress/management", "egress.blocked", "shut", f"Open it. Run: `{command}`.")), width)
    assert f"  {command}\n" in seen
    assert "`" not in seen


def test_brackets_are_text() -> None:
    sample = report(failed("gcr.io", "proxy.denied", "[bold]x[/bold] [/] :smile:", "[link=https://e]"))
    assert "[bold]x[/bold] [/] :smile:" in shown(sample, 120)
    assert "[link=https://e]" in shown(sample, 120)


def test_colours_on_a_terminal_and_none_where_the_user_wants_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    assert "\x1b[1;31mFAIL" in shown(DENIED, 80, terminal=True)
    monkeypatch.setenv("NO_COLOR", "1")
    assert not re.search(r"\x1b\[[0-9;]*3[0-7]", shown(DENIED, 80, terminal=True))


def test_the_verdict_is_the_first_and_the_last_line() -> None:
    lines = shown(DEAD_PROXY, 100).splitlines()
    assert lines[0] == "FAIL  1 of 10 checks failed: proxy-https; 8 more blocked by that (exit 1)"
    assert lines[-1].startswith("FAIL  1 pass, 0 warn, 1 fail")


def test_a_good_report_fits_on_a_screen() -> None:
    assert len(shown(ALL_PASS, 80).splitlines()) <= 24


def test_verbose_tells_more() -> None:
    assert "proof=google-api" not in shown(ALL_PASS, 120)
    assert "proof=google-api" in shown(ALL_PASS, 120, verbose=True)


def test_settings_stand_one_a_line_behind_the_failures() -> None:
    lines = shown(DENIED, 120).splitlines()
    settings = [number for number, line in enumerate(lines) if line.startswith("with ")]
    assert len(settings) == len(DENIED.inputs)
    assert settings[0] > max(number for number, line in enumerate(lines) if line.startswith("WARN"))
    assert lines[settings[-1] + 1].startswith("preflight ")
