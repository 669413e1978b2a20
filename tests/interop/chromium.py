"""A headless Chromium from Debian's package, told what to do over a pipe (the DevTools protocol): no driver, no port."""

from __future__ import annotations

import fcntl
import json
import os
import select
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import Any

from .process import program

PATIENCE = 60.0
"""Seconds for any one thing that a browser is told to do."""
_OPTIONS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars", "--no-first-run", "--remote-debugging-pipe")


class Browser:
    """One tab."""

    def __init__(self, commands: int, answers: int) -> None:
        self._commands, self._answers, self._buffer, self._number = commands, answers, b"", 0
        self._events: set[str] = set()
        self.complaints: list[str] = []
        """What the browser said about the pages: violations of their policy, failed loads, console messages."""
        target = self._tell("Target.createTarget", url="about:blank")["targetId"]
        self._session = self._tell("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            self._tell(f"{domain}.enable")
        self._tell("Emulation.setScriptExecutionDisabled", value=True)

    def shape(self, width: int, height: int, *, dark: bool = False) -> None:
        """A screen of that size, in a room of that brightness."""
        self._tell("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 500)
        self._tell("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])

    def visit(self, url: str) -> None:
        """Load that page, and wait until it is there."""
        self._events.clear()  # a page may be there before the browser says that it is on its way
        self._tell("Page.navigate", url=url)
        self._until("Page.loadEventFired")

    def click(self, selector: str) -> None:
        """Press the mouse where a person would, on what is there; wait for the page that it leads to."""
        middle = "e => { e.scrollIntoView(); const r = e.getClientRects()[0]; return [r.x + r.width / 2, r.y + r.height / 2] }"
        box = self.see(f"({middle})(document.querySelector('{selector}'))")
        self._events.clear()
        for kind in ("mousePressed", "mouseReleased"):
            self._tell("Input.dispatchMouseEvent", type=kind, x=box[0], y=box[1], button="left", clickCount=1)
        self._until("Page.loadEventFired")

    def see(self, expression: str) -> Any:
        """The value of an expression about the page."""
        result = self._tell("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in result, result
        return result["result"].get("value")

    def wait_for_complaint(self, words: str) -> None:
        """Until it has complained in these words: of what it refused it speaks when it comes to it, also after the page is there."""
        while not any(words in each for each in self.complaints):
            self._hear()

    def names(self, role: str) -> list[str]:
        """What a screen reader calls everything that has this role."""
        nodes = self._tell("Accessibility.getFullAXTree")["nodes"]
        return [node.get("name", {}).get("value", "") for node in nodes if node.get("role", {}).get("value") == role]

    def _tell(self, method: str, **parameters: object) -> dict[str, Any]:
        self._number += 1
        message: dict[str, object] = {"id": self._number, "method": method, "params": parameters}
        if hasattr(self, "_session"):
            message["sessionId"] = self._session
        os.write(self._commands, json.dumps(message).encode() + b"\0")
        while True:
            heard = self._hear()
            if heard.get("id") == self._number:
                assert "error" not in heard, heard["error"]
                found: dict[str, Any] = heard["result"]
                return found

    def _until(self, event: str) -> None:
        while event not in self._events:
            self._hear()

    def _hear(self) -> dict[str, Any]:
        due = monotonic() + PATIENCE
        while b"\0" not in self._buffer:
            ready, _, _ = select.select([self._answers], [], [], max(0.0, due - monotonic()))
            piece = os.read(self._answers, 1 << 20) if ready else b""
            assert piece, "the browser said nothing"
            self._buffer += piece
        text, _, self._buffer = self._buffer.partition(b"\0")
        heard: dict[str, Any] = json.loads(text)
        self._events.add(heard.get("method", ""))
        if heard.get("method") in {"Log.entryAdded", "Runtime.consoleAPICalled", "Runtime.exceptionThrown"}:
            self.complaints.append(json.dumps(heard["params"]))
        return heard


@contextmanager
def browser(home: Path) -> Iterator[Browser]:
    """A browser whose files are in `home`. Raises Missing where there is none."""
    theirs, ours = os.pipe()
    heard, said = os.pipe()
    far = [fcntl.fcntl(end, fcntl.F_DUPFD, 10) for end in (theirs, said)]  # out of the way of 3 and 4, where the browser expects them

    def place() -> None:
        os.dup2(far[0], 3)
        os.dup2(far[1], 4)

    command = [program("chromium"), *_OPTIONS, f"--user-data-dir={home}"]
    process = subprocess.Popen(command, preexec_fn=place, pass_fds=(3, 4, *far), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: PLW1509
    for end in (theirs, said, *far):
        os.close(end)
    try:
        yield Browser(ours, heard)
    finally:
        os.close(ours)  # a browser whose pipe is gone ends
        os.close(heard)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
