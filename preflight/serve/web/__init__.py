"""The HTTP side: pages for people, metrics for Prometheus, health for Kubernetes. Everything is read from the board and from history; nothing can be started.

| path | answer |
|---|---|
| `/`, `/checks/NAME` | pages |
| `/livez` | 200 while the process answers |
| `/readyz` | 200 after the first run, until the process is told to stop; else 503 |
| `/healthz`, `/healthz/NAME` | 200 where it is up or degraded; 503 where it is down, not known, stale, or not ready: silence is no good news |
| `/metrics` | Prometheus text or OpenMetrics |
| `/api/v1/report`, `/report.json`, `/report.xml` | the latest results, as JSON version 1 or JUnit; the header `Preflight-Stale` says whether they still hold |
| `/api/v1/history?limit=` | the last runs |

No parameter names a check, a target or an address. Unknown parameters mean nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Final

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from preflight.model import Cause
from preflight.report import FORMATS
from preflight.serve.ago import iso
from preflight.serve.board import Board
from preflight.serve.history import PastRun
from preflight.serve.pages import frame, headline, status_page
from preflight.serve.pages.check import check_page
from preflight.serve.pages.memory import History, Memory
from preflight.serve.pages.press import Edition, Press, filled
from preflight.serve.web import metrics
from preflight.serve.web.guard import Guard
from preflight.untrusted import neutral

_MOST_RUNS: Final = 1000
_USUAL_RUNS: Final = 90
_FILES: Final = {"json": ("application/json", "report.json"), "junit": ("application/xml", "report.xml")}


def app(board: Board, history: History, *, hosts: Iterable[str], now: Callable[[], datetime]) -> Starlette:
    """The application. `hosts` are the names, beside loopback's own, by which it may be asked for; ports do not matter."""
    site = _Site(board, history, now)
    routes = [
        Route("/", site.status),
        Route("/checks/{name:path}", site.check),
        Route("/livez", site.live),
        Route("/readyz", site.ready),
        Route("/healthz", site.health),
        Route("/healthz/{name:path}", site.check_health),
        Route("/metrics", site.metrics),
        Route("/api/v1/report", site.api_report),
        Route("/api/v1/history", site.api_history),
        Route("/report.json", site.json_file),
        Route("/report.xml", site.junit_file),
    ]
    web = Starlette(routes=routes, middleware=[Middleware(Guard, hosts=tuple(hosts))], exception_handlers={HTTPException: _refused})
    web.router.redirect_slashes = False  # it would send the reader to whatever the Host header says
    return web


async def _refused(_request: Request, refusal: Exception) -> Response:
    """A refusal in our own words: what was asked for is not repeated."""
    status = refusal.status_code if isinstance(refusal, HTTPException) else 500
    said = {404: "There is no such page here.", 400: "`limit` is a number from 1 to 1000.", 503: "No run has ended yet."}
    return PlainTextResponse(said.get(status, "That cannot be done here.") + "\n", status)


