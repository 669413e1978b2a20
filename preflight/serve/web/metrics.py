"""The board as Prometheus metrics: text format 0.0.4, or OpenMetrics 1.0 for whoever asks for it.

Labels are configured names and words from closed lists, so the number of series is that of the checks; nothing that a peer said is in any of them.
Standings are what the health endpoints say: damped, and unknown where nothing is known of the present. Everything else of a check is of its latest result,
whose age `preflight_check_last_run_timestamp_seconds` tells.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.exposition import generate_latest as plain
from prometheus_client.openmetrics.exposition import CONTENT_TYPE_LATEST as CONTENT_TYPE_OPENMETRICS
from prometheus_client.openmetrics.exposition import generate_latest as openmetrics
from prometheus_client.registry import Collector

from preflight import dates
from preflight.model import CheckResult, Phase, Report, Status
from preflight.serve.board import Board, Standing
from preflight.serve.pages import headline
from preflight.untrusted import neutral


def exposed(board: Board, report: Report | None, now: datetime, *, open_metrics: bool) -> bytes:
    """All metrics of this board. `report` is the board's, clean."""
    registry = CollectorRegistry()
    registry.register(_Collector(board, report, now))
    text: bytes = openmetrics(registry) if open_metrics else plain(registry)  # type: ignore[no-untyped-call]
    return text


def wants_openmetrics(accept: str) -> bool:
    """Whether a scraper understands OpenMetrics. Prometheus does and says so."""
    kinds = (part.split(";") for part in accept.lower().split(","))
    return any(kind.strip() == "application/openmetrics-text" and "q=0" not in map(str.strip, parameters) for kind, *parameters in kinds)


def content_type(*, open_metrics: bool) -> str:
    """What Prometheus has to be told; since version 3 it takes nothing for granted."""
    return CONTENT_TYPE_OPENMETRICS if open_metrics else CONTENT_TYPE_PLAIN_0_0_4


class _Collector(Collector):
    def __init__(self, board: Board, report: Report | None, now: datetime) -> None:
        self._board, self._report, self._now = board, report, now

    def collect(self) -> Iterable[Metric]:
        """Every family, whether or not it has samples yet."""
        board, report = self._board, self._report
        results = {result.name: result for result in report.results} if report else {}
        yield from _of_checks(results, report.counted if report else {})
        yield from _standings(board, report, results, self._now)
        yield _moment("preflight_last_run_timestamp_seconds", "When the last run ended.", board.last_run)
        yield _moment("preflight_last_success_timestamp_seconds", "When a run last ended well.", board.last_success)
        yield _moment("preflight_start_timestamp_seconds", "When the probe began.", board.started)
        yield GaugeMetricFamily("preflight_stale_after_seconds", "The age of the last run beyond which it says nothing about the present.", board.stale_after)
        if report:
            yield GaugeMetricFamily("preflight_run_duration_seconds", "How long the last run took.", report.seconds)
        yield from _counters(board)
        yield _flag("preflight_running", "Whether a run is under way.", board.running)
        yield _flag(
            "preflight_history_writable", "Whether history is being written; no sample with --no-history.", not board.history if board.remembers else None
        )
        yield _flag("preflight_config_current", "Whether the files in force are the newest: 0 after a refused reload.", not board.config)
        yield _flag("preflight_isolated", "Whether the host of the probe reaches nothing at all.", bool(board.isolated))
        yield InfoMetricFamily("preflight_build", "Which preflight this is.", {"version": neutral(board.version)})


