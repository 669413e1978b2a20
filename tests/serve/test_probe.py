from __future__ import annotations

from datetime import timedelta
from ipaddress import IPv4Network
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from preflight import codes
from preflight.checks.https import HttpsCheck
from preflight.checks.tcp import TcpCheck
from preflight.model import Status
from preflight.plan import Limits
from preflight.serve.board import Standing
from preflight.serve.damping import Damping
from preflight.serve.pages import headline
from preflight.serve.rhythm import Cron, Every, Jitter
from preflight.serve.settings import Settings
from tests.fake import Ends, FakeClock
from tests.serve.bench import GOOD, REFUSED, SUBNET, UNREACHABLE, WORD, Archive, Bench, checks

pytestmark = pytest.mark.anyio

ALL = ["proxy-https", "gcr.io", "proxy-config"]
AUTH = Ends("proxy.auth-rejected", {"reply": "407"})


def settings(**fields: Any) -> Settings:
    return replace(Settings(rhythm=Every(60.0), jitter=Jitter()), **fields)


async def test_three_intervals_are_three_runs() -> None:
    bench = Bench()
    await bench.play(3)
    assert [at for at, _ in bench.began] == [1000.0, 1060.0, 1120.0]
    assert [sorted(names) for names in bench.names()] == [sorted(ALL)] * 3
    assert len(bench.archive.runs_kept) == bench.board.counters.runs == 3
    assert bench.board.counters.late == 0
    assert bench.board.standing is Standing.UP
    assert bench.board.last_success == bench.board.last_run
    assert bench.board.counters.by_status == {Status.PASS: 3}


async def test_a_run_that_takes_longer_than_the_interval_is_not_overtaken() -> None:
    bench = Bench(delays=(150.0, 0.0, 0.0))
    await bench.play(3)
    assert bench.overlaps == 0
    assert bench.board.counters.late >= 1
    assert len(bench.began) == 3
    assert all(later - earlier >= 30 for (earlier, _), (later, _) in pairwise(bench.began))


async def test_a_check_with_its_own_interval_is_asked_less_often() -> None:
    bench = Bench(checks=(*checks(), TcpCheck(name="rare", target="rare.example:443", every="2m", attempts=1)))
    await bench.play(4)
    assert [("rare" in names) for names in bench.names()] == [True, False, True, False]
    assert bench.board.report
    assert {result.name for result in bench.board.report.results} == {*ALL, "rare"}
    assert [len(names) for names in bench.archive.new_kept] == [4, 3, 4, 3]
    assert {len(report.results) for report in bench.archive.runs_kept} == {4}


async def test_what_is_due_takes_its_blockers_along() -> None:
    rare = tuple(replace(check, every="2m") if check.name in {"proxy-https", "proxy-config"} else check for check in checks())
    bench = Bench(checks=rare)
    await bench.play(2)
    assert sorted(bench.names()[1]) == ["gcr.io", "proxy-https"]


async def test_what_is_not_due_is_blocked_at_once_and_tried_again_with_its_blocker() -> None:
    bench = Bench(checks=checks(every="1h"), meets=(GOOD, REFUSED, GOOD))
    await bench.play(2)
    assert bench.board.report
    [target] = [result for result in bench.board.report.results if result.name == "gcr.io"]
    assert "gcr.io" not in bench.names()[1]
    assert target.blocked_by == ("proxy-https",)
    assert bench.board.stands["gcr.io"].standing is Standing.DOWN
    again = Bench(checks=checks(every="1h"), meets=(GOOD, REFUSED, GOOD))
    await again.play(3)
    assert "gcr.io" in again.names()[2]
    assert again.board.stands["gcr.io"].standing is Standing.UP


async def test_a_run_that_outlives_its_deadline_is_cut_and_counted() -> None:
    slow = HttpsCheck(name="slow", target="slow.example", proof="google-api", attempts=3)
    bench = Bench(checks=(slow,), meets=(Ends("tcp.timeout"),), limits=Limits(deadline=0.02))
    await bench.play(1)
    assert bench.board.counters.cut == 1
    assert bench.archive.runs_kept[0].complete is False


async def test_one_notification_for_a_run_that_changes_much_with_the_cause_first() -> None:
    bench = Bench(meets=(GOOD, REFUSED, REFUSED, GOOD))
    await bench.play(5)
    down, up = bench.told
    assert (down.subject, up.subject) == ("preflight", "preflight")
    assert down.data["causes"][0]["code"] == "tcp.refused"
    assert {each["subject"] for each in down.data["changes"]} == {"preflight", "proxy-https", "gcr.io"}
    assert [each["after"] for each in up.data["changes"]] == ["up"] * 3
    fallen, followed, mended, back = bench.log("change")
    assert "event=change subject=preflight before=up after=down code=tcp.refused" in fallen
    assert "checks=2 names=proxy-https,gcr.io before=up after=down code=tcp.refused" in followed
    assert "subject=preflight before=down after=up" in mended
    assert "checks=2 names=proxy-https,gcr.io before=down after=up" in back


