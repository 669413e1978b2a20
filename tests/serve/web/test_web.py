"""The HTTP side: who is answered, with which status and headers, and that no question makes anything happen."""

from __future__ import annotations

import asyncio
import json
import threading
from base64 import b64encode
from collections.abc import Mapping, Sequence
from datetime import timedelta
from hashlib import sha256
from typing import Any
from xml.etree import ElementTree as ET

import anyio
import pytest
from msgspec.structs import replace

from preflight.model import Phase, Status
from preflight.serve.board import Board, Standing
from preflight.serve.history import PastResult, PastRun, Unreadable
from preflight.serve.journal import Journal
from preflight.serve.overheard import Overheard
from preflight.untrusted import neutral
from tests.samples import ALL_PASS, DEAD_PROXY, UNDECIDED
from tests.serve.boards import BOARDS, FALLEN, NOW, STEADY, Past, board
from tests.serve.web.asked import PATHS, asking, raw

pytestmark = pytest.mark.anyio


class Unread:
    """A history on a disk that went away."""

    def runs(self, limit: int) -> Sequence[PastRun]:
        raise Unreadable("the disk went <b>away</b>")

    def check(self, name: str, limit: int) -> Sequence[PastResult]:
        raise Unreadable("the disk went <b>away</b>")

    def latencies(self, name: str, limit: int) -> Mapping[Phase, Sequence[float]]:
        raise Unreadable("the disk went <b>away</b>")


class Dead(Past):
    """A history on a disk that never answers, and how many wait for it."""

    def __init__(self) -> None:
        super().__init__(STEADY)
        self.waiting, self.began, self.repaired = 0, threading.Event(), threading.Event()

    def runs(self, limit: int) -> Sequence[PastRun]:
        self.waiting += 1
        self.began.set()
        assert self.repaired.wait(30)
        return super().runs(limit)


class Broken(Past):
    """A history with a bug in it, whose message quotes a secret."""

    def runs(self, limit: int) -> Sequence[PastRun]:
        raise RuntimeError("planted-secret-1")


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("name", BOARDS)
async def test_every_answer_forbids_what_nobody_needs(name: str, path: str) -> None:
    status, headers, _ = await raw(BOARDS[name][0], path)
    assert status in {200, 404, 503}
    policy = dict(each.strip().split(" ", 1) for each in headers["content-security-policy"].split(";"))
    assert policy.pop("style-src").startswith("'sha256-")
    assert policy == dict.fromkeys(("default-src", "base-uri", "form-action", "frame-ancestors"), "'none'")
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] == "no-store"
    assert "server" not in headers
    assert "access-control-allow-origin" not in headers


@pytest.mark.parametrize("path", PATHS)
async def test_whoever_only_wants_the_headers_gets_them(path: str) -> None:
    status, _, _ = await raw(board(ALL_PASS), path, method="HEAD")
    assert status == 200


@pytest.mark.parametrize(
    "query", ["target=http://169.254.169.254/", "target=evil.test:443", "name=x&name=y", "debug=1", "format=x", "%ff=%00", "refresh=on", "=&&;"]
)
async def test_unknown_parameters_mean_nothing(query: str) -> None:
    async with asking(*BOARDS["denied"]) as client:
        for path in PATHS:
            assert (await client.get(f"{path}?{query}")).content == (await client.get(path)).content


async def test_a_reader_may_keep_the_page_still() -> None:
    async with asking(*BOARDS["good"]) as client:
        assert '<meta http-equiv="refresh" content="42">' in (await client.get("/")).text
        assert "http-equiv" not in (await client.get("/?refresh=off")).text


async def test_the_one_style_in_a_page_is_the_one_that_the_policy_names() -> None:
    async with asking(*BOARDS["good"]) as client:
        answer = await client.get("/")
    style = answer.text.partition("<style>")[2].partition("</style>")[0]
    assert answer.text.count("<style") == 1
    assert f"'sha256-{b64encode(sha256(style.encode()).digest()).decode()}'" in answer.headers["content-security-policy"]
    assert " style=" not in answer.text.replace(style, "")


@pytest.mark.parametrize(
    ("made", "live", "ready", "health"),
    [
        (BOARDS["good"][0], 200, 200, 200),
        (board(ALL_PASS, standing=Standing.DEGRADED), 200, 200, 200),
        (BOARDS["denied"][0], 200, 200, 503),
        (board(UNDECIDED), 200, 200, 503),
        (BOARDS["never-run"][0], 200, 503, 503),
        (BOARDS["stale"][0], 200, 200, 503),
        (board(ALL_PASS, stopping=True), 200, 503, 503),
        (board(ALL_PASS, isolated="nothing answers"), 200, 200, 503),
        (board(ALL_PASS, last_run=None), 200, 200, 503),
        (board(ALL_PASS, standing=Standing.DOWN), 200, 200, 503),
        (board(DEAD_PROXY, standing=Standing.UP), 200, 200, 200),
    ],
)
async def test_health_takes_silence_for_no_good_news(made: Board, live: int, ready: int, health: int) -> None:
    async with asking(made) as client:
        assert [(await client.get(path)).status_code for path in ("/livez", "/readyz", "/healthz")] == [live, ready, health]


