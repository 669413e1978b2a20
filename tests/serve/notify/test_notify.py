from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path

import anyio
import pytest
from msgspec.structs import replace

from preflight.causes import causes
from preflight.serve.notify import Apprise, Webhook, destinations, notice
from preflight.serve.notify.mailbox import ROOM, NotTaken
from preflight.serve.notify.notice import Notice, of_changes, of_isolation
from tests.lab import closed_port
from tests.samples import DEAD_PROXY, POISONED, STARTED
from tests.serve.notify.hook import hook
from tests.serve.notify.posting import Box, change, some, webhook

pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated")  # Apprise's own


def test_an_event_is_a_cloudevent_with_the_cause_first() -> None:
    event = of_changes([change(), change("gcr.io")], "id-1").event()
    assert {key: event[key] for key in ("specversion", "id", "source", "type", "subject", "time", "datacontenttype")} == {
        "specversion": "1.0",
        "id": "id-1",
        "source": "/preflight/bastion-1",
        "type": "internal.preflight.standing.v1",
        "subject": "preflight",
        "time": "2026-03-01T12:30:45Z",
        "datacontenttype": "application/json",
    }
    assert all(re.fullmatch("[a-z0-9]{1,20}", name) for name in event)
    assert list(event["data"])[1] == "causes"
    assert event["data"]["causes"][0]["code"] == "tcp.refused"
    assert event["data"]["changes"] == [{"subject": name, "before": "up", "after": "down"} for name in ("preflight", "gcr.io")]


def test_a_change_of_one_check_names_its_own_causes_only() -> None:
    told = of_changes([replace(change("other"), causes=())], "x")
    assert told.data["causes"] == []
    assert "preflight" not in told.subject


def test_what_a_peer_said_is_harmless_and_credentials_are_in_none_of_it() -> None:
    poisoned = replace(POISONED, causes=causes(POISONED.results))
    text = json.dumps(of_changes([change(report=poisoned)], "x").event(), ensure_ascii=False)
    assert not re.search("[\x00-\x1f\u202e\u200b]", text)
    assert "planted-secret" not in text
    json.loads(json.dumps(of_isolation("no \x1b route", DEAD_PROXY, STARTED, "y").event()))


def test_isolation_is_told_with_its_reason_and_its_end() -> None:
    begun, over = of_isolation("no route", DEAD_PROXY, STARTED, "a"), of_isolation("", DEAD_PROXY, STARTED, "b")
    assert (begun.data["isolated"], over.data["isolated"]) == (True, False)
    assert "no route" in begun.title
    assert notice.ISOLATION == begun.type == over.type


@pytest.mark.anyio
async def test_a_webhook_gets_the_event_and_after_a_503_once_more() -> None:
    with hook(503, 202) as there:
        box = Box(webhook(there.url))
        await box.deliver(some())
    path, headers, body = there.requests[1]
    assert len(there.requests) == 2
    assert headers["content-type"] == "application/cloudevents+json"
    assert path == "/hooks/planted-token-3"
    assert body == some().event()
    assert (box.counters.notifications, box.counters.notifications_lost) == (1, 0)
    assert "planted-token-3" not in "".join(box.lines)


@pytest.mark.anyio
@pytest.mark.parametrize("status", [302, 400, 404, 410])
async def test_a_refusal_that_will_not_heal_is_not_repeated(status: int) -> None:
    with hook(status) as there:
        box = Box(webhook(there.url))
        await box.deliver(some())
    assert len(there.requests) == 1
    assert box.counters.notifications_lost == 1
    assert f"HTTP {status}" in box.lines[0]


@pytest.mark.anyio
async def test_notices_come_in_their_order_each_once() -> None:
    with hook(500, 202) as there:
        await Box(webhook(there.url)).deliver(*(some(number) for number in range(5)))
    assert [event["id"] for event in there.events] == ["id-0", "id-0", "id-1", "id-2", "id-3", "id-4"]


