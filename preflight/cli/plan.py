"""`preflight plan`: what would be checked, by which route and why. Sends nothing."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from functools import partial
from shutil import get_terminal_size
from textwrap import fill
from typing import Annotated, Any, Final

import anyio
import typer

from preflight import session
from preflight.cli.options import Inputs, takes_inputs
from preflight.cli.reading import complain, read, refuse
from preflight.inputs.select import Loaded
from preflight.model import Finding, Route, Status, Via
from preflight.plan import AnyCheck
from preflight.real.tls import Trust
from preflight.sink import STDOUT, Destination, File, Unwritable, to_stdout
from preflight.untrusted import Json, neutral

SCHEMA: Final = "preflight/plan/1"
_STATIC: Final = frozenset({"proxy-config", "manifest", "no-proxy"})
"""Kinds that look at nothing but what was declared."""

_HANGING: Final = 4
_NARROWEST: Final = 40

Reporting = Annotated[list[str] | None, typer.Option("--report", metavar="FORMAT[=PATH]", show_default=False, help="text or json; may be repeated.")]


@takes_inputs
def plan(inputs: Inputs, report: Reporting = None) -> None:
    """Show what would be checked, from which source, by which route and why. Sends nothing."""
    formats = {"text": _text, "json": _json}
    try:
        destinations = session.destinations(report or ["text"], formats)
    except ValueError as error:
        refuse(str(error))
    loaded = read(inputs)
    shown = _plan(loaded)
    unwritten = [each for each in destinations if not _written(each, formats[each.format](shown))]
    raise typer.Exit(session.UNWRITTEN if unwritten else 0)


def _written(destination: Destination, chunks: Iterator[str]) -> bool:
    try:
        if destination.path == STDOUT:
            to_stdout(_fitted(chunks) if destination.format == "text" and sys.stdout and sys.stdout.isatty() else chunks)
        else:
            File(destination.path).write(chunks)
    except Unwritable as error:
        complain(str(error))
        return False
    return True


def _plan(loaded: Loaded) -> dict[str, Any]:
    """The plan as JSON data."""
    plan = loaded.plan
    findings = [*loaded.remarks, *anyio.run(partial(_judged, loaded))]
    return {
        "schema": SCHEMA,
        "profile": plan.profile,
        "vantage": plan.vantage,
        "limits": {"deadline_seconds": plan.limits.deadline, "concurrency": plan.limits.concurrency},
        "inputs": {each.name: {"value": each.value, "source": each.source} for each in loaded.declared.inputs},
        "no_proxy": [
            {"entry": neutral(each.text), "kind": str(each.kind), "means": each.normal, "why": each.why} for each in loaded.declared.proxies.no_proxy.entries
        ],
        "aws": {"actions": list(_actions(loaded))},
        "checks": [_check(check, loaded) for check in plan.checks],
        "findings": [
            {"code": each.code, "status": each.status.word, "message": each.message, "hint": each.hint} for each in findings if each.status > Status.SKIP
        ],
    }


def _actions(loaded: Loaded) -> tuple[str, ...]:
    """What AWS will be asked, as IAM actions: nothing where saved facts answer."""
    return () if loaded.aws_facts else loaded.plan.scope(loaded.declared).actions


async def _judged(loaded: Loaded) -> list[Finding]:
    """What the checks say that need no packet."""
    world = session.world(loaded, Trust(loaded.ca_file))
    return [finding for check in loaded.plan.checks if check.kind in _STATIC for finding in check.judge(await check.observe(world))]


def _check(check: AnyCheck, loaded: Loaded) -> dict[str, Json]:
    target = check.wants()
    return {
        "name": check.name,
        "kind": check.kind,
        "group": check.group,
        "required": check.required,
        "target": str(target) if target else None,
        "route": _route(loaded.declared.route(target)) if target else None,
        "needs": list(loaded.plan.blockers[check.name]),
        "timeout": check.timeout,
        "attempts": check.attempts,
        "about": check.about,
    }


def _route(route: Route) -> dict[str, Json]:
    return (
        {"via": "proxy", "proxy": route.proxy.url, "because": route.because}
        if isinstance(route, Via)
        else {"via": "direct", "proxy": None, "because": route.because}
    )


def _json(shown: dict[str, Any]) -> Iterator[str]:
    yield json.dumps(shown, indent=2, ensure_ascii=False) + "\n"


def _text(shown: dict[str, Any]) -> Iterator[str]:
    for line in _lines(shown):
        yield line + "\n"


def _fitted(lines: Iterable[str]) -> Iterator[str]:
    """The lines as a terminal shows them best: broken between words, each rest below its beginning."""
    columns = max(get_terminal_size().columns, _NARROWEST)
    for line in lines:
        indent = " " * (len(line) - len(line.lstrip()) + _HANGING)
        yield fill(line, columns, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False) + "\n"


def _lines(shown: dict[str, Any]) -> Iterator[str]:
    checks = shown["checks"]
    yield f"PLAN  {len(checks)} checks of profile {shown['profile']}; nothing was sent"
    yield from ("", "settings")
    width = max((len(name) for name in shown["inputs"]), default=0)
    yield from (f"  {name:<{width}}  {_shown(each['value'])}  ({each['source']})" for name, each in shown["inputs"].items())
    if shown["no_proxy"]:
        yield from ("", "noProxy, entry by entry")
        yield from (f"  {each['entry']}  {each['kind']}" + (f": {each['why']}" if each["why"] else f" {each['means']}") for each in shown["no_proxy"])
    if shown["aws"]["actions"]:
        yield from ("", "AWS will be asked (IAM actions, all of them reading)")
        yield from (f"  {action}" for action in shown["aws"]["actions"])
    groups = dict.fromkeys(each["group"] for each in checks)
    for group in groups:
        yield from ("", group)
        for each in (each for each in checks if each["group"] == group):
            yield (
                f"  {each['name']}  [{each['kind']}]"
                + ("" if each["required"] else "  not required")
                + (f"  needs {', '.join(each['needs'])}" if each["needs"] else "")
            )
            if each["route"]:
                way = f"through {each['route']['proxy']}" if each["route"]["proxy"] else "directly"
                yield f"      {each['target']} {way}, because: {each['route']['because']}"
    for each in shown["findings"]:
        yield from ("", f"{each['status'].upper()}  {each['message']} [{each['code']}]", f"      do: {each['hint']}")


def _shown(value: Json) -> str:
    return neutral(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