async def test_the_first_results_that_are_well_are_not_logged_as_changes() -> None:
    bench = Bench(meets=(GOOD,))
    await bench.play(2)
    assert bench.log("change") == []


async def test_checks_that_follow_for_a_cause_that_was_told_are_no_news() -> None:
    """The proxy dies within a run: some targets feel it in this run, the others in the next."""
    pair = (TcpCheck(name="a", target="a.example:443", attempts=1), TcpCheck(name="b", target="b.example:443", attempts=1, out_of="2/2"))
    bench = Bench(checks=pair, meets=(GOOD, REFUSED, REFUSED, GOOD, GOOD))
    await bench.play(3)
    assert [change.split()[1:3] for change in bench.log("change")] == [["subject=preflight", "before=up"], ["checks=1", "names=a"], ["checks=1", "names=b"]]
    assert [told.data["changes"][0]["after"] for told in bench.told] == ["down"]


async def test_history_gets_what_followed_a_blocker_down() -> None:
    bench = Bench(checks=checks(every="1h"), meets=(GOOD, REFUSED))
    await bench.play(2)
    assert {result.name for result in bench.archive.runs_kept[1].results} == set(ALL)
    assert bench.archive.runs_kept[1].exit_code == 1


async def test_damping_waits_for_more_than_one_bad_run() -> None:
    bench = Bench(meets=(GOOD, REFUSED, GOOD, REFUSED, REFUSED), settings=settings(damping=Damping(2, 2)))
    await bench.play(4)
    assert bench.told == []
    assert bench.board.standing is Standing.UP
    more = Bench(meets=(GOOD, REFUSED, REFUSED), settings=settings(damping=Damping(2, 2)))
    await more.play(3)
    assert more.board.standing is Standing.DOWN
    assert len(more.told) == 1


async def test_a_check_has_its_own_damping() -> None:
    single = (TcpCheck(name="calm", target="a.example:443", attempts=1, out_of="3/3"), TcpCheck(name="nervous", target="b.example:443", attempts=1))
    bench = Bench(checks=single, meets=(GOOD, REFUSED))
    await bench.play(2)
    assert (bench.board.stands["calm"].standing, bench.board.stands["nervous"].standing) == (Standing.UP, Standing.DOWN)


async def test_standings_outlive_a_restart() -> None:
    before = Bench(meets=(GOOD, REFUSED))
    await before.play(2)
    after = Bench(meets=(REFUSED,), archive=Archive(stood=before.archive.stood))
    after.clock.time = before.clock.time
    await after.play(1)
    assert after.told == []
    assert after.board.since == before.board.since


@pytest.mark.parametrize(("away", "standing"), [(60, Standing.UP), (86400, Standing.DOWN), (-86400, Standing.DOWN)], ids=["briefly", "a day", "clock set back"])
async def test_results_of_long_ago_do_not_damp_the_first_one_after_a_restart(away: int, standing: Standing) -> None:
    before = Bench(settings=settings(damping=Damping(2, 3)))
    await before.play(3)
    clock = FakeClock(before.clock.time + timedelta(seconds=away), 1000.0)
    after = Bench(meets=(REFUSED,), archive=before.archive, settings=before.settings, clock=clock)
    await after.play(1)
    assert after.board.standing is standing
    assert len(after.told) == (standing is Standing.DOWN)


async def test_refused_credentials_are_sent_less_and_less_often() -> None:
    bench = Bench(meets=(AUTH,))
    await bench.play(12)
    tried = [at for at, names in bench.began if "proxy-https" in names]
    pauses = [later - earlier for earlier, later in pairwise(tried)]
    assert pauses[:2] == [120.0, 240.0]
    assert all("proxy-config" in names for _, names in bench.began)
    assert bench.board.stale_after == bench.configuration.now.stale_after
    assert bench.log("held-back")


async def test_a_407_for_one_target_beside_a_tunnel_to_another_holds_nothing_back() -> None:
    """Squid says 407 for a policy denial too; the walk calls it `proxy.denied` where it saw the tunnel first, and cannot where it did not."""
    denied = HttpsCheck(name="denied", target="denied.example", proof="google-api", attempts=1)
    bench = Bench(checks=(*checks(), denied), worlds={"denied.example": AUTH})
    await bench.play(4)
    assert [sorted(names) for names in bench.names()] == [sorted([*ALL, "denied"])] * 4
    assert not bench.log("held-back")
    assert bench.board.stands["denied"].standing is Standing.DOWN


