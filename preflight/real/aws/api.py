"""One question to AWS at a time, or many at once: each ends in what was asked for, or in `Unread`, within one bound for all."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, NamedTuple, TypeVar

import anyio

from preflight.aws.facts import Unread
from preflight.real.aws.errors import Endless, Misdirected, absent, said, unread
from preflight.real.aws.session import CONNECTIONS, Session
from preflight.real.aws.walks import Walks
from preflight.real.daemon import in_daemon
from preflight.world import Clock

PAGES: Final = 50
_SMALLER_PAGES: Final[Mapping[str, int]] = {"DescribeRouteTables": 100, "GetManagedPrefixListEntries": 100}
_LARGE: Final = 1000
_JUST_MADE: Final = "InvalidGroup.NotFound"
"""A group that was created a moment ago may not be known everywhere: asked once more."""
_PATIENCE: Final = 0.5

T = TypeVar("T")


class Bound(NamedTuple):
    """When whatever has not been answered is given up: as the clock will show it, and as people are told."""

    until: float
    seconds: float


class Api:
    """Asks by one session. Where the API of a service could not be reached, a walk of our own says why."""

    def __init__(self, session: Session, clock: Clock, within: Bound, clean: Callable[[str], str], walks: Walks) -> None:
        self._session = session
        self._clock = clock
        self._within = within
        self._clean = clean
        self._walks = walks
        self._turn = anyio.Lock()
        self._clients: dict[tuple[str, str], Any] = {}
        self._room = anyio.Semaphore(CONNECTIONS)
        self._whys: dict[str, anyio.Lock] = defaultdict(anyio.Lock)
        self._why: dict[str, str] = {}
        self.refusals: dict[str, str] = {}
        """By action: AWS's own name for its last refusal."""

    async def every(self, action: str, key: str, shape: Callable[[Any], T], *, gone: Unread | None = None, **parameters: Any) -> tuple[T, ...] | Unread:  # noqa: ANN401
        """Every item of a paginated answer. No such thing is an empty answer, or `gone` where that would be no fact."""
        size = _SMALLER_PAGES.get(action.partition(":")[2], _LARGE)

        def pages(client: Any) -> tuple[T, ...]:  # noqa: ANN401
            found: list[T] = []
            asked = client.get_paginator(_method(action)).paginate(**parameters, PaginationConfig={"PageSize": size})
            for number, page in enumerate(asked, 1):
                found += map(shape, page.get(key, ()))
                if number == PAGES and page.get("NextToken"):
                    raise Endless(f"the answer was not complete after {PAGES} pages")
            return tuple(found)

        answer = await self._ask(action, pages)
        return (gone or ()) if answer is None else answer

    async def one(self, action: str, shape: Callable[[Any], T], *, region: str = "", **parameters: Any) -> T | Unread | None:  # noqa: ANN401
        """One answer; None where AWS says that there is no such thing."""
        return await self._ask(action, lambda client: shape(getattr(client, _method(action))(**parameters)), region)

    async def _ask(self, action: str, call: Callable[[Any], T], region: str = "") -> T | Unread | None:
        service = action.partition(":")[0]
        try:
            with anyio.fail_after(max(0.0, self._within.until - self._clock.monotonic())):
                async with self._room:
                    client = await self._client(service, region)
                    if barred := await self._walks.barred(self._session.host(service, region)):
                        return Unread(action, "aws.unreachable", barred)
                    return await self._called(action, call, client)
        except TimeoutError:
            why = Unread(action, "aws.unreachable", f"no answer within {self._within.seconds:g} s")
        except Exception as error:  # noqa: BLE001 - the SDK raises what it likes, and the table says what it means
            self.refusals[action] = said(error)
            if absent(error):
                return None
            why = unread(action, error, self._clock.now(), self._clean)
            if isinstance(error, Endless | Misdirected) or said(error):
                return why  # it was reached, or there is nowhere to walk to
        return await self._explained(why, service, region) if why.code == "aws.unreachable" else why

    async def _called(self, action: str, call: Callable[[Any], T], client: Any) -> T:  # noqa: ANN401
        try:
            return await in_daemon(lambda: call(client), action)
        except Exception as error:
            if said(error) != _JUST_MADE:
                raise
        await anyio.sleep(_PATIENCE)
        return await in_daemon(lambda: call(client), action)

    async def _client(self, service: str, region: str) -> Any:  # noqa: ANN401
        async with self._turn:  # one after the other: the SDK's session is not made for threads
            if (service, region) not in self._clients:
                self._clients[service, region] = await in_daemon(lambda: self._session.client(service, region), f"client {service}")
        return self._clients[service, region]

    async def _explained(self, why: Unread, service: str, region: str) -> Unread:
        async with self._whys[service + region]:
            if service + region not in self._why:
                self._why[service + region] = await self._walks.explain(service, self._session.host(service, region))
        return Unread(why.action, why.code, f"{why.reason}; {self._why[service + region]}")


def _method(action: str) -> str:
    from botocore import xform_name  # type: ignore[import-untyped]  # noqa: PLC0415

    return str(xform_name(action.partition(":")[2]))


def filtered(name: str, values: Iterable[str]) -> list[dict[str, Any]]:
    """One filter as the API takes it. An id that is unknown matches nothing, where asking for it by name would be refused."""
    return [{"Name": name, "Values": list(values)}]
