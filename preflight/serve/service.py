"""The service: port, history, notifications and probe in one event loop, from the first signal that systemd hears to the last.

Told to stop (SIGTERM, SIGINT), it is no longer ready at once, and stops listening a second later, when a load balancer may have seen that. It drops the run
that is under way, gives notifications a moment, closes history, and exits 0 within ten seconds: it did what it was told. A second signal ends it on the spot.
"""

from __future__ import annotations

import asyncio
import errno
import gc
import os
import resource
import signal
import threading
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from functools import partial
from random import SystemRandom
from typing import Final
from uuid import uuid4

import anyio
import msgspec

from preflight import __version__, session
from preflight.engine import Stop
from preflight.inputs.select import Loaded
from preflight.model import Report
from preflight.real.ahead import Ahead
from preflight.real.clock import RealClock
from preflight.real.daemon import in_daemon
from preflight.real.listening import Port, listening
from preflight.real.own_routes import own_routes
from preflight.real.signals import end_at_next, heeded, tell_again
from preflight.real.tls import Trust
from preflight.serve import web
from preflight.serve.around import Around
from preflight.serve.board import Board
from preflight.serve.configuration import Configuration
from preflight.serve.history import History, NoRoom
from preflight.serve.journal import Journal, Level, Stderr, journald_reads
from preflight.serve.notify.mailbox import Destination, Mailbox
from preflight.serve.notify.notice import Notice
from preflight.serve.overheard import Overheard
from preflight.serve.present import Present
from preflight.serve.probe import Probe
from preflight.serve.recorder import NoHistory, Recorder, Unopened
from preflight.serve.settings import Settings
from preflight.serve.systemd import Systemd
from preflight.serve.web.connections import Limits
from preflight.serve.web.server import ANSWERS, Server, hush

NOTICED: Final = 1.0
"""Seconds between being not ready and closing the port."""
LAST_WORDS: Final = 2.0
"""Seconds that notifications have."""
GONE: Final = 9.0
"""Seconds after which a stop that hangs, in a library's thread or in a check, is over."""


class Refused(Exception):
    """The service cannot start. The sentence says why, and what to do."""


class Service(msgspec.Struct, kw_only=True):
    """Everything that is open while the service runs."""

    board: Board
    configuration: Configuration
    archive: History | NoHistory
    port: Port
    settings: Settings
    boxes: tuple[Mailbox, ...]
    systemd: Systemd
    journal: Journal


def run(settings: Settings, load: Callable[[], Loaded], destinations: tuple[Destination, ...], environ: Mapping[str, str]) -> None:
    """Serve until told to stop. Raises InputError, history's Unusable and Refused, all before anything is sent."""
    clock = RealClock()
    configuration = Configuration(load, settings, clock.now)
    stderr = Stderr()
    journal = Journal(stderr, clock.now, prefixed=journald_reads(environ))
    plan = configuration.now.loaded.plan
    board = Board(version=__version__, profile=plan.profile, vantage=plan.vantage, started=clock.now(), stale_after=configuration.now.stale_after)
    board.remembers = settings.history is not None
    port = _open(settings)
    try:
        archive = _archive(settings, board)
        boxes = tuple(Mailbox(each, board.counters, journal) for each in destinations)
        hush()
        service = Service(
            board=board,
            configuration=configuration,
            archive=archive,
            port=port,
            settings=settings,
            boxes=boxes,
            systemd=Systemd(environ),
            journal=journal,
        )
        gc.freeze()  # what was loaded stays, and no later look has to go through it
        gc.enable()  # `__main__` switched it off for as long as modules load
        anyio.run(_serve, service)
    finally:
        port.close()
        stderr.emptied(LAST_WORDS)


