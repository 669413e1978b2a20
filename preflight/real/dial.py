"""TCP to one of several addresses, or to every one of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import anyio
import msgspec

from preflight.real.errors import tcp_code, tcp_reason
from preflight.real.wire import Wire

STAGGER: Final = 0.25
"""Seconds between attempts at successive addresses (RFC 8305 section 5)."""
GRACE: Final = 2.0
"""Seconds that the other addresses get once one has answered, where every address is wanted."""


class Unreached(Exception):
    """No address could be connected to: the code of each, and what the operating system said last."""

    def __init__(self, codes: Mapping[str, str], reason: str = "") -> None:
        super().__init__(reason)
        self.codes = codes
        self.reason = reason

    @property
    def only_ipv6(self) -> bool:
        """Whether the name has IPv6 addresses only, and this host no way to them."""
        return all(":" in address and code == "tcp.unreachable" for address, code in self.codes.items())

    @property
    def code(self) -> str:
        """What stands for all of them: what the address said that came farthest."""
        order = ("tcp.reset", "tcp.refused", "tcp.timeout", "tcp.denied-locally", "internal.resources", "tcp.unreachable")
        return next(code for code in order if code in self.codes.values())


class Dial(msgspec.Struct):
    """Attempts at the addresses of one name, in the resolver's order."""

    addresses: Sequence[str]
    port: int
    codes: dict[str, str] = msgspec.field(default_factory=dict)
    """What each failed address said so far; readable when a deadline cuts the attempts."""
    stream: Wire | None = None
    address: str = ""
    reached: set[str] = msgspec.field(default_factory=set)
    reason: str = ""
    grace: float = GRACE

    async def connect(self, *, every: bool, grace: float = GRACE) -> Wire:
        """A connection to the first address that takes one. With `every`, the others are tried too, for `grace` seconds more. Raises Unreached."""
        self.grace = grace
        if len(self.addresses) == 1:
            await self._attempt(self.addresses[0])
        else:
            await self._attempt_all(every=every)
        if self.stream is None:
            raise Unreached(dict(self.codes), self.reason)
        return self.stream

    @property
    def dead(self) -> dict[str, str]:
        """The addresses that did not answer, by address; an address family that this host has no route for is not the peer's fault."""
        return {address: code for address in self.addresses if (code := self.codes.get(address)) and code != "tcp.unreachable"}

    async def _attempt_all(self, *, every: bool) -> None:
        ended = [anyio.Event() for _ in self.addresses]
        async with anyio.create_task_group() as group:
            for place in range(len(self.addresses)):
                group.start_soon(self._attempt_at, place, ended, group.cancel_scope, every)
        if self.stream:
            self.codes |= {address: "tcp.timeout" for address in self.addresses if every and address not in self.reached | self.codes.keys()}

    async def _attempt_at(self, place: int, ended: list[anyio.Event], scope: anyio.CancelScope, every: bool) -> None:
        if place and not every:
            with anyio.move_on_after(STAGGER * place):
                await ended[place - 1].wait()
        await self._attempt(self.addresses[place])
        ended[place].set()
        if self.stream and not every:
            scope.cancel()
        elif self.stream:
            scope.deadline = min(scope.deadline, anyio.current_time() + self.grace)

    async def _attempt(self, address: str) -> None:
        try:
            stream = await Wire.to(address, self.port)
        except OSError as error:
            self.codes[address], self.reason = tcp_code(error), tcp_reason(error)
            return
        self.reached.add(address)
        if self.stream is None:
            self.stream, self.address = stream, address
        else:
            stream.close()
