"""Plain text: the verdict first, one line a result, every part of every failure, nothing that a log would obey."""

from __future__ import annotations

import re

import pytest
from msgspec.structs import replace

from preflight import codes
from preflight.model import Blame, Cause, CheckResult, Direct, Finding, Proxy, Status, Via
from preflight.report import FORMATS, text, words
from preflight.untrusted import Json
from tests.samples import (
    ALL_PASS,
    APT,
    DEAD,
    DEAD_PROXY,
    DENIED,
    EMPTY,
    HOSTS,
    INTERRUPTED,
    POISONED,
    SAMPLES,
    STRICT,
    UNDECIDED,
    failed,
    passed,
    report,
    skipped,
)

FIRST = {
    "all-pass": "PASS  11 of 11 checks passed (exit 0)",
    "denied": "FAIL  1 of 4 checks failed: gkehub.googleapis.com (exit 1)",
    "dead-proxy": "FAIL  1 of 10 checks failed: proxy-https; 8 more blocked by that (exit 1)",
    "undecided": "ERROR 1 of 2 checks could not be decided: endpoint/kms (exit 3)",
    "interrupted": "ERROR interrupted by SIGINT; 1 of 1 check passed (exit 130)",
    "empty": "ERROR nothing was checked (exit 3)",
    "strict": "WARN  1 of 2 checks passed; 1 with a warning: gkehub.googleapis.com; --strict takes a warning for a failure (exit 1)",
}


@pytest.mark.parametrize("sample", FIRST)
def test_the_first_line_is_the_verdict(sample: str) -> None:
    assert FORMATS["text"](SAMPLES[sample]).splitlines()[0] == FIRST[sample]


def test_nothing_but_skips_checked_nothing() -> None:
    skips = tuple(result for result in DEAD_PROXY.results if result.status is Status.SKIP)
    assert FORMATS["text"](report(*skips)).splitlines()[0] == "SKIP  nothing was checked: all 8 checks were skipped (exit 3)"


def test_many_failures_are_counted_and_the_first_named() -> None:
    bad = [failed(host, "proxy.denied", "no", "ask") for host in HOSTS[:5]]
    expected = "FAIL  5 of 5 checks failed: gkeconnect.googleapis.com, gkehub.googleapis.com, oauth2.googleapis.com and 2 more (exit 1)"
    assert FORMATS["text"](report(*bad)).splitlines()[0] == expected


def test_blocked_by_a_check_that_nobody_requires() -> None:
    blocked = report(replace(DEAD, required=False), *DEAD_PROXY.results[2:3])
    assert FORMATS["text"](blocked).splitlines()[0] == "FAIL  1 of 2 checks blocked: gkeconnect.googleapis.com (exit 1)"


def test_what_is_blocked_is_laid_at_the_right_door() -> None:
    aws = replace(UNDECIDED.results[1], name="aws", kind="aws")
    keys = [replace(skipped(f"endpoint/{name}", blocker="aws"), kind="vpc-endpoint") for name in ("kms", "s3", "sts")]
    second_hand = skipped("after-gcr.io", blocker=HOSTS[0])
    blocked = report(DEAD, aws, skipped(HOSTS[0], blocker=DEAD.name), second_hand, *keys)
    said = "FAIL  1 of 7 checks failed: proxy-https; 2 blocked by proxy-https; 3 by aws; 1 could not be decided (exit 1)"
    assert FORMATS["text"](blocked).splitlines()[0] == said


def test_two_dead_proxies_are_named_once() -> None:
    plain = replace(DEAD, name="proxy-http")
    blocked = report(DEAD, plain, skipped(HOSTS[0], blocker=DEAD.name), skipped(HOSTS[1], blocker=plain.name))
    assert FORMATS["text"](blocked).splitlines()[0] == "FAIL  2 of 4 checks failed: proxy-https, proxy-http; 2 more blocked by that (exit 1)"


def test_checks_that_block_each_other_do_not_stop_the_report() -> None:
    circle = [skipped("a", blocker="b"), skipped("b", blocker="a")]
    assert "; 2 blocked by other checks (" in FORMATS["text"](report(DEAD, *circle)).splitlines()[0]