async def test_what_is_down_and_held_back_stays_down_and_says_when_it_is_asked_again() -> None:
    """Half an hour after the refusal it is as true as it was: the credentials are wrong until somebody changes them."""
    bench = Bench(meets=(AUTH,))
    await bench.play(12)
    now, stand = bench.clock.now(), bench.board.stands["gcr.io"]
    assert stand.checked
    assert (now - stand.checked).total_seconds() > bench.configuration.now.patience["gcr.io"]
    said = headline.one(bench.board, stand, stand.result, now)
    assert said.standing is Standing.DOWN
    assert "asked again in" in said.note
    assert headline.whole(bench.board, bench.board.report, now).standing is Standing.DOWN
    assert bench.board.stands["proxy-config"].asked_again is None
    assert stand.asked_again
    assert stand.stale(stand.asked_again + timedelta(seconds=bench.configuration.now.patience["gcr.io"] + 61))


async def test_what_stands_up_still_is_not_kept_up_by_being_held_back() -> None:
    bench = Bench(meets=(GOOD, GOOD, AUTH), settings=settings(damping=Damping(2, 3), rhythm=Every(600.0)))
    await bench.play(3)
    stand = bench.board.stands["proxy-https"]
    assert (stand.standing, stand.asked_again) == (Standing.UP, None)
    later = bench.clock.now() + timedelta(seconds=bench.configuration.now.patience["proxy-https"] + 1)
    assert headline.one(bench.board, stand, stand.result, later).standing is Standing.UNKNOWN
    assert headline.whole(bench.board, bench.board.report, later).standing is Standing.UNKNOWN


async def test_an_optional_check_that_is_held_back_is_not_stale_beside_what_blocks_it() -> None:
    optional = HttpsCheck(name="optional", target="optional.example", proof="google-api", attempts=1, required=False)
    bench = Bench(checks=(*checks(), optional), meets=(AUTH,))
    await bench.play(12)
    assert not any(stand.stale(bench.clock.now()) for stand in bench.board.stands.values())


async def test_where_everything_is_held_back_the_last_run_holds_as_long() -> None:
    bench = Bench(checks=checks()[:2], meets=(AUTH,))
    ages: list[float] = []
    bench.between = lambda _runs: ages.append(bench.board.age(bench.clock.now()) or 0.0)
    await bench.play(8)
    assert max(ages) > bench.configuration.now.stale_after
    assert bench.board.stale_after > max(ages)
    assert headline.whole(bench.board, bench.board.report, bench.clock.now()).standing is Standing.DOWN


async def test_what_passed_and_is_held_back_is_not_well_for_ever() -> None:
    """A neighbour's refusal holds it back; its own last result grows old as any other."""
    rare = HttpsCheck(name="rare", target="rare.example", proof="google-api", attempts=1, every="2m")
    bench = Bench(checks=(*checks()[1:], rare), meets=(GOOD, AUTH))
    await bench.play(12)
    stand = bench.board.stands["rare"]
    assert "rare" not in bench.names()[2]
    assert headline.one(bench.board, stand, stand.result, bench.clock.now()).standing in {Standing.UNKNOWN, Standing.DOWN}


async def test_a_check_that_does_not_apply_any_more_has_no_standing() -> None:
    bench = Bench(meets=(GOOD,))
    await bench.play(1)
    [result] = [each for each in bench.board.report.results if each.name == "proxy-config"] if bench.board.report else []
    skipped = replace(result, findings=(codes.finding("internal.not-applicable", fields={"why": "no proxy is declared"}),))
    run = replace(bench.archive.runs_kept[0], results=(skipped,))
    bench.probe._present.take(run, bench.configuration.now, bench.clock.now(), {})
    assert "proxy-config" not in bench.board.stands
    assert bench.board.standing is Standing.UP
    assert headline.one(bench.board, None, skipped, bench.clock.now()).standing is Standing.UNKNOWN


