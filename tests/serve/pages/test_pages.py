"""Pages: what a person sees first, what a screen reader hears, and that nothing from outside becomes markup."""

from __future__ import annotations

import re
from datetime import timedelta
from html.parser import HTMLParser
from itertools import pairwise

import pytest
from msgspec.structs import replace

from preflight.model import Blame, Cause, Status
from preflight.serve.board import Board, Standing
from preflight.untrusted import neutral
from tests.samples import ALL_PASS, DENIED, HOSTILE, HOSTS, POISONED, SAMPLES
from tests.serve.boards import BOARDS, FALLEN, NOW, STEADY, Past, board
from tests.serve.web.asked import asking

pytestmark = pytest.mark.anyio
TAGS = frozenset(
    re.findall(
        r"\w+",
        "html head meta title style body a header strong span main section h1 h2 h3 svg path rect polyline p time dl dt dd ul ol li div b code"
        " pre article details summary table caption thead tbody tr th td footer nav",
    )
)
OLD = {name: replace(stand, checked=NOW - timedelta(hours=1)) for name, stand in board(ALL_PASS).stands.items()}
UNASKED = {name: replace(stand, checked=None, standing=Standing.UNKNOWN) for name, stand in OLD.items()}
VOID = frozenset({"meta", "path", "rect", "polyline"})


