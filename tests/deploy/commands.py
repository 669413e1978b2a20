"""What the command line makes of the commands in files that ship: they are parsed, never run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import click
import pytest
import typer

from preflight import cli
from preflight.report import FORMATS


def parsed(words: Sequence[str]) -> Mapping[str, Any]:
    """The options of a `preflight …` command line without the program's name, as the command would get them. Raises click's UsageError.

    Visibly skipped where the command is not built yet.
    """
    root: Any = typer.main.get_command(cli.app)
    name, *rest = words
    context = root.make_context("preflight", ["--help"], resilient_parsing=True)
    command = root.get_command(context, name)
    if command is None and name == "serve":
        pytest.skip("`preflight serve` is not there yet")
    if command is None:
        raise click.UsageError(f"no command {name}")
    options: Mapping[str, Any] = command.make_context(name, list(rest), parent=context).params
    for report in options.get("report") or ():
        assert report.partition("=")[0] in FORMATS, report
    return options