@pytest.mark.anyio
async def test_nobody_there_is_tried_a_few_times_and_counted_as_lost() -> None:
    box = Box(webhook(f"http://127.0.0.1:{closed_port()}/hooks/planted-token-3"))
    await box.deliver(some())
    assert box.counters.notifications_lost == 1
    assert "why=ConnectError" in box.lines[0]
    assert "planted-token-3" not in "".join(box.lines)


@pytest.mark.anyio
async def test_webhooks_go_through_their_own_proxy_and_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{closed_port()}")
    monkeypatch.setenv("ALL_PROXY", f"http://127.0.0.1:{closed_port()}")
    with hook(202) as there:
        await Box(webhook(there.url)).deliver(some())
        box = Box(webhook(f"http://127.0.0.1:{closed_port()}/x", f"http://127.0.0.1:{there.port}"))
        await box.deliver(some())
    assert len(there.requests) == 2
    assert there.requests[1][0].endswith("/x")
    assert box.counters.notifications == 1


@pytest.mark.anyio
async def test_a_full_queue_gives_up_the_oldest() -> None:
    got: list[str] = []

    class Taking:
        name = "taking"

        async def send(self, notice: Notice) -> None:
            got.append(notice.id)

    box = Box(Taking())
    await box.deliver(*(some(number) for number in range(ROOM + 2)))
    assert got == [f"id-{number}" for number in range(2, ROOM + 2)]
    assert (box.counters.notifications, box.counters.notifications_lost) == (ROOM, 2)


@pytest.mark.anyio
async def test_a_library_that_breaks_ends_nothing() -> None:
    class Broken:
        name = "broken"

        async def send(self, notice: Notice) -> None:
            raise RuntimeError("planted-token-3")

    box = Box(Broken())
    await box.deliver(some())
    assert box.counters.notifications_lost == 1
    assert "planted-token-3" not in "".join(box.lines)


@pytest.mark.parametrize(
    ("url", "proxy", "says"),
    [
        ("http://hooks.example.com/x", None, "https"),
        ("https://user:planted@hooks.example.com/x", None, "@FILE"),
        ("https://", None, "takes a URL"),
        ("https:///x", None, "no URL"),
        ("hooks.example.com", None, "URL"),
        ("@/nowhere/planted", None, "no such file"),
        ("https://hooks.example.com/x", "socks5://127.0.0.1:1", "--notify-proxy"),
        ("https://hooks.example.com/x", "http://u:planted@127.0.0.1:1", "--notify-proxy @FILE"),
        ("https://hooks.example.com/x", "http://127.0.0.1:1/?key=planted", "--notify-proxy @FILE"),
        ("https://hooks.example.com/x?key=planted", None, "--notify @FILE"),
        ("https://hooks.example.com/x#planted", None, "--notify @FILE"),
        ("https://hooks.slack.com/services/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dev", None, "--notify @FILE"),
        ("HTTPS://discord.com/api/webhooks/1234/planted%2d0123456789", None, "--notify @FILE"),
        ("https://x.webhook.office.com/webhookb2/planted-9f6a-4b5e-8a57-0c3de1f2a4b5@x/IncomingWebhook", None, "--notify @FILE"),
        ("apprise:json://planted", None, "--notify @FILE"),
        ("apprise:https://planted", None, "--notify @FILE"),
        ("mailto://user:planted@example.com", None, "--notify @FILE"),
    ],
)
def test_what_is_wrong_with_a_destination_is_said_without_its_url(url: str, proxy: str | None, says: str) -> None:
    with pytest.raises(ValueError, match=re.escape(says)) as caught:
        destinations((url,), proxy, pytest.fail)
    assert "planted" not in str(caught.value).replace("/nowhere/planted", "").lower()