class Outline(HTMLParser):
    """The elements of a page in their order, its text, and whether every tag is closed."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += "" if self.open[-1:] == ["style"] else data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


async def pages(made: Board, past: Past) -> list[str]:
    """The status page and the page of each check."""
    async with asking(made, past) as client:
        found = [await client.get("/")]
        found += [await client.get(href) for href in sorted(set(re.findall(r'href="(/checks/[^"]+)"', found[0].text)))]
    return [answer.text for answer in found if answer.status_code == 200]  # a cause may name what is not on the board: that is no page


@pytest.mark.parametrize("name", BOARDS)
async def test_every_page_is_sound_and_needs_nothing_else(name: str) -> None:
    for page in await pages(*BOARDS[name]):
        outline = Outline(page.removeprefix("<!doctype html>"))
        assert {tag for tag, _ in outline.elements} <= TAGS
        assert not [key for _, attributes in outline.elements for key in attributes if key.startswith("on") or key in {"src", "style", "srcdoc", "action"}]
        hrefs = [attributes["href"] for attributes in outline.all("a")]
        assert all(href and href[0] in "/?#" and not href.startswith("//") for href in hrefs)
        assert "url(" not in page
        assert "@import" not in page


@pytest.mark.parametrize("name", BOARDS)
async def test_a_screen_reader_finds_its_way(name: str) -> None:
    for page in await pages(*BOARDS[name]):
        outline = Outline(page.removeprefix("<!doctype html>"))
        assert outline.all("html")[0]["lang"] == "en"
        levels = [int(tag[1]) for tag, _ in outline.elements if tag in {"h1", "h2", "h3"}]
        assert levels[0] == 1
        assert levels.count(1) == 1
        assert all(next_ - level <= 1 for level, next_ in pairwise(levels)), "no level is left out"
        assert [len(outline.all(tag)) for tag in ("main", "header", "footer")] == [1, 1, 1]
        assert all(attributes.get("aria-label") or attributes.get("aria-hidden") == "true" for attributes in outline.all("svg"))
        assert len(outline.all("table")) == len(outline.all("caption"))
        assert all("scope" in attributes for attributes in outline.all("th"))
        ids = [attributes["id"] for _, attributes in outline.elements if "id" in attributes]
        assert len(ids) == len(set(ids))
        assert {attributes["aria-labelledby"] for _, attributes in outline.elements if "aria-labelledby" in attributes} <= set(ids)


async def test_the_verdict_comes_first_then_the_cause_then_the_rest() -> None:
    text = Outline((await pages(*BOARDS["dead-proxy"]))[0].removeprefix("<!doctype html>")).text
    said = [
        "Down",
        "for 37 min",
        "Since 01:37 UTC",
        "The proxy http://10.0.1.20:3128 does not answer [tcp.refused]",
        "1 of 10 checks failed: proxy-https; 8 more blocked by that.",
        "Last run 20 s ago",
        "Who has to change what",
    ]
    said += ["Start the proxy, or correct its port", "9 checks", "The last runs", "Not tried, because of"]
    places = [text.find(each, text.find("Skip to")) for each in said]
    assert -1 not in places
    assert places == sorted(places)


@pytest.mark.parametrize(
    ("made", "word", "said"),
    [
        (board(ALL_PASS), "Up", "11 of 11 checks passed."),
        (board(None), "Unknown", "No run has ended yet."),
        (BOARDS["stale"][0], "Unknown", "No run has ended for 12 min: what is known is of the past."),
        (BOARDS["isolated"][0], "Unknown", "This host reaches nothing at all, so it cannot tell."),
        (board(ALL_PASS, unsure=True), "Unknown", "Nothing left this host in the last run, and everything is asked again to tell why."),
        (replace(board(ALL_PASS), stands=UNASKED), "Unknown", f"Not asked yet: {', '.join(list(UNASKED)[:3])} and {len(UNASKED) - 3} more."),
        (replace(board(ALL_PASS), stands=OLD), "Unknown", f"Not looked at for 1 h: {', '.join(list(OLD)[:3])} and {len(OLD) - 3} more."),
        (board(DENIED, standing=Standing.UP), "Up", "The last run was worse. It takes more of them before this changes."),
        (board(ALL_PASS, standing=Standing.DOWN), "Down", "The last run was better. It takes more of them before this changes."),
        (board(SAMPLES["empty"], standing=Standing.UNKNOWN), "Unknown", "Nothing was checked."),
    ],
)
async def test_what_is_not_known_to_work_is_not_up(made: Board, word: str, said: str) -> None:
    page = (await pages(made, Past(STEADY)))[0]
    assert f"<title>{word} · preflight from bastion-1</title>" in page
    assert said in page


async def test_what_is_of_the_past_is_said_to_be() -> None:
    page = (await pages(*BOARDS["stale"]))[0]
    assert "as last seen" in page
    assert "History is not being written: no space left on device" in page
    assert "The last reload was refused, the files before it stay in force: checks.yaml:12: unknown key" in page
    assert "as last seen" not in (await pages(*BOARDS["good"]))[0]
    for blind in (board(ALL_PASS, unsure=True), replace(board(ALL_PASS), stands=UNASKED), replace(board(ALL_PASS), stands=OLD)):
        async with asking(blind, Past(STEADY)) as client:
            assert "as last seen" in (await client.get("/")).text
            page = (await client.get(f"/checks/{HOSTS[0]}")).text
        assert "when it last looked" in page


async def test_the_page_of_a_check_has_every_finding_and_its_past() -> None:
    made, past = BOARDS["aws"]
    async with asking(made, past) as client:
        text = Outline((await client.get("/checks/endpoint/kms")).text.removeprefix("<!doctype html>")).text
    for said in (
        "has private DNS off",
        "subnet-0f3e in us-east-1c has no interface",
        "Whoever administers the VPC.",
        "--private-dns-enabled",
        '["subnet-0f3e"]',
    ):
        assert said in text
    assert re.search(r"Fail\s+endpoint\.private-dns-off\s*01:38 UTC\s+for 36 min\s+37\s+40 ms", text)


async def test_an_outcome_lasts_no_longer_than_somebody_looked() -> None:
    stale = board(DENIED, last_run=NOW - timedelta(minutes=12))
    async with asking(stale, Past([Status.PASS] * 3), now=lambda: NOW + timedelta(hours=9)) as client:
        page = (await client.get("/checks/gkeconnect.googleapis.com")).text
    assert ">for 2 min<" in page
    assert ">for 9 h<" not in page
    assert "when it last looked" in page


async def test_a_warning_that_was_a_failure_says_so() -> None:
    assert "fail, but not required" in (await pages(*BOARDS["denied"]))[0]


async def test_nothing_from_outside_becomes_markup() -> None:
    hostile = board(POISONED, vantage=HOSTILE, profile=HOSTILE, version=HOSTILE, history=HOSTILE, config=HOSTILE, isolated=HOSTILE)
    for made in (hostile, board(POISONED, vantage='"><img src=x onerror=alert(1)>')):
        for page in await pages(made, Past(FALLEN, code=HOSTILE)):
            outline = Outline(page.removeprefix("<!doctype html>"))
            assert {tag for tag, _ in outline.elements} <= TAGS
            assert len(page.encode()) == len(page.encode("utf-8", "strict"))
            assert not set("\x1b\x00\u202e\u200b\ud800\ufffe") & set(page)
            assert "\\x1b" in outline.text


async def test_the_page_of_a_hostile_name_is_found_by_its_own_link() -> None:
    async with asking(board(POISONED), Past(FALLEN, code=HOSTILE)) as client:
        hrefs = set(re.findall(r'href="(/checks/name[^"]+)"', (await client.get("/")).text))
        assert len(hrefs) == 1
        answer = await client.get(hrefs.pop())
    assert answer.status_code == 200
    assert neutral(HOSTILE) in Outline(answer.text.removeprefix("<!doctype html>")).text


@pytest.mark.parametrize("name", SAMPLES)
async def test_no_credentials_on_any_page(name: str) -> None:
    async with asking(board(SAMPLES[name]), Past(FALLEN)) as client:
        for path in ("/metrics", "/api/v1/report", "/report.xml", "/api/v1/history", "/healthz"):
            assert "planted" not in (await client.get(path)).text
    for page in await pages(board(SAMPLES[name]), Past(FALLEN)):
        assert "planted" not in page
        assert "cGxhbnRlZC" not in page


async def test_since_has_its_date_where_it_is_not_today() -> None:
    async with asking(board(DENIED, since=NOW - timedelta(hours=3))) as client:
        assert "Since <time" in (page := (await client.get("/")).text)
        assert ">2026-02-28 23:14 UTC</time>" in page


async def test_every_command_is_a_line_of_its_own_to_copy() -> None:
    commands = ("aws ec2 x", "aws ec2 modify-vpc-endpoint --vpc-endpoint-id vpce-1", "aws ec2 modify-vpc-endpoint --vpc-endpoint-id vpce-2")
    for hint in ("Run `{}`, and `{}`, and `{}`. Choose a group.", "Run all of: `{}`; `{}`; `{}`. Choose a group."):
        cause = Cause("endpoint.missing", "Endpoints are missing", Blame.AWS, hint.format(*commands), ("a",))
        page = (await pages(board(replace(DENIED, causes=(cause,))), Past()))[0]
        do = page.partition('<dd class="do">')[2].partition("</dd>")[0]
        assert re.findall(r"<pre[^>]*><code>([^<]*)</code></pre>", do) == list(commands)
        rest = re.sub(r"<pre.*?</pre>", "|", do)
        assert rest.endswith("|||Choose a group.")
        assert ", and" not in rest
