"""Other questions, and restarts: what was answered to the old one says nothing, what was down tells no recovery, and nothing is forgotten."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest
from msgspec.structs import replace

from preflight.check import Check
from preflight.checks.https import HttpsCheck
from preflight.checks.tcp import TcpCheck
from preflight.engine import Stop
from preflight.inputs.select import Loaded
from preflight.model import Report
from preflight.serve import web
from preflight.serve.board import Standing
from preflight.serve.pages import headline
from preflight.serve.recorder import NoHistory
from tests.fake import Ends
from tests.serve.bench import GOOD, REFUSED, Bench, checks

pytestmark = pytest.mark.anyio

AUTH = Ends("proxy.auth-rejected", {"reply": "407"})
SLOW = HttpsCheck(name="slow", target="slow.example", proof="google-api", attempts=1, every="24h")


def stands(bench: Bench) -> Standing:
    """What `/healthz` says."""
    return headline.whole(bench.board, bench.board.report, bench.clock.now()).standing


def reloading(bench: Bench, after: int, *others: Check[Any]) -> None:
    """Let the files ask these checks instead, once so many runs have ended."""

    def between(runs: int) -> None:
        if runs == after and tuple(bench.checks) != others:
            bench.checks = others
            bench.probe.ask_reload()

    bench.between = between


def instead(bench: Bench, run: Callable[[Callable[[Loaded, Stop], Awaitable[Report]], Loaded, Stop], Awaitable[Report]]) -> None:
    """Let this make the bench's runs; it gets what made them before."""
    before = bench.probe._around.run

    async def made(loaded: Loaded, stop: Stop) -> Report:
        return await run(before, loaded, stop)

    bench.probe._around = replace(bench.probe._around, run=made)


def breaking_first(bench: Bench) -> None:
    """Let the first run break."""

    async def run(go: Callable[[Loaded, Stop], Awaitable[Report]], loaded: Loaded, stop: Stop) -> Report:
        if not bench.began:
            bench.began.append((bench.clock.ticks, ()))
            raise RuntimeError
        return await go(loaded, stop)

    instead(bench, run)


async def test_a_reload_while_credentials_are_refused_tells_no_recovery() -> None:
    bench = Bench(meets=(AUTH,))
    proxy, target, lint = checks(path="/other/")
    reloading(bench, 4, replace(proxy, timeout="9s"), target, lint)
    await bench.play(40)
    assert len(bench.log("reloaded")) == 1
    assert [notice.title for notice in bench.told] == ["preflight is down (was unknown), seen from here"]


async def test_while_nobody_may_ask_the_new_question_it_is_unknown_or_as_bad_as_it_was() -> None:
    bench = Bench(meets=(AUTH,))
    proxy, target, lint = checks(path="/other/")
    reloading(bench, 4, replace(proxy, timeout="9s"), target, replace(lint, name="another"), replace(SLOW, every=None))
    await bench.play(6)
    assert {name: stand.standing for name, stand in bench.board.stands.items()} == {
        "proxy-https": Standing.DOWN,
        "gcr.io": Standing.DOWN,
        "another": Standing.UP,
        "slow": Standing.UNKNOWN,
    }
    shown = bench.board.stands["gcr.io"]
    said = headline.one(bench.board, shown, shown.result, bench.clock.now())
    assert (said.sentence, said.note[:39]) == ("Not asked since the files changed", "It was down when it was asked last. It ")
    assert stands(bench) is Standing.DOWN


async def test_what_waits_for_a_check_that_was_not_asked_is_not_told_that_it_is_in_order() -> None:
    bench = Bench(meets=(AUTH,))
    proxy, *rest = checks()
    reloading(bench, 4, replace(proxy, timeout="9s"), *rest)
    await bench.play(8)
    assert [finding.message for result in bench.board.stands["gcr.io"].result.findings for finding in [result]] == ["needs proxy-https, which did not succeed"]
    assert len(bench.told) == 1


async def test_a_reload_makes_nothing_stale_that_is_held_back() -> None:
    bench, seen = Bench(checks=checks()[:2], meets=(AUTH,)), list[bool]()

    def between(runs: int) -> None:
        seen.append(bench.board.stale(bench.clock.now()))
        if runs == 4 and not bench.log("reloaded"):
            bench.probe.ask_reload()

    bench.between = between
    await bench.play(30)
    assert not any(seen)


async def test_what_was_held_back_after_a_reload_is_asked_once_the_account_is_in_order() -> None:
    """And not a day later, at its own next turn."""
    bench = Bench(checks=(*checks(), SLOW), meets=(AUTH, AUTH, AUTH, GOOD))
    reloading(bench, 3, *checks(), replace(SLOW, path="/other/"))
    await bench.play(30)
    assert stands(bench) is Standing.UP


async def test_what_was_held_back_at_its_own_turn_is_asked_once_the_account_is_in_order() -> None:
    bench = Bench(checks=(replace(SLOW, name="often", every="1m"), replace(SLOW, every="8m")), meets=(*[GOOD] * 7, AUTH, GOOD))
    await bench.play(12)
    assert [(at - 1000) / 60 for at, names in bench.began if "slow" in names] == [0, 9]


