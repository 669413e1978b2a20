"""What Apprise's own library delivers, how it fails, and that it tells nobody the URL."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from preflight.serve.notify import Apprise
from tests.lab import Lab, closed_port
from tests.loopback import hear, say
from tests.serve.notify.hook import hook
from tests.serve.notify.posting import Box, some, webhook
from tests.serve.running import PROFILE, serving

pytest.importorskip("apprise")
pytestmark = [pytest.mark.anyio, pytest.mark.filterwarnings("ignore:'imghdr' is deprecated")]  # Apprise's own

TOKEN = "planted-token-3"
ODD = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX\r\n: y\r\n\r\n"
"""Headers that urllib3 cannot parse, of which it writes a warning with the whole URL."""


@pytest.fixture
def heard() -> Iterator[list[str]]:
    """What reaches the root logger, however talkative it is. pytest's own capture listens also to what goes no further."""
    lines: list[str] = []

    class Listening(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(logging.Formatter().format(record))

    root, handler = logging.getLogger(), Listening()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield lines
    root.setLevel(before)
    root.removeHandler(handler)


async def test_it_delivers_the_title_and_the_cause_first(heard: list[str]) -> None:
    with hook(200) as there:
        made = webhook(f"apprise:json://127.0.0.1:{there.port}/{TOKEN}")
        assert isinstance(made, Apprise)
        box = Box(made)
        await box.deliver(some())
        there.wait(1)
    [(path, _, body)] = there.requests
    assert path == f"/{TOKEN}"
    assert body["title"] == "preflight is down (was up), seen from bastion-1"
    first, second, *_ = body["message"].splitlines()
    assert first.startswith("The proxy http://10.0.1.20:3128 does not answer. ")
    assert second == "1 of 10 checks failed: proxy-https; 8 more blocked by that"
    assert (box.counters.notifications, box.counters.notifications_lost) == (1, 0)
    assert TOKEN not in "".join([*box.lines, *heard])


async def test_what_is_refused_is_tried_again_and_then_lost(heard: list[str]) -> None:
    with hook(500) as there:
        box = Box(webhook(f"json://127.0.0.1:{there.port}/{TOKEN}"))
        await box.deliver(some())
        there.wait(4)
    assert len(there.requests) == 4
    assert (box.counters.notifications, box.counters.notifications_lost) == (0, 1)
    for line, event in zip(box.lines, ("delayed", "lost"), strict=True):
        assert f"event=notification-{event} to=json:// subject=preflight id=id-0" in line
        assert "Apprise could not deliver it" in line
    assert TOKEN not in "".join([*box.lines, *heard])


async def test_nobody_there_is_lost_and_counted(heard: list[str]) -> None:
    box = Box(webhook(f"json://127.0.0.1:{closed_port()}/{TOKEN}"))
    await box.deliver(some())
    assert box.counters.notifications_lost == 1
    assert TOKEN not in "".join([*box.lines, *heard])


async def test_an_answer_that_no_library_understands_makes_none_of_them_tell_the_url(heard: list[str]) -> None:
    async with Lab() as lab:
        server = await lab.serve((hear, say(ODD)))
        box = Box(webhook(f"json://127.0.0.1:{server.port}/{TOKEN}"))
        await box.deliver(some())
    assert server.heads
    assert TOKEN not in "".join([*box.lines, *heard])


def test_a_service_tells_through_it_again_where_it_was_refused_once(tmp_path: Path) -> None:
    (tmp_path / "checks.yaml").write_text(PROFILE)
    (tmp_path / "proxy.json").write_text(json.dumps({"httpProxy": f"http://127.0.0.1:{closed_port()}", "noProxy": "169.254.169.254"}))
    with hook(500, 200) as there:
        file = tmp_path / "notify"
        file.touch(mode=0o600)
        file.write_text(f"json://127.0.0.1:{there.port}/{TOKEN}\n")
        with serving(tmp_path, "--proxy-file", "proxy.json", "--every", "1h", "--notify", f"@{file}") as service:
            there.wait(2)
            service.wait(lambda: "event=notified to=json://" in service.log, "notified")
            assert service.end() == 0
        assert [body["title"].partition(",")[0] for body in there.events] == ["preflight is down (was unknown)"] * 2
        assert TOKEN not in service.log
