"""Live progress: it shows what runs and what ended, and leaves nothing behind, however it is left."""

from __future__ import annotations

from io import StringIO

import pytest
from rich.console import Console

from preflight.events import CheckFinished, CheckStarted, RunFinished, RunStarted
from preflight.report.live import Progress
from tests.samples import DENIED, HOSTILE, failed

HIDE, SHOW = "\x1b[?25l", "\x1b[?25h"


def window(out: StringIO) -> Console:
    """A terminal of 80 by 10."""
    return Console(file=out, width=80, height=10, force_terminal=True, no_color=True, highlight=False)


def drawn(progress: Progress) -> str:
    """The picture of this moment."""
    out = StringIO()
    Console(file=out, width=80).print(progress._live.get_renderable())
    return out.getvalue()


def test_it_counts_names_what_runs_and_lists_what_ended() -> None:
    with Progress(window(StringIO())) as listen:
        listen(RunStarted(("gcr.io", "gkehub.googleapis.com", "k8s.gcr.io")))
        listen(CheckStarted("gcr.io"))
        listen(CheckStarted("gkehub.googleapis.com"))
        assert drawn(listen).splitlines() == ["0/3", "gcr.io, gkehub.googleapis.com"]
        listen(CheckFinished(DENIED.results[2]))
        assert drawn(listen).splitlines() == ["FAIL  gkehub.googleapis.com  6.3 ms", "1/3", "gcr.io"]


def test_a_skip_that_never_started_counts_as_done() -> None:
    with Progress(window(StringIO())) as listen:
        listen(RunStarted(("a",)))
        listen(CheckFinished(failed("a", "proxy.denied", "no", "ask")))
        listen(RunFinished(DENIED))
        assert "1/1" in drawn(listen)


def test_only_as_many_lines_as_the_window_has() -> None:
    with Progress(window(StringIO())) as listen:
        for number in range(50):
            listen(CheckFinished(failed(f"check-{number}", "proxy.denied", "no", "ask")))
        lines = drawn(listen).rstrip("\n").splitlines()
        assert len(lines) <= 9
        assert "check-49" in lines[-2]


def test_the_cursor_comes_back_even_when_interrupted() -> None:
    out = StringIO()
    with pytest.raises(KeyboardInterrupt), Progress(window(out)):
        raise KeyboardInterrupt
    assert out.getvalue().rindex(SHOW) > out.getvalue().rindex(HIDE)


def test_the_last_line_leaves_room_for_the_echo_of_an_interrupt() -> None:
    with Progress(window(StringIO())) as listen:
        for number in range(30):
            listen(CheckStarted(f"check-{number}"))
        assert len(drawn(listen).splitlines()[-1]) == 77


def test_hostile_names_are_neutral() -> None:
    with Progress(window(StringIO())) as listen:
        listen(CheckStarted(HOSTILE))
        listen(CheckFinished(failed(HOSTILE, "proxy.denied", HOSTILE, HOSTILE)))
        picture = drawn(listen)
    assert "\x1b" not in picture
    assert "\\x1b[31m" in picture


def test_nothing_at_all_where_there_is_no_terminal() -> None:
    out = StringIO()
    with Progress(Console(file=out, width=80)) as listen:
        listen(RunStarted(("a",)))
        listen(CheckStarted("a"))
    assert out.getvalue() == ""
