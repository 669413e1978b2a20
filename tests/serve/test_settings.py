from __future__ import annotations

import os
import socket
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path

import pytest
import typer
from msgspec.structs import replace
from typer.testing import CliRunner

from preflight import cli
from preflight.checks.tcp import TcpCheck
from preflight.cli import serve
from preflight.declared import Declared
from preflight.inputs.problem import InputError
from preflight.model import Status
from preflight.plan import make
from preflight.serve.damping import Damping
from preflight.serve.journal import Journal, Level, bug, journald_reads
from preflight.serve.rhythm import Cron, Every, Jitter
from preflight.serve.settings import Listen, Settings, retention
from preflight.serve.systemd import Systemd
from preflight.untrusted import Redactor, Secret

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
FLAGS = serve.Flags(None, None, "10%", "1/1", "127.0.0.1:9716", (), None, no_history=False, keep=None, keep_size=None, stale_after=None)


def test_the_usual_settings() -> None:
    made = serve._settings(FLAGS)
    assert made.rhythm == Every(60.0)
    assert str(made.listen) == "127.0.0.1:9716"
    assert made.history == Path("preflight-history.sqlite")


def test_history_goes_where_systemd_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STATE_DIRECTORY", "/var/lib/preflight:/var/lib/other")
    assert serve._settings(FLAGS).history == Path("/var/lib/preflight/history.sqlite")
    assert serve._settings(replace(FLAGS, history=Path("mine"))).history == Path("mine")
    assert serve._settings(replace(FLAGS, no_history=True)).history is None


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"every": "60s", "cron": "* * * * *"}, "contradict"),
        ({"every": "60"}, "no duration"),
        ({"every": "0s"}, "interval"),
        ({"cron": "* * *"}, "no cron expression"),
        ({"jitter": "90%"}, "jitter"),
        ({"damping": "3/2"}, "damping"),
        ({"listen": "example.com:80"}, "no place to listen"),
        ({"listen": "127.0.0.1"}, "no place to listen"),
        ({"listen": "127.0.0.1:65536"}, "no place to listen"),
        ({"listen": "0.0.0.0:9716"}, "--allow-host"),
        ({"listen": "[::]:9716"}, "--allow-host"),
        ({"history": Path("x"), "no_history": True}, "contradict"),
        ({"keep": "0d"}, "no age"),
        ({"keep": "a month"}, "no age"),
        ({"keep_size": "200"}, "no size"),
        ({"stale_after": "soon"}, "--stale-after: .* no duration"),
        ({"every": "0s"}, "--every: an interval"),
        ({"jitter": "x"}, "--jitter: "),
        ({"damping": "3/2"}, "--for: "),
    ],
    ids=str,
)
def test_what_is_wrong_with_a_flag_is_said(change: dict[str, object], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        serve._settings(replace(FLAGS, **change))


@pytest.mark.parametrize(
    ("text", "shown"), [("127.0.0.1:0", "127.0.0.1:0"), ("[::1]:9716", "[::1]:9716"), ("localhost:80", "127.0.0.1:80"), ("10.0.0.5:80", "10.0.0.5:80")]
)
def test_places_to_listen(text: str, shown: str) -> None:
    assert str(Listen.parse(text)) == shown


def test_how_long_history_is_kept() -> None:
    assert retention("7d", "200MB").passes == timedelta(days=7)
    assert retention("7d", "200MB").failures == timedelta(days=365)
    assert retention("500d", None).failures == timedelta(days=500)
    assert retention(None, "1GiB").size == 1 << 30


def test_a_profile_sets_intervals_and_damping_of_its_own() -> None:
    plan = make([TcpCheck(name="often", target="a.example:1"), TcpCheck(name="rare", target="b.example:1", every="10m", out_of="2/3")], Declared())
    settings = Settings(rhythm=Every(60.0), jitter=Jitter())
    assert settings.rhythms(plan) == {"often": Every(60.0), "rare": Every(600.0)}
    assert settings.rules(plan) == {"rare": Damping(2, 3)}
    assert settings.stale(plan, NOW) == 2 * 60 + 60
    assert replace(settings, stale_after=61.0).stale(plan, NOW) == 61.0
    with pytest.raises(InputError, match="--stale-after: every result would be stale before the next one: runs are up to 66 s apart"):
        replace(settings, stale_after=65.0, jitter=Jitter(share=0.1)).stale(plan, NOW)


@pytest.mark.parametrize("wrong", [{"every": "0s"}, {"out_of": "3/2"}], ids=str)
def test_a_profile_that_makes_no_sense_names_its_check(wrong: dict[str, str]) -> None:
    plan = make([TcpCheck(name="odd", target="a.example:1", **wrong)], Declared())  # type: ignore[arg-type]
    with pytest.raises(InputError, match="check odd"):
        (Settings().rhythms(plan), Settings().rules(plan))


def test_a_crontab_that_rests_at_night_is_not_stale_in_the_morning() -> None:
    plan = make([TcpCheck(name="a", target="a.example:1")], Declared())
    night = Settings(rhythm=Cron("*/5 8-17 * * *"), jitter=Jitter()).stale(plan, NOW)
    assert night > 14 * 3600


@pytest.mark.parametrize("package", serve._NEEDS)
def test_without_the_extra_it_says_what_to_install(package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("preflight.cli.serve.find_spec", lambda name: None if name == package else find_spec(name))
    done = CliRunner().invoke(cli.app, ["serve", "--direct"])
    assert done.exit_code == 2
    assert "pip install 'preflight-connectivity[serve]'" in done.output


def test_every_flag_of_run_is_there() -> None:
    done = CliRunner().invoke(cli.app, ["serve", "--help"], env={"COLUMNS": "200"})
    assert done.exit_code == 0
    assert all(flag in done.output for flag in ("--proxy-file", "--every", "--cron", "--allow-host", "--notify-proxy", "--stale-after", "--no-history"))
    assert isinstance(typer.main.get_command(cli.app), object)


def test_a_line_of_the_journal_is_one_line_without_credentials() -> None:
    lines: list[str] = []
    journal = Journal(lines.append, lambda: NOW, prefixed=True)
    journal.secrets = Redactor([Secret("planted-secret")])
    journal.say(Level.ERROR, "run", status=Status.FAIL.word, cause='a "b"\n\x1b[31m planted-secret', empty="", seconds=1.23456)
    assert lines == ['<3>event=run status=fail cause="a \\"b\\" \\\\x1b[31m ***" seconds=1.235\n']
    Journal(lines.append, lambda: NOW, prefixed=False).say(Level.INFO, "x")
    assert lines[-1] == "2026-03-02T12:00:00Z info event=x\n"


def test_a_reader_that_went_away_stops_nothing() -> None:
    def broken(_line: str) -> None:
        raise BrokenPipeError

    Journal(broken, lambda: NOW, prefixed=False).say(Level.INFO, "x")


def test_systemd_reads_only_where_its_variable_names_this_very_stream(tmp_path: Path) -> None:
    with (tmp_path / "x").open("w") as stream:
        status = os.fstat(stream.fileno())
        assert journald_reads({"JOURNAL_STREAM": f"{status.st_dev}:{status.st_ino}"}, stream.fileno())
        assert not journald_reads({"JOURNAL_STREAM": "1:2"}, stream.fileno())
        assert not journald_reads({}, stream.fileno())


def test_a_bug_is_told_by_type_and_place() -> None:
    with pytest.raises(ExceptionGroup) as caught:
        raise ExceptionGroup("planted", [ValueError("planted")])
    assert bug(caught.value) == "ValueError at ?"


def test_systemd_is_told_nothing_where_nobody_listens(tmp_path: Path) -> None:
    said: list[str] = []
    silent = Systemd({"WATCHDOG_USEC": "1000000"}, lambda _address, text: said.append(text))
    silent.ready("x")
    silent.alive()
    assert said == []
    assert silent.beat is None
    Systemd({"NOTIFY_SOCKET": str(tmp_path / "gone")}).ready("x")


@pytest.mark.parametrize(("pid", "beat"), [(None, 0.5), (str(os.getpid()), 0.5), ("1", None)], ids=["nobody", "this", "another"])
def test_the_watchdog_is_for_this_process_only(pid: str | None, beat: float | None) -> None:
    environ = {"NOTIFY_SOCKET": "@x", "WATCHDOG_USEC": "1000000", **({"WATCHDOG_PID": pid} if pid else {})}
    assert Systemd(environ).beat == beat


def test_an_abstract_socket_is_reached() -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        name = f"preflight-test-{os.getpid()}"
        systemd.bind(f"\0{name}")
        systemd.settimeout(5)
        Systemd({"NOTIFY_SOCKET": f"@{name}"}).ready("fine\nREADY=1")
        assert systemd.recv(100) == b"READY=1\nSTATUS=fine READY=1"