async def _serve(service: Service) -> None:
    board, journal, archive = service.board, service.journal, service.archive
    asyncio.get_running_loop().set_exception_handler(Overheard(journal))
    woken = [anyio.Event()]
    recorder = Recorder(archive, board)
    around = Around(
        clock=RealClock(),
        chance=SystemRandom().random,
        token=lambda: uuid4().hex,
        rest=partial(_rest, woken),
        run=_one_run,
        routes=own_routes,
        recorder=recorder,
        tell=partial(_tell, service.boxes),
        systemd=service.systemd,
        journal=journal,
        jitter=service.settings.jitter,
    )
    probe = Probe(board, service.configuration, Present(board, service.settings.damping, recorder.saved()), around)
    site = web.app(board, archive, hosts=service.settings.hosts, now=RealClock().now)
    server = Server.of(site, Limits.of(resource.getrlimit(resource.RLIMIT_NOFILE)[0]))
    async with anyio.create_task_group() as group, _signals() as signals:
        served = anyio.Event()
        group.start_soon(_accept, server, service.port, served)
        for box in service.boxes:
            group.start_soon(box.deliver)
        group.start_soon(probe.forever)
        _announce(service)
        async for number in signals:
            if number != signal.SIGHUP:
                break
            probe.ask_reload()
            _wake(woken)
        end_at_next()
        await _stop(service, probe, server, served, number)
        group.cancel_scope.cancel()


def _announce(service: Service) -> None:
    """Say where it listens, and what is remarkable at the start."""
    journal, force = service.journal, service.configuration.now
    for remark in force.loaded.remarks:
        journal.say(Level.WARNING, "remark", what=remark.message, hint=remark.hint)
    if service.board.history:
        journal.say(Level.ERROR, "history", why=service.board.history)
    journal.say(Level.INFO, "listening", address=_address(service.port), version=__version__, checks=len(force.rhythms))
    service.systemd.ready("the first run is under way")


async def _stop(service: Service, probe: Probe, server: Server, served: anyio.Event, number: int) -> None:
    """Go, in order."""
    service.journal.say(Level.NOTICE, "stopping", signal=signal.Signals(number).name)
    last = threading.Timer(GONE, os._exit, (0,))  # whatever hangs by then is not worth waiting for: the file is whole at any moment
    last.daemon = True
    last.start()
    service.systemd.stopping()
    probe.ask_stop(number)
    await anyio.sleep(NOTICED)
    server.should_exit = True
    with anyio.move_on_after(LAST_WORDS):
        for box in service.boxes:
            await box.emptied()
    for box in service.boxes:
        box.give_up()
    with anyio.move_on_after(ANSWERS + 1):
        await served.wait()
    with anyio.move_on_after(LAST_WORDS):
        await in_daemon(service.archive.close, "history")
    service.journal.say(Level.NOTICE, "stopped")


async def _one_run(loaded: Loaded, stop: Stop) -> Report:
    """A run in a world of its own: names, trust and credentials are looked at anew."""
    return await session.run(loaded, session.quiet, trust=Trust(loaded.ca_file, store=Ahead()), stop=stop)


async def _accept(server: Server, port: Port, served: anyio.Event) -> None:
    try:
        await server.serve(sockets=[port])
    finally:
        served.set()


async def _rest(woken: list[anyio.Event], seconds: float) -> None:
    """Sleep, unless woken before."""
    with anyio.move_on_after(seconds):
        await woken[0].wait()
    woken[0] = anyio.Event()


def _wake(woken: list[anyio.Event]) -> None:
    woken[0].set()


def _tell(boxes: tuple[Mailbox, ...], notice: Notice) -> None:
    for box in boxes:
        box.put(notice)


@asynccontextmanager
async def _signals() -> AsyncIterator[AsyncIterator[signal.Signals]]:
    with anyio.open_signal_receiver(*heeded(), signal.SIGHUP) as signals:
        tell_again()
        yield signals


def _archive(settings: Settings, board: Board) -> History | NoHistory:
    """The history to write. Where there is no room for it now, probing begins without, and the board says so. Raises history's Unusable."""
    if settings.history is None:
        return NoHistory()
    opening = partial(History.open, settings.history, settings.keep)
    try:
        return opening()
    except NoRoom as why:
        board.history = str(why)
        return Unopened(opening)


def _open(settings: Settings) -> Port:
    try:
        return listening(settings.listen.address, settings.listen.port)
    except OSError as error:
        what = "another program listens there already" if error.errno == errno.EADDRINUSE else error.strerror or type(error).__name__
        raise Refused(f"cannot listen on {settings.listen}: {what}. Name another place with --listen, or stop what is there") from None


def _address(port: Port) -> str:
    host, number, *_ = port.getsockname()
    return f"[{host}]:{number}" if ":" in host else f"{host}:{number}"
