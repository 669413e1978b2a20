"""What the event loop says: type and place, no text, and not again and again."""

from __future__ import annotations

import asyncio
import errno
import gc
import sys
from datetime import UTC, datetime

import pytest

from preflight.serve.journal import Journal
from preflight.serve.overheard import AGAIN, Overheard
from tests.serve.conftest import Proxied
from tests.serve.running import command, environment, started

WORD = "planted-secret-5"
_STUMBLING = f"""
import asyncio
from preflight.__main__ import main
from preflight.serve.web.server import Server

startup = Server.startup

async def stumbling(self, sockets=None):
    await startup(self, sockets)
    asyncio.get_running_loop().call_soon(int, "{WORD}")
    asyncio.get_running_loop().call_exception_handler({{"message": "once", "peer": "{WORD}"}})

Server.startup = stumbling
main()
"""
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def overhearing() -> tuple[Overheard, list[str]]:
    lines: list[str] = []
    return Overheard(Journal(lines.append, lambda: NOW, prefixed=False)), lines


class Timed(asyncio.SelectorEventLoop):
    """An event loop whose time is told."""

    now = 100.0

    def time(self) -> float:
        return self.now


def stumble(word: str) -> None:
    raise RuntimeError(word)


async def give_up(word: str) -> None:
    raise KeyError(word)


def test_type_and_place_are_one_line_and_nothing_is_quoted(capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture) -> None:
    overheard, lines = overhearing()

    async def go() -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(overheard)
        loop.call_soon(stumble, WORD)
        task = loop.create_task(give_up(WORD))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert task.done()

    asyncio.run(go())
    gc.collect()  # a task whose error nobody took says so when it is gone
    assert lines == [
        f'2026-01-02T03:04:05Z error event=bug what="RuntimeError at {__name__}:{stumble.__code__.co_firstlineno + 1}"\n',
        f'2026-01-02T03:04:05Z error event=bug what="KeyError at {__name__}:{give_up.__code__.co_firstlineno + 1}"\n',
    ]
    assert capfd.readouterr() == ("", "")
    assert not caplog.records


def test_the_system_s_refusals_have_their_name_and_are_said_once_a_minute() -> None:
    """Without descriptors, asyncio says so many times a second; the socket in its context tells the peer."""
    overheard, lines = overhearing()
    context = {"message": "socket.accept() out of system resource", "exception": OSError(errno.EMFILE, WORD), "socket": WORD}
    loop = Timed()
    for _ in range(64):
        overheard(loop, context)
    assert lines == ['2026-01-02T03:04:05Z error event=bug what="OSError at ?" errno=EMFILE\n']
    overheard(loop, {"message": "Task was destroyed but it is pending!", "task": WORD})
    overheard(loop, context | {"exception": OSError(errno.ENFILE, WORD)})
    assert [line.partition("event=bug ")[2] for line in lines[1:]] == ['what="Task was destroyed but it is pending!"\n', 'what="OSError at ?" errno=ENFILE\n']
    loop.now += AGAIN
    overheard(loop, context)
    loop.close()
    assert len(lines) == 4
    assert WORD not in "".join(lines)


def test_the_service_hears_its_loop(dead: Proxied) -> None:
    _interpreter, _module, _preflight, *args = command("--proxy-file", "proxy.json")
    with started([sys.executable, "-c", _STUMBLING, *args], dead.home, environment(dead.home, {})) as service:
        service.wait(lambda: 'event=bug what="ValueError at ' in service.log and "event=bug what=once" in service.log, "both")
        assert service.end() == 0
        assert "Traceback" not in service.log
        assert WORD not in service.log
