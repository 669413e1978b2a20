from __future__ import annotations

from msgspec.structs import replace

from preflight.model import Blame, Cause, Report
from preflight.serve.board import Change, Standing
from preflight.serve.notify.news import News, lines
from tests.samples import DEAD_PROXY, STARTED, failed, passed

PROXY, DENIED = Cause("tcp.refused", "2 checks", Blame.UNKNOWN, "start it", ("a", "b")), Cause("proxy.denied", "c is denied", Blame.PROXY, "allow c", ("c",))


def report(*causes: Cause) -> Report:
    return replace(DEAD_PROXY, causes=causes)


def change(subject: str, *causes: Cause, before: Standing = Standing.UP, after: Standing = Standing.DOWN) -> Change:
    return Change(subject, before, after, STARTED, causes, report(*causes))


def test_the_whole_is_always_news_and_what_follows_for_the_same_cause_is_not() -> None:
    news = News()
    first = (change("preflight", PROXY), change("a", PROXY))
    assert news.of(first, report(PROXY)) == first
    assert news.of((change("b", replace(PROXY, title="3 checks")),), report(PROXY)) == ()
    assert news.of((), report(PROXY)) == ()


def test_another_cause_is_news() -> None:
    news = News()
    news.of((change("preflight", PROXY),), report(PROXY))
    other = (change("c", DENIED),)
    assert news.of(other, report(PROXY, DENIED)) == other
    assert news.of((change("d", PROXY, DENIED),), report(PROXY, DENIED)) == ()


def test_a_recovery_is_news() -> None:
    news = News()
    news.of((change("preflight", PROXY, DENIED),), report(PROXY, DENIED))
    better = (change("c", before=Standing.DOWN, after=Standing.UP),)
    assert news.of(better, report(PROXY)) == better


def test_a_cause_that_was_gone_is_news_when_it_comes_back() -> None:
    news = News()
    news.of((change("preflight", PROXY, DENIED),), report(PROXY, DENIED))
    news.of((), report(PROXY))
    again = (change("c", DENIED),)
    assert news.of(again, report(PROXY, DENIED)) == again


def test_a_change_that_nothing_explains_is_news() -> None:
    news = News()
    news.of((change("preflight", PROXY),), report(PROXY))
    odd = (change("z"),)
    assert news.of(odd, report(PROXY)) == odd


def test_the_journal_has_one_line_for_all_checks_that_one_cause_brings_down() -> None:
    several = tuple(change(name, PROXY, before=Standing.UNKNOWN) for name in ("a", "b", "c", "d"))
    first, second, third = lines((change("preflight", PROXY), *several, change("e", DENIED)))
    assert first == {"subject": "preflight", "before": "up", "after": "down", "code": "tcp.refused", "cause": "2 checks"}
    assert second == {"checks": 4, "names": "a,b,c,…", "before": "unknown", "after": "down", "code": "tcp.refused", "cause": "2 checks"}
    assert (third["checks"], third["names"], third["code"], third["cause"]) == (1, "e", "proxy.denied", "c is denied")


def test_a_check_that_no_cause_explains_is_logged_with_what_itself_found() -> None:
    denied = replace(report(PROXY), results=(passed("a"), failed("z", "proxy.denied", "z is denied", "allow z")))
    (line,) = lines((replace(change("z"), report=denied),))
    assert (line["names"], line["code"], line["cause"]) == ("z", "proxy.denied", "z is denied")


def test_a_recovery_is_logged_without_the_cause_of_what_is_still_broken() -> None:
    (line,) = lines((change("preflight", PROXY, before=Standing.DOWN, after=Standing.UP),))
    assert (line["code"], line["cause"]) == ("", "")
