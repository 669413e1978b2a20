"""The whole service, as a process."""

from __future__ import annotations

import json
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from preflight.demo.scenarios import FORMER_PASSWORD, PASSWORD
from preflight.serve.history import History
from tests.leaks import Planted
from tests.serve.conftest import Proxied
from tests.serve.notify.hook import hook
from tests.serve.running import PROFILE, WORD, Serving, command, environment, serving, started, unhurried

TOKEN = "planted-token-3"


def standing(there: Serving) -> str:
    return there.get("/healthz")[1].split()[0]


def test_it_turns_with_the_proxy_tells_once_each_and_keeps_everything_secret(proxied: Proxied) -> None:
    """Good, dead, good again: page, health, metrics and one notification each way; nothing planted is anywhere."""
    args = ("--proxy-file", "proxy.json", "--every", "1s", "--notify")
    with hook(503, 202) as there, serving(proxied.home, *args, there.file(proxied.home), env=proxied.env) as service:
        service.wait(lambda: service.get("/readyz")[0] == 200, "ready")
        assert service.get("/healthz")[0] == 200, service.log
        proxied.use_dead()
        service.wait(lambda: standing(service) == "down", "down")
        assert service.get("/healthz")[0] == 503
        assert 'preflight_standing{standing="down"} 1.0' in service.get("/metrics")[1]
        there.wait(2)
        proxied.use(proxied.good)
        service.wait(lambda: standing(service) == "up", "up again")
        there.wait(3)
        shown = "".join(service.get(path)[1] for path in ("/", "/checks/proxy-https", "/metrics", "/api/v1/report", "/report.xml", "/api/v1/history"))
        assert service.get("/", Host="evil.test")[0] == 421
        assert service.end() == 0
        log = service.log
    first, again, last = there.events
    assert first == again
    assert first["data"]["causes"][0]["code"] == "tcp.refused"
    assert [event["subject"] for event in (first, last)] == ["preflight", "preflight"]
    assert [change["after"] for change in last["data"]["changes"]] == ["up"] * len(last["data"]["changes"])
    kept = b"".join(path.read_bytes() for path in proxied.home.glob("preflight-history.sqlite*"))
    accounts = (Planted("installer", WORD), Planted("demo", PASSWORD), Planted("demo", FORMER_PASSWORD))
    for place in (shown.encode(), log.encode(), kept, json.dumps(there.events).encode()):
        assert not {leak for account in accounts for leak in account.leaks(place)}
        assert TOKEN.encode() not in place


def test_told_to_stop_it_is_first_not_ready_and_then_gone(dead: Proxied) -> None:
    with started(unhurried("--proxy-file", "proxy.json"), dead.home, environment(dead.home, dead.env)) as service:
        service.wait(lambda: service.get("/readyz")[0] == 200, "ready")
        begun = time.monotonic()
        service.child.send_signal(signal.SIGTERM)
        service.wait(lambda: service.get("/readyz")[0] == 503, "not ready")
        assert service.child.wait(30) == 0
        assert time.monotonic() - begun < 10
        with socket.socket() as again:
            again.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            again.bind(("127.0.0.1", service.port))
            again.listen()
    history = History.open(dead.home / "preflight-history.sqlite")
    assert len(history.runs(10)) == 1
    history.close()


def test_told_to_stop_within_a_run_it_does_not_wait_for_it(dead: Proxied) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        dead.use(json.dumps({"httpProxy": f"http://127.0.0.1:{silent.getsockname()[1]}", "noProxy": "169.254.169.254"}))
        with serving(dead.home, "--proxy-file", "proxy.json", "--timeout", "50s") as service:
            silent.settimeout(60)
            taken, _ = silent.accept()
            assert service.get("/readyz")[0] == 503
            assert "preflight_running 1.0" in service.get("/metrics")[1]
            assert service.end() == 0
            taken.close()
            assert "event=run " not in service.log


def test_however_many_look_they_start_no_run(dead: Proxied) -> None:
    with serving(dead.home, "--proxy-file", "proxy.json", "--every", "1h") as service:
        service.wait(lambda: service.get("/readyz")[0] == 200, "ready")
        with ThreadPoolExecutor(50) as people:
            answers = list(people.map(service.get, ["/", "/metrics", "/healthz", "/api/v1/report"] * 50))
        assert {status for status, _ in answers} == {200, 503}
        assert 'preflight_runs_total{status="fail"} 1.0' in service.get("/metrics")[1]


def test_killed_and_started_again_it_goes_on_from_where_it_was(dead: Proxied) -> None:
    with serving(dead.home, "--proxy-file", "proxy.json", "--every", "1s") as service:
        service.wait(lambda: service.get("/readyz")[0] == 200 and len(service.runs()) >= 2, "two runs")
        kept = service.runs()
        since = service.get("/healthz")[1].splitlines()[0]
        service.child.kill()
        service.child.wait()
    with serving(dead.home, "--proxy-file", "proxy.json") as again:
        again.wait(lambda: again.get("/readyz")[0] == 200, "ready")
        again.wait(lambda: len(again.runs()) > len(kept), "another run")
        runs = again.runs()
        assert again.get("/healthz")[1].splitlines()[0] == since
    assert [run["id"] for run in runs][-len(kept) :] == [run["id"] for run in kept]


