"""`preflight demo`: the real engine against a lab on loopback, whole or broken in a named way."""

from __future__ import annotations

import tempfile
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from preflight.cli.reading import complain, refuse
from preflight.cli.run import Quiet, Reporting, Verbose, conduct
from preflight.demo.scenarios import GOOD, SCENARIOS, Scenario


def _complete(incomplete: str) -> list[str]:
    return [name for name in SCENARIOS if name.startswith(incomplete)]


def _scenario(name: str | None) -> Scenario:
    if name is None:
        return GOOD
    if name not in SCENARIOS:
        listed = "\n".join(f"{each.name}: {each.story}" for each in SCENARIOS.values())
        refuse(f"there is no scenario {name!r}; there are:\n{listed}")
    return SCENARIOS[name]


def demo(
    break_: Annotated[
        str | None, typer.Option("--break", metavar="SCENARIO", autocompletion=_complete, show_default=False, help=f"Break the lab: {', '.join(SCENARIOS)}.")
    ] = None,
    report: Reporting = None,
    verbose: Verbose = False,
    quiet: Quiet = False,
) -> None:
    """Run against a proxy and origins on loopback, to see what a report looks like. Nothing leaves this machine."""
    from anyio.from_thread import start_blocking_portal  # noqa: PLC0415

    from preflight.demo import demo_world  # noqa: PLC0415
    from preflight.demo.files import load_lab  # noqa: PLC0415
    from preflight.demo.lab import MissingExtra  # noqa: PLC0415

    scenario = _scenario(break_)
    try:
        lab = demo_world(scenario)
    except MissingExtra as error:
        refuse(str(error))
    if not quiet:
        complain(f"demo: {scenario.story}")
    with tempfile.TemporaryDirectory(prefix="preflight-demo-") as folder, start_blocking_portal() as portal, portal.wrap_async_context_manager(lab) as opened:
        conduct(partial(load_lab, opened, Path(folder)), report or [], verbose=verbose, quiet=quiet, trust=opened.trust())
