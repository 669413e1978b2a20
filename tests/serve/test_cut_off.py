"""A host that is cut off and comes back: nothing that was found meanwhile says anything, and nobody is paged for it."""

from __future__ import annotations

from ipaddress import IPv4Network
from typing import Any, ClassVar

import anyio
import pytest
from msgspec.structs import replace

from preflight import engine
from preflight.check import Check
from preflight.checks.tcp import TcpCheck
from preflight.engine import Stop
from preflight.inputs.select import Loaded
from preflight.model import Report
from preflight.plan import Limits
from preflight.serve.board import WELL, Standing
from preflight.serve.damping import Damping
from preflight.serve.pages import headline
from preflight.serve.rhythm import Every, Jitter
from preflight.serve.settings import Settings
from preflight.world import World
from tests import fake
from tests.fake import Ends, FakeNet, Meets
from tests.serve.bench import GOOD, REFUSED, SUBNET, UNREACHABLE, Bench, checks

pytestmark = pytest.mark.anyio

AUTH = Ends("proxy.auth-rejected", {"reply": "407"})
FAR = Ends("tcp.unreachable", {"name": "10.0.0.9", "addresses": "10.0.0.9"})
SLOW = tuple(replace(check, every="1h") for check in checks())
FREQUENT = TcpCheck(name="frequent", target="10.0.0.9:443", attempts=1, every="60s")


def stands(bench: Bench) -> Standing:
    """What `/healthz` says."""
    return headline.whole(bench.board, bench.board.report, bench.clock.now()).standing


def titles(bench: Bench) -> list[str]:
    """What was told."""
    return [notice.title.partition(", seen")[0].partition(":")[0] for notice in bench.told]


def watched(bench: Bench, *, breaking: bool = False) -> list[Standing]:
    """What `/healthz` says as each run begins, and at each rest. `breaking`: a run of everything does, from the third run on."""
    seen: list[Standing] = []
    before, between = bench.probe._around.run, bench.between

    async def run(loaded: Loaded, stop: Stop) -> Report:
        seen.append(stands(bench))
        if breaking and len(bench.began) >= 3 and len(loaded.plan.checks) > 1:
            bench.began.append((bench.clock.ticks, tuple(check.name for check in loaded.plan.checks)))
            raise RuntimeError
        return await before(loaded, stop)

    def rested(runs: int) -> None:
        seen.append(stands(bench))
        between(runs)

    bench.probe._around, bench.between = replace(bench.probe._around, run=run), rested
    return seen


@pytest.mark.parametrize("breaking", [False, True])
async def test_what_was_never_asked_while_connected_is_not_up_when_a_part_comes_through(*, breaking: bool) -> None:
    bench = Bench(checks=(*SLOW, FREQUENT), meets=(UNREACHABLE, UNREACHABLE, GOOD, REFUSED), routes=())
    bench.between = lambda runs: setattr(bench, "routes", SUBNET if runs >= 2 else ())
    seen = watched(bench, breaking=breaking)
    await bench.play(10)
    assert WELL.isdisjoint(seen)


async def test_coming_back_tells_no_recovery_that_the_run_after_it_takes_back() -> None:
    worlds: dict[str, Meets] = {"10.0.0.9": REFUSED}
    bench = Bench(checks=(*SLOW, FREQUENT), meets=(GOOD, GOOD, UNREACHABLE), worlds=worlds)

    def between(runs: int) -> None:
        if runs == 2:
            bench.routes, worlds["10.0.0.9"] = (), FAR
        if runs == 5:
            bench.routes, worlds["10.0.0.9"], bench.meets = SUBNET, GOOD, (REFUSED,)

    bench.between = between
    await bench.play(8)
    assert titles(bench) == [
        "preflight is down (was unknown)",
        "here reaches nothing at all",
        "here reaches the network again",
        "proxy-https is down (was up)",
    ]


