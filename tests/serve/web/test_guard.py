"""Who is answered and who is not, and that an answer repeats nothing of the question."""

from __future__ import annotations

import pytest

from preflight.serve.web import app
from tests.samples import ALL_PASS
from tests.serve.boards import NOW, Past, board
from tests.serve.web.asked import PATHS, asking, raw

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "get", "BREW"])
@pytest.mark.parametrize("path", ["/", "/healthz", "/nowhere", "/api/v1/report"])
async def test_nothing_can_be_written(method: str, path: str) -> None:
    status, headers, _ = await raw(board(ALL_PASS), path, method=method)
    assert (status, headers["allow"]) == (405, "GET, HEAD")
    assert "content-security-policy" in headers


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST.", "localhost:9716", "127.0.0.1:1", "[::1]", "[::1]:9716", "probe.corp", "Probe.Corp:80", "10.0.0.7", "[fd00::7]:9716"]
)
async def test_configured_hosts_are_answered(host: str) -> None:
    async with asking(board(ALL_PASS), hosts=("probe.corp", "10.0.0.7", "fd00::7")) as client:
        assert (await client.get("/", headers={"Host": host})).status_code == 200


@pytest.mark.parametrize("host", ["evil.test", "localhost.evil.test", "evil.test:9716", "127.0.0.1.nip.io", "[::2]", "2130706433", "0.0.0.0"])
async def test_strangers_are_refused(host: str) -> None:
    for path in (*PATHS, "/nowhere"):
        status, headers, body = await raw(board(ALL_PASS), path, headers=[(b"host", host.encode())])
        assert status == 421
        assert b"evil" not in body
        assert "content-security-policy" in headers


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [(b"host", b"")],
        [(b"host", b"localhost"), (b"host", b"evil.test")],
        [(b"host", b"localhost, evil.test")],
        [(b"host", b"evil.test@localhost")],
        [(b"host", b"localhost:port")],
        [(b"host", b"localhost/../evil")],
        [(b"host", b"\xff\xfe")],
        [(b"host", "localho\u017ft".encode())],
    ],
)
async def test_a_request_names_one_host(headers: list[tuple[bytes, bytes]]) -> None:
    status, _, _ = await raw(board(ALL_PASS), "/", headers=headers)
    assert status == 400


async def test_a_forwarded_host_is_nobodys_business() -> None:
    asked = [(b"host", b"evil.test"), (b"x-forwarded-host", b"localhost")]
    assert (await raw(board(ALL_PASS), "/", headers=asked))[0] == 421


@pytest.mark.parametrize(
    "path",
    [
        "/checks/../../etc/passwd",
        "/checks/<script>alert(1)</script>",
        "/checks/",
        "/checks",
        "/checks/gcr.io/",
        "/checks//gcr.io",
        "/checks/http://169.254.169.254/",
        "/healthz/http://169.254.169.254/",
        "/healthz/",
        "/healthz/\ud800",
        "//evil.test/",
        "/static/../web.py",
        "/favicon.ico",
        "/docs",
    ],
)
async def test_what_is_not_on_the_board_is_not_found_and_not_repeated(path: str) -> None:
    scoped = path.encode("utf-8", "replace").decode()
    status, headers, body = await raw(board(ALL_PASS), scoped)
    assert (status, body) == (404, b"There is no such page here.\n")
    assert headers["content-type"].startswith("text/plain")
    assert "location" not in headers


async def test_a_websocket_is_closed() -> None:
    sent: list[object] = []

    async def receive() -> dict[str, object]:
        return {"type": "websocket.connect"}

    async def send(message: object) -> None:
        sent.append(message)

    await app(board(ALL_PASS), Past(), hosts=(), now=lambda: NOW)({"type": "websocket", "path": "/", "headers": []}, receive, send)
    assert sent == [{"type": "websocket.close", "code": 1008}]
