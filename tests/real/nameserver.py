"""A name server on loopback that gives every question the same kind of answer."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

import anyio
import dns.flags
import dns.message
import dns.rcode
import dns.rrset
from anyio.abc import SocketAttribute

Answering = Callable[[dns.message.Message], dns.message.Message | None]


def saying(rcode: dns.rcode.Rcode, *records: tuple[str, str]) -> Answering:
    """An answer with that code and these (type, data) records about the name asked for."""

    def answer(question: dns.message.Message) -> dns.message.Message:
        reply = dns.message.make_response(question)
        reply.flags |= dns.flags.RA
        reply.set_rcode(rcode)
        for kind, data in records:
            reply.answer.append(dns.rrset.from_text(question.question[0].name, 60, "IN", kind, data))
        return reply

    return answer


def silence(question: dns.message.Message) -> None:
    """No answer."""
    del question


def in_a_circle(question: dns.message.Message) -> dns.message.Message:
    """An alias of an alias of itself."""
    reply = dns.message.make_response(question)
    name = question.question[0].name
    reply.answer += [dns.rrset.from_text(name, 60, "IN", "CNAME", "b.example."), dns.rrset.from_text("b.example.", 60, "IN", "CNAME", name.to_text())]
    return reply


NXDOMAIN: Final = saying(dns.rcode.NXDOMAIN)
SERVFAIL: Final = saying(dns.rcode.SERVFAIL)
REFUSED: Final = saying(dns.rcode.REFUSED)
NODATA: Final = saying(dns.rcode.NOERROR)


@asynccontextmanager
async def nameserver(answer: Answering) -> AsyncIterator[tuple[str, int]]:
    """The address and port of a name server that answers so, as long as the block lasts."""
    async with await anyio.create_udp_socket(family=socket.AF_INET, local_host="127.0.0.1") as udp, anyio.create_task_group() as group:

        async def serve() -> None:
            async for data, sender in udp:
                if reply := answer(dns.message.from_wire(data)):
                    await udp.sendto(reply.to_wire(), *sender)

        group.start_soon(serve)
        yield "127.0.0.1", udp.extra(SocketAttribute.local_port)
        group.cancel_scope.cancel()