async def test_while_nobody_knows_why_nothing_left_this_host_it_is_not_up() -> None:
    """The part that saw it is dropped, and the run of everything breaks: what was good before is not known to be."""
    bench = Bench(checks=(*SLOW, FREQUENT), worlds={"10.0.0.9": GOOD})
    bench.between = lambda runs: bench.worlds.update({"10.0.0.9": FAR}) if runs == 3 else None  # type: ignore[attr-defined]
    bench.routes = ()
    seen = watched(bench, breaking=True)
    await bench.play(8)
    dropped = bench.log("run-dropped")
    assert dropped
    assert "checks=1" in dropped[0]
    assert seen[-1] is Standing.UNKNOWN
    assert bench.board.past(bench.clock.now())


async def test_a_part_is_believed_only_once_a_run_of_everything_has_answered() -> None:
    """Really cut off, and the run of everything breaks: the next part pages for nothing."""
    bench = Bench(checks=(*SLOW, FREQUENT), meets=(GOOD, UNREACHABLE), routes=())
    watched(bench, breaking=True)
    bench.between = lambda runs: setattr(bench, "routes", ())
    await bench.play(6)
    assert not [title for title in titles(bench) if "is down" in title]


async def test_a_run_that_was_cut_is_no_isolation() -> None:
    """The proxy swallows packets, and one direct target never had a route."""
    far = TcpCheck(name="far", target="10.9.9.9:443", attempts=1, required=False)
    bench = Bench(checks=(*checks(), far), worlds={"10.9.9.9": Ends("tcp.unreachable", {"addresses": "10.9.9.9"})}, limits=Limits(deadline=0.2))

    class Slow(FakeNet):
        async def walk(self, target: Any, *given: Any, **named: Any) -> Any:
            if target.host != "10.9.9.9":
                await anyio.sleep(30)
            return await super().walk(target, *given, **named)

    async def run(loaded: Loaded, stop: Stop) -> Report:
        bench.began.append((bench.clock.ticks, ()))
        here: World = fake.world(loaded.plan, net=Slow({**bench.worlds, "*": GOOD}), declared=loaded.declared)
        return await engine.run(loaded.plan, here, lambda _event: None, redactor=loaded.secrets, stop=stop)

    bench.probe._around = replace(bench.probe._around, run=run)
    await bench.play(1)
    assert not bench.board.isolated
    assert stands(bench) is Standing.UNKNOWN


async def test_results_from_before_hours_without_a_network_damp_nothing() -> None:
    settings = Settings(rhythm=Every(60.0), jitter=Jitter(), damping=Damping(4, 5))
    bench = Bench(settings=settings, meets=(*[GOOD] * 6, *[UNREACHABLE] * 60, REFUSED))
    bench.between = lambda runs: setattr(bench, "routes", () if 6 <= runs < 66 else SUBNET)
    await bench.play(67)
    assert stands(bench) is Standing.DOWN


async def test_a_name_whose_addresses_change_does_not_make_every_part_a_whole_run() -> None:
    frequent = TcpCheck(name="frequent", target="rotating.example:443", attempts=1, every="10s", required=False)
    worlds: dict[str, Meets] = {}
    bench = Bench(checks=(*SLOW, frequent), worlds=worlds)

    def turn(runs: int) -> None:
        worlds["rotating.example"] = Ends("tcp.unreachable", {"name": "rotating.example", "addresses": f"2001:db8::{runs:x}"})

    turn(0)
    bench.between = turn
    await bench.play(30)
    assert [len(names) for names in bench.names()] == [4, 1, 4, *[1] * (len(bench.began) - 3)]


async def test_a_host_that_is_cut_off_while_checks_are_held_back_says_so_and_is_not_stale() -> None:
    direct = TcpCheck(name="direct", target="10.0.0.9:443", attempts=1)
    bench, stale = Bench(checks=(*checks(), direct), meets=(AUTH,), worlds={"10.0.0.9": GOOD}), list[bool]()

    def between(runs: int) -> None:
        stale.append(bench.board.stale(bench.clock.now()))
        if runs >= 15:
            bench.worlds, bench.meets, bench.routes = {"10.0.0.9": FAR}, (UNREACHABLE,), ()

    bench.between = between
    await bench.play(40)
    assert bench.board.isolated
    assert not any(stale)


