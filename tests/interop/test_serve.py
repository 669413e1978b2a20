"""`preflight serve` behind a real squid: it turns when squid does, once each way, and survives what ends it."""

from __future__ import annotations

import json
import signal
import subprocess
from pathlib import Path

import pytest

from tests.serve.hook import hook

from .command import command, environment
from .lab import USER, Lab
from .page import workdir
from .service import again, serving
from .squid import Squid

pytestmark = pytest.mark.interop


def test_three_intervals_are_three_runs_and_it_turns_with_squid(lab: Lab, tmp_path: Path) -> None:
    with lab.squid(auth=USER) as squid, hook(202) as there, serving(lab, workdir(tmp_path, squid.port), "--every", "3s", "--notify", there.url) as service:
        service.wait(lambda: service.get("/readyz")[0] == 200, "ready")
        assert service.get("/healthz")[0] == 200, service.get("/healthz")[1]
        service.wait(lambda: len(service.runs()) >= 3, "three runs")
        assert {run["exit_code"] for run in service.runs()} == {0}
        before = len(there.events)  # the page's own noProxy list is worth a warning from the start
        squid.stop()
        service.wait(lambda: service.get("/healthz")[0] == 503, "down")
        assert 'preflight_standing{standing="down"} 1.0' in service.get("/metrics")[1]
        there.wait(before + 1)
        with again(squid):
            service.wait(lambda: service.get("/healthz")[0] == 200, "up again")
            there.wait(before + 2)
            service.wait(lambda: service.get("/?target=http://169.254.169.254/")[1] == service.get("/")[1], "the same page within one second")
            assert service.get("/", Host="evil.test")[0] == 421
            shown = "".join(service.get(path)[1] for path in ("/", "/checks/proxy-https", "/metrics", "/api/v1/report", "/report.xml"))
            assert service.end() == 0
        down, up = there.events[before:]
        assert (down["subject"], up["subject"]) == ("preflight", "preflight")
        assert down["data"]["causes"][0]["code"] == "tcp.refused"
        assert {change["after"] for change in up["data"]["changes"]} <= {"up", "degraded"}
        kept = b"".join(path.read_bytes() for path in tmp_path.glob("preflight-history.sqlite*")).decode("latin-1")
        for place in (shown, service.log, kept, json.dumps(there.events)):
            assert f"{USER[0]}:{USER[1]}" not in place


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
        assert after.child.wait(10) == 0


def test_refused_credentials_are_not_hammered(lab: Lab, tmp_path: Path) -> None:
    """Accounts lock: a proxy that refuses them sees them once an interval, then less often."""
    with lab.squid(auth=(USER[0], "another")) as squid, serving(lab, workdir(tmp_path, squid.port), "--every", "1s") as service:
        service.wait(lambda: service.get("/readyz")[0] == 200, "ready")
        service.wait(lambda: len(service.runs()) >= 5, "five runs")
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
        timeout=60,
    )
    assert done.returncode == 2
    assert "proxy.json:1" in done.stderr
