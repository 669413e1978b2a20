"""What the lab's proxy can do with a request, and which rule makes it do so."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from fnmatch import fnmatchcase
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Reply:
    """An HTTP answer. Every server of the lab closes after it."""

    status: int
    reason: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    pause: float = 0.0
    """Seconds after each single byte; 0 sends it whole."""


class Front(Enum):
    """Which of the lab's servers stands at the far end of a tunnel."""

    GENUINE = auto()
    EXPIRED = auto()
    """The genuine origins, with certificates that ended yesterday."""
    INSPECTED = auto()
    """An inspecting proxy: certificates by a CA that nobody here trusts."""
    FILTERED = auto()
    """A web filter whose CA is trusted: it says one page, whoever is asked for."""


@dataclass(frozen=True, slots=True)
class Lead:
    """Open the tunnel to this front, or pass the request on to it."""

    front: Front = Front.GENUINE


@dataclass(frozen=True, slots=True)
class HangUp:
    """Close without a word."""


Act: TypeAlias = Reply | Lead | HangUp

CONNECT = "CONNECT"
GET = "GET"


@dataclass(frozen=True, slots=True)
class Rule:
    """What to do with requests for some names. It is asked only once the credentials were right."""

    act: Act
    names: tuple[str, ...] = ("*",)
    """Shell patterns for the host."""
    methods: tuple[str, ...] = (CONNECT, GET)
    times: int | None = None
    """How many requests it applies to; None is all."""

    def covers(self, method: str, host: str) -> bool:
        """Whether the rule is about this request."""
        return method in self.methods and any(fnmatchcase(host, name) for name in self.names)


def page(title: str, text: str) -> bytes:
    """A page for people."""
    return f"<!DOCTYPE html>\n<html><head><title>{title}</title></head>\n<body><h1>{title}</h1><p>{text}</p></body></html>\n".encode()


def squid(status: int, reason: str, error: str, *headers: tuple[str, str]) -> Reply:
    """A refusal as squid words it: `error` is the name of its error page, and the errno."""
    told = (("Server", "squid/5.7"), ("X-Squid-Error", error), ("Content-Type", "text/html;charset=utf-8"), *headers, ("Via", "1.1 demo-proxy (squid/5.7)"))
    return Reply(status, reason, told, page("ERROR: The requested URL could not be retrieved", error.partition(" ")[0]))
