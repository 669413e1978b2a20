"""Whoever reads the journal may stall; the service must not."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from threading import Event
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from preflight.real.listening import listening
from preflight.serve.journal import WAITING, Stderr
from preflight.serve.settings import Listen
from tests.serve.running import environment, waited

PROFILE = "profile: x\nchecks:\n- {kind: proxy-config, name: proxy-config}\n"


def test_lines_are_written_in_their_order() -> None:
    lines: list[str] = []
    stderr = Stderr(lines.append)
    for number in range(100):
        stderr(f"{number}\n")
    assert stderr.emptied(30)
    assert lines == [f"{number}\n" for number in range(100)]


def test_a_reader_that_stalls_costs_lines_and_says_how_many() -> None:
    lines: list[str] = []
    reads, taken = Event(), Event()

    def write(line: str) -> None:
        taken.set()
        assert reads.wait(60)
        lines.append(line)

    stderr = Stderr(write)
    stderr("<6>event=first\n")
    assert taken.wait(60)
    for number in range(WAITING + 7):
        stderr(f"<6>event={number}\n")
    assert not stderr.emptied(0.05)
    reads.set()
    assert stderr.emptied(60)
    assert lines[:3] == ["<6>event=first\n", "<4>event=journal lost=7\n", "<6>event=0\n"]


def test_a_pipe_that_does_not_block_gets_every_line_whole() -> None:
    """Whoever holds its other end, or shares the terminal, may have made it so."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    script = "import sys; from preflight.serve.journal import Stderr; stderr = Stderr(); [stderr('x' * 999 + chr(10)) for _ in range(300)]; stderr.emptied(60)"
    with subprocess.Popen([sys.executable, "-c", script], stderr=writer) as child:
        os.close(writer)
        with pytest.raises(subprocess.TimeoutExpired):
            child.wait(1.0)  # 300 kB do not fit
        with os.fdopen(reader, encoding="ascii") as pipe:
            assert [len(line) for line in pipe] == [1000] * 300
        assert child.wait(30) == 0


def test_a_reader_that_went_away_stops_nothing() -> None:
    def broken(_line: str) -> None:
        raise BrokenPipeError

    stderr = Stderr(broken)
    stderr("x\n")
    stderr("y\n")
    assert stderr.emptied(30)


def answers(port: int) -> bool:
    try:
        with urlopen(f"http://127.0.0.1:{port}/livez", timeout=10) as answer:
            return int(answer.status) == 200
    except (URLError, OSError):
        return False


def test_a_pipe_that_nobody_reads_stalls_neither_answers_nor_the_end(tmp_path: Path) -> None:
    """The pipe is full from the first line on: its buffer is filled before the service starts."""
    (tmp_path / "checks.yaml").write_text(PROFILE)
    free = listening(Listen().address, 0)
    port = int(free.getsockname()[1])
    free.close()
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    with suppress(BlockingIOError):
        while True:
            os.write(writer, b"x" * 4096)
    os.set_blocking(writer, True)
    argv = [sys.executable, "-m", "preflight", "serve", "--direct", "--no-aws", "--no-history", "--every", "1s", "--jitter", "0s"]
    child = subprocess.Popen([*argv, "--listen", f"127.0.0.1:{port}"], cwd=tmp_path, env=environment(tmp_path, {}), stderr=writer)
    try:
        waited(lambda: answers(port), lambda: "it does not answer")
        child.send_signal(signal.SIGTERM)
        assert child.wait(15) == 0
    finally:
        child.kill()
        child.wait()
        os.close(reader)
        os.close(writer)
