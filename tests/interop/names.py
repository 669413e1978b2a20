"""The lab's own name server: what the proxies believe about the world, and nothing they ask leaves loopback."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

import dns.exception
import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

from .process import program


class Names:
    """A name server on port 53 of one loopback address. It answers A from a table whose keys may be `*.suffix`; the rest is NXDOMAIN."""

    def __init__(self, address: str, table: Mapping[str, str]) -> None:
        """Bind to the address; `table` maps names to addresses."""
        self.address = address
        self._table: dict[str, str | None] = dict(table)
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((address, 53))
        self._thread = threading.Thread(target=self._serve, name="lab-names", daemon=True)

    @contextlib.contextmanager
    def serving(self) -> Iterator[Names]:
        """Answer while the block lasts."""
        self._thread.start()
        try:
            yield self
        finally:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as waker:  # a closed socket would not wake the thread
                waker.sendto(b"", (self.address, 53))
            self._thread.join()
            self._socket.close()

    @contextlib.contextmanager
    def changed(self, table: Mapping[str, str | None]) -> Iterator[None]:
        """Let names point elsewhere, or with None not exist, for a while. Proxies remember for a second: change first, then start one."""
        before = self._table
        self._table = {**before, **table}
        try:
            yield
        finally:
            self._table = before

    def lookup(self, name: str) -> str | None:
        """The address of a name, or None where there is no such name."""
        name = name.rstrip(".").lower()
        if name in self._table:
            return self._table[name]
        return self._table.get("*." + name.partition(".")[2])

    def _serve(self) -> None:
        while True:
            packet, peer = self._socket.recvfrom(4096)
            if not packet:
                return
            with contextlib.suppress(dns.exception.DNSException):
                self._socket.sendto(self._reply(dns.message.from_wire(packet)).to_wire(), peer)

    def _reply(self, query: dns.message.Message) -> dns.message.Message:
        reply = dns.message.make_response(query, recursion_available=True)
        reply.flags |= dns.flags.AA
        question = query.question[0]
        address = self.lookup(question.name.to_text())
        if address is None:
            reply.set_rcode(dns.rcode.NXDOMAIN)
        elif question.rdtype == dns.rdatatype.A:
            reply.answer.append(dns.rrset.from_text(question.name, 1, "IN", "A", address))
        return reply


def resolving_by(address: str, home: Path, argv: list[str | Path]) -> list[str | Path]:
    """The command, in a mount namespace whose resolver is `address` and whose hosts file is empty: nothing it looks up leaves loopback."""
    (home / "resolv.conf").write_text(f"nameserver {address}\noptions attempts:2 timeout:15\n")
    (home / "hosts").write_text("127.0.0.1 localhost\n")
    script = f'mount --bind {home}/resolv.conf /etc/resolv.conf && mount --bind {home}/hosts /etc/hosts && exec "$@"'
    return [program("unshare"), "--mount", "--propagation", "private", "sh", "-c", script, "sh", *argv]