async def test_a_first_run_that_breaks_leaves_nothing_unasked_for_long() -> None:
    bench = Bench(checks=(*checks(), SLOW))
    breaking_first(bench)
    await bench.play(2)
    assert stands(bench) is Standing.UP
    assert len(bench.began) == 2


async def test_a_first_run_that_breaks_after_a_restart_is_no_recovery() -> None:
    slow = TcpCheck(name="slow", target="10.0.0.1:443", attempts=1, every="1h")
    before = Bench(checks=(*checks(), slow), worlds={"10.0.0.1": REFUSED})
    await before.play(3)
    bench = Bench(checks=before.checks, worlds=before.worlds, archive=before.archive, clock=before.clock)
    breaking_first(bench)
    await bench.play(3)
    assert bench.told == []
    assert stands(bench) is Standing.DOWN


async def test_after_a_reload_the_probe_is_ready_and_knows_its_checks() -> None:
    bench, got = Bench(), dict[str, int]()
    await bench.play(1)
    bench.board.stopping = False

    async def run(go: Callable[[Loaded, Stop], Awaitable[Report]], loaded: Loaded, stop: Stop) -> Report:
        site = web.app(bench.board, NoHistory(), hosts=(), now=bench.clock.now)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(site), base_url="http://localhost") as client:
            got.update({path: (await client.get(path)).status_code for path in ("/readyz", "/healthz", "/healthz/gcr.io", "/checks/gcr.io", "/api/v1/report")})
        return await go(loaded, stop)

    instead(bench, run)
    bench.checks = tuple(replace(check, timeout="9s") for check in checks())
    bench.probe.ask_reload()
    await bench.play(1)
    assert got == {"/readyz": 200, "/healthz": 503, "/healthz/gcr.io": 503, "/checks/gcr.io": 200, "/api/v1/report": 200}


async def test_refused_credentials_that_come_back_are_still_held_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files that say A, then B, then A again."""
    bench = Bench(meets=(AUTH,))
    await bench.play(1)
    accounts = bench.configuration.now.accounts
    bench.board.stopping = False
    monkeypatch.setattr(bench.configuration, "now", replace(bench.configuration.now, accounts=replace(accounts, senders={})))
    bench.probe._adopt()
    monkeypatch.undo()
    bench.probe._adopt()
    assert bench.probe._held()


async def test_a_plugin_that_stumbles_replaces_nothing() -> None:
    class Stumbling(TcpCheck, frozen=True, kw_only=True, tag="stumbling"):
        def through(self, declared: object) -> Any:
            raise RuntimeError("planted-secret-7")

    bench = Bench()
    reloading(bench, 1, *checks(), Stumbling(name="plugin", target="10.0.0.1:443"))
    await bench.play(3)
    assert bench.board.config.startswith("a bug: RuntimeError at ")
    assert "planted" not in bench.board.config
    assert stands(bench) is Standing.UP
    assert bench.clock.now() - (bench.board.last_run or bench.clock.now()) <= timedelta(minutes=1)


async def test_what_a_check_blocked_that_is_gone_is_neither_well_nor_told_as_freed() -> None:
    """It asks what it asked, and its answer was the other one's."""
    bench = Bench(meets=(AUTH,))
    reloading(bench, 4, *checks()[1:])
    await bench.play(5)
    shown = bench.board.stands["gcr.io"]
    assert (shown.checked, shown.standing, shown.result.findings[0].message) == (None, Standing.DOWN, "not asked since the files changed")
    assert stands(bench) is Standing.DOWN
    assert len(bench.told) == 1


@pytest.mark.parametrize("others", [checks()[2:], ()])
async def test_what_is_not_required_and_was_not_asked_is_not_well(others: tuple[Check[Any], ...]) -> None:
    """It degrades the whole, where anything is known; else the whole is unknown too."""
    optional = tuple(replace(check, required=False) for check in checks()[:2])
    bench = Bench(checks=(*optional, *others))
    await bench.play(1)
    bench.board.stopping = False
    bench.checks = (*(replace(check, timeout="9s") for check in optional), *others)

    async def broken(_go: object, _loaded: Loaded, _stop: Stop) -> Report:
        raise RuntimeError

    instead(bench, broken)
    bench.probe.ask_reload()
    await bench.play(1)
    shown = bench.board.stands["gcr.io"]
    assert headline.one(bench.board, shown, shown.result, bench.clock.now()).standing is Standing.UNKNOWN
    assert stands(bench) is (Standing.DEGRADED if others else Standing.UNKNOWN)


async def test_what_was_down_and_is_not_required_any_more_degrades_at_the_worst() -> None:
    bench = Bench(meets=(AUTH,))
    reloading(bench, 4, *(replace(check, required=False) for check in checks()[:2]), checks()[2])
    await bench.play(5)
    assert {stand.standing for stand in bench.board.stands.values() if not stand.result.required} == {Standing.UNKNOWN}
    assert stands(bench) is Standing.DEGRADED
    assert [notice.title.partition(",")[0] for notice in bench.told] == ["preflight is down (was unknown)", "preflight is degraded (was down)"]