@pytest.mark.parametrize(("change", "standing"), [({"target": "other.example"}, Standing.DOWN), ({"about": "Another sentence"}, Standing.UP)])
async def test_after_a_reload_results_of_another_target_do_not_damp(tmp_path: Path, change: dict[str, Any], standing: Standing) -> None:
    file = tmp_path / "checks.yaml"
    file.write_text("good")
    single = HttpsCheck(name="gcr.io", target="gcr.io", proof="google-api", attempts=1)
    bench = Bench(checks=(single,), meets=(GOOD, GOOD, GOOD, REFUSED), file=file, settings=settings(damping=Damping(2, 3)))

    def between(runs: int) -> None:
        if runs == 3:
            bench.checks = (replace(single, **change),)
            bench.probe.ask_reload()

    bench.between = between
    await bench.play(4)
    assert bench.board.standing is standing


async def test_after_a_restart_results_of_another_profile_do_not_damp() -> None:
    before = Bench(settings=settings(damping=Damping(2, 3)))
    await before.play(3)
    after = Bench(checks=checks(path="/v2/"), meets=(REFUSED,), archive=before.archive, settings=before.settings, clock=before.clock)
    await after.play(1)
    assert (after.board.stands["proxy-https"].standing, after.board.stands["gcr.io"].standing) == (Standing.UP, Standing.DOWN)


async def test_what_was_not_looked_at_for_long_is_not_well() -> None:
    """Whoever is held back, or crashes, keeps the latest result; it must not speak for the present for ever."""
    bench = Bench(meets=(GOOD,))
    await bench.play(1)
    now = bench.clock.now()
    assert headline.whole(bench.board, bench.board.report, now).standing is Standing.UP
    stand = bench.board.stands["proxy-https"]
    later = now + timedelta(seconds=stand.stale_after + 1)
    bench.board.last_run = later
    assert headline.whole(bench.board, bench.board.report, later).standing is Standing.UNKNOWN
    assert headline.one(bench.board, stand, stand.result, later).standing is Standing.UNKNOWN


async def test_whatever_history_stumbles_over_probing_goes_on() -> None:
    bench = Bench(meets=(GOOD,))
    bench.archive.trouble = OverflowError("user:password")
    await bench.play(3)
    assert bench.board.counters.runs == 3
    assert bench.board.history.startswith("a bug: OverflowError")
    assert "password" not in bench.board.history


async def test_a_changed_file_makes_refused_credentials_no_better(tmp_path: Path) -> None:
    file = tmp_path / "proxy.json"
    file.write_text("good")
    bench = Bench(meets=(AUTH,), file=file)
    bench.between = lambda runs: file.chmod(0o600) if runs == 1 else None
    await bench.play(2)
    assert [("proxy-https" in names) for names in bench.names()] == [True, False]
    assert len(bench.log("reloaded")) == 1


async def test_a_good_file_replaces_the_old_one_and_a_bad_one_never_does(tmp_path: Path) -> None:
    file = tmp_path / "checks.yaml"
    file.write_text("good")
    bench = Bench(file=file)
    seen: list[str] = []

    def between(runs: int) -> None:
        seen.append(bench.board.config)
        if runs == 1:
            file.write_text("bad")
        if runs == 3:
            file.write_text("good")
            bench.checks = checks()[:1]

    bench.between = between
    await bench.play(5)
    assert [bool(each) for each in seen] == [False, True, True, False, False]
    assert "there is no such file" in seen[1]
    assert [len(names) for names in bench.names()] == [3, 3, 3, 1, 1]
    assert len(bench.log("reload-refused")) == 1
    assert bench.board.report
    assert [result.name for result in bench.board.report.results] == ["proxy-https"]


async def test_a_touched_file_is_not_read_anew(tmp_path: Path) -> None:
    file = tmp_path / "checks.yaml"
    file.write_text("good")
    bench = Bench(file=file)

    def touch(_runs: int) -> None:
        file.write_text("good")

    bench.between = touch
    await bench.play(3)
    assert bench.log("reloaded") == []


async def test_sighup_reads_anew_at_once() -> None:
    bench = Bench(environ={"NOTIFY_SOCKET": "/nowhere"})
    bench.between = lambda runs: bench.probe.ask_reload() if runs == 1 else None
    await bench.play(2)
    assert len(bench.log("reloaded")) == 1
    reloading = next(number for number, text in enumerate(bench.sent) if text.startswith("RELOADING=1\nMONOTONIC_USEC="))
    assert bench.sent[reloading + 1].startswith("READY=1\n")


async def test_a_disk_that_is_full_stops_no_run() -> None:
    bench = Bench(archive=Archive(broken="the disk is full"))
    seen: list[str] = []

    def between(runs: int) -> None:
        seen.append(bench.board.history)
        bench.archive.broken = "" if runs == 2 else bench.archive.broken

    bench.between = between
    await bench.play(3)
    assert seen == ["the disk is full", "the disk is full", ""]
    assert [line[:3] for line in bench.log("history")] == ["<3>", "<5>"]
    assert len(bench.began) == 3