def unfinished(name: str) -> CheckResult:
    """A check that a signal overtook."""
    return replace(skipped(name, blocker="x"), findings=(codes.finding("internal.interrupted"),), blocked_by=())


def test_what_an_interruption_left_open_is_counted_and_told_once() -> None:
    left = [unfinished(HOSTS[0]), unfinished(HOSTS[1]), replace(unfinished(HOSTS[2]), required=False)]
    rendered = FORMATS["text"](replace(report(DEAD, *left), interrupted_by=2, complete=False))
    assert rendered.splitlines()[0] == "FAIL  interrupted by SIGINT; 3 checks not finished; 1 of 1 check failed: proxy-https (exit 130)"
    assert rendered.count("      do         Run it again to the end.") == 1
    assert f"      the same   {HOSTS[1]}, {HOSTS[2]}\n" in rendered


def test_nothing_but_an_interruption() -> None:
    rendered = FORMATS["text"](replace(report(unfinished(HOSTS[0])), interrupted_by=15, complete=False))
    assert rendered.splitlines()[0] == "ERROR interrupted by SIGTERM; 1 check not finished (exit 143)"


def test_failures_are_told_first() -> None:
    warned = failed("a", "proxy.dishonest", "m", "h", status=Status.WARN)
    told = FORMATS["text"](report(warned, UNDECIDED.results[1], DEAD, failed("z", "proxy.denied", "m", "h"))).split("GROUP")[-1]
    headings = [line.split()[1] for line in told.split("\n\n") for line in line.splitlines()[:1] if line.startswith(("FAIL", "WARN", "ERROR"))]
    assert headings == ["proxy-https", "z", "endpoint/kms", "a"]


def test_the_file_that_others_can_read_is_named_in_the_line_that_shows_it() -> None:
    finding = Finding("input.permissions", Status.WARN, Blame.CLIENT, "m", "h", {"where": "my proxy.json"})
    exposed = replace(DEAD, steps=(), target=None, route=None, findings=(finding,))
    assert "ls -l 'my proxy.json'" in FORMATS["text"](report(exposed))
    assert "FILE" not in FORMATS["text"](report(exposed))
    assert "ls -l" not in FORMATS["text"](report(replace(exposed, findings=(replace(finding, evidence={}),))))


def test_settings_stand_one_a_line_at_the_end() -> None:
    lines = FORMATS["text"](DENIED).splitlines()
    settings = [number for number, line in enumerate(lines) if line.startswith("WITH  ")]
    assert len(settings) == len(DENIED.inputs)
    assert lines[settings[-1] + 1].startswith("BY ")


def test_what_walked_nowhere_does_not_say_where_it_tried() -> None:
    assert "tried" not in FORMATS["text"](UNDECIDED)


def test_a_hint_is_told_once() -> None:
    bad = failed("gcr.io", "proxy.denied", "no", "Ask for gcr.io.")
    alone = report(bad, causes=(Cause("proxy.denied", "no", Blame.PROXY, "Ask for gcr.io.", ("gcr.io",)),))
    assert FORMATS["text"](alone).count("Ask for gcr.io.") == 1
    other = report(bad, causes=(Cause("proxy.denied", "no", Blame.PROXY, "Ask for all.", ("gcr.io",)),))
    assert FORMATS["text"](other).count("Ask for gcr.io.") == 1


@pytest.mark.parametrize(
    ("code", "line"),
    [
        ("tcp.refused", "curl -v --max-time 10 telnet://10.0.1.20:3128"),
        ("proxy.no-reply", "curl -v -o /dev/null --proxy http://10.0.1.20:3128 --proxy-user USER https://gcr.io/"),
    ],
)
def test_a_check_of_the_proxy_itself_says_how_to_see_the_same(code: str, line: str) -> None:
    evidence: dict[str, Json] = {"proxy": "http://10.0.1.20:3128", "url": "https://gcr.io/", "credentials": True}
    result = replace(DEAD, target=None, route=None, findings=(codes.finding(code, evidence=evidence),))
    assert f"      reproduce  {line}\n" in FORMATS["text"](report(result))