async def test_runs_that_are_cut_while_the_host_is_cut_off_page_for_that_alone() -> None:
    """A name hangs until the deadline; no route leads anywhere."""
    hangs = TcpCheck(name="hangs", target="hangs.example:443", attempts=1, every="1h")
    bench, cut = Bench(checks=(*SLOW, FREQUENT, hangs), limits=Limits(deadline=0.2)), list[bool]()

    class Hangs(FakeNet):
        async def walk(self, target: Any, *given: Any, **named: Any) -> Any:
            if target.host == "hangs.example":
                await anyio.sleep(30)
            return await super().walk(target, *given, **named)

    async def run(loaded: Loaded, stop: Stop) -> Report:
        net = Hangs({"*": UNREACHABLE, "10.0.0.9": FAR}) if cut else FakeNet({"*": GOOD})
        here: World = fake.world(loaded.plan, net=net, declared=loaded.declared)
        return replace(await engine.run(loaded.plan, here, lambda _event: None, redactor=loaded.secrets, stop=stop), started=bench.clock.now())

    bench.probe._around = replace(bench.probe._around, run=run)
    await bench.play(2)
    cut.append(True)
    bench.routes, bench.board.stopping = (), False
    await bench.play(4)
    assert titles(bench) == ["here reaches nothing at all"]


async def test_a_reload_that_leaves_what_is_held_back_tells_nothing_of_this_host() -> None:
    direct = TcpCheck(name="direct", target="10.0.0.9:443", attempts=1)
    bench = Bench(checks=(*checks(), direct), meets=(AUTH,), worlds={"10.0.0.9": GOOD})
    await bench.play(8)
    bench.worlds, bench.routes, bench.board.stopping = {"10.0.0.9": FAR}, (), False
    await bench.play(1)
    bench.checks, bench.board.stopping = checks(), False
    bench.probe.ask_reload()
    await bench.play(1)
    assert bench.board.isolated
    assert titles(bench)[-1] == "here reaches nothing at all"


async def test_what_was_cut_off_before_a_restart_is_told_when_it_is_back() -> None:
    before = Bench(meets=(UNREACHABLE,), routes=())
    await before.play(2)
    bench = Bench(archive=before.archive, clock=before.clock, meets=(UNREACHABLE, UNREACHABLE, GOOD), routes=())
    await bench.play(2)
    assert titles(bench) == []
    assert bench.board.isolated
    bench.routes, bench.board.stopping = SUBNET, False
    await bench.play(1)
    assert titles(bench) == ["here reaches the network again"]


def swallowing(bench: Bench, *, hangs_at: int) -> None:
    """Let walks to the proxy end after a while, and from their so-manieth on be cut by the deadline."""
    walks = {"n": 0}

    class Swallows(FakeNet):
        async def walk(self, target: Any, *given: Any, **named: Any) -> Any:
            if target.host not in bench.worlds:
                walks["n"] += 1
                if walks["n"] >= hangs_at:
                    await anyio.sleep(30)
            return await super().walk(target, *given, **named)

    async def run(loaded: Loaded, stop: Stop) -> Report:
        walks["n"] = 0
        net = Swallows({"*": Ends("tcp.timeout", {"addresses": "10.0.1.20"}), **bench.worlds})
        here: World = fake.world(loaded.plan, net=net, declared=loaded.declared)
        return replace(await engine.run(loaded.plan, here, lambda _event: None, redactor=loaded.secrets, stop=stop), started=bench.clock.now())

    bench.probe._around = replace(bench.probe._around, run=run)


async def test_a_check_whose_second_attempt_was_cut_may_have_left() -> None:
    """It shows what its first one found, and no steps."""
    far = TcpCheck(name="far", target="10.9.9.9:443", attempts=1, required=False)
    twice = replace(checks()[1], attempts=2)
    worlds = {"10.9.9.9": Ends("tcp.unreachable", {"addresses": "10.9.9.9"})}
    bench = Bench(checks=(twice, checks()[2], far), worlds=worlds, limits=Limits(deadline=0.3, backoff=0.01))
    swallowing(bench, hangs_at=2)
    await bench.play(2)
    assert not bench.board.isolated


async def test_isolation_ends_when_routes_are_back_though_every_walk_is_cut() -> None:
    bench = Bench(meets=(GOOD, UNREACHABLE), limits=Limits(deadline=0.2))
    bench.between = lambda _runs: setattr(bench, "routes", ())
    await bench.play(3)
    assert bench.board.isolated
    bench.between, bench.routes, bench.board.stopping = lambda _runs: None, SUBNET, False
    swallowing(bench, hangs_at=1)
    await bench.play(2)
    assert not bench.board.isolated