async def test_the_health_of_one_check_is_its_own() -> None:
    async with asking(board(DEAD_PROXY)) as client:
        assert (await client.get("/healthz/proxy-config")).status_code == 200
        answer = await client.get("/healthz/proxy-https")
        assert answer.status_code == 503
        assert answer.text == "down since 2026-03-01T01:37:30Z\n10.0.1.20:3128 refused the connection\n"
        assert (await client.get("/healthz/gcr.io")).status_code == 503, "blocked: nobody knows"
    async with asking(BOARDS["aws"][0]) as client:
        assert (await client.get("/healthz/endpoint/ec2")).status_code == 200
        assert (await client.get("/healthz/endpoint/kms")).status_code == 503
    async with asking(BOARDS["stale"][0]) as client:
        assert (await client.get("/healthz/gcr.io")).status_code == 503


async def test_health_names_the_first_cause_and_a_refused_reload() -> None:
    async with asking(board(DEAD_PROXY, config="checks.yaml:12: unknown key\nand more")) as client:
        said = (await client.get("/healthz")).text.splitlines()
    assert said[1:] == [
        "The proxy http://10.0.1.20:3128 does not answer [tcp.refused]",
        "The last reload was refused: checks.yaml:12: unknown key",
        "1 of 10 checks failed: proxy-https; 8 more blocked by that",
    ]
    async with asking(BOARDS["aws"][0]) as client:
        assert "[endpoint.private-dns-off]" in (await client.get("/healthz")).text.splitlines()[1], "no cause: the worst finding"
    async with asking(board(ALL_PASS)) as client:
        assert len((await client.get("/healthz")).text.splitlines()) == 2


async def test_health_repeats_nothing_of_a_peer_that_a_terminal_would_obey() -> None:
    async with asking(BOARDS["hostile"][0]) as client:
        said = (await client.get("/healthz")).text
    assert all(neutral(line) == line for line in said.splitlines())
    assert "planted" not in said


async def test_health_turns_with_the_clock_alone() -> None:
    now = [NOW]
    async with asking(board(ALL_PASS), now=lambda: now[0]) as client:
        assert (await client.get("/healthz")).status_code == 200
        now[0] += timedelta(seconds=161)
        assert (await client.get("/healthz")).text.startswith("unknown\nNo run has ended for 3 min")
        assert "Unknown" in (await client.get("/")).text


async def test_reports_are_the_same_as_from_a_single_run() -> None:
    async with asking(*BOARDS["denied"]) as client:
        report = await client.get("/api/v1/report")
        assert report.headers["content-type"] == "application/json"
        assert report.headers["preflight-stale"] == "false"
        assert json.loads(report.text)["schema"] == "preflight/report/1"
        file = await client.get("/report.json")
        assert file.content == report.content
        assert file.headers["content-disposition"] == 'attachment; filename="preflight-report.json"'
        assert ET.fromstring((await client.get("/report.xml")).text).get("failures") == "1"  # noqa: S314 - our own
    async with asking(*BOARDS["stale"]) as client:
        assert (await client.get("/api/v1/report")).headers["preflight-stale"] == "true"
    async with asking(*BOARDS["never-run"]) as client:
        assert [(await client.get(path)).status_code for path in ("/api/v1/report", "/report.json", "/report.xml")] == [503] * 3


async def test_history_as_json_is_bounded() -> None:
    async with asking(board(ALL_PASS), Past([Status.FAIL] + [Status.PASS] * 2000)) as client:
        runs = json.loads((await client.get("/api/v1/history?limit=2")).text)["runs"]
        assert [(run["id"], run["status"], run["started"]) for run in runs] == [(1000, "fail", "2026-03-01T02:14:30Z"), (999, "pass", "2026-03-01T02:13:30Z")]
        assert len(json.loads((await client.get("/api/v1/history")).text)["runs"]) == 90
        assert len(json.loads((await client.get("/api/v1/history?limit=1000")).text)["runs"]) == 1000
        for limit in ("0", "-1", "1001", "99999999999999999999", "ten", "1e3", "", "%D9%A3", "1;drop"):
            answer = await client.get(f"/api/v1/history?limit={limit}")
            assert (answer.status_code, answer.text) == (400, "`limit` is a number from 1 to 1000.\n")