def _of_checks(results: Mapping[str, CheckResult], counted: Mapping[str, Status]) -> Iterator[Metric]:
    status = GaugeMetricFamily("preflight_check_status", "1 for the status of the check's latest result.", labels=["check", "status"])
    success = GaugeMetricFamily(
        "preflight_check_success",
        "1 if the check passed or counts as a warning, 0 if not, or if what blocks it did not; none if it does not apply.",
        labels=["check"],
    )
    required = GaugeMetricFamily("preflight_check_required", "1 if the check is required: another one degrades the whole at the worst.", labels=["check"])
    blocked = GaugeMetricFamily("preflight_check_blocked", "1 where the check waits for another one that is not in order.", labels=["check", "by"])
    durations = GaugeMetricFamily("preflight_step_duration_seconds", "How long each step of the latest walk took.", labels=["check", "phase"])
    expiry = GaugeMetricFamily("preflight_certificate_expiry_timestamp_seconds", "When the certificate that the target showed expires.", labels=["check"])
    for name, result in results.items():
        for each in Status:
            status.add_metric([name, each.word], float(result.status is each))
        if counted[name] is not Status.SKIP:
            success.add_metric([name], float(counted[name].good_enough))
        required.add_metric([name], float(result.required))
        for by in results.keys() & result.blocked_by:
            blocked.add_metric([name, by], 1.0)
        for phase, seconds in _durations(result).items():
            durations.add_metric([name, phase.value], seconds)
        if expires := _expiry(result):
            expiry.add_metric([name], expires.timestamp())
    yield from (status, success, required, blocked, durations, expiry)


def _standings(board: Board, report: Report | None, results: Mapping[str, CheckResult], now: datetime) -> Iterator[Metric]:
    whole = GaugeMetricFamily("preflight_standing", "1 for how all required checks together stand, as /healthz says it.", labels=["standing"])
    for each in Standing:
        whole.add_metric([each.value], float(each is headline.whole(board, report, now).standing))
    standing = GaugeMetricFamily(
        "preflight_check_standing", "1 for how the check stands, as /healthz/NAME says it; none if it does not apply.", labels=["check", "standing"]
    )
    checked = GaugeMetricFamily("preflight_check_last_run_timestamp_seconds", "When the check's latest result was made.", labels=["check"])
    patience = GaugeMetricFamily(
        "preflight_check_stale_after_seconds", "The age of a check's latest result beyond which it says nothing about the present.", labels=["check"]
    )
    for name, result in results.items():
        stand = board.stands.get(name)
        if stand is None:
            continue
        stands = headline.one(board, stand, result, now).standing
        for each in Standing:
            standing.add_metric([name, each.value], float(each is stands))
        if stand.checked:
            checked.add_metric([name], stand.checked.timestamp())
        patience.add_metric([name], stand.stale_after)
    yield from (whole, standing, checked, patience)


def _durations(result: CheckResult) -> Mapping[Phase, float]:
    """Seconds by phase; a check that walks several times has several steps of one phase."""
    seconds: dict[Phase, float] = {}
    for step in result.steps:
        seconds[step.phase] = seconds.get(step.phase, 0.0) + step.seconds
    return seconds


def _expiry(result: CheckResult) -> datetime | None:
    """The first moment at which a certificate that was verified on this walk expires."""
    ends = (dates.of_certificate(str(step.facts.get("not_after", ""))) for step in result.steps if step.phase is Phase.TLS)
    return min((end for end in ends if end), default=None)


def _counters(board: Board) -> Iterator[Metric]:
    tally = board.counters
    runs = CounterMetricFamily(
        "preflight_runs", "Runs that ended, by what was known then: a good part is no good news while the rest is down.", labels=["status"]
    )
    for status in Status:
        runs.add_metric([status.word], tally.by_status.get(status, 0))
    yield runs
    yield CounterMetricFamily("preflight_runs_late", "Runs that began late, or were left out because the one before was still going.", tally.late)
    yield CounterMetricFamily("preflight_runs_cut", "Runs that outlived their deadline.", tally.cut)
    yield CounterMetricFamily("preflight_notifications", "Notifications that were taken.", tally.notifications)
    yield CounterMetricFamily("preflight_notifications_lost", "Notifications that nobody took, after every attempt.", tally.notifications_lost)


def _moment(name: str, about: str, at: datetime | None) -> Metric:
    """A point in time; no sample where there has been none, for zero would be 1970."""
    return GaugeMetricFamily(name, about, at.timestamp() if at else None)


def _flag(name: str, about: str, value: bool | None) -> Metric:
    return GaugeMetricFamily(name, about, None if value is None else float(value))
