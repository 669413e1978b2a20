"""Accounts lock: credentials that nobody has accepted yet are sent by one walk at a time, and once refused by none."""

from __future__ import annotations

from enum import Enum, auto
from typing import Final

import anyio
import msgspec

from preflight.model import Proxy
from preflight.proof import Answer
from preflight.proxy_reply import Refusal, by_a_known_proxy, refused_credentials, unauthenticated
from preflight.untrusted import Secret

FEW: Final = 3
"""Attempts at a time; directories lock an account after about five."""


class Standing(Enum):
    """What a proxy said to one set of credentials."""

    UNKNOWN = auto()
    NOT_REFUSED = auto()
    """Answered, and not for want of credentials; many proxies judge the target before the account."""
    ACCEPTED = auto()
    REFUSED = auto()


class Gate(msgspec.Struct):
    """The credentials of one proxy, as this run knows them."""

    standing: Standing = Standing.UNKNOWN
    refusal: Refusal | None = None
    first: anyio.Semaphore = msgspec.field(default_factory=lambda: anyio.Semaphore(1))
    few: anyio.Semaphore = msgspec.field(default_factory=lambda: anyio.Semaphore(FEW))

    @property
    def turn(self) -> anyio.Semaphore:
        """How many may send at a time what nobody has accepted yet: one, and a few where the first was not refused."""
        return self.few if self.standing is Standing.NOT_REFUSED else self.first

    def learn(self, answer: Answer, *, connect: bool) -> None:
        """Note what a proxy answered. What it has accepted once stays accepted: a later 407 is about the target."""
        if self.standing is Standing.ACCEPTED:
            return
        if refused_credentials(answer, connect=connect):
            self.standing, self.refusal = Standing.REFUSED, unauthenticated(answer, sent_credentials=True)
        else:
            good = 200 <= answer.status < 300 or (answer.status >= 500 and by_a_known_proxy(answer))  # noqa: PLR2004
            self.standing = Standing.ACCEPTED if good else Standing.NOT_REFUSED


class Gates:
    """The gates of a run, by host and credentials: an account is locked on all ports of a proxy."""

    def __init__(self) -> None:
        self._gates: dict[tuple[str, Secret | None], Gate] = {}

    def of(self, proxy: Proxy) -> Gate | None:
        """The gate that a request with this proxy's credentials must pass; None if it has none."""
        if not proxy.user:
            return None
        account = proxy.host, proxy.basic
        if account not in self._gates:
            self._gates[account] = Gate()
        return self._gates[account]
