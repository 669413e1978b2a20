"""A webhook on loopback that answers as it is told, and keeps what it was sent."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any


class Hook:
    """What came, in order."""

    def __init__(self, answers: Sequence[int]) -> None:
        self.answers = list(answers)
        self.requests: list[tuple[str, dict[str, str], dict[str, Any]]] = []
        self.came = threading.Condition()
        self.port = 0

    @property
    def url(self) -> str:
        """Where it takes events; the path is as secret as any webhook's."""
        return f"http://127.0.0.1:{self.port}/hooks/planted-token-3"

    def file(self, home: Path) -> str:
        """What `--notify` takes: the file that holds the URL, for this user alone."""
        path = home / "hook-url"
        path.touch(mode=0o600)
        path.write_text(self.url)
        return f"@{path}"

    @property
    def events(self) -> list[dict[str, Any]]:
        """The bodies."""
        return [body for _, _, body in self.requests]

    def wait(self, number: int, seconds: float = 60) -> None:
        """Until so many came."""
        with self.came:
            assert self.came.wait_for(lambda: len(self.requests) >= number, seconds), f"{len(self.requests)} of {number} came"


@contextmanager
def hook(*answers: int) -> Iterator[Hook]:
    """A webhook that gives these statuses in turn, the last one for ever."""
    made = Hook(answers or (202,))

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            status = made.answers.pop(0) if len(made.answers) > 1 else made.answers[0]
            with made.came:  # noted before it is answered: whoever has the answer may look at once, and the next one cannot overtake
                made.requests.append((self.path, {name.lower(): value for name, value in self.headers.items()}, body))
                made.came.notify_all()
            self.send_response(status)
            if status == 503:
                self.send_header("Retry-After", "0")
            if status == 302:
                self.send_header("Location", "/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
