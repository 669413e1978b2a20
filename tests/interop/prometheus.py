"""A real Prometheus, with what we ship for it: its scrape configuration and its rules, only faster."""

from __future__ import annotations

import contextlib
import json
import re
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import yaml

from .process import NotReady, Server, free_port, program, running

SHIPPED = Path(__file__).parents[2] / "deploy" / "prometheus"
_SIXTIETH = {"m": "s", "h": "m"}
_SCRAPES = {"PreflightAbsent": "30s"}
"""Waits that a busy machine, which answers some scrapes late, must not use up."""
_PATIENCE_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Prometheus:
    """One running Prometheus."""

    server: Server
    config: Path
    rules: frozenset[str]
    """The names of all alerts and records that it was given."""

    def ask(self, path: str, **parameters: str) -> Any:
        """What its HTTP API answers, which must be a success."""
        connection = HTTPConnection("127.0.0.1", self.server.port, timeout=_PATIENCE_SECONDS)
        try:
            connection.request("GET", f"/api/v1/{path}?{urlencode(parameters)}")
            answer = json.loads(connection.getresponse().read())
        finally:
            connection.close()
        assert answer["status"] == "success", answer
        return answer["data"]

    def value(self, expression: str) -> float | None:
        """The one sample that the expression has now; None without one."""
        found = self.ask("query", query=expression)["result"]
        assert len(found) <= 1, found
        return float(found[0]["value"][1]) if found else None

    def labels(self, expression: str, label: str) -> set[str]:
        """The values that this label has in what the expression gives now."""
        return {each["metric"][label] for each in self.ask("query", query=expression)["result"]}

    def firing(self) -> list[Mapping[str, Any]]:
        """The alerts that fire now."""
        return [each for each in self.ask("alerts")["alerts"] if each["state"] == "firing"]


@contextlib.contextmanager
def prometheus(target: str) -> Iterator[Prometheus]:
    """A Prometheus that scrapes this address every second. Only the `for` of its rules is shorter than what is shipped. Raises Missing."""
    binary = program("prometheus")
    program("promtool")  # of the same package
    with tempfile.TemporaryDirectory(prefix="preflight-prometheus-") as name:
        home, port = Path(name), free_port()
        rules = _hurried_rules()
        (home / "rules.yaml").write_text(yaml.safe_dump(rules))
        config = home / "prometheus.yml"
        config.write_text(yaml.safe_dump(_hurried_config(target)))
        argv: list[str | Path] = [binary, f"--config.file={config}", f"--storage.tsdb.path={home / 'data'}", f"--web.listen-address=127.0.0.1:{port}"]
        with running("prometheus", [*argv, "--log.level=warn"], home, "127.0.0.1", port) as server:
            names = frozenset(rule.get("alert") or rule["record"] for group in rules["groups"] for rule in group["rules"])
            _wait_until_ready(server)
            yield Prometheus(server, config, names)


def _wait_until_ready(server: Server) -> None:
    """Return once it has opened its storage: it listens before. Raises NotReady."""
    end = time.monotonic() + _PATIENCE_SECONDS
    while _status(server, "/-/ready") != 200:
        if time.monotonic() > end:
            raise NotReady(f"{server.name} is not ready\n{server.text()[-3000:]}")
        time.sleep(0.05)


def _status(server: Server, path: str) -> int:
    connection = HTTPConnection("127.0.0.1", server.port, timeout=_PATIENCE_SECONDS)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    finally:
        connection.close()


def _hurried_rules() -> Any:
    rules = yaml.safe_load((SHIPPED / "rules.yaml").read_text())
    for group in rules["groups"]:
        group["interval"] = "1s"
        for rule in group["rules"]:
            if "for" in rule:
                rule["for"] = _SCRAPES.get(rule.get("alert", "")) or _sixtieth(rule["for"])
    return rules


def _hurried_config(target: str) -> Any:
    config = yaml.safe_load((SHIPPED / "prometheus.yml").read_text())
    for job in config["scrape_configs"]:
        job |= {"scrape_interval": "1s", "scrape_timeout": "1s", "static_configs": [{"targets": [target]}]}
    return config


def _sixtieth(duration: str) -> str:
    found = re.fullmatch(r"(\d+)([mh])", duration)
    assert found, f"`for: {duration}` is in no unit that has a sixtieth"
    return found[1] + _SIXTIETH[found[2]]
