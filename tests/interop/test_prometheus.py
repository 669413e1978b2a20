"""A real Prometheus reads a real `preflight serve` behind a real squid: what is shipped for it works, and the alert fires and resolves."""

from __future__ import annotations

import re
import subprocess
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.serve.running import Serving

from .conftest import start
from .lab import USER, Lab
from .page import workdir
from .process import program
from .prometheus import SHIPPED, Prometheus, prometheus
from .service import again, serving

pytestmark = pytest.mark.interop

BLOCKED = "preflight_check_blocked"
"""Has no sample while nothing is."""
EVER_FIRED = 'count by (alertname) (count_over_time(ALERTS{alertstate="firing"}[10m]))'


def test_the_shipped_alert_fires_when_squid_stops_and_resolves_when_it_is_back(lab: Lab, tmp_path: Path) -> None:
    with ExitStack() as stack:
        squid = start(stack, lambda: lab.squid(auth=USER))
        service = stack.enter_context(serving(lab, workdir(tmp_path, squid.port), "--every", "2s", "--stale-after", "60s"))
        observer = start(stack, lambda: prometheus(f"127.0.0.1:{service.port}"))
        service.wait(lambda: observer.value('preflight_runs_total{status="fail"}') == 0 and observer.value("min(preflight_check_success)") == 1, "all is well")
        believes_and_evaluates(observer, service)
        assert observer.firing() == []

        squid.stop()
        proxies = {"proxy-http", "proxy-https"}  # and in the end nothing that they block, even if squid stopped within a run
        service.wait(lambda: {each["labels"].get("check") for each in observer.firing()} == proxies, "firing")
        firing = observer.firing()
        assert {each["labels"]["alertname"] for each in firing} == {"PreflightDown"}
        [alert] = [each for each in firing if each["labels"]["check"] == "proxy-https"]
        assert alert["annotations"]["summary"] == f"proxy-https is down, seen from 127.0.0.1:{service.port}"
        service.wait(lambda: observer.value('up{job="preflight"}') == 1, "scraped")  # one scrape may be late
        service.wait(lambda: observer.value('preflight_standing{standing="down"}') == 1, "down")
        service.wait(lambda: (observer.value(f'count({BLOCKED}{{by="proxy-https"}})') or 0) > 7, "blocked by it")

        stack.enter_context(again(squid))
        service.wait(lambda: not observer.firing(), "resolved")
        service.wait(lambda: observer.value("min(preflight_check_success)") == 1, "all is well again")
        assert observer.labels(EVER_FIRED, "alertname") == {"PreflightDown"}


def believes_and_evaluates(observer: Prometheus, service: Serving) -> None:
    """Nothing that is shipped is refused, every rule gives no error, and every metric that a rule asks for is there."""
    told = observer.ask("rules")["groups"]
    service.wait(lambda: all(rule["health"] == "ok" for group in observer.ask("rules")["groups"] for rule in group["rules"]), "every rule evaluated")
    assert {rule["name"] for group in told for rule in group["rules"]} == observer.rules
    service.wait(lambda: [(each["health"], each["lastError"]) for each in observer.ask("targets")["activeTargets"]] == [("up", "")], "its target is up")
    service.wait(lambda: observer.value('up{job="preflight"}') == 1, "scraped")
    asked = set(re.findall(r"(?<![:\w])preflight_\w+", " ".join(rule["query"] for group in told for rule in group["rules"]))) - {BLOCKED}
    assert len(asked) > 5
    service.wait(lambda: all(observer.value(f"count({name})") for name in asked), f"each of {asked} has values")
    records = [name for name in observer.rules if ":" in name]
    service.wait(lambda: all(observer.value(f"count({record})") for record in records), "every record has values")
    promtool("check", "config", str(observer.config))
    promtool("check", "rules", str(SHIPPED / "rules.yaml"))
    promtool("check", "metrics", stdin=service.get("/metrics")[1])


def promtool(*words: str, stdin: str = "") -> None:
    """Run it; it must be content, and metrics must not even earn a remark."""
    done = subprocess.run([program("promtool"), *words], input=stdin, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr
