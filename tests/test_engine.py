"""Dependencies, retries, deadlines and crashes: what the engine alone decides."""

from __future__ import annotations

import anyio
import pytest

from preflight import engine, plan
from preflight.check import EVERYTHING
from preflight.checks.https import HttpsCheck
from preflight.declared import Declared
from preflight.engine import Stop
from preflight.events import CheckFinished, CheckStarted, Event, RunFinished, RunStarted
from preflight.model import Status
from preflight.plan import Limits
from preflight.untrusted import Redactor
from tests.fake import Arrives, Ends, FakeNet, world
from tests.loopback import hear, in_turn, reset, say
from tests.played import stage
from tests.plays import found, plays, result, run
from tests.worlds.words import GRANT, OK_200, Scenario, behind

pytestmark = pytest.mark.anyio


async def test_a_check_whose_blocker_failed_is_skipped_and_says_by_whom() -> None:
    later = plays("later", requires=("first",))
    report = await run(plays("first", "tcp.refused", attempts=1), later, plays("third", requires=("later",)))
    assert found(report, "later") == found(report, "third") == ("internal.blocked",)
    assert result(report, "later").blocked_by == ("first",)
    assert result(report, "third").blocked_by == ("later",)
    assert later.counter == []
    assert report.exit_code == 1
    assert report.counted["third"] is Status.FAIL


async def test_a_check_whose_blocker_warned_is_run() -> None:
    report = await run(plays("first", "tcp.partial"), plays("second", requires=("first",)))
    assert found(report, "second") == ("ok",)


async def test_a_skip_satisfies_no_requirement() -> None:
    report = await run(plays("first", "internal.not-applicable"), plays("second", requires=("first",)))
    assert found(report, "second") == ("internal.blocked",)
    assert report.exit_code == 3


async def test_an_optional_failure_blocks_all_the_same() -> None:
    report = await run(plays("first", "tcp.refused", attempts=1, required=False), plays("second", requires=("first",)))
    assert found(report, "second") == ("internal.blocked",)
    assert report.exit_code == 1


async def test_a_requirement_that_is_not_in_the_plan_does_not_block() -> None:
    assert found(await run(plays("only", requires=("absent",))), "only") == ("ok",)


async def test_after_orders_and_does_not_block() -> None:
    order: list[str] = []
    report = await run(
        plays("last", waits=(EVERYTHING,)),
        plays("first", "tcp.refused", attempts=1),
        plays("second", waits=("first",)),
        listen=lambda event: order.append(event.name) if isinstance(event, CheckStarted) else None,
        concurrency=4,
    )
    assert order == ["first", "second", "last"]
    assert found(report, "last") == found(report, "second") == ("ok",)


async def test_what_may_heal_is_tried_again_and_a_pass_after_it_is_flaky() -> None:
    report = await run(plays("x", "tcp.timeout", "ok"))
    (finding,) = result(report, "x").findings
    assert (result(report, "x").attempts, finding.code, finding.evidence) == (2, "ok", {"earlier": ["tcp.timeout"], "flaky": True})


async def test_what_cannot_heal_is_not_tried_again() -> None:
    for code in ("proxy.auth-rejected", "proxy.denied", "tls.untrusted", "dns.nxdomain"):
        check = plays("x", code, attempts=5)
        assert result(await run(check), "x").attempts == len(check.counter) == 1


async def test_a_failure_that_stays_keeps_its_history_and_is_not_flaky() -> None:
    report = await run(plays("x", "tcp.timeout", "tcp.refused", attempts=3))
    (finding,) = result(report, "x").findings
    assert (result(report, "x").attempts, finding.code, finding.evidence) == (3, "tcp.refused", {"earlier": ["tcp.timeout", "tcp.refused"]})


async def test_one_permanent_finding_beside_one_that_may_heal_ends_the_attempts() -> None:
    assert result(await run(plays("x", ("tcp.timeout", "proxy.denied"), attempts=3)), "x").attempts == 1


async def test_a_warning_is_not_tried_again() -> None:
    assert result(await run(plays("x", "http.server-error", attempts=3)), "x").attempts == 1


