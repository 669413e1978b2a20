"""The loop: runs what is due, never two runs at once, and takes what they found to the board, to history and to whoever wants to be told.

Everything here happens in one task. It alone says that it is alive, so that systemd's watchdog sees a loop that stands still.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import Final

import anyio
from msgspec.structs import replace

from preflight.engine import Stop
from preflight.model import Report, Status
from preflight.plan import Plan
from preflight.report import verdict
from preflight.serve import portion
from preflight.serve.around import Around
from preflight.serve.backoff import Accounts
from preflight.serve.board import Board, Standing
from preflight.serve.configuration import Configuration
from preflight.serve.isolation import Sight, Watch
from preflight.serve.journal import Level, bug
from preflight.serve.notify import notice
from preflight.serve.notify.news import News, lines
from preflight.serve.pages import headline
from preflight.serve.present import Present
from preflight.serve.rhythm import Moment, intervals
from preflight.serve.schedule import TOGETHER, Timetable

OVERTIME: Final = 30.0
"""Seconds that a run may go on after its deadline before the loop stops saying that it is alive."""
LONGEST_REST: Final = 3600.0


class Probe:
    """Asks again and again, and writes the board."""

    def __init__(self, board: Board, configuration: Configuration, present: Present, around: Around) -> None:
        self._board, self._configuration, self._present, self._around = board, configuration, present, around
        self._news = News()
        self._stop: Stop | None = None
        self._reload = False
        self._owed: set[str] = set()  # asked with the next run, whatever the timetable says
        self._at_once = False
        self._put_off: Accounts | None = None  # what a run that was dropped would have said of accounts
        self._force = configuration.now
        self._table = self._timetable()
        self._accounts = self._force.accounts
        self._watch = Watch(around.routes, board.isolated)
        self._adopt()

    def ask_reload(self) -> None:
        """Read the inputs anew before the next run, changed or not; the caller wakes the loop."""
        self._reload = True

    def ask_stop(self, signal: int) -> None:
        """End after the run that is under way, and that one now; it is not recorded."""
        self._board.stopping = True
        if self._stop:
            self._stop.ask(signal)

    async def forever(self) -> None:
        """Run what is due until asked to stop."""
        around = self._around
        while not self._board.stopping:
            self._heed_files()
            turn = self._table.take(Moment.of(around.clock), around.chance)
            self._table = turn.table
            self._board.counters.late += turn.late
            if turn.names or self._at_once:
                self._at_once = False
                await self._turn(turn.names)
            self._show_next()
            around.systemd.alive()
            if not (self._at_once or self._reload):
                await around.rest(min(self._table.sleep(Moment.of(around.clock)), around.systemd.beat or LONGEST_REST))

    def _adopt(self) -> None:
        """Go by what is in force now: everything is due, but for what is held back for the same credentials."""
        self._force = self._configuration.now
        self._table = self._timetable()
        self._accounts = self._force.accounts.keeping(self._accounts)
        self._put_off = None
        self._watch.forget()
        self._ask_everything()
        self._present.adopt(self._force, self._around.clock.now(), self._held())
        self._around.journal.secrets = self._force.loaded.secrets

    def _ask_everything(self) -> None:
        self._owed = set(self._force.rhythms)
        self._at_once = True

    def _timetable(self) -> Timetable:
        around = self._around
        return Timetable.of(self._force.rhythms, Moment.of(around.clock), jitter=around.jitter, random=around.chance)

    def _heed_files(self) -> None:
        due = self._at_once or self._table.due_in(Moment.of(self._around.clock)) <= TOGETHER
        if not (self._reload or (due and self._configuration.changed())):
            return
        self._reload = False
        self._around.systemd.reloading()
        refused = self._configuration.reload()
        self._board.config = refused
        if refused:
            for line in refused.splitlines():
                self._around.journal.say(Level.ERROR, "reload-refused", why=line)
        else:
            self._adopt()
            self._around.journal.say(Level.NOTICE, "reloaded", profile=self._force.loaded.plan.profile, checks=len(self._force.rhythms))
        self._around.systemd.ready("the old configuration is in force: " + refused.partition("\n")[0] if refused else "reloaded")

    async def _turn(self, due: Collection[str]) -> None:
        """Run these checks, what belongs to them, and what nobody knows any more; and take what was found everywhere. What cannot be asked now stays owed."""
        plan, clock = self._force.loaded.plan, self._around.clock
        started = clock.monotonic()
        due = self._owed.union(due, self._present.silent(clock.now()))
        latest, spared, usual = self._present.latest, self._held(), intervals(self._force.rhythms, Moment.of(clock))
        self._owed = due
        names = portion.taken(plan, due, latest) - spared.keys()
        names |= portion.taken(plan, tuple(self._accounts.witnesses(names, latest, usual)), latest) - spared.keys()
        if not names:
            return
        run = await self._conduct(portion.part(plan, names))
        if run is None or run.interrupted_by is not None:
            return
        self._owed -= names
        whole = self._force.rhythms.keys() <= names | spared.keys()
        sight = self._look(run, whole=whole)
        booked = self._accounts.after(run.results, started=started, intervals=usual)
        if sight is Sight.NOTHING:
            self._put_off = booked
            self._count(run)
            return
        if sight is Sight.BLIND and self._put_off:  # the run that was to find the same again could not
            booked = self._put_off.after(run.results, started=started, intervals=usual)
        self._accounts, self._put_off = booked, None
        if not whole and (doubted := portion.doubted(plan, run, latest, self._present.silent(clock.now()))):
            run = replace(run, results=tuple(result for result in run.results if result.name not in doubted))
            self._ask_everything()
        taken = self._present.take(run, self._force, clock.now(), self._held(), blind=sight is Sight.BLIND)
        self._count(taken.report)
        self._log(taken.report, len(run.results))
        for line in lines(taken.changes):
            self._around.journal.say(Level.NOTICE if line["after"] is Standing.UP else Level.WARNING, "change", **line)
        if news := self._news.of(taken.changes, taken.report):
            self._around.tell(notice.of_changes(news, self._around.token()))
        before = self._board.history
        await self._around.recorder.record(taken.report, self._present.saved, taken.new)
        if self._board.history != before:
            self._around.journal.say(Level.ERROR if self._board.history else Level.NOTICE, "history", why=self._board.history or "it is written again")

    async def _conduct(self, plan: Plan) -> Report | None:
        """The report of a run, or None where a bug ended it. The loop says that it is alive meanwhile, unless the run goes on far beyond its deadline."""
        around = self._around
        stop = self._stop = Stop()
        reports: list[Report] = []
        over = anyio.Event()

        async def run() -> None:
            try:
                reports.append(await around.run(replace(self._force.loaded, plan=plan), stop))
            except Exception as error:  # noqa: BLE001 - a run that breaks is no reason to stop asking
                self._board.counters.runs += 1
                self._board.counters.by_status[Status.ERROR] = self._board.counters.by_status.get(Status.ERROR, 0) + 1
                around.journal.say(Level.ERROR, "bug", what=bug(error))
            finally:
                over.set()

        self._board.running = True
        allowed = around.clock.monotonic() + plan.limits.deadline + OVERTIME
        try:
            async with anyio.create_task_group() as group:
                group.start_soon(run)
                while not over.is_set():
                    if around.clock.monotonic() < allowed:
                        around.systemd.alive()
                    with anyio.move_on_after(around.systemd.beat or LONGEST_REST):
                        await over.wait()
        finally:
            self._board.running, self._stop = False, None
        return reports[0] if reports else None

    def _held(self) -> Mapping[str, float]:
        """The checks that have to wait from now on, each with for how many seconds."""
        return portion.waiting(self._force.loaded.plan, self._accounts.held(self._around.clock.monotonic()))

    def _look(self, run: Report, *, whole: bool) -> Sight:
        """Take to the board, and to whoever is told, what this run says of this host; and what the run is worth. `whole`: all ran that is not held back."""
        board, around, watch = self._board, self._around, self._watch
        sight = watch.look(run, whole=whole, besides=self._accounts.hosts(around.clock.monotonic()))
        board.unsure = watch.unsure
        if sight is Sight.NOTHING:
            self._ask_everything()
            around.journal.say(Level.INFO, "run-dropped", checks=len(run.results), why="everything is asked anew to tell whether this host is cut off")
        if sight is not Sight.BLIND:
            self._present.see_again(self._force, around.clock.now(), self._held())
        if watch.reason != board.isolated:
            board.isolated = watch.reason
            around.journal.say(Level.ERROR if watch.reason else Level.NOTICE, "isolated" if watch.reason else "connected", why=watch.reason)
            around.tell(notice.of_isolation(watch.reason, run, around.clock.now(), around.token()))
        return sight

    def _count(self, run: Report) -> None:
        counters, status = self._board.counters, verdict.status(run)
        counters.runs += 1
        counters.by_status[status] = counters.by_status.get(status, 0) + 1
        counters.cut += not run.complete

    def _log(self, report: Report, asked: int) -> None:
        status, known = verdict.status(report), len(report.results)
        level = Level.ERROR if status is Status.FAIL else Level.WARNING if status > Status.SKIP else Level.INFO
        cause, cut = report.causes[0].title if report.causes else "", "" if report.complete else "yes"
        fields = {"status": status.word, "checks": asked, "of": known if known > asked else "", "seconds": report.seconds, "cut": cut, "cause": cause}
        self._around.journal.say(level, "run", **fields)
        for host, seconds in self._accounts.hosts(self._around.clock.monotonic()).items():
            self._around.journal.say(Level.WARNING, "held-back", why="the proxy refused the credentials", proxy=host, seconds=seconds)
        head = headline.whole(self._board, self._board.report, self._around.clock.now())
        self._around.systemd.status(f"{head.standing}: {head.sentence}")

    def _show_next(self) -> None:
        now = Moment.of(self._around.clock)
        wait = self._table.due_in(now)
        held = self._held()
        if self._force.rhythms.keys() <= held.keys():
            wait = max(wait, min(held.values()))
        self._board.next_run = now.wall + timedelta(seconds=wait)