def test_one_line_names_every_result() -> None:
    for sample in (ALL_PASS, DENIED, DEAD_PROXY, UNDECIDED, STRICT, INTERRUPTED):
        lines = FORMATS["text"](sample).splitlines()
        for result in sample.results:
            assert sum(line.startswith(f"{result.status.name:<5} {result.name} ") for line in lines) >= 1


def test_a_good_report_fits_on_a_screen() -> None:
    assert len(FORMATS["text"](ALL_PASS).splitlines()) <= 24


def test_a_failure_tells_all_its_parts() -> None:
    rendered = FORMATS["text"](DENIED)
    labels = [line.split()[0] for line in rendered.splitlines() if line.startswith("      ")]
    assert labels[:8] == ["about", "tried", "seen", "means", "who", "do", "reproduce", "steps"]


def test_verbose_tells_the_steps_of_what_passed() -> None:
    assert "tls 20 ms" not in FORMATS["text"](DENIED)
    assert "tls 20 ms" in text.render(DENIED, verbose=True)
    assert "proof=google-api" in text.render(DENIED, verbose=True)


def test_causes_stand_before_results() -> None:
    rendered = FORMATS["text"](DEAD_PROXY)
    assert 0 < rendered.index("CAUSE ") < rendered.index("explains   9 checks: proxy-https") < rendered.index("GROUP core")


def test_attempts_that_were_needed_are_visible() -> None:
    flaky = replace(passed("gcr.io"), attempts=2)
    assert re.search(r"^PASS  gcr\.io .*\(2 attempts\)$", FORMATS["text"](report(flaky)), re.MULTILINE)


def test_no_line_begins_or_holds_a_log_command() -> None:
    for line in FORMATS["text"](POISONED).splitlines():
        assert not line.strip().startswith(("::", "##"))
        assert "##vso[" not in line
        assert "##[" not in line


def test_every_setting_is_there_with_its_source() -> None:
    for sample in (EMPTY, DENIED):
        assert "region=us-east-1 (--region)" in FORMATS["text"](sample)


CURL = "curl --proxy {proxy} --proxy-user USER {url}"
QUOTED = 'curl --proxy "{proxy}" --proxy-user USER "{url}"'


@pytest.mark.parametrize(
    ("result", "template", "line"),
    [
        (passed("gcr.io"), CURL, "curl --proxy http://10.0.1.20:3128 --proxy-user USER https://gcr.io/"),
        (passed("gcr.io", route=Direct("listed")), CURL, "curl --proxy '' https://gcr.io/"),
        (passed("gcr.io", route=Direct("listed")), QUOTED, 'curl --proxy "" "https://gcr.io/"'),
        (passed("gcr.io", route=Via(Proxy("http", "p", 80), "")), CURL, "curl --proxy http://p:80 https://gcr.io/"),
        (APT, "wget {url}", "wget http://us-east-1.ec2.archive.ubuntu.com/ubuntu/"),
        (passed("a", target="http://a/?x=$(id)&y"), "wget {url}", "wget 'http://a/?x=$(id)&y'"),
        (passed("a", target="http://a/?x=$(id)"), 'wget "{url}"', ""),
        (passed("gcr.io"), "dig {nonesuch}", ""),
        (passed("gcr.io"), 'name={peer}; dig "${{name%:*}}"', 'name=10.0.1.20:3128; dig "${name%:*}"'),
        (passed("gcr.io", route=Direct("")), "nc {host} {port} # {peer}", "nc gcr.io 443 # gcr.io:443"),
    ],
)
def test_the_line_to_reproduce_it(result: CheckResult, template: str, line: str) -> None:
    assert words.reproduced(result, template) == line


@pytest.mark.parametrize(("seconds", "shown"), [(0.0, "0 ms"), (0.0004, "0.4 ms"), (0.00994, "9.9 ms"), (0.00996, "10 ms"), (1.5, "1500 ms")])
def test_milliseconds(seconds: float, shown: str) -> None:
    assert words.took(seconds) == shown
