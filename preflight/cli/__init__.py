"""The command line: one file a command. A command is imported when it is called."""

from __future__ import annotations

import signal
import sys
from typing import Annotated

import typer

from preflight import __version__
from preflight.cli import demo, info, plan, run, walk
from preflight.sink import forget_stdout

USAGE, BUG = 2, 4

app = typer.Typer(
    name="preflight",
    help="Will the machines you are about to install reach what they need through this proxy, and if not, who has to change what?",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("run")(run.run)
app.command("plan")(plan.plan)
app.command("walk")(walk.walk)
app.command("demo")(demo.demo)
app.command("explain")(info.explain)
app.command("checks")(info.checks)
app.command("init")(info.init)
app.command("schema")(info.schema)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"preflight {__version__}")
        raise typer.Exit


@app.callback()
def root(version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")] = False) -> None:
    """Exit codes: 0 good, 1 failed, 2 usage or input error (nothing was sent), 3 could not tell, 4 a bug, 5 a report could not be written."""


def main() -> int:
    """The exit code of the command that argv asks for. Whatever goes wrong, no traceback shows what a variable held."""
    try:
        app(prog_name="preflight")
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else USAGE if end.code else 0
    except BrokenPipeError:
        forget_stdout()
        return 0
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    except Exception as error:  # noqa: BLE001 - the last line of defence
        print(f"preflight: a bug: {type(error).__name__} at {_where(error)}; please report it with these lines", file=sys.stderr)  # noqa: T201
        return BUG
    return 0


def _where(error: BaseException) -> str:
    """Where it happened, innermost last: module and line only, since a message or a source line may hold a secret."""
    places = []
    trace = error.__traceback__
    while trace:
        places.append(f"{trace.tb_frame.f_globals.get('__name__', '?')}:{trace.tb_lineno}")
        trace = trace.tb_next
    return " > ".join(places[-6:])