class _Site:
    def __init__(self, board: Board, history: History, now: Callable[[], datetime]) -> None:
        self._board = board
        self._press = Press(board, history, now)

    async def status(self, request: Request) -> Response:
        still = _still(request)
        return _page(await self._press.print(("status", still), lambda edition: _status_page(edition, still=still)))

    async def check(self, request: Request) -> Response:
        name, still = self._known(request), _still(request)
        return _page(await self._press.print(("check", name, still), lambda edition: _check_page(edition, name, still=still)))

    async def live(self, _request: Request) -> Response:
        return PlainTextResponse("alive\n")

    async def ready(self, _request: Request) -> Response:
        if self._board.stopping:
            return PlainTextResponse("not ready: stopping\n", 503)
        return PlainTextResponse("ready\n") if self._board.ready else PlainTextResponse("not ready: no run has ended yet\n", 503)

    async def health(self, _request: Request) -> Response:
        edition = self._press.latest()
        return self._verdict(headline.whole(edition.board, edition.report, edition.now))

    async def check_health(self, request: Request) -> Response:
        name, edition = self._known(request), self._press.latest()
        result = next(each for each in edition.report.results if each.name == name) if edition.report else None
        if result is None:
            raise HTTPException(404)
        return self._verdict(headline.one(edition.board, edition.board.stands.get(name), result, edition.now))

    async def metrics(self, request: Request) -> Response:
        open_metrics = metrics.wants_openmetrics(",".join(request.headers.getlist("accept")))
        made = await self._press.print(
            ("metrics", open_metrics), lambda edition: metrics.exposed(edition.board, edition.report, edition.now, open_metrics=open_metrics)
        )
        return Response(made, headers={"Content-Type": metrics.content_type(open_metrics=open_metrics), "Vary": "Accept"})

    async def api_report(self, _request: Request) -> Response:
        return await self._report("json")

    async def json_file(self, _request: Request) -> Response:
        return await self._report("json", download=True)

    async def junit_file(self, _request: Request) -> Response:
        return await self._report("junit", download=True)

    async def api_history(self, request: Request) -> Response:
        limit = _limit(request.query_params.get("limit", str(_USUAL_RUNS)))
        runs = await self._press.print("history", lambda edition: _runs(edition.memory))
        if runs.trouble:
            return PlainTextResponse(f"{runs.trouble}.\n", 503)
        return Response(json.dumps({"schema": "preflight/history/1", "runs": runs.kept[:limit]}, indent=1) + "\n", media_type="application/json")

    async def _report(self, form: str, *, download: bool = False) -> Response:
        edition = self._press.latest()
        if edition.report is None:
            raise HTTPException(503)
        made = await self._press.print(form, lambda edition: FORMATS[form](edition.report).encode() if edition.report else b"")
        kind, name = _FILES[form]
        extra = {"Preflight-Stale": str(edition.board.past(edition.now)).lower()}
        return Response(made, media_type=kind, headers=extra | ({"Content-Disposition": f'attachment; filename="preflight-{name}"'} if download else {}))

    def _known(self, request: Request) -> str:
        """The name of a check that is on the board."""
        name, report = request.path_params["name"], self._press.latest().report
        if report is None:  # which names there are is not told before anything is known of them
            raise HTTPException(503)
        if all(result.name != name for result in report.results):
            raise HTTPException(404)
        return str(name)

    def _verdict(self, head: headline.Headline) -> Response:
        """A health endpoint's answer: how it stands, what is to blame or is said of it, and third whether the newest files were refused."""
        well = head.well and self._board.ready
        first = f"{head.standing}{f' since {iso(head.since)}' if head.since else ''}"
        why = neutral(next(iter(self._board.config.splitlines()), ""))
        refused = f"The last reload was refused: {why}" if why else ""
        lines = [first, head.cause or head.sentence, refused, head.sentence if head.cause else "", head.note, "stopping" if self._board.stopping else ""]
        return PlainTextResponse("\n".join(filter(None, lines)) + "\n", 200 if well else 503)


def _status_page(edition: Edition, *, still: bool) -> bytes:
    page = status_page(edition.board, edition.report, edition.memory, edition.now)
    return filled("status.html", {"page": page, "frame": frame(edition.board, edition.now, still=still)})


def _check_page(edition: Edition, name: str, *, still: bool) -> bytes:
    page = check_page(edition.board, edition.report, name, edition.memory, edition.now) if edition.report else None
    if page is None:  # a reload took it away between the question and the answer
        raise HTTPException(404)
    return filled("check.html", {"page": page, "frame": frame(edition.board, edition.now, still=still)})


class _Runs(msgspec.Struct, frozen=True):
    kept: tuple[dict[str, object], ...]
    trouble: str


def _runs(memory: Memory) -> _Runs:
    kept = tuple(map(_run, reversed(memory.runs(_MOST_RUNS))))
    return _Runs(kept, "" if kept else memory.trouble)


def _run(run: PastRun) -> dict[str, object]:
    """One run, its keys spelled as in the report."""
    return {
        "id": run.id,
        "started": iso(run.started),
        "seconds": round(run.seconds, 6),
        "complete": run.complete,
        "status": run.status.word,
        "exit_code": run.exit_code,
        "causes": [_cause(cause) for cause in run.causes],
    }


def _cause(cause: Cause) -> dict[str, object]:
    return {"code": cause.code, "title": cause.title, "blame": cause.blame.value, "hint": cause.hint, "checks": list(cause.checks)}


def _page(made: bytes) -> Response:
    return Response(made, media_type="text/html; charset=utf-8")


def _still(request: Request) -> bool:
    """Whether the reader wants a page that does not reload itself (WCAG 2.2.2)."""
    return request.query_params.get("refresh") == "off"


def _limit(text: str) -> int:
    number = int(text) if text.isascii() and text.isdigit() and len(text) <= len(str(_MOST_RUNS)) else 0
    if not 1 <= number <= _MOST_RUNS:
        raise HTTPException(400)
    return number
