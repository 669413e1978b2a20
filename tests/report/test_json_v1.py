"""JSON, version 1: the keys, their order, their types."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from types import MappingProxyType
from typing import Any

from msgspec.structs import replace

from preflight.model import Blame, Finding, Status
from preflight.report import FORMATS
from tests.samples import ALL_PASS, DEAD_PROXY, DENIED, INTERRUPTED, POISONED, passed, report

TOP = "schema tool version vantage started seconds complete status exit_code profile inputs summary causes results"
RESULT = "name kind group required about status attempts started seconds target route blocked_by steps findings"


def refuse(constant: str) -> None:
    """Fail on NaN and Infinity, which Python would read and others would not."""
    raise AssertionError(constant)


def loaded(*args: Any) -> Any:
    """The report as a program reads it."""
    return json.loads(FORMATS["json"](*args), parse_constant=refuse)


def test_keys_and_their_order_are_the_contract() -> None:
    data = loaded(DEAD_PROXY)
    assert list(data) == TOP.split()
    assert list(data["summary"]) == ["pass", "warn", "fail", "error", "skip"]
    assert list(data["causes"][0]) == ["code", "title", "blame", "hint", "checks"]
    failed = data["results"][1]
    assert list(failed) == RESULT.split()
    assert list(failed["route"]) == ["via", "proxy", "because"]
    assert list(failed["steps"][0]) == ["phase", "seconds", "ok", "code", "facts"]
    assert list(failed["findings"][0]) == ["code", "status", "blame", "message", "hint", "docs", "evidence"]


def test_values_of_a_dead_proxy() -> None:
    data = loaded(DEAD_PROXY)
    assert (data["schema"], data["status"], data["exit_code"], data["complete"]) == ("preflight/report/1", "fail", 1, True)
    assert data["summary"] == {"pass": 1, "warn": 0, "fail": 1, "error": 0, "skip": 8}
    assert data["started"] == "2026-03-01T12:30:45.123Z"
    assert data["seconds"] == 1.234568
    assert data["inputs"]["region"] == {"value": "us-east-1", "source": "--region"}
    skipped = data["results"][2]
    assert (skipped["status"], skipped["blocked_by"], skipped["started"]) == ("skip", ["proxy-https"], None)
    assert skipped["route"] == {"via": "proxy", "proxy": "http://10.0.1.20:3128", "because": "httpsProxy, and no noProxy entry matches"}
    assert data["results"][1]["route"] == {"via": "direct", "proxy": None, "because": "it is the proxy itself"}
    assert data["results"][0]["route"] is None
    assert data["results"][0]["target"] is None
    assert data["results"][1]["steps"][-1] == {"phase": "tcp", "seconds": 0.0004, "ok": False, "code": "tcp.refused", "facts": {"peer": "10.0.1.20:3128"}}
    assert data["results"][1]["findings"][0]["docs"] == "docs/codes.md#tcp.refused"


def test_an_optional_failure_is_a_warning_whose_finding_still_fails() -> None:
    optional = loaded(DENIED)["results"][3]
    assert (optional["required"], optional["status"], optional["findings"][0]["status"]) == (False, "warn", "fail")


def test_an_interrupted_run_says_so() -> None:
    data = loaded(INTERRUPTED)
    assert (data["complete"], data["exit_code"]) == (False, 130)


def test_no_credential_of_the_proxy_is_in_it() -> None:
    assert not any(secret in FORMATS["json"](ALL_PASS) for secret in ("planted-secret-1", "installer"))


def test_what_is_no_json_number_becomes_null() -> None:
    data = loaded(POISONED)
    assert any(value[2] is None for finding in data["results"][0]["findings"] for value in finding["evidence"].values())
    assert data["results"][0]["seconds"] == 0.0


def test_any_mapping_may_hold_facts() -> None:
    finding = Finding("ok", Status.PASS, Blame.NOBODY, "fine", "", MappingProxyType({"deep": MappingProxyType({"a": (1, 2)})}))
    data = loaded(report(replace(passed("gcr.io"), findings=(finding,))))
    assert data["results"][0]["findings"][0]["evidence"] == {"deep": {"a": [1, 2]}}


def test_times_are_utc_wherever_the_report_was_made() -> None:
    there = datetime(2026, 3, 1, 21, 30, 45, tzinfo=timezone(timedelta(hours=9)))
    assert loaded(replace(report(), started=there))["started"] == "2026-03-01T12:30:45.000Z"


def test_one_line_a_result() -> None:
    lines = FORMATS["json"](DEAD_PROXY).splitlines()
    assert sum(line.startswith('    {"name": ') for line in lines) == len(DEAD_PROXY.results)
