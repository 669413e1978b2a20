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
        refuse(f"{error}\nnothing was sent")


def refuse(complaint: str) -> NoReturn:
    """End with a complaint; exit code 2 says that nothing was sent."""
    complain(complaint)
    raise typer.Exit(USAGE)


def complain(complaint: str) -> None:
    """Say it on standard error, each line with the program's name."""
    for line in complaint.splitlines():
        typer.echo(f"preflight: {neutral(line)}", err=True)
