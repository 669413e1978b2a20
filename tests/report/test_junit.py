"""JUnit XML: what the schemas allow, what the readers need.

With `JUNIT_XSD=path/to/junit-10.xsd` (jenkinsci/xunit-plugin) every sample is validated against Jenkins' own schema as well.
"""

from __future__ import annotations

import os
import re

import pytest
from junitparser import Error, Failure, JUnitXml, Skipped, TestCase, TestSuite
from lxml import etree

from preflight.model import Report, Status
from preflight.report import FORMATS
from tests.samples import DEAD_PROXY, DENIED, EMPTY, INTERRUPTED, POISONED, SAMPLES, STRICT

TestCase.__test__ = TestSuite.__test__ = False  # pytest would take junitparser's classes for tests

COUNTS = ("tests", "failures", "errors")
ATTRIBUTES = {
    "testsuites": ({"name", *COUNTS}, {"time"}),
    "testsuite": ({"name", *COUNTS, "skipped", "time", "timestamp", "hostname"}, set()),
    "properties": (set(), set()),
    "property": ({"name", "value"}, set()),
    "testcase": ({"name", "classname", "time"}, set()),
    "failure": ({"message", "type"}, set()),
    "error": ({"message", "type"}, set()),
    "skipped": ({"message"}, set()),
    "system-out": (set(), set()),
}
"""Required and optional attributes that Jenkins' junit-10 schema allows, and of these only what the other readers take as well."""
CHILDREN = {
    "testsuites": r"(testsuite )*",
    "testsuite": r"properties (testcase )*",
    "properties": r"(property )*",
    "testcase": r"((failure|error|skipped) )?(system-out )?",
}


def document(report: Report) -> bytes:
    """The document as it stands in its file."""
    return FORMATS["junit"](report).encode()


def parsed(report: Report) -> etree._Element:
    """The document, read strictly."""
    return etree.fromstring(document(report), etree.XMLParser(huge_tree=False, resolve_entities=False))


def hold_to_schema(element: etree._Element) -> None:
    """Assert what the schemas say about this element and everything in it."""
    tag = str(element.tag)
    needed, allowed = ATTRIBUTES[tag]
    assert needed <= set(element.keys()) <= needed | allowed
    assert re.fullmatch(CHILDREN.get(tag, ""), "".join(f"{child.tag} " for child in element))
    assert re.fullmatch(r"\d+\.\d{1,3}", element.get("time", "0.0"))
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", element.get("timestamp", "2026-01-01T00:00:00"))
    for child in element:
        hold_to_schema(child)


@pytest.mark.parametrize("sample", SAMPLES)
def test_document_is_valid(sample: str) -> None:
    root = parsed(SAMPLES[sample])
    assert root.tag == "testsuites"
    hold_to_schema(root)


@pytest.mark.skipif("JUNIT_XSD" not in os.environ, reason="JUNIT_XSD names no copy of Jenkins' junit-10.xsd")
def test_documents_are_valid_for_jenkins() -> None:
    schema = etree.XMLSchema(file=os.environ["JUNIT_XSD"])
    for sample in SAMPLES.values():
        schema.assertValid(parsed(sample))


@pytest.mark.parametrize("sample", SAMPLES)
def test_counts_agree_with_the_elements(sample: str) -> None:
    root = parsed(SAMPLES[sample])
    for holder in (root, *root.iter("testsuite")):
        found = [len(list(holder.iter(tag))) for tag in ("testcase", "failure", "error")]
        assert [int(holder.get(name, "-1")) for name in COUNTS] == found
    assert all(int(suite.get("skipped", "-1")) == len(list(suite.iter("skipped"))) for suite in root.iter("testsuite"))


def test_junitparser_reads_back_what_happened() -> None:
    read = JUnitXml.fromstring(document(DEAD_PROXY))
    assert (read.tests, read.failures, read.errors) == (10, 1, 0)
    cases = [case for suite in read for case in suite]
    assert [case.name for case in cases] == [result.name for result in DEAD_PROXY.results]
    assert {case.classname for case in cases} == {"preflight.core"}
    (failure,) = cases[1].result
    assert isinstance(failure, Failure)
    assert (failure.type, failure.message) == ("tcp.refused", "10.0.1.20:3128 refused the connection")
    assert "who: " in failure.text
    assert all(isinstance(case.result[0], Skipped) and case.result[0].message == "blocked by proxy-https" for case in cases[2:])


def test_a_warning_passes_and_tells_in_system_out() -> None:
    case = next(case for case in parsed(DENIED).iter("testcase") if case.get("name") == "registry.k8s.io")
    assert [child.tag for child in case] == ["system-out"]
    assert "WARN  registry.k8s.io (fail, but not required)" in (case[0].text or "")


def test_the_facts_of_the_run_are_properties() -> None:
    suite = parsed(DENIED)[0]
    properties = {each.get("name"): each.get("value") for each in suite.iter("property")}
    assert properties["input.region"] == "us-east-1 (--region)"
    assert (properties["vantage"], properties["exit_code"], properties["status"]) == ("bastion-1", "1", "fail")


@pytest.mark.parametrize(("report", "problem"), [(EMPTY, Error), (INTERRUPTED, Error), (STRICT, Failure)], ids=["empty", "interrupted", "strict"])
def test_a_bad_run_without_a_bad_check_is_not_green(report: Report, problem: type) -> None:
    (case,) = [case for suite in JUnitXml.fromstring(document(report)) for case in suite if case.classname == "preflight.run"]
    assert isinstance(case.result[0], problem)


@pytest.mark.parametrize("sample", SAMPLES)
def test_red_exactly_when_the_exit_code_is(sample: str) -> None:
    root = parsed(SAMPLES[sample])
    assert bool(list(root.iter("failure", "error"))) == bool(SAMPLES[sample].exit_code)


def test_one_suite_a_group_and_none_nested() -> None:
    suites = parsed(SAMPLES["all-pass"]).findall("testsuite")
    assert [suite.get("name") for suite in suites] == ["preflight.core", "preflight.aws"]
    assert not [inner for suite in suites for inner in suite.findall("testsuite")]


def test_no_attachment_is_offered_on_a_peers_word() -> None:
    xml = FORMATS["junit"](POISONED)
    texts = [element.text or "" for element in parsed(POISONED).iter("system-out", "failure")]
    assert "ATTACHMENT" in xml
    assert not any("[[ATTACHMENT" in text for text in texts)


def test_only_characters_that_xml_allows() -> None:
    assert not re.search("[^\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", FORMATS["junit"](POISONED))


def test_thousands_of_results_parse() -> None:
    many = Report(DENIED.results * 500, (), (), DENIED.started, 1.0, "1", "p", "v")
    read = JUnitXml.fromstring(document(many))
    assert (read.tests, read.failures) == (2000, 500 * sum(result.status is Status.FAIL for result in DENIED.results))
