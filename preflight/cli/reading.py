"""Reading the inputs for a command, and saying what is wrong with them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NoReturn

import typer

from preflight.cli.options import Inputs
from preflight.inputs.problem import InputError
from preflight.inputs.select import Loaded, load
from preflight.untrusted import neutral

USAGE = 2


def read(inputs: Inputs) -> Loaded:
    """What the flags and files ask for, or the end of the program with exit code 2 and every problem named."""
    try:
        return load(inputs.options(), os.environ, Path.cwd())
    except InputError as error:
        refuse(str(error))


def refuse(complaint: str) -> NoReturn:
    """End with a complaint, nothing sent."""
    complain(complaint)
    typer.echo("preflight: nothing was sent", err=True)
    raise typer.Exit(USAGE)


def complain(complaint: str) -> None:
    """Say it on standard error, each line with the program's name."""
    for line in complaint.splitlines():
        typer.echo(f"preflight: {neutral(line)}", err=True)
