"""The pages in a real browser, as a person uses them: see the verdict, open a failing check, see its past. JavaScript is off."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Thread

import pytest
import uvicorn

from preflight.serve.web import app
from tests.serve.boards import BOARDS, NOW

from .chromium import Browser, browser
from .conftest import start

pytestmark = pytest.mark.interop


@pytest.fixture(scope="module")
def tab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with ExitStack() as stack:
        yield start(stack, lambda: browser(tmp_path_factory.mktemp("chromium")))


@contextmanager
def served(name: str) -> Iterator[str]:
    """The pages of that board on loopback."""
    board, past = BOARDS[name]
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app(board, past, hosts=(), now=lambda: NOW), log_level="warning", server_header=False, ws="none", lifespan="off"))
    thread = Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        listener.close()


def test_a_person_finds_the_failing_check_and_its_past(tab: Browser) -> None:
    tab.shape(390, 844)
    with served("denied") as site:
        tab.visit(f"{site}/")
        assert tab.see("document.title") == "Down · preflight from bastion-1"
        assert tab.see("document.querySelector('h1').innerText").split() == ["Down", "for", "37", "min"]
        assert tab.see("document.querySelector('h1').getBoundingClientRect().bottom") < 300, "the verdict is seen without scrolling"
        assert tab.see("document.querySelector('.trouble h3').getBoundingClientRect().bottom") < 844, "and so is what has to change"
        tab.click(".trouble.fail dd a")
        assert tab.see("location.pathname") == "/checks/gkehub.googleapis.com"
        assert "Ask the proxy's administrator to allow gkehub.googleapis.com" in tab.see("document.body.innerText")
        assert "proxy.denied" in tab.see("document.querySelector('#past').closest('section').innerText")
        tab.click("header a")
        assert tab.see("location.pathname") == "/"


@pytest.mark.parametrize("name", BOARDS)
def test_a_page_fits_its_screen_and_breaks_no_rule(tab: Browser, name: str) -> None:
    tab.complaints.clear()
    with served(name) as site:
        tab.visit(f"{site}/")
        paths = tab.see("[...new Set([...document.querySelectorAll('.checks h3 a')].map(a => a.getAttribute('href')))]")
        for path in ["/", *paths[1:3]]:
            for width, dark in ((320, True), (1200, False)):
                tab.shape(width, 800, dark=dark)
                tab.visit(f"{site}{path}")
                assert tab.see("document.documentElement.scrollWidth") <= width, f"{path} is wider than the screen"
                assert tab.see("getComputedStyle(document.body).backgroundColor") == ("rgb(14, 18, 22)" if dark else "rgb(244, 245, 247)"), "the style applies"
    assert tab.complaints == []


def test_a_screen_reader_hears_it_all(tab: Browser) -> None:
    with served("aws") as site:
        tab.visit(f"{site}/")
        assert "Last 90 runs: 53 passed, 37 failed" in tab.names("image")
        assert {"Down for 37 min", "Who has to change what", "vpce-0c2d for com.amazonaws.us-east-1.kms has private DNS off"} <= set(tab.names("heading"))
        assert len(tab.names("main")) == 1
        tab.visit(f"{site}/checks/endpoint/kms")
        assert "endpoint/kms : Down for 37 min" in tab.names("heading")
        assert "Runs in a row with the same outcome, the latest first, and how long one took (median)" in tab.names("table")


def test_a_page_of_another_site_may_not_frame_it(tab: Browser, tmp_path: Path) -> None:
    with served("good") as site:
        (tmp_path / "evil.html").write_text(f'<iframe src="{site}/"></iframe>')
        tab.complaints.clear()
        tab.visit((tmp_path / "evil.html").as_uri())
        tab.wait_for_complaint("frame-ancestors")
