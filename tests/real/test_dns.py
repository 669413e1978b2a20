"""What the operating system's resolver leaves unsaid, a name server's own answer explains."""

from __future__ import annotations

import socket
import threading
from typing import Any

import anyio
import pytest

from preflight.model import Phase
from preflight.real import dns
from preflight.real.clock import RealClock
from preflight.real.dns import RealDns, Unresolved
from preflight.untrusted import Redactor
from tests.fake import lookup
from tests.real.nameserver import NODATA, NXDOMAIN, REFUSED, SERVFAIL, Answering, in_a_circle, nameserver, silence

pytestmark = pytest.mark.anyio

NAME = "proxy.acme.example"


def failing(error: int) -> Any:
    """A `getaddrinfo` that fails so."""

    def getaddrinfo(host: str, port: int | None, *, type: int) -> list[Any]:  # noqa: A002
        del host, port, type
        raise socket.gaierror(error, "it did not work\x1b[0m")

    return getaddrinfo


def resolver(getaddrinfo: Any, *servers: tuple[str, int]) -> RealDns:
    return RealDns(RealClock(), Redactor(), getaddrinfo=getaddrinfo, nameservers=servers)


@pytest.mark.parametrize(
    ("error", "answer", "code"),
    [
        (socket.EAI_NONAME, NXDOMAIN, "dns.nxdomain"),
        (socket.EAI_AGAIN, SERVFAIL, "dns.servfail"),
        (socket.EAI_AGAIN, REFUSED, "dns.refused"),
        (socket.EAI_AGAIN, silence, "dns.timeout"),
        (socket.EAI_NODATA, NODATA, "dns.no-address"),
        (socket.EAI_NONAME, NODATA, "dns.no-address"),
        (socket.EAI_NONAME, in_a_circle, "dns.bad-chain"),
    ],
    ids=["nxdomain", "servfail", "refused", "silence", "nodata", "nodata-as-noname", "circle"],
)
async def test_the_name_servers_answer_decides(error: int, answer: Answering, code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dns, "EXPLANATION_SECONDS", 0.4 if answer is silence else 30)  # an answer comes by then, however busy the machine is
    async with nameserver(answer) as server:
        step = await resolver(failing(error), server).resolve(NAME, timeout=60)
    assert (step.phase, step.code) == (Phase.DNS, code)
    assert step.facts["name"] == NAME
    assert "127.0.0.1" in str(step.facts["resolver"])
    assert "\x1b" not in repr(step.facts)


@pytest.mark.parametrize(("error", "code"), [(socket.EAI_NONAME, "dns.nxdomain"), (socket.EAI_NODATA, "dns.no-address"), (socket.EAI_AGAIN, "dns.servfail")])
async def test_without_an_explanation_the_system_is_believed(error: int, code: str) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.connect(("127.0.0.1", 9))  # hears that peer alone, so the port is closed to all others, and nobody else can take it
        step = await resolver(failing(error), deaf.getsockname()).resolve(NAME, timeout=0.3)
    assert step.code in {code, "dns.timeout"}  # a closed port is refused at once on some kernels, and silent on others


async def test_addresses_come_in_order_without_repetitions() -> None:
    found = await resolver(lookup({NAME: ["192.0.2.9", "192.0.2.1", "192.0.2.9"]})).addresses(NAME)
    assert found == ("192.0.2.9", "192.0.2.1")


async def test_a_literal_address_is_not_looked_up() -> None:
    asked = resolver(failing(socket.EAI_FAIL))
    assert [await asked.addresses(host) for host in ("192.0.2.1", "2001:db8::1", "fe80::1%eth0")] == [("192.0.2.1",), ("2001:db8::1",), ("fe80::1%eth0",)]


@pytest.mark.parametrize("sunk", ["0.0.0.0", "127.0.0.1", "::", "::1"])
async def test_a_sinkhole_is_no_address(sunk: str) -> None:
    with pytest.raises(Unresolved) as raised:
        await resolver(lookup({NAME: ["192.0.2.1", sunk]})).addresses(NAME)
    assert (raised.value.code, raised.value.facts["addresses"]) == ("dns.sinkhole", sunk)


async def test_what_the_hosts_file_says_is_no_sinkhole(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    hosts = tmp_path / "hosts"
    hosts.write_text(f"127.0.0.1 localhost # {NAME}\n127.0.0.7\tother {NAME.upper()}\n")
    monkeypatch.setattr(dns, "HOSTS", hosts)
    assert await resolver(lookup({NAME: ["127.0.0.7"]})).addresses(NAME) == ("127.0.0.7",)
    hosts.write_text(f"127.0.0.1 localhost # {NAME}\n")
    with pytest.raises(Unresolved):
        await resolver(lookup({NAME: ["127.0.0.7"]})).addresses(NAME)


async def test_a_name_that_dns_cannot_hold_does_not_exist() -> None:
    def getaddrinfo(host: str, port: int | None, *, type: int) -> list[Any]:  # noqa: A002
        del port, type
        host.encode("idna")
        return []

    assert (await resolver(getaddrinfo, ("127.0.0.1", 9)).resolve("a" * 64 + ".example", timeout=1)).code == "dns.nxdomain"


async def test_a_resolver_that_hangs_delays_neither_the_deadline_nor_the_end() -> None:
    let_go = threading.Event()

    def getaddrinfo(host: str, port: int | None, *, type: int) -> list[Any]:  # noqa: A002
        del host, port, type
        let_go.wait(20)
        return []

    try:
        step = await resolver(getaddrinfo).resolve(NAME, timeout=0.1)
        assert (step.code, step.facts["after"]) == ("dns.timeout", "0.1 s")
    finally:
        let_go.set()
    await anyio.sleep(0.05)  # the answer comes when nobody waits any more, and must hurt nobody