async def test_a_check_that_hangs_ends_at_its_own_budget_and_harms_nobody() -> None:
    report = await run(plays("hangs", anyio.sleep_forever, bound=0.05), plays("other"))
    assert found(report, "hangs") == ("internal.deadline",)
    assert found(report, "other") == ("ok",)
    assert report.complete
    assert report.exit_code == 3


async def test_the_runs_deadline_ends_what_is_left() -> None:
    report = await run(plays("done"), plays("hangs", anyio.sleep_forever), plays("waits", requires=("hangs",)), deadline=1)
    assert found(report, "done") == ("ok",)
    assert found(report, "hangs") == found(report, "waits") == ("internal.deadline",)
    assert not report.complete
    assert report.interrupted_by is None
    assert report.exit_code == 3


async def test_a_failure_that_was_seen_is_not_lost_when_the_deadline_comes_before_its_retry() -> None:
    report = await run(plays("x", "tcp.timeout"), deadline=1, backoff=60)
    assert found(report, "x") == ("tcp.timeout",)
    assert report.exit_code == 1


async def test_a_stop_leaves_a_report_of_what_is_known() -> None:
    stop = Stop()

    async def interrupt() -> None:
        stop.ask(15)
        await anyio.sleep_forever()

    report = await run(plays("done"), plays("asked", interrupt), plays("waits", requires=("asked",)), stop=stop, concurrency=1)
    assert found(report, "done") == ("ok",)
    assert found(report, "asked") == found(report, "waits") == ("internal.interrupted",)
    assert (report.complete, report.interrupted_by, report.exit_code) == (False, 15, 143)


async def test_a_stop_after_the_end_changes_nothing() -> None:
    stop = Stop()
    report = await run(plays("done"), stop=stop)
    stop.ask(2)
    assert (report.complete, report.interrupted_by, report.exit_code) == (True, None, 0)


async def test_nothing_at_all_is_an_error() -> None:
    report = await run()
    assert (report.results, report.status, report.exit_code, report.complete) == ((), Status.ERROR, 3, True)


async def test_events_come_in_order_and_each_check_ends_once() -> None:
    events: list[Event] = []
    report = await run(plays("a", "tcp.refused", attempts=1), plays("b", requires=("a",)), plays("c"), listen=events.append, concurrency=1)
    assert events[0] == RunStarted(("a", "c", "b"))
    assert events[-1] == RunFinished(report)
    assert sorted(event.result.name for event in events if isinstance(event, CheckFinished)) == ["a", "b", "c"]


async def test_results_stand_in_the_plans_order_whatever_ended_first() -> None:
    async def slow() -> None:
        await anyio.sleep(0.05)

    report = await run(plays("slow", slow), plays("quick"))
    assert [each.name for each in report.results] == ["slow", "quick"]
    assert found(report, "slow") == ("internal.crashed",)  # its script is no code


async def test_no_more_than_the_allowed_number_run_at_once() -> None:
    now, most = 0, 0

    async def count() -> None:
        nonlocal now, most
        now += 1
        most = max(most, now)
        await anyio.sleep(0.01)
        now -= 1

    await run(*(plays(f"c{number}", count) for number in range(12)), concurrency=3)
    assert most == 3


async def test_walks_of_fakes_run_through_the_engine() -> None:
    declared = Declared()
    made = plan.make([HttpsCheck(name=name, target=f"{name}.example", proof="google-api") for name in ("good", "bad")], declared, limits=Limits(backoff=0.0))
    net = FakeNet({"good.example": Arrives(), "bad.example": [Ends("tcp.timeout", {"addresses": "192.0.2.1", "after": "1 s"}), Ends("tls.hostname")]})
    report = await engine.run(made, world(made, net=net), lambda event: None, redactor=Redactor())
    assert (found(report, "good"), found(report, "bad")) == (("ok",), ("tls.hostname",))
    assert result(report, "bad").findings[0].evidence["earlier"] == ["tcp.timeout"]


async def test_a_tunnel_that_breaks_once_is_a_flaky_pass() -> None:
    broken = (hear, say(OK_200), reset)
    proxy = (in_turn(GRANT, broken, broken, GRANT),)
    async with stage(Scenario(rule="a flaky proxy", proxy=proxy, expected=behind("ok")), attempts=2) as played:
        report = await played.run()
    assert found(report, "api") == ("ok",)
    assert result(report, "api").findings[0].evidence["flaky"] is True
