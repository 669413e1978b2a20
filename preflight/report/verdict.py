"""The verdict in words: the one line that somebody reads who reads nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from preflight.model import CheckResult, Report, Status

_NAMED: Final = 3
"""So many names stand in the verdict; every result has its own line further down."""
_SIGNALS: Final = {2: "SIGINT", 15: "SIGTERM"}
_SAID: Final = {Status.FAIL: "failed", Status.ERROR: "could not be decided"}


def status(report: Report) -> Status:
    """The report's status; a run that did not come to its end is at least undecided."""
    whole = report.complete and report.interrupted_by is None
    return report.status if whole else max(report.status, Status.ERROR)


def first_line(report: Report) -> str:
    """Status, sentence and exit code, e.g. `FAIL  1 of 11 checks failed: proxy-https (exit 1)`."""
    return f"{status(report).name:<5} {sentence(report)} (exit {report.exit_code})"


def last_line(report: Report) -> str:
    """Status, counts and exit code, e.g. `FAIL  2 pass, 0 warn, 1 fail, 0 error, 8 skip in 1.23 s (exit 1)`."""
    return f"{status(report).name:<5} {counts(report)} in {report.seconds:.2f} s (exit {report.exit_code})"


def counts(report: Report) -> str:
    """How many results have which status."""
    order = (Status.PASS, Status.WARN, Status.FAIL, Status.ERROR, Status.SKIP)
    return ", ".join(f"{report.number(each)} {each.word}" for each in order)


def sentence(report: Report) -> str:
    """What came out, in one sentence."""
    said = _outcome(report)
    if report.interrupted_by is not None:
        return f"interrupted by {_SIGNALS.get(report.interrupted_by, f'signal {report.interrupted_by}')}; {said}"
    return said if report.complete else f"not finished; {said}"


def _outcome(report: Report) -> str:
    if not report.results:
        return "nothing was checked"
    if report.status in _SAID:
        return _bad(report, report.status)
    if report.number(Status.SKIP) == len(report.results):
        return "nothing was checked: the only check was skipped" if len(report.results) == 1 else f"nothing was checked: all {_checks(report)} were skipped"
    return _good(report)


def _bad(report: Report, worst: Status) -> str:
    counted = report.counted
    own = [result for result in report.results if result.status is worst]
    behind = [result for result in report.results if result.blocked_by or (result.status is not worst and counted[result.name] is worst)]
    parts = [f"{len(own)} of {_checks(report)} {_SAID[worst]}: {_names(own)}"] if own else []
    if behind:
        parts.append(f"{len(behind)} more blocked by that" if own else f"{len(behind)} of {_checks(report)} blocked: {_names(behind)}")
    undecided = report.number(Status.ERROR) if worst is Status.FAIL else 0
    if undecided:
        parts.append(f"{undecided} could not be decided")
    return "; ".join(parts)


def _good(report: Report) -> str:
    warned = [result for result in report.results if result.status is Status.WARN]
    skipped = report.number(Status.SKIP)
    parts = [f"{report.number(Status.PASS)} of {_checks(report)} passed"]
    if warned:
        parts.append(f"{len(warned)} with a warning: {_names(warned)}")
    if skipped:
        parts.append(f"{skipped} skipped")
    if report.exit_code == 1:
        parts.append("--strict takes a warning for a failure")
    return "; ".join(parts)


def _checks(report: Report) -> str:
    return "1 check" if len(report.results) == 1 else f"{len(report.results)} checks"


def _names(results: Sequence[CheckResult]) -> str:
    names = ", ".join(result.name for result in results[:_NAMED])
    return f"{names} and {len(results) - _NAMED} more" if len(results) > _NAMED else names
