"""The verdict in words: the one line that somebody reads who reads nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from msgspec.structs import replace

from preflight.model import CheckResult, Report, Status
from preflight.report.words import unfinished

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
    if report.interrupted_by is not None:
        return f"interrupted by {_SIGNALS.get(report.interrupted_by, f'signal {report.interrupted_by}')}; {_so_far(report)}"
    return _outcome(report) if report.complete else f"not finished; {_outcome(report)}"


def _so_far(report: Report) -> str:
    """What is left open, and what came out of the rest."""
    ended = tuple(result for result in report.results if not unfinished(result))
    left = len(report.results) - len(ended)
    if not left:
        return _outcome(report)
    said = f"{_number(left)} not finished"
    return f"{said}; {_outcome(replace(report, results=ended))}" if ended else said


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
        parts += _blocked(report, own, behind) if own else [f"{len(behind)} of {_checks(report)} blocked: {_names(behind)}"]
    undecided = report.number(Status.ERROR) if worst is Status.FAIL else 0
    if undecided:
        parts.append(f"{undecided} could not be decided")
    return "; ".join(parts)


def _blocked(report: Report, own: Sequence[CheckResult], behind: Sequence[CheckResult]) -> list[str]:
    """How many checks wait for what: `12 blocked by proxy-https, proxy-http` and `12 by aws`, those behind one kind of check together."""
    known = {result.name: result for result in report.results}
    behind_kind: dict[str, list[tuple[str, ...]]] = {}
    for result in behind:
        roots = _roots(result, known)
        kind = known[roots[0]].kind if roots and roots[0] in known else ""
        behind_kind.setdefault(kind, []).append(roots)
    named = {kind: tuple(dict.fromkeys(name for roots in waiting for name in roots)) for kind, waiting in behind_kind.items()}
    if [set(names) for names in named.values()] == [{result.name for result in own}]:
        return [f"{len(behind)} more blocked by that"]
    said = [f"{len(waiting)} by {_listed(named[kind]) or 'other checks'}" for kind, waiting in list(behind_kind.items())[:_NAMED]]
    others = sum(len(waiting) for waiting in list(behind_kind.values())[_NAMED:])
    said += [f"{others} by other checks"] if others else []
    return [said[0].replace(" by ", " blocked by ", 1), *said[1:]]


def _roots(result: CheckResult, known: Mapping[str, CheckResult]) -> tuple[str, ...]:
    """The checks at the beginning of what blocks this one, which nothing blocks in turn."""
    roots: dict[str, None] = {}
    seen: set[str] = set()
    ahead = list(result.blocked_by)
    while ahead:
        name = ahead.pop(0)
        if name not in seen:
            seen.add(name)
            further = known[name].blocked_by if name in known else ()
            ahead += further
            roots |= {} if further else {name: None}
    return tuple(roots)


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
    return _number(len(report.results))


def _number(checks: int) -> str:
    return "1 check" if checks == 1 else f"{checks} checks"


def _names(results: Iterable[CheckResult]) -> str:
    return _listed([result.name for result in results])


def _listed(names: Sequence[str]) -> str:
    first = ", ".join(names[:_NAMED])
    return f"{first} and {len(names) - _NAMED} more" if len(names) > _NAMED else first
