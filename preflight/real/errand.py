"""What a walk is asked to do, and how it says that it ended."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from preflight.model import Phase, Proxy, Route, Target, Via
from preflight.proof import Request
from preflight.untrusted import Json


class Trusting(Enum):
    """How the origin's certificate is looked at."""

    STRICTLY = auto()
    LENIENTLY = auto()
    BLINDLY = auto()
    """Not verified at all, and nothing is sent: only to read a chain that was refused."""


@dataclass(frozen=True, slots=True)
class Errand:
    """What a walk is asked to do."""

    target: Target
    route: Route
    upto: Phase
    ask: Request
    timeout: float
    every_address: bool = False
    alpn: tuple[str, ...] = ()
    trusting: Trusting = Trusting.STRICTLY

    @property
    def hop(self) -> tuple[str, int]:
        """Host and port of the first hop: the proxy, or the target itself."""
        first: Proxy | Target = self.route.proxy if isinstance(self.route, Via) else self.target
        return first.host, first.port


class Ended(Exception):
    """The step that is under way failed with this code."""

    def __init__(self, code: str, **facts: Json) -> None:
        super().__init__(code)
        self.code = code
        self.facts = facts
