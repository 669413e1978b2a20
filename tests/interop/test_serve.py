"""`preflight serve` behind a real squid: it turns when squid does, once each way, and survives what ends it."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.leaks import Planted
from tests.serve.notify.hook import Hook, hook
from tests.serve.running import Serving

from .command import command, environment
from .lab import Lab
from .page import workdir
from .service import again, kept, places, serving
from .squid import Squid

pytestmark = pytest.mark.interop

PLANTED = Planted("svc-planted")


@contextmanager
def probing(lab: Lab, home: Path, every: str, word: str) -> Iterator[tuple[Squid, Hook, Serving]]:
    """A service that has the planted account, once it is ready: behind a squid that wants this word of that user, and with somebody to tell."""
    with lab.squid(auth=(PLANTED.user, word)) as squid, hook(202) as there:
        workdir(home, squid.port, PLANTED.user, PLANTED.word)
        with serving(lab, home, "--every", every, "--notify", there.file(home)) as service:
            service.wait(lambda: service.get("/readyz")[0] == 200, "ready")
            yield squid, there, service


def leaks(found: Mapping[str, str | bytes]) -> dict[str, set[str]]:
    """Where the password is, and how it is spelled there."""
    return {place: spelt for place, what in found.items() if (spelt := PLANTED.leaks(what))}


def test_three_intervals_are_three_runs_and_it_turns_with_squid(lab: Lab, tmp_path: Path) -> None:
    """And whatever it shows, tells and keeps on the way: the password is in none of it, in no spelling."""
    with probing(lab, tmp_path, "5s", word=PLANTED.word) as (squid, there, service):
        assert service.get("/healthz")[0] == 200, service.get("/healthz")[1]
        service.wait(lambda: len(service.runs()) >= 3, "three runs")
        assert {run["exit_code"] for run in service.runs()} == {0}
        assert squid.with_credentials(), "the password was really sent"
        assert leaks({"proxy.json": (tmp_path / "proxy.json").read_bytes()}), "the search would find it"
        service.wait_for_another_run()  # squid that stops, or comes, within a run is another story in each half of it
        before = len(there.events)  # the page's own noProxy list is worth a warning from the start
        squid.stop()
        service.wait(lambda: service.get("/healthz")[0] == 503, "down")
        assert 'preflight_standing{standing="down"} 1.0' in service.get("/metrics")[1]
        there.wait(before + 1)
        assert not leaks(places(service, there))
        service.wait_for_another_run()
        with again(squid):
            service.wait(lambda: service.get("/healthz")[0] == 200, "up again")
            there.wait(before + 2)
            service.wait(lambda: service.get("/?target=http://169.254.169.254/")[1] == service.get("/")[1], "the same page within one second")
            assert service.get("/", Host="evil.test")[0] == 421
            assert not leaks(places(service, there))
            assert service.end() == 0
        down, up = there.events[before:]
        assert (down["subject"], up["subject"]) == ("preflight", "preflight")
        assert down["data"]["causes"][0]["code"] == "tcp.refused"
        assert {change["after"] for change in up["data"]["changes"]} <= {"up", "degraded"}
        assert not leaks({"journal": service.log, **kept(tmp_path)})


def test_killed_within_a_run_it_goes_on_with_what_it_had(lab: Lab, squid: Squid, tmp_path: Path) -> None:
    workdir(tmp_path, squid.port)
    with serving(lab, tmp_path, "--every", "1s") as service:
        service.wait(lambda: service.get("/readyz")[0] == 200, "ready")
        service.wait(lambda: "preflight_running 1.0" in service.get("/metrics")[1], "a run under way")
        service.child.kill()
        service.child.wait()
    with serving(lab, tmp_path) as after:
        after.wait(lambda: after.get("/readyz")[0] == 200, "ready again")
        after.wait(lambda: len(after.runs()) >= 2, "both runs")
        assert [run["exit_code"] for run in after.runs()] == [0] * len(after.runs())
        after.child.send_signal(signal.SIGTERM)
        assert after.child.wait(30) == 0


def test_refused_credentials_are_not_hammered(lab: Lab, tmp_path: Path) -> None:
    """Accounts lock: a proxy that refuses them sees them once an interval, then less often."""
    with probing(lab, tmp_path, "1s", word="another") as (squid, there, service):
        service.wait(lambda: len(service.runs()) >= 5, "five runs")
        assert not leaks(places(service, there))
        assert service.end() == 0
        assert 1 <= len(squid.with_credentials()) <= 3
        assert "event=held-back" in service.log


def test_the_inputs_of_run_are_refused_alike(lab: Lab, tmp_path: Path) -> None:
    (tmp_path / "proxy.json").write_text('{"httpProxy": "http://HTTP_PROXY"')
    done = subprocess.run(
        command(lab, "serve", "--no-aws", "--proxy-file", "proxy.json"),
        cwd=tmp_path,
        env=environment(lab),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 2
    assert "proxy.json:1" in done.stderr
