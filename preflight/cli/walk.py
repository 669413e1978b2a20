"""`preflight walk URL…`: one blamed, timed walk, as `curl -v` would show it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Final

import msgspec
import typer

from preflight.cli.options import Inputs, takes_inputs
from preflight.cli.reading import refuse
from preflight.cli.run import Quiet, Reporting, conduct
from preflight.inputs.files import TextFile
from preflight.inputs.problem import InputError
from preflight.inputs.select import Loaded, load

_NOTHING: Final = TextFile("no profile", "profile: walk\nchecks:\n- {kind: proxy-config, name: proxy-config}\n", 0o600)


@takes_inputs
def walk(
    inputs: Inputs,
    urls: Annotated[list[str], typer.Argument(metavar="URL...", help="https://HOST/PATH, http://…, tcp://HOST:PORT, HOST[:PORT].")],
    report: Reporting = None,
    quiet: Quiet = False,
) -> None:
    """Walk to each URL by the route that the product would take, and tell every step."""
    conduct(lambda: _walks(inputs, urls), report or [], verbose=True, quiet=quiet)


def _walks(inputs: Inputs, urls: list[str]) -> Loaded:
    from preflight.checks.walk import WalkCheck  # noqa: PLC0415
    from preflight.plan import make  # noqa: PLC0415

    try:
        loaded = load(msgspec.structs.replace(inputs, only=None, skip=None, enable=None, disable=None).options(), os.environ, Path.cwd(), given=_NOTHING)
        checks = [WalkCheck(name=url, url=url, group="walk", timeout=inputs.timeout or "10s") for url in dict.fromkeys(urls)]
        for check in checks:
            check.wants()
        plan = make(checks, loaded.declared, profile="walk", limits=loaded.plan.limits)
        return msgspec.structs.replace(loaded, plan=msgspec.structs.replace(plan, vantage=loaded.plan.vantage, strict=loaded.plan.strict))
    except InputError as error:
        refuse(str(error))
    except ValueError as error:
        refuse(f"{error}: a URL is https://HOST[:PORT]/PATH, http://…, tcp://HOST:PORT, or HOST[:PORT]")