@pytest.mark.parametrize(("url", "proxy"), [("nosuchservice://planted", None), ("slack://T1JJ3T3L2/A1BRTD4JD/plantedTIiajkdnlazkcOXrI", "http://127.0.0.1:1")])
def test_what_is_wrong_with_a_url_of_apprise_is_said_without_it(url: str, proxy: str | None) -> None:
    with pytest.raises(ValueError, match="Apprise") as caught:
        webhook(url, proxy)
    assert "planted" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "https://hooks.example.com/preflight",
        "https://hooks.example.com:8443/teams/cluster-installation/preflight-events/",
        "https://hooks.example.com/v1/events/2026",
        "http://localhost:8080",
    ],
)
def test_a_url_that_tells_nothing_may_stand_on_the_command_line(url: str) -> None:
    [made] = destinations((url,), "http://proxy.example.com:3128", pytest.fail)
    assert isinstance(made, Webhook)


@pytest.mark.parametrize(("mode", "exposed"), [(0o600, False), (0o400, False), (0o640, True), (0o604, True)])
def test_a_file_that_others_can_read_is_remarked_and_taken(tmp_path: Path, mode: int, *, exposed: bool) -> None:
    file, remarks = tmp_path / "notify", list[str]()
    file.write_text("https://hooks.example.com/planted\nhttps://other.example.com/planted\n")
    file.chmod(mode)
    assert len(destinations((f"@{file}",), None, remarks.append)) == 2
    said = f"{file} holds what --notify needs and can be read by others on this host (mode {mode:04o}): chmod 600 {file}"
    assert remarks == ([said] if exposed else [])


def test_urls_may_stand_in_a_file_with_their_credentials(tmp_path: Path) -> None:
    file = tmp_path / "notify"
    file.touch(mode=0o600)
    file.write_text("# ours\nhttps://user:planted@hooks.example.com/planted\n\nhttps://other.example.com/planted\n")
    names = [each.name for each in destinations((f"@{file}",), None, pytest.fail)]
    assert names == ["https://hooks.example.com", "https://other.example.com"]


@pytest.mark.anyio
async def test_apprise_gets_a_title_and_words(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("apprise")
    made = webhook("apprise:json://127.0.0.1/planted")
    assert isinstance(made, Apprise)
    assert made.name == "json://"
    said: list[dict[str, str]] = []

    class Library:
        answer = True

        def notify(self, **words: str) -> bool:
            said.append(words)
            return self.answer

    made._library = Library()
    await made.send(some())
    assert said[0]["title"].startswith("preflight is down")
    assert "tcp.refused" not in said[0]["title"]
    assert "does not answer" in said[0]["body"]
    made._library.answer = False
    with pytest.raises(NotTaken):
        await made.send(some())


def test_a_destination_asks_for_patience_in_bounds() -> None:
    from preflight.serve.notify import LONGEST_WAIT, _wait

    assert [_wait(text) for text in (None, "Fri, 31 Dec 1999 23:59:59 GMT", "7", "999999")] == [None, None, 7.0, LONGEST_WAIT]
    assert timedelta(seconds=LONGEST_WAIT) < timedelta(hours=1)
    assert isinstance(webhook("https://hooks.example.com/x"), Webhook)


@pytest.mark.anyio
async def test_what_nobody_took_before_the_probe_stops_is_said_to_be_lost() -> None:
    """The one that is being tried, and those behind it; and the first refusal is told when it happens."""
    asked = anyio.Event()

    class Never:
        name = "https://chat.example"

        async def send(self, notice: Notice) -> None:
            asked.set()
            if notice.id == "id-0":
                raise NotTaken("503", again=True, wait=60.0)

    box = Box(Never())
    box.box.put(some(0))
    box.box.put(some(1))
    async with anyio.create_task_group() as group:
        group.start_soon(box.box.deliver)
        await asked.wait()
        await anyio.lowlevel.checkpoint()
        box.box.give_up()
        group.cancel_scope.cancel()
    events = [re.search(r"event=(\S+) .* id=(\S+)", line) for line in box.lines]
    assert [(found[1], found[2]) for found in events if found] == [
        ("notification-delayed", "id-0"),
        ("notification-lost", "id-0"),
        ("notification-lost", "id-1"),
    ]
    assert box.counters.notifications_lost == 2
