"""Checks with intervals of their own: what a run of a part may say, and what it must not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise
from typing import Any, ClassVar

import pytest
from msgspec.structs import replace

from preflight import engine
from preflight.checks.clock import ClockCheck
from preflight.checks.https import HttpsCheck
from preflight.checks.proxy_config import ProxyConfigCheck
from preflight.checks.tcp import TcpCheck
from preflight.engine import Stop
from preflight.inputs.select import Loaded
from preflight.model import Report
from preflight.proof import Answer
from preflight.serve.board import Standing
from preflight.serve.damping import Damping
from preflight.serve.pages import headline
from preflight.serve.rhythm import Every, Jitter
from preflight.serve.settings import Settings
from preflight.world import Dated
from tests import fake
from tests.fake import Arrives, Ends, FakeNet, Meets
from tests.serve.bench import GOOD, REFUSED, UNREACHABLE, Bench, checks

pytestmark = pytest.mark.anyio

AUTH = Ends("proxy.auth-rejected", {"reply": "407"})
FAR = Ends("tcp.unreachable", {"name": "10.9.9.9", "addresses": "10.9.9.9"})


def denied(**fields: Any) -> HttpsCheck:
    """A target that squid denies by policy with 407."""
    return HttpsCheck(name="denied", target="denied.example", proof="google-api", attempts=1, every="30s", **fields)


def stands(bench: Bench, later: float = 0.0) -> Standing:
    """What `/healthz` says now, or so many seconds after the last run."""
    at = bench.board.last_run + timedelta(seconds=later) if later and bench.board.last_run else bench.clock.now()
    return headline.whole(bench.board, bench.board.report, at).standing


async def test_the_proxy_is_asked_the_same_question_in_every_part() -> None:
    bench = Bench(checks=(*checks(), denied()), worlds={"denied.example": AUTH})
    seen: list[Standing] = []
    bench.between = lambda _runs: seen.append(bench.board.stands["proxy-https"].standing)
    await bench.play(6)
    assert set(seen) == {Standing.UP}
    assert not bench.log("held-back")


async def test_a_target_that_is_refused_alone_starves_nobody() -> None:
    bench = Bench(checks=(*checks()[1:], denied(required=False)), worlds={"denied.example": AUTH})
    await bench.play(40)
    assert not bench.log("held-back")
    assert stands(bench) is Standing.DEGRADED


async def test_a_check_that_times_out_often_drags_no_other_along() -> None:
    """Only a refusal needs a witness, and then the cheapest one that there is."""
    often = replace(denied(required=False), every="10s")
    heavy = HttpsCheck(name="a-heavy-pull", target="pull.example", proof="google-api", attempts=1, every="24h")
    bench = Bench(checks=(*checks()[1:], heavy, often), worlds={"denied.example": Ends("tcp.timeout", {"addresses": "10.0.1.20"})})
    await bench.play(20)
    assert bench.names()[1:6] == [["denied"]] * 5
    bench = Bench(checks=(*checks()[1:], heavy, often), worlds={"denied.example": AUTH})
    await bench.play(20)
    assert [sorted(names) for names in bench.names()[1:6]] == [["denied", "gcr.io"]] * 5
    assert sum("a-heavy-pull" in names for names in bench.names()) == 1
    assert not bench.log("held-back")


async def test_a_warning_does_not_stay_well_for_as_long_as_credentials_are_refused() -> None:
    warns = Arrives(Answer(503, "x", (), b"oops"))
    settings = Settings(rhythm=Every(60.0), jitter=Jitter(), damping=Damping(4, 5))
    bench, seen = Bench(checks=checks()[1:2], settings=settings, meets=(*[warns] * 6, AUTH)), list[tuple[float, Standing]]()
    bench.between = lambda _runs: seen.append((bench.clock.ticks - bench.began[-1][0], stands(bench)))
    await bench.play(40)
    assert seen[0][1] is Standing.DEGRADED
    assert {standing for age, standing in seen if age > bench.configuration.now.patience["gcr.io"]} == {Standing.UNKNOWN, Standing.DOWN}


async def test_a_host_that_is_cut_off_within_a_part_says_nothing_of_the_proxy() -> None:
    rare = TcpCheck(name="rare", target="rare.example:443", attempts=1, every="2m")
    bench = Bench(checks=(*checks(), rare), meets=(GOOD, UNREACHABLE), routes=())
    await bench.play(3)
    assert [notice.type for notice in bench.told] == ["internal.preflight.isolation.v1"]
    assert [len(names) for names in bench.names()][:3] == [4, 3, 4]
    assert all(stand.standing is Standing.UP for stand in bench.board.stands.values())


async def test_one_check_without_a_route_does_not_make_every_part_a_whole_run() -> None:
    frequent = TcpCheck(name="frequent", target="10.9.9.9:443", attempts=1, every="10s")
    bench = Bench(checks=(*(replace(check, every="1h") for check in checks()), frequent), worlds={"10.9.9.9": FAR})
    await bench.play(8)
    assert [len(names) for names in bench.names()] == [4, 1, 4, *[1] * (len(bench.began) - 3)]
    assert bench.board.stands["frequent"].standing is Standing.DOWN


def dated(bench: Bench, ahead: float, **others: float) -> None:
    """Let every answer of gcr.io tell a time by which this host is so many seconds ahead, and every result of the others one of theirs."""

    async def run(loaded: Loaded, stop: Stop) -> Report:
        names = tuple(check.name for check in loaded.plan.checks)
        bench.began.append((bench.clock.ticks, names))
        dates = [Dated(name, by) for name, by in {"gcr.io": ahead, **others}.items() if name in names]
        here = fake.world(loaded.plan, net=FakeNet({"*": GOOD}), declared=loaded.declared, dates=dates)
        report = await engine.run(loaded.plan, here, lambda _event: None, redactor=loaded.secrets, stop=stop)
        return replace(report, started=bench.clock.now())

    bench.probe._around = replace(bench.probe._around, run=run)


async def test_a_peer_whose_clock_is_off_is_outvoted_though_it_has_a_timetable_of_its_own() -> None:
    """What a part says of everything is believed only where it says what a run of everything said."""
    settings = Settings(rhythm=Every(60.0), jitter=Jitter(share=0.1))
    odd = TcpCheck(name="odd", target="10.0.0.9:443", attempts=1, every="7m")
    third = TcpCheck(name="third", target="10.0.0.8:443", attempts=1)
    bench, seen = Bench(checks=(*checks(), odd, third, ClockCheck(name="clock")), settings=settings), list[Standing]()
    dated(bench, 0.0, third=0.0, odd=900.0)
    bench.between = lambda _runs: seen.append(stands(bench))
    await bench.play(60)
    assert set(seen) == {Standing.UP}
    assert any("odd" in names and len(names) < 6 for names in bench.names()), "parts of its own came up"


class Judge(ClockCheck, frozen=True, kw_only=True, tag="judge"):
    """A plugin that judges what the others saw, and does not say that it sends nothing."""

    kind: ClassVar[str] = "judge"
    sends: ClassVar[bool] = True


@pytest.mark.parametrize("clock", [Judge(name="clock"), ClockCheck(name="clock", requires=("proxy-config",))], ids=["sends", "requires"])
async def test_a_clock_that_goes_with_no_part_and_is_off_stays_down(clock: ClockCheck) -> None:
    settings = Settings(rhythm=Every(60.0), jitter=Jitter(share=0.1))
    rare = [replace(check, every="7m") for check in checks()[:2]]
    bench, seen = Bench(checks=(*rare, checks()[2], clock), settings=settings), list[Standing]()
    dated(bench, 4000.0)
    bench.between = lambda _runs: seen.append(stands(bench))
    await bench.play(120)
    assert set(seen) == {Standing.DOWN}


@pytest.mark.parametrize("every", ["5m", "7m"])
async def test_a_clock_that_is_off_stays_down_though_its_own_timetable_never_meets_who_tells_the_time(every: str) -> None:
    """With jitter, lines of different intervals hardly ever share a run."""
    settings = Settings(rhythm=Every(60.0), jitter=Jitter(share=0.1))
    bench, seen = Bench(checks=(*(replace(check, every=every) for check in checks()), ClockCheck(name="clock")), settings=settings), list[Standing]()
    dated(bench, 4000.0)
    bench.between = lambda _runs: seen.append(stands(bench))
    await bench.play(120)
    assert set(seen) == {Standing.DOWN}
    assert len(bench.told) == 1


@pytest.mark.parametrize(("ahead", "standing"), [(4000.0, Standing.DOWN), (0.0, Standing.UP)])
async def test_a_part_in_which_nobody_told_the_time_says_nothing_of_the_clock(ahead: float, standing: Standing) -> None:
    bench = Bench(checks=(*(replace(check, every="5m") for check in checks()), ClockCheck(name="clock")))
    dated(bench, ahead)
    seen: list[Standing] = []
    bench.between = lambda _runs: seen.append(stands(bench))
    await bench.play(9)
    assert set(seen) == {standing}


async def test_what_was_blocked_and_is_held_back_now_is_not_known() -> None:
    gate = TcpCheck(name="gate", target="10.0.0.9:443", attempts=1)
    behind = HttpsCheck(name="behind", target="x.example", proof="google-api", attempts=1, requires=("gate",))
    bench = Bench(checks=(gate, behind, replace(denied(required=False), every=None)), worlds={"10.0.0.9": REFUSED, "denied.example": AUTH})
    bench.between = lambda _runs: bench.worlds.update({"10.0.0.9": GOOD, "x.example": REFUSED})  # type: ignore[attr-defined]
    await bench.play(2)
    assert "behind" not in bench.names()[1]
    assert stands(bench) is Standing.UNKNOWN
    assert "not asked since gate is in order again" in bench.board.stands["behind"].result.findings[0].message


async def test_a_check_with_a_long_interval_does_not_make_what_is_held_back_stale() -> None:
    bench = Bench(checks=(*checks()[:2], ProxyConfigCheck(name="proxy-config", every="1h")), meets=(AUTH,))
    await bench.play(8)
    assert bench.configuration.now.stale_after < 400
    assert stands(bench, later=400) is Standing.DOWN


async def test_what_cannot_be_judged_without_what_is_held_back_waits_as_long() -> None:
    direct = TcpCheck(name="direct", target="10.0.0.9:443", attempts=1, requires=("proxy-https",))
    bench = Bench(checks=(*checks(), direct), meets=(AUTH,), worlds={"10.0.0.9": GOOD})
    await bench.play(14)
    assert bench.board.stands["direct"].asked_again is not None
    assert not bench.board.stands["direct"].stale(bench.clock.now())


async def test_results_from_before_a_sleep_damp_nothing() -> None:
    bench = Bench(settings=Settings(rhythm=Every(60.0), jitter=Jitter(), damping=Damping(2, 3)), meets=(GOOD, GOOD, REFUSED))
    await bench.play(2)
    bench.clock.time += timedelta(days=2)  # the monotonic clock stood still meanwhile
    bench.board.stopping = False
    assert stands(bench) is Standing.UNKNOWN
    await bench.play(1)
    assert stands(bench) is Standing.DOWN


async def reloaded(bench: Bench, during: Callable[[], None]) -> None:
    """One good run, then another target, and a run that breaks."""
    await bench.play(1)
    bench.checks = checks(path="/other/")
    bench.board.stopping = False

    async def broken(_loaded: Loaded, _stop: Stop) -> Report:
        during()
        raise RuntimeError

    bench.probe._around = replace(bench.probe._around, run=broken)
    bench.probe.ask_reload()
    await bench.play(1)


async def test_after_a_reload_the_old_answer_does_not_speak_for_the_new_question() -> None:
    bench, seen = Bench(), list[Standing]()
    await reloaded(bench, lambda: seen.append(stands(bench)))
    assert seen == [Standing.UNKNOWN]
    assert stands(bench) is Standing.UNKNOWN
    assert [stand.name for stand in bench.board.old(bench.clock.now())] == ["gcr.io"]
    assert "gcr.io" in headline.whole(bench.board, bench.board.report, bench.clock.now()).sentence
    assert bench.board.past(bench.clock.now())
    stand = bench.board.stands["gcr.io"]
    assert stand.checked is None
    assert headline.one(bench.board, stand, stand.result, bench.clock.now()).sentence == "Not asked since the files changed"


async def test_a_reload_does_not_send_refused_credentials_again() -> None:
    bench = Bench(meets=(AUTH,))
    bench.between = lambda _runs: bench.probe.ask_reload()
    await bench.play(10)
    sent = [at for at, names in bench.began if "proxy-https" in names]
    assert [later - earlier for earlier, later in pairwise(sent)] == [120.0, 240.0]


async def test_a_chain_of_checks_behind_what_is_well_again_is_unknown_and_asked_as_soon_as_it_may() -> None:
    gate = TcpCheck(name="gate", target="10.0.0.9:443", attempts=1)
    mid = HttpsCheck(name="mid", target="mid.example", proof="google-api", attempts=1, requires=("gate",), every="24h", out_of="4/5")
    end = TcpCheck(name="end", target="10.0.0.10:443", attempts=1, requires=("mid",), every="24h")
    other = HttpsCheck(name="other", target="other.example", proof="google-api", attempts=1)
    worlds: dict[str, Meets] = {"10.0.0.9": REFUSED, "other.example": AUTH}
    bench = Bench(checks=(gate, mid, end, other), worlds=worlds)
    bench.between = lambda runs: worlds.update({"10.0.0.9": GOOD} if runs < 3 else {"other.example": GOOD})
    await bench.play(2)
    assert {name: stand.standing for name, stand in bench.board.stands.items() if name in {"mid", "end"}} == dict.fromkeys(("mid", "end"), Standing.UNKNOWN)
    assert {bench.board.stands[name].result.findings[0].message for name in ("mid", "end")} == {"not asked since gate is in order again"}
    bench.board.stopping = False
    await bench.play(10)
    assert stands(bench) is Standing.UP, "the first answer counts at once: what was no answer damps nothing"


@pytest.mark.parametrize("days", [3, -3])
async def test_a_rare_check_is_asked_again_after_the_clock_was_set(days: int) -> None:
    bench = Bench(checks=(*checks(), HttpsCheck(name="slow", target="slow.example", proof="google-api", attempts=1, every="24h")))
    await bench.play(2)
    bench.clock.time += timedelta(days=days)
    bench.board.stopping = False
    await bench.play(2)
    assert stands(bench) is Standing.UP


async def test_a_clock_that_nobody_can_tell_any_more_is_not_stale() -> None:
    """Whoever told the time is held back, so that every run is a part."""
    rest = ProxyConfigCheck(name="proxy-config", every="2m")
    bench = Bench(checks=(*checks()[:2], rest, ClockCheck(name="clock")))
    dated(bench, 0.0)
    await bench.play(1)
    bench.board.stopping = False

    async def refused(loaded: Loaded, stop: Stop) -> Report:
        here = fake.world(loaded.plan, net=FakeNet({"*": AUTH}), declared=loaded.declared)
        return replace(await engine.run(loaded.plan, here, lambda _event: None, redactor=loaded.secrets, stop=stop), started=bench.clock.now())

    bench.probe._around = replace(bench.probe._around, run=refused)
    await bench.play(30)
    assert "clock" not in bench.board.stands
    assert stands(bench) is Standing.DOWN


async def test_a_slow_check_that_holds_the_whole_down_is_named() -> None:
    """All that was asked last is good, and it takes more of them."""
    worlds: dict[str, Meets] = {"rare.example": REFUSED}
    bench = Bench(checks=(*checks(), TcpCheck(name="rare", target="rare.example:443", attempts=1, every="5m", out_of="2/3")), worlds=worlds)
    bench.between = lambda _runs: worlds.clear()
    await bench.play(7)
    head = headline.whole(bench.board, bench.board.report, bench.clock.now())
    assert head.standing is Standing.DOWN
    assert head.note == "The last run was better. It takes more of them before this changes. So it still is for rare."
