"""JUnit XML, valid against the schema of Jenkins' xUnit plugin (junit-10.xsd) and read right by GitLab, GitHub reporters, Azure DevOps and CircleCI.

One `<testsuites>`, one `<testsuite>` a group, none nested (dorny/test-reporter reads no deeper). `classname` and `name` are stable, because consumers
key history by them; latency is in `time`, the walk in `system-out`, the run's facts in `properties`. A file is never greener than the exit code: where a
run is not good and no single check says so (interrupted, nothing checked, `--strict`), a suite `run` with one case says it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final
from xml.etree import ElementTree as ET

from preflight.model import CheckResult, Report, Status
from preflight.report import verdict, words
from preflight.report.safe import clean

_TAGS: Final = {Status.FAIL: "failure", Status.ERROR: "error"}
_RUN: Final = "run"


def chunks(report: Report) -> Iterator[str]:
    """The report as one XML document, a test case a piece."""
    report = clean(report)
    whole = _whole(report)
    failures, errors = report.number(Status.FAIL), report.number(Status.ERROR)
    if whole:
        failures, errors = failures + (whole[0] is Status.FAIL), errors + (whole[0] is Status.ERROR)
    attributes = {
        "name": "preflight",
        "tests": str(len(report.results) + bool(whole)),
        "failures": str(failures),
        "errors": str(errors),
        "time": _time(report.seconds),
    }
    yield '<?xml version="1.0" encoding="utf-8"?>\n'
    yield _opened(ET.Element("testsuites", attributes)) + "\n"
    if whole:
        yield from _suite(report, _RUN, [whole[0]], 0.0, [whole[1]])
    for group, results in words.grouped(report).items():
        statuses = [result.status for result in results]
        seconds = sum(result.seconds for result in results)
        yield from _suite(report, group, statuses, seconds, (_case(result, report.vantage) for result in results))
    yield "</testsuites>\n"


def _suite(report: Report, group: str, statuses: Sequence[Status], seconds: float, cases: Iterable[ET.Element]) -> Iterator[str]:
    attributes = {
        "name": f"preflight.{group}",
        "tests": str(len(statuses)),
        "failures": str(statuses.count(Status.FAIL)),
        "errors": str(statuses.count(Status.ERROR)),
        "skipped": str(statuses.count(Status.SKIP)),
        "time": _time(seconds),
        "timestamp": f"{report.started:%Y-%m-%dT%H:%M:%S}",  # UTC without a zone: Jenkins appends the Z, Azure assumes it
        "hostname": report.vantage,
    }
    yield f"  {_opened(ET.Element('testsuite', attributes))}\n"
    yield _piece(_properties(report))
    for case in cases:
        yield _piece(case)
    yield "  </testsuite>\n"


def _properties(report: Report) -> ET.Element:
    facts = {
        "version": report.version,
        "vantage": report.vantage,
        "profile": report.profile,
        "status": verdict.status(report).word,
        "exit_code": str(report.exit_code),
        "complete": str(report.complete).lower(),
    }
    facts |= {f"input.{setting.name}": f"{words.plain(setting.value)} ({setting.source})" for setting in report.inputs}
    properties = ET.Element("properties")
    for name, value in facts.items():
        ET.SubElement(properties, "property", {"name": name, "value": value})
    return properties


def _case(result: CheckResult, vantage: str) -> ET.Element:
    case = ET.Element("testcase", {"classname": f"preflight.{result.group}", "name": result.name, "time": _time(result.seconds)})
    told = _inert("\n".join(f"{label}: {text}" for label, text in words.told(result, vantage)))
    out = [words.heading(result)]
    if result.status in {Status.FAIL, Status.ERROR}:
        finding = words.worst(result)
        about = {"message": finding.message, "type": finding.code} if finding else {"message": words.gist(result), "type": "error"}
        ET.SubElement(case, _TAGS[result.status], about).text = told
        out += [f"steps: {words.walked(result)}"] if result.steps else []
    else:
        if result.status is Status.SKIP:
            ET.SubElement(case, "skipped", {"message": words.gist(result)})
        out.append(told)
    ET.SubElement(case, "system-out").text = _inert("\n".join(out))
    return case


def _whole(report: Report) -> tuple[Status, ET.Element] | None:
    """A case for the run itself, where the exit code is bad and no check's own case would show red."""
    if report.exit_code == 0 or report.number(Status.FAIL) or (report.exit_code != 1 and report.number(Status.ERROR)):
        return None
    status = Status.FAIL if report.exit_code == 1 else Status.ERROR
    case = ET.Element("testcase", {"classname": f"preflight.{_RUN}", "name": "verdict", "time": "0.000"})
    said = verdict.first_line(report)
    ET.SubElement(case, _TAGS[status], {"message": verdict.sentence(report), "type": f"exit-{report.exit_code}"}).text = _inert(said)
    return status, case


def _time(seconds: float) -> str:
    return f"{seconds:.3f}"


def _inert(text: str) -> str:
    """GitLab offers the file named in `[[ATTACHMENT|path]]` of a failed case: not on a remote peer's word."""
    return text.replace("[[", "[ [")


def _opened(element: ET.Element) -> str:
    """The start tag alone, what it holds being written piece by piece."""
    return ET.tostring(element, encoding="unicode", short_empty_elements=False).removesuffix(f"</{element.tag}>")


def _piece(element: ET.Element) -> str:
    ET.indent(element, level=2)
    return f"    {ET.tostring(element, encoding='unicode')}\n"
