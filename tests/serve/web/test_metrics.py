"""Metrics as Prometheus reads them, in both formats."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parsed_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parsed_text

from preflight.model import Phase, Report, Status
from preflight.report.safe import clean
from preflight.serve.board import Board
from preflight.serve.web.metrics import content_type, exposed, wants_openmetrics
from preflight.untrusted import neutral
from tests.samples import ALL_PASS, DEAD_PROXY, HOSTILE, HOSTS, passed, report, skipped, step
from tests.serve.boards import AWS, BOARDS, NOW, board
from tests.serve.web.asked import asking

Samples = Mapping[tuple[str, frozenset[tuple[str, str]]], float]
FORMATS = (False, True)


def samples(made: Board, *, open_metrics: bool = True) -> Samples:
    text = exposed(made, clean(made.report) if made.report else None, NOW, open_metrics=open_metrics).decode()
    families = list(parsed_openmetrics(text) if open_metrics else parsed_text(text))  # type: ignore[no-untyped-call]
    found = [(each.name, frozenset(each.labels.items()), each.value) for family in families for each in family.samples]
    assert len({(name, labels) for name, labels, _ in found}) == len(found), "a series stands there twice"
    return {(name, labels): value for name, labels, value in found}


def value(found: Samples, name: str, **labels: str) -> float | None:
    return found.get((f"preflight_{name}", frozenset(labels.items())))


@pytest.mark.parametrize("open_metrics", FORMATS)
@pytest.mark.parametrize("name", BOARDS)
def test_both_formats_say_the_same_and_prometheus_reads_them(name: str, open_metrics: bool) -> None:
    found = samples(BOARDS[name][0], open_metrics=open_metrics)
    assert found == samples(BOARDS[name][0], open_metrics=not open_metrics)
    assert value(found, "build_info", version="1.2.3") == 1


def test_a_check_has_one_status_out_of_five() -> None:
    found = samples(board(AWS))
    assert {status.word: value(found, "check_status", check="endpoint/kms", status=status.word) for status in Status} == {
        "pass": 0,
        "skip": 0,
        "warn": 0,
        "error": 0,
        "fail": 1,
    }


@pytest.mark.parametrize(("name", "success"), [("gcr.io", 1), ("endpoint/kms", 0), ("egress/control-plane", 0), ("kms-key", 1)])
def test_success_is_a_pass_or_a_warning(name: str, success: float) -> None:
    assert value(samples(board(AWS)), "check_success", check=name) == success


def test_what_is_blocked_by_a_failure_is_no_success_and_what_does_not_apply_is_neither() -> None:
    assert value(samples(board(DEAD_PROXY)), "check_success", check=HOSTS[0]) == 0
    found = samples(board(report(passed("gcr.io"), replace(skipped("k8s.gcr.io", blocker="x"), blocked_by=()))))
    assert value(found, "check_success", check="k8s.gcr.io") is None
    assert value(found, "check_status", check="k8s.gcr.io", status="skip") == 1


def test_steps_of_the_same_phase_add_up() -> None:
    twice = replace(passed("pull/gcr.io"), steps=(step(Phase.TLS, 10), step(Phase.HTTP, 5), step(Phase.TLS, 20)))
    found = samples(board(report(twice)))
    assert value(found, "step_duration_seconds", check="pull/gcr.io", phase="tls") == pytest.approx(0.03)
    assert value(found, "step_duration_seconds", check="pull/gcr.io", phase="http") == pytest.approx(0.005)


@pytest.mark.parametrize(
    ("facts", "expires"),
    [
        ({"not_after": "Mar 20 08:25:33 2027 GMT"}, datetime(2027, 3, 20, 8, 25, 33, tzinfo=UTC).timestamp()),
        ({"not_after": ""}, None),
        ({"not_after": "soon"}, None),
        ({"not_after": None}, None),
        ({}, None),
    ],
)
def test_a_certificate_expires_when_it_says(facts: dict[str, str | None], expires: float | None) -> None:
    shown = replace(passed("gcr.io"), steps=(step(Phase.TLS, 10, None, **facts),))
    assert value(samples(board(report(shown))), "certificate_expiry_timestamp_seconds", check="gcr.io") == expires


def test_of_several_certificates_the_first_to_expire_counts() -> None:
    steps = tuple(step(Phase.TLS, 1, None, not_after=f"Mar 20 08:25:33 {year} GMT") for year in (2028, 2027, 2029))
    found = samples(board(report(replace(passed("pull/gcr.io"), steps=steps))))
    assert value(found, "certificate_expiry_timestamp_seconds", check="pull/gcr.io") == datetime(2027, 3, 20, 8, 25, 33, tzinfo=UTC).timestamp()


def test_what_has_not_been_has_no_timestamp() -> None:
    found = samples(BOARDS["never-run"][0])
    assert value(found, "last_run_timestamp_seconds") is None
    assert value(found, "last_success_timestamp_seconds") is None
    assert value(found, "runs_total", status="fail") == 0, "a counter that appears with its first failure has no rate"
    assert value(samples(board(ALL_PASS)), "last_run_timestamp_seconds") == NOW.timestamp() - 20


def test_counters_and_flags_are_the_boards() -> None:
    found = samples(BOARDS["stale"][0])
    assert value(found, "runs_total", status="pass") == 2843
    assert value(found, "runs_late_total") == 2
    assert value(found, "notifications_total") == 3
    assert value(found, "notifications_lost_total") == 0
    assert (value(found, "history_writable"), value(found, "config_current"), value(found, "isolated")) == (0, 0, 0)
    assert value(samples(BOARDS["isolated"][0]), "isolated") == 1
    assert value(samples(BOARDS["denied"][0]), "standing", standing="down") == 1


def test_standings_are_what_the_health_endpoints_say() -> None:
    made = board(AWS)
    found = samples(made)
    assert {each: value(found, "check_standing", check="endpoint/kms", standing=each) for each in ("up", "degraded", "unknown", "down")} == {
        "up": 0,
        "degraded": 0,
        "unknown": 0,
        "down": 1,
    }
    assert value(found, "check_last_run_timestamp_seconds", check="gcr.io") == NOW.timestamp() - 20
    assert value(found, "check_stale_after_seconds", check="gcr.io") == 180
    old = {name: replace(stand, checked=NOW - timedelta(hours=1)) for name, stand in made.stands.items()}
    assert value(samples(replace(made, stands=old)), "check_standing", check="gcr.io", standing="unknown") == 1
    assert value(samples(BOARDS["stale"][0]), "standing", standing="unknown") == 1
    assert value(samples(BOARDS["isolated"][0]), "check_standing", check="proxy-https", standing="unknown") == 1
    assert value(samples(BOARDS["never-run"][0]), "standing", standing="unknown") == 1


def test_history_that_nobody_wants_is_neither_writable_nor_broken() -> None:
    assert value(samples(board(ALL_PASS)), "history_writable") == 1
    assert value(samples(board(ALL_PASS, remembers=False)), "history_writable") is None


@pytest.mark.parametrize("open_metrics", FORMATS)
@given(name=st.text(min_size=1), version=st.text())
@settings(max_examples=30)
def test_any_name_can_be_read_back_without_harm(name: str, version: str, open_metrics: bool) -> None:
    found = samples(board(report(passed(name), passed("gcr.io")), version=version), open_metrics=open_metrics)
    assert value(found, "check_success", check="gcr.io") == 1
    text = exposed(board(report(passed(name))), clean(report(passed(name))), NOW, open_metrics=open_metrics).decode()
    assert all(neutral(line) == line for line in text.split("\n"))


def test_no_label_holds_what_a_peer_said() -> None:
    text = exposed(BOARDS["hostile"][0], clean(_report(BOARDS["hostile"][0])), NOW, open_metrics=True).decode()
    assert text.count("alert(1)") == text.count('check="name ') + text.count('by="name '), (
        "the name is configured; targets, messages, hints and facts are not there"
    )
    assert "planted" not in text
    assert not set(HOSTILE) & set("\x1b\x00\u202e\u200b\ud800") & set(text)


def _report(made: Board) -> Report:
    assert made.report is not None
    return made.report


@pytest.mark.parametrize(
    ("accept", "open_metrics"),
    [
        ("", False),
        ("*/*", False),
        ("text/html", False),
        ("application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,text/plain;version=0.0.4;q=0.4,*/*;q=0.2", True),
        ("Application/OpenMetrics-Text", True),
        ("application/openmetrics-text;q=0", False),
        ("application/openmetrics-text;version=x\u0000;q=1", True),
        (",;,;", False),
    ],
)
def test_a_scraper_gets_what_it_reads(accept: str, open_metrics: bool) -> None:
    assert wants_openmetrics(accept) is open_metrics


@pytest.mark.anyio
async def test_the_type_is_said_and_the_end_is_marked() -> None:
    async with asking(*BOARDS["good"]) as client:
        plain = await client.get("/metrics")
        assert plain.headers["content-type"] == content_type(open_metrics=False) == "text/plain; version=0.0.4; charset=utf-8"
        assert "# EOF" not in plain.text
        answer = await client.get("/metrics", headers={"Accept": "application/openmetrics-text; version=1.0.0"})
        assert answer.headers["content-type"] == "application/openmetrics-text; version=1.0.0; charset=utf-8"
        assert answer.text.endswith("# EOF\n")