async def test_a_history_that_cannot_be_read_takes_nothing_else_with_it() -> None:
    async with asking(board(DEAD_PROXY), Unread()) as client:
        page = (await client.get("/")).text
        assert "History cannot be read: the disk went &lt;b&gt;away" in page
        assert "The proxy http://10.0.1.20:3128 does not answer" in page
        assert (await client.get("/checks/proxy-https")).status_code == 200
        assert (await client.get("/metrics")).status_code == 200
        assert (await client.get("/api/v1/history")).status_code == 503


async def test_a_dead_disk_holds_one_thread_however_often_history_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("preflight.serve.pages.memory.PATIENCE", 0.05)
    made, past = board(ALL_PASS), Dead()
    try:
        async with asking(made, past) as client, anyio.create_task_group() as group:
            group.start_soon(client.get, "/api/v1/history")
            assert await anyio.to_thread.run_sync(past.began.wait, 10)
            for late in range(5):
                made.counters.late = late + 1  # each look is at another state of the board
                answer = await client.get("/api/v1/history")
                assert (answer.status_code, answer.text) == (503, "History cannot be read: it does not answer.\n")
                assert "History cannot be read: it does not answer" in (await client.get("/")).text
            assert past.waiting == 1
            past.repaired.set()
        async with asking(made, past) as client:
            assert (await client.get("/api/v1/history")).status_code == 200
    finally:
        past.repaired.set()


@pytest.mark.parametrize(
    "blind",
    [
        {"last_run": NOW - timedelta(hours=1)},
        {"isolated": "this host has no route"},
        {"stands": {name: replace(stand, checked=None, standing=Standing.UNKNOWN) for name, stand in board(ALL_PASS).stands.items()}},
        {"stands": {name: replace(stand, checked=NOW - timedelta(hours=1)) for name, stand in board(ALL_PASS).stands.items()}},
        {},
    ],
    ids=["last run", "isolated", "not asked", "not looked at", "nothing"],
)
async def test_a_report_that_says_nothing_of_the_present_says_so(blind: dict[str, Any]) -> None:
    async with asking(replace(board(ALL_PASS), **blind)) as client:
        said = {(await client.get(path)).headers["preflight-stale"] for path in ("/api/v1/report", "/report.json", "/report.xml")}
        assert said == {"true" if blind else "false"}
        assert (await client.get("/healthz")).status_code == (503 if blind else 200)


async def test_a_bug_is_an_answer_too_and_quotes_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    loop, lines = asyncio.get_running_loop(), list[str]()
    before = loop.get_exception_handler()
    loop.set_exception_handler(Overheard(Journal(lines.append, lambda: NOW, prefixed=True)))
    async with asking(board(ALL_PASS), Broken()) as client:
        answer = await client.get("/")
        assert (answer.status_code, answer.text) == (500, "This page could not be made: a bug.\n")
        assert "content-security-policy" in answer.headers
        assert (await client.get("/healthz")).status_code == 200
        assert (await client.get("/")).status_code == 500
    loop.set_exception_handler(before)
    [line] = lines
    assert line.startswith('<3>event=bug what="RuntimeError at ')
    assert "planted" not in line
    assert capfd.readouterr() == ("", "")


async def test_before_the_first_run_no_name_is_called_unknown() -> None:
    async with asking(board(None)) as client:
        assert {(await client.get(path)).status_code for path in ("/healthz/gcr.io", "/checks/gcr.io", "/healthz", "/readyz")} == {503}
    async with asking(board(ALL_PASS)) as client:
        assert {(await client.get(path)).status_code for path in ("/healthz/nope", "/checks/nope")} == {404}


async def test_many_readers_at_once_cost_one_look_at_history() -> None:
    made, past = BOARDS["good"][0], Past(STEADY)
    pages: list[bytes] = []
    async with asking(made, past) as client, anyio.create_task_group() as group:

        async def read() -> None:
            pages.append((await client.get("/")).content)

        for _ in range(200):
            group.start_soon(read)
    assert len(pages) == 200
    assert len(set(pages)) == 1
    assert past.asked == 1 + len(ALL_PASS.results), "the runs, and each check's results, once"


async def test_a_page_changes_when_the_board_does() -> None:
    made = replace(board(ALL_PASS))
    async with asking(made, Past(FALLEN)) as client:
        assert "Up" in (await client.get("/")).text.partition("</title>")[0]
        fallen = board(DEAD_PROXY)
        made.report, made.standing, made.stands = fallen.report, fallen.standing, fallen.stands
        assert "Down" in (await client.get("/")).text.partition("</title>")[0]
        made.counters.late += 1
        assert "3 late" in (await client.get("/")).text
