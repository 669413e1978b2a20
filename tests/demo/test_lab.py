"""The lab's servers: they outlive rude clients, end with their block, and leave its errors alone."""

from __future__ import annotations

import ssl

import anyio
import pytest
from anyio.abc import SocketStream
from anyio.streams.tls import TLSAttribute, TLSStream

from preflight.demo import GOOD, SCENARIOS, demo_world
from preflight.demo.lab import Lab
from preflight.model import Proxy
from preflight.real.errors import tcp_code
from preflight.untrusted import Secret


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def authorization(lab: Lab) -> str:
    user, password = lab.redactions[0]
    basic = Proxy("http", "127.0.0.1", lab.proxy_port, user, password).basic or Secret("")
    return f"Proxy-Authorization: {basic.reveal()}\r\n"


async def dial(lab: Lab) -> SocketStream:
    return await anyio.connect_tcp("127.0.0.1", lab.proxy_port)


async def everything(stream: SocketStream) -> bytes:
    received = b""
    try:
        while True:
            received += await stream.receive()
    except anyio.EndOfStream:
        return received


async def ask(lab: Lab, request: str) -> bytes:
    """Everything that the proxy says to one request."""
    async with await dial(lab) as stream:
        await stream.send(request.encode())
        return await everything(stream)


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("line", "status"),
    [
        ("GET / HTTP/1.1", b"400"),
        ("POST http://gcr.io/ HTTP/1.1", b"400"),
        ("CONNECT gcr.io HTTP/1.1", b"400"),
        ("CONNECT gcr.io:99999 HTTP/1.1", b"400"),
        ("GET http://[gcr.io/ HTTP/1.1", b"400"),
        ("CONNECT nowhere.example:443 HTTP/1.1", b"503"),
        ("GET http://nowhere.example/ HTTP/1.1", b"503"),
        ("CONNECT gcr.io:22 HTTP/1.1", b"503"),
        ("GET http://gcr.io/v2/ HTTP/1.1", b"401"),
        ("GET http://security.ubuntu.com/other HTTP/1.1", b"404"),
    ],
)
async def test_the_proxy_answers_what_a_proxy_answers(line: str, status: bytes) -> None:
    async with demo_world() as lab:
        said = await ask(lab, f"{line}\r\nHost: x\r\n{authorization(lab)}\r\n")
    assert said.split()[1] == status


@pytest.mark.anyio
async def test_the_proxy_wants_credentials() -> None:
    async with demo_world() as lab:
        said = await ask(lab, "CONNECT gcr.io:443 HTTP/1.1\r\nHost: gcr.io:443\r\n\r\n")
    assert said.startswith(b"HTTP/1.1 407 ")
    assert b'Proxy-Authenticate: Basic realm="preflight demo"' in said


@pytest.mark.anyio
@pytest.mark.parametrize("rudeness", [b"", b"\x16\x03\x01\x00\x05hello", b"GET http://gcr", b"\x00" * 70000, b"SSH-2.0-rude\r\n"])
async def test_a_rude_client_harms_nobody(rudeness: bytes, capfd: pytest.CaptureFixture[str]) -> None:
    async with demo_world() as lab:
        stream = await dial(lab)
        await stream.send(rudeness)
        await anyio.aclose_forcefully(stream)
        said = await ask(lab, f"GET http://security.ubuntu.com/ubuntu/dists/jammy/InRelease HTTP/1.1\r\nHost: x\r\n{authorization(lab)}\r\n")
    assert said.startswith(b"HTTP/1.1 200 ")
    assert capfd.readouterr() == ("", "")


@pytest.mark.anyio
@pytest.mark.parametrize("hello", [b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01", b""])
async def test_a_tunnel_that_is_misused_harms_nobody(hello: bytes, capfd: pytest.CaptureFixture[str]) -> None:
    async with demo_world() as lab:
        opening = f"CONNECT gcr.io:443 HTTP/1.1\r\nHost: gcr.io:443\r\n{authorization(lab)}\r\n".encode()
        async with await dial(lab) as stream:
            await stream.send(opening + hello)  # without waiting for the yes
            assert (await stream.receive()).startswith(b"HTTP/1.1 200 ")
            await stream.send_eof()
            await everything(stream)
        async with await dial(lab) as stream:
            await stream.send(opening)
            await stream.receive()
            wrapped = await TLSStream.wrap(stream, hostname="gcr.io", ssl_context=lab.trust().context())
            assert wrapped.extra(TLSAttribute.tls_version) == "TLSv1.3"
            await anyio.aclose_forcefully(wrapped)
    assert capfd.readouterr() == ("", "")


@pytest.mark.anyio
async def test_the_lab_ends_although_clients_hold_on() -> None:
    with anyio.fail_after(5):
        async with demo_world(SCENARIOS["slow-proxy"]) as lab:
            silent, waiting = await dial(lab), await dial(lab)
            await waiting.send(f"CONNECT gcr.io:443 HTTP/1.1\r\nHost: gcr.io:443\r\n{authorization(lab)}\r\n".encode())
            assert (await waiting.receive()).startswith(b"H")
    async with silent, waiting:
        with pytest.raises((OSError, anyio.BrokenResourceError)):
            await dial(lab)


@pytest.mark.anyio
async def test_an_error_inside_comes_out_as_it_is() -> None:
    with pytest.raises(LookupError, match="mine"):
        async with demo_world(GOOD):
            raise LookupError("mine")


@pytest.mark.anyio
async def test_a_closed_port_is_refused_and_stays_ours() -> None:
    async with demo_world(SCENARIOS["proxy-down"]) as lab:
        assert lab.proxy_port
        with pytest.raises(OSError) as refused:
            await dial(lab)
        assert tcp_code(refused.value) == "tcp.refused"


@pytest.mark.anyio
async def test_the_inspector_is_not_trusted() -> None:
    async with demo_world(SCENARIOS["interception"]) as lab, await dial(lab) as stream:
        await stream.send(f"CONNECT gcr.io:443 HTTP/1.1\r\nHost: gcr.io:443\r\n{authorization(lab)}\r\n".encode())
        await stream.receive()
        with pytest.raises(ssl.SSLCertVerificationError):
            await TLSStream.wrap(stream, hostname="gcr.io", ssl_context=lab.trust().context())


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("name", "status"),
    [("gcr.io", b"HTTP/1.1 401 "), ("nowhere.example", b"HTTP/1.1 421 "), ("under_score.example", b""), ("-.example", b""), (None, b"")],
)
async def test_a_name_that_no_certificate_can_hold_is_hung_up_on(name: str | None, status: bytes, capfd: pytest.CaptureFixture[str]) -> None:
    said = b""
    async with demo_world() as lab, await dial(lab) as stream:
        await stream.send(f"CONNECT gcr.io:443 HTTP/1.1\r\nHost: gcr.io:443\r\n{authorization(lab)}\r\n".encode())
        await stream.receive()
        try:
            async with await TLSStream.wrap(stream, hostname=name, ssl_context=lab.trust().blind, standard_compatible=False) as wrapped:
                await wrapped.send(f"GET /v2/ HTTP/1.1\r\nHost: {name}\r\n\r\n".encode())
                said = await wrapped.receive()
        except (ssl.SSLError, anyio.EndOfStream, anyio.BrokenResourceError):
            assert not said
    assert said[: len(b"HTTP/1.1 xxx ")] == status
    assert capfd.readouterr() == ("", "")
