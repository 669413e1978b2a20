"""What a check may touch. The real things are in `real/`; tests and the demo bring their own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

import msgspec

from preflight.aws.facts import Facts
from preflight.aws.scope import Scope
from preflight.declared import Declared
from preflight.model import Phase, Route, Step, Target
from preflight.proof import Answer, Request

if TYPE_CHECKING:
    import httpx


class Trace(msgspec.Struct, frozen=True):
    """One walk towards a target: its steps in order, ending at the first that failed, and the answer if one came."""

    target: Target
    route: Route
    steps: tuple[Step, ...]
    answer: Answer | None = None

    @property
    def failed(self) -> Step | None:
        """The step that ended the walk, or None if it got as far as it was asked to."""
        return self.steps[-1] if self.steps and not self.steps[-1].ok else None

    @property
    def code(self) -> str | None:
        """The code of the failed step."""
        return self.failed.code if self.failed else None

    def step(self, phase: Phase) -> Step | None:
        """The step of that phase, if the walk had one."""
        return next((step for step in self.steps if step.phase is phase), None)


class Net(Protocol):
    """Sends packets. Never raises for what the network did: that is the last step's code."""

    async def walk(
        self,
        target: Target,
        route: Route,
        *,
        upto: Phase = Phase.HTTP,
        ask: Request | None = None,
        timeout: float = 10.0,  # noqa: ASYNC109 - the bound is part of what is measured
        every_address: bool = False,
        alpn: Sequence[str] = ("http/1.1",),
    ) -> Trace:
        """Walk to `target` by `route` as far as `upto`, asking `ask` at the end, within `timeout` seconds in all.

        `every_address` connects to each address of the first hop's name and names the dead ones in the `tcp` step's facts.
        """
        ...

    def client(self, route: Callable[[Target], Route], *, timeout: float, traces: list[Trace]) -> httpx.AsyncClient:
        """An HTTP client whose every request is a walk, appended to `traces`. It follows no redirect by itself."""
        ...


class Dns(Protocol):
    """Asks the resolver of this host."""

    async def resolve(self, host: str, *, timeout: float) -> Step:  # noqa: ASYNC109
        """The `dns` step for that name: facts `addresses`, or the code and what the resolver said."""
        ...


class Aws(Protocol):
    """Knows what AWS says."""

    async def facts(self) -> Facts:
        """Everything that this run's checks asked about, read once, whoever asks first. Never raises for what AWS did: that is `Unread`."""
        ...


class NoAws:
    """Where nobody asks AWS anything."""

    async def facts(self) -> Facts:
        """Facts of which nothing was asked."""
        return Facts(scope=Scope())


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> datetime:
        """This host's idea of the time, aware UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds that only go forward, for durations."""
        ...


class Dated(msgspec.Struct, frozen=True):
    """A peer's `Date` against ours at the moment it came: `ahead` is how many seconds this host is ahead of it."""

    peer: str
    ahead: float


class Wanted(msgspec.Struct, frozen=True):
    """A target that the plan asks for."""

    name: str
    target: Target
    required: bool


class Seen(msgspec.Struct, frozen=True):
    """What the run has come across so far, for the checks that judge it afterwards."""

    dates: list[Dated] = msgspec.field(default_factory=list)
    silent: set[str] = msgspec.field(default_factory=set)
    """The proxies (`host:port`) that kept silent for a whole timeout: whoever asks them next need not wait as long."""


class World(msgspec.Struct, frozen=True):
    """Everything outside that a check may ask."""

    net: Net
    dns: Dns
    clock: Clock
    declared: Declared
    wanted: tuple[Wanted, ...] = ()
    control: str = "control-name"
    """A label nobody has registered, random in every run: the negative control asks for it under `.invalid` (RFC 2606)."""
    seen: Seen = msgspec.field(default_factory=Seen)
    aws: Aws = msgspec.field(default_factory=NoAws)
