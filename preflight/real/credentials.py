"""Accounts lock: credentials that nobody has accepted yet are sent by one walk at a time, and once refused by none."""

from __future__ import annotations

from enum import Enum, auto

import anyio
import msgspec

from preflight.model import Proxy
from preflight.proof import Answer
from preflight.proxy_reply import Refusal, refused_credentials, unauthenticated
from preflight.untrusted import Secret


class Standing(Enum):
    """What a proxy said to one set of credentials."""

    UNKNOWN = auto()
    ACCEPTED = auto()
    REFUSED = auto()


class Gate(msgspec.Struct):
    """The credentials of one proxy, as this run knows them."""

    standing: Standing = Standing.UNKNOWN
    refusal: Refusal | None = None
    turn: anyio.Lock = msgspec.field(default_factory=anyio.Lock)

    def learn(self, answer: Answer, *, connect: bool) -> None:
        """Note what a proxy answered. Other 4xx say nothing: many proxies judge the target before the account."""
        if refused_credentials(answer, connect=connect):
            self.standing, self.refusal = Standing.REFUSED, unauthenticated(answer, sent_credentials=True)
        elif not 400 <= answer.status < 500 and self.standing is Standing.UNKNOWN:  # noqa: PLR2004
            self.standing = Standing.ACCEPTED


class Gates:
    """The gates of a run, by host and credentials: an account is locked on all ports of a proxy."""

    def __init__(self) -> None:
        self._gates: dict[tuple[str, Secret | None], Gate] = {}

    def of(self, proxy: Proxy) -> Gate | None:
        """The gate that a request with this proxy's credentials must pass; None if it has none."""
        if not proxy.user:
            return None
        return self._gates.setdefault((proxy.host, proxy.basic), Gate())