async def test_isolation_before_a_restart_does_not_outlive_a_profile_in_which_nothing_could_tell() -> None:
    class CannotTell(Check[None], frozen=True, kw_only=True, tag="cannot-tell"):
        kind: ClassVar[str] = "cannot-tell"

        async def observe(self, world: World) -> None:
            del world
            raise RuntimeError

    before = Bench(meets=(UNREACHABLE,), routes=())
    await before.play(2)
    bench = Bench(checks=(checks()[2], CannotTell(name="plugin", required=False)), archive=before.archive, clock=before.clock)
    await bench.play(3)
    assert not bench.board.isolated


async def test_credentials_that_are_refused_as_the_host_comes_back_are_told_at_once() -> None:
    """The run that found it was dropped, and is not counted."""
    settings = Settings(rhythm=Every(6 * 3600.0), jitter=Jitter())
    bench = Bench(checks=checks()[:2], meets=(GOOD, UNREACHABLE, AUTH), settings=settings)
    bench.between = lambda runs: setattr(bench, "routes", () if runs < 2 else SUBNET)
    await bench.play(14)
    assert titles(bench)[-1] == "preflight is down (was up)"
    assert [at - 1000 for at, _ in bench.began][-2:] == [12 * 3600.0] * 2
    assert bench.probe._held()


async def test_systemd_is_told_what_the_page_says() -> None:
    bench = Bench(meets=(GOOD, UNREACHABLE), environ={"NOTIFY_SOCKET": "/x"})
    bench.between = lambda _runs: setattr(bench, "routes", ())
    await bench.play(3)
    assert [line for line in bench.sent if "STATUS=" in line][-1] == "STATUS=unknown: This host reaches nothing at all, so it cannot tell"


@pytest.mark.parametrize("every", [None, "2m"])
async def test_a_part_that_walks_nowhere_ends_no_isolation(every: str | None) -> None:
    """Checks of AWS that could not tell, and a container's bridge that is up."""

    class CannotTell(Check[None], frozen=True, kw_only=True, tag="cannot-tell"):
        kind: ClassVar[str] = "cannot-tell"

        async def observe(self, world: World) -> None:
            del world
            raise RuntimeError

    bench = Bench(checks=(*(replace(check, every=every) for check in checks()), CannotTell(name="aws")), meets=(GOOD, UNREACHABLE))
    bench.between = lambda _runs: setattr(bench, "routes", (IPv4Network("172.17.0.0/16"),))
    await bench.play(12)
    assert titles(bench) == ["here reaches nothing at all"]


async def test_a_part_that_hangs_makes_nothing_flap() -> None:
    """It has no steps, and nobody knows where it would have gone: as long as any route is there, it may have left."""

    class Hangs(Check[None], frozen=True, kw_only=True, tag="hangs"):
        kind: ClassVar[str] = "hangs"

        def budget(self) -> float:
            return 0.01

        async def observe(self, world: World) -> None:
            del world
            await anyio.sleep(30)

    bench = Bench(checks=(*checks(), Hangs(name="aws", every="45s", attempts=1)), meets=(GOOD, UNREACHABLE))
    bench.between = lambda _runs: setattr(bench, "routes", (IPv4Network("172.17.0.0/16"),))
    await bench.play(20)
    assert len(titles(bench)) == 1


async def test_refused_credentials_are_backed_off_though_the_link_drops_after_each_return() -> None:
    meets: tuple[Meets, ...] = (GOOD, UNREACHABLE, *[AUTH, UNREACHABLE] * 40)
    bench = Bench(checks=checks()[:2], meets=meets)
    before = bench.probe._around.run

    async def run(loaded: Loaded, stop: Stop) -> Report:
        bench.routes = () if meets[len(bench.began)] is UNREACHABLE else SUBNET
        return await before(loaded, stop)

    bench.probe._around = replace(bench.probe._around, run=run)
    await bench.play(31)
    assert sum(meets[number] is AUTH for number in range(len(bench.began))) <= 6
    assert bench.probe._held()