async def test_a_host_without_a_network_says_so_once_and_nothing_about_the_proxy() -> None:
    bench = Bench(meets=(GOOD, UNREACHABLE, UNREACHABLE, GOOD), routes=())
    standings: list[Standing] = []
    bench.between = lambda _runs: standings.append(bench.board.standing)
    await bench.play(4)
    assert [notice.type for notice in bench.told] == ["internal.preflight.isolation.v1"] * 2
    assert [notice.data["isolated"] for notice in bench.told] == [True, False]
    assert set(standings) == {Standing.UP}
    assert bench.board.isolated == ""


@pytest.mark.parametrize("meets", [REFUSED, Ends("tcp.timeout", {"name": "10.0.1.20", "addresses": "10.0.1.20"}), AUTH])
async def test_a_dead_proxy_is_no_isolation_even_without_a_route(meets: Ends) -> None:
    bench = Bench(meets=(GOOD, meets), routes=())
    await bench.play(2)
    assert bench.board.isolated == ""
    assert [notice.subject for notice in bench.told] == ["preflight"]


async def test_an_unreachable_proxy_to_which_a_route_leads_is_no_isolation() -> None:
    bench = Bench(meets=(GOOD, UNREACHABLE))
    await bench.play(2)
    assert bench.board.isolated == ""
    assert bench.board.standing is Standing.DOWN


ELSEWHERE = TcpCheck(name="elsewhere", target="10.0.1.20:443", attempts=1)


async def test_a_part_that_leads_where_no_route_ever_did_makes_no_isolation() -> None:
    """Only `elsewhere` is due: everything is asked before the host is called cut off, and the proxy answers then."""
    bench = Bench(checks=(*(replace(check, every="1h") for check in checks()), ELSEWHERE), meets=(GOOD, UNREACHABLE, GOOD), routes=())
    bench.between = lambda runs: setattr(bench, "_left", 1 if runs == 3 else 9)
    await bench.play(9)
    assert [len(names) for names in bench.names()] == [4, 1, 4]
    assert bench.board.isolated == ""
    assert all(notice.subject == "preflight" for notice in bench.told)


@pytest.mark.parametrize(("routes", "told"), [((), "isolation"), (SUBNET, "elsewhere")])
async def test_while_credentials_are_held_back_the_rest_tells_isolation(routes: tuple[IPv4Network, ...], told: str) -> None:
    """Unless a route leads to where those go that are held back."""
    elsewhere = replace(ELSEWHERE, target="192.0.2.1:443")
    bench = Bench(checks=(*checks(), elsewhere), meets=(AUTH, Ends("tcp.unreachable", {"addresses": "192.0.2.1"})), worlds={}, routes=routes)
    await bench.play(2)
    assert sorted(bench.names()[1]) == ["elsewhere", "proxy-config"]
    assert [notice.subject for notice in bench.told][1:] == [told]


async def test_a_run_that_breaks_is_counted_and_the_next_one_comes() -> None:
    bench = Bench(delays=(0.0,))
    good = bench._run

    async def broken(loaded: object, stop: object) -> object:
        if not bench.began:
            bench.began.append((0.0, ()))
            raise RuntimeError(f"may quote {WORD}")
        return await good(loaded, stop)  # type: ignore[arg-type]

    bench.probe._around = replace(bench.probe._around, run=broken)
    await bench.play(2)
    assert bench.board.counters.runs == 2
    assert bench.board.report is not None
    assert WORD not in "".join(bench.lines)
    assert "RuntimeError at " in bench.log("bug")[0]


async def test_cron_runs_once_at_the_start_so_that_it_is_ready() -> None:
    bench = Bench(settings=settings(rhythm=Cron("0 * * * *")))
    await bench.play(1)
    assert len(bench.began) == 1
    assert bench.board.report is not None


async def test_the_watchdog_hears_of_every_round() -> None:
    bench = Bench(environ={"NOTIFY_SOCKET": "@x", "WATCHDOG_USEC": "20000000"})
    await bench.play(7)
    assert len(bench.began) == 2
    assert bench.sent.count("WATCHDOG=1") >= 7


async def test_a_stop_ends_the_run_and_keeps_nothing_of_it() -> None:
    bench = Bench()
    good = bench._run

    async def stopped(loaded: object, stop: object) -> object:
        bench.probe.ask_stop(15)
        return await good(loaded, stop)  # type: ignore[arg-type]

    bench.probe._around = replace(bench.probe._around, run=stopped)
    await bench.play(3)
    assert bench.archive.runs_kept == []
    assert not bench.board.ready
