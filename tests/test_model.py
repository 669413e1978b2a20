"""Statuses, targets and the verdict of a report, as a table."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import permutations

import pytest

from preflight import codes
from preflight.model import CheckResult, Proxy, Report, Status, Target
from preflight.untrusted import Secret

START = datetime(2024, 5, 17, 12, tzinfo=UTC)
CODE = {"pass": "ok", "skip": "internal.not-applicable", "warn": "tcp.partial", "error": "internal.crashed", "fail": "tcp.refused"}


def result(name: str, *words: str, required: bool = True, blocked_by: tuple[str, ...] = ()) -> CheckResult:
    findings = tuple(codes.finding(CODE[word]) for word in words)
    return CheckResult(name, "kind", "core", "", required, findings, blocked_by=blocked_by)


def report(*results: CheckResult, strict: bool = False, interrupted_by: int | None = None) -> Report:
    return Report(results, (), (), START, 1.0, "1", "", "", strict, interrupted_by)


def required(*words: str) -> list[CheckResult]:
    return [result(f"r{number}", word) for number, word in enumerate(words)]


def optional(*words: str) -> list[CheckResult]:
    return [result(f"o{number}", word, required=False) for number, word in enumerate(words)]


BLOCKED = result("late", "skip", blocked_by=("r0",))
TWICE = result("later", "skip", blocked_by=("late",))

VERDICTS = [
    ("nothing at all", [], 3, 3, Status.ERROR),
    ("all pass", required("pass", "pass"), 0, 0, Status.PASS),
    ("a warning", required("pass", "warn"), 0, 1, Status.WARN),
    ("an error", required("pass", "error"), 3, 3, Status.ERROR),
    ("a failure", required("pass", "fail"), 1, 1, Status.FAIL),
    ("a failure beside an error", required("error", "fail"), 1, 1, Status.FAIL),
    ("an error beside a warning", required("error", "warn"), 3, 1, Status.ERROR),
    ("a skip beside a pass", required("skip", "pass"), 0, 0, Status.SKIP),
    ("nothing but skips", required("skip", "skip"), 3, 3, Status.SKIP),
    ("an optional failure", [*required("pass"), *optional("fail")], 0, 1, Status.WARN),
    ("an optional error", [*required("pass"), *optional("error")], 0, 1, Status.WARN),
    ("only optional ones, all failed", optional("fail", "fail"), 0, 1, Status.WARN),
    ("optional skips only", optional("skip"), 3, 3, Status.SKIP),
    ("blocked by a failure", [*required("fail"), BLOCKED, TWICE], 1, 1, Status.FAIL),
    ("blocked by an error", [*required("error"), BLOCKED, TWICE], 3, 3, Status.ERROR),
    ("blocked by a skip", [*required("skip"), BLOCKED], 3, 3, Status.SKIP),
    ("required, blocked by an optional failure", [result("r0", "fail", required=False), BLOCKED], 1, 1, Status.FAIL),
    (
        "required at second hand, blocked by an optional failure",
        [result("r0", "fail", required=False), result("late", "skip", required=False, blocked_by=("r0",)), TWICE],
        1,
        1,
        Status.FAIL,
    ),
    ("optional, blocked by a failure", [*required("fail"), result("late", "skip", required=False, blocked_by=("r0",))], 1, 1, Status.FAIL),
    (
        "optional, blocked by an optional failure",
        [*required("pass"), *optional("fail"), result("late", "skip", required=False, blocked_by=("o0",))],
        0,
        1,
        Status.WARN,
    ),
    ("blocked by what is not in the report", [*required("pass"), result("late", "skip", blocked_by=("gone",))], 0, 0, Status.SKIP),
    ("no finding", [CheckResult("mute", "kind", "core", "", True, ())], 3, 3, Status.ERROR),
]


@pytest.mark.parametrize(("results", "exit_code", "strict", "status"), [row[1:] for row in VERDICTS], ids=[row[0] for row in VERDICTS])
def test_the_verdict(results: list[CheckResult], exit_code: int, strict: int, status: Status) -> None:
    assert report(*results).status is status
    assert report(*results).exit_code == exit_code
    assert report(*results, strict=True).exit_code == strict


@pytest.mark.parametrize(("signal", "code"), [(2, 130), (15, 143)])
def test_an_interrupted_run_says_by_what(signal: int, code: int) -> None:
    assert report(*required("fail"), interrupted_by=signal).exit_code == code


def test_the_worst_is_the_maximum() -> None:
    order = ["pass", "skip", "warn", "error", "fail"]
    assert [status.word for status in sorted(Status)] == order
    for words in permutations(order, 3):
        assert result("x", *words).verdict is max(Status[word.upper()] for word in words)
    assert [status.word for status in Status if status.good_enough] == ["pass", "warn"]


def test_what_nobody_requires_warns_at_most() -> None:
    for word, counts in {"pass": "pass", "skip": "skip", "warn": "warn", "error": "warn", "fail": "warn"}.items():
        assert result("x", word, required=False).status.word == counts
        assert result("x", word).status.word == word


def test_results_are_counted_by_status() -> None:
    counted = report(*required("pass", "fail"), *optional("fail"), BLOCKED)
    assert {status.word: counted.number(status) for status in Status} == {"pass": 1, "skip": 1, "warn": 1, "error": 0, "fail": 1}


@pytest.mark.parametrize(
    ("text", "scheme", "authority", "url"),
    [
        ("gcr.io", "https", "gcr.io:443", "https://gcr.io/"),
        ("GCR.io:8443", "https", "gcr.io:8443", "https://gcr.io:8443/"),
        ("http://a.example/x?y=1", "https", "a.example:80", "http://a.example/x?y=1"),
        ("a.example", "http", "a.example:80", "http://a.example/"),
        ("[2001:db8::1]:3128", "tcp", "[2001:db8::1]:3128", "tcp://[2001:db8::1]:3128/"),
        ("https://[2001:db8::1]/v2/", "https", "[2001:db8::1]:443", "https://[2001:db8::1]/v2/"),
        ("http://a.example?x", "http", "a.example:80", "http://a.example/?x"),
        ("bücher.example/é?ü=%C3", "https", "xn--bcher-kva.example:443", "https://xn--bcher-kva.example/%C3%A9?%C3%BC=%C3"),
        ("https://a.example:80", "https", "a.example:80", "https://a.example:80/"),
    ],
)
def test_a_target_is_read(text: str, scheme: str, authority: str, url: str) -> None:
    target = Target.parse(text, scheme)
    assert (target.authority, target.url) == (authority, url)
    assert Target.parse(target.url) == target


@pytest.mark.parametrize(
    "text",
    [
        "",
        " gcr.io",
        "gcr.io ",
        "a b",
        "ftp://a.example",
        "https://user:pw@a.example",
        "https://",
        "a.example:0",
        "a.example:65536",
        "a.example:x",
        "a\x00b",
        "https://.example",
        "a..b",
        "ü" * 70 + ".example",
        "a\u202eb",
        "[::1",
    ],
)
def test_what_is_no_target_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        Target.parse(text)


def test_a_tcp_target_needs_a_port() -> None:
    with pytest.raises(ValueError, match="port"):
        Target.parse("a.example", "tcp")


@pytest.mark.parametrize(
    ("user", "password", "basic"),
    [(None, None, None), ("user", None, "Basic dXNlcjo="), ("user", "pässwörd", "Basic dXNlcjpww6Rzc3fDtnJk"), ("", "x", "Basic Ong=")],
)
def test_credentials_are_utf_8(user: str | None, password: str | None, basic: str | None) -> None:
    proxy = Proxy("http", "p", 80, None if user is None else Secret(user), None if password is None else Secret(password))
    assert (proxy.basic.reveal() if proxy.basic else None) == basic
    assert "p:80" in proxy.url
    assert password is None or password == "x" or password not in repr(proxy)
