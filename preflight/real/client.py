"""An `httpx.AsyncClient` whose transport is the walk: route, trust, deadline, redaction and trace come with it."""

from __future__ import annotations

from collections.abc import Callable

import httpx

from preflight.model import Route, Target
from preflight.proof import Request
from preflight.world import Net, Trace

_OURS = frozenset({"host", "user-agent", "connection", "accept", "accept-encoding"})


class WalkFailed(httpx.TransportError):
    """The walk for a request ended before an answer; `trace` says where."""

    def __init__(self, trace: Trace, request: httpx.Request) -> None:
        super().__init__(trace.code or "no answer", request=request)
        self.trace = trace


class WalkTransport(httpx.AsyncBaseTransport):
    """Sends each request by a walk of its own. Bodies are bounded as every walk's are."""

    def __init__(self, net: Net, route: Callable[[Target], Route], timeout: float, traces: list[Trace]) -> None:
        self._net = net
        self._route = route
        self._timeout = timeout
        self._traces = traces

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """See httpx.AsyncBaseTransport. Raises WalkFailed."""
        target = Target.parse(str(request.url.copy_with(fragment=None)))
        headers = tuple((name, value) for name, value in request.headers.items() if name.lower() not in _OURS)
        accept = request.headers.get("accept")
        ask = Request(target.path, request.method, headers + ((("Accept", accept),) if accept else ()), await request.aread())
        trace = await self._net.walk(target, self._route(target), ask=ask, timeout=self._timeout)
        self._traces.append(trace)
        if trace.answer is None or trace.failed:
            raise WalkFailed(trace, request)
        kept = [(name, value) for name, value in trace.answer.headers if name.lower() not in {"content-length", "transfer-encoding", "content-encoding"}]
        return httpx.Response(trace.answer.status, headers=kept, content=trace.answer.body, request=request)


def client(net: Net, route: Callable[[Target], Route], *, timeout: float, traces: list[Trace]) -> httpx.AsyncClient:
    """A client that reads nothing from the environment and follows no redirect."""
    return httpx.AsyncClient(transport=WalkTransport(net, route, timeout, traces), trust_env=False, follow_redirects=False, timeout=None)  # noqa: S113 - the walk has its own deadline