def test_sighup_takes_a_good_profile_and_refuses_a_bad_one(dead: Proxied) -> None:
    profile = dead.home / "checks.yaml"
    with serving(dead.home, "--proxy-file", "proxy.json", "--every", "1h") as service:
        service.wait(lambda: service.get("/readyz")[0] == 200, "ready")
        profile.write_text(PROFILE.replace("kind: https", "kind: htps"))
        service.child.send_signal(signal.SIGHUP)
        service.wait(lambda: "event=reload-refused" in service.log, "refused")
        assert "checks.yaml:6" in service.log
        assert "checks.yaml:6" in service.get("/")[1]
        assert service.get("/healthz/gkehub.googleapis.com")[0] == 503
        profile.write_text(PROFILE.replace("name: gkehub.googleapis.com", "name: renamed"))
        service.child.send_signal(signal.SIGHUP)
        service.wait(lambda: service.get("/healthz/renamed")[0] == 503, "reloaded")
        assert service.get("/healthz/gkehub.googleapis.com")[0] == 404
        assert "checks.yaml:6" not in service.get("/")[1]


def test_systemd_hears_of_it(dead: Proxied) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        where = dead.home / "notify"
        systemd.bind(str(where))
        env = {"NOTIFY_SOCKET": str(where), "WATCHDOG_USEC": "400000"}
        with _hearing(systemd) as heard, serving(dead.home, "--proxy-file", "proxy.json", env=env) as service:
            service.wait(lambda: service.get("/readyz")[0] == 200, "ready")
            service.wait(lambda: heard.count("WATCHDOG=1") >= 3, "signs of life")
            service.end()
    assert sum(text.startswith("READY=1\n") for text in heard) == 1
    assert any(text.startswith("STATUS=down: ") and "\n" not in text for text in heard)
    assert heard[-1].startswith("STOPPING=1") or "STOPPING=1\nSTATUS=stopping" in heard


@contextmanager
def _hearing(systemd: socket.socket) -> Iterator[list[str]]:
    """What comes, in order, and all of it once the block is over. Somebody has to take it as it comes: the kernel keeps ten datagrams, and drops the rest."""
    heard: list[str] = []
    over = threading.Event()
    systemd.settimeout(0.2)

    def listen() -> None:
        while True:
            try:
                heard.append(systemd.recv(4096).decode())
            except TimeoutError:
                if over.is_set():
                    return

    ears = threading.Thread(target=listen)
    ears.start()
    try:
        yield heard
    finally:
        over.set()
        ears.join()


def refused(home: Path, *args: str) -> str:
    done = subprocess.run(command(*args), cwd=home, env=environment(home, {}), capture_output=True, text=True, check=False, timeout=30)
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr


def test_what_it_cannot_start_with_is_exit_2_and_a_sentence(dead: Proxied) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        assert "another program listens there" in refused(dead.home, "--proxy-file", "proxy.json", "--listen", f"127.0.0.1:{taken.getsockname()[1]}")
    said = refused(dead.home, "--proxy-file", "proxy.json", "--notify", f"https://hooks.example.com/{TOKEN}?key={TOKEN}")
    assert "--notify @FILE" in said
    assert TOKEN not in said
    (dead.home / "old.sqlite").write_bytes(b"SQLite format 3\x00" + bytes(200))
    assert "old.sqlite" in refused(dead.home, "--proxy-file", "proxy.json", "--history", "old.sqlite")
    (dead.home / "checks.yaml").write_text(PROFILE.replace("kind: https", "kind: htps"))
    assert "checks.yaml:6" in refused(dead.home, "--proxy-file", "proxy.json")


@pytest.mark.skipif(not shutil.which("mount"), reason="needs mount")
def test_a_disk_that_is_full_at_the_start_costs_history_and_no_run(dead: Proxied, tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", str(small)], capture_output=True, check=False).returncode:
        pytest.skip("may not mount a small file system")
    try:
        (small / "ballast").write_bytes(b"x" * (shutil.disk_usage(small).free - 4096))
        args = ("--proxy-file", "proxy.json", "--every", "1s", "--history", str(small / "history.sqlite"))
        with serving(dead.home, *args, env=dead.env) as service:
            service.wait(lambda: service.get("/readyz")[0] == 200, "ready")
            assert "preflight_history_writable 0.0" in service.get("/metrics")[1]
            assert "event=history why=" in service.log
            (small / "ballast").unlink()
            service.wait(lambda: "preflight_history_writable 1.0" in service.get("/metrics")[1], "written")
            assert service.get("/api/v1/history")[0] == 200
            assert service.end() == 0
    finally:
        subprocess.run(["umount", str(small)], check=True)
