"""The command line: one file a command. A command's module is imported when the command is called."""

from __future__ import annotations

import signal
import sys
from importlib import import_module
from typing import Annotated, Any, Final

import typer
from typer.core import TyperGroup

from preflight import __version__
from preflight.cli import loading

USAGE, BUG = 2, 4

COMMANDS: Final = {
    "run": ("preflight.cli.run:run", "Check everything the profile asks for, and give the verdict."),
    "plan": ("preflight.cli.plan:plan", "Show what would be checked, by which route and why."),
    "walk": ("preflight.cli.walk:walk", "Walk to URLs, and tell every step."),
    "demo": ("preflight.cli.demo:demo", "Run against a proxy and origins on loopback."),
    "serve": ("preflight.cli.serve:serve", "Run again and again: a page, metrics, health endpoints, notifications."),
    "explain": ("preflight.cli.info:explain", "Say what a code or a kind of check means."),
    "checks": ("preflight.cli.info:checks", "List the kinds of checks."),
    "init": ("preflight.cli.info:init", "Write the built-in profile as ./checks.yaml."),
    "iam-policy": ("preflight.cli.iam_policy:iam_policy", "Print the read-only AWS policy that the selected checks need."),
    "schema": ("preflight.cli.info:schema", "Print the JSON Schema of a profile."),
}
"""Where each command is, and what the list of commands says of it, so that the list needs none of them."""


_TRUSTING: Final = frozenset({"run", "walk"})


class Commands(TyperGroup):
    """The commands, each imported when it is asked for."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ANN401, ARG002 - typer's context is private
        """The names, in the order in which a newcomer needs them."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ANN401, ARG002
        """The command of that name, or None."""
        if cmd_name not in COMMANDS:
            return None
        if cmd_name in _TRUSTING:
            loading.begin()
        module, _, function = COMMANDS[cmd_name][0].partition(":")
        single = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
        single.command(cmd_name, context_settings={"help_option_names": ["-h", "--help"]})(getattr(import_module(module), function))
        return typer.main.get_command(single)

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ANN401, ARG002
        """The list in `--help`."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, about) for name, (_, about) in COMMANDS.items()])


app = typer.Typer(
    cls=Commands,
    name="preflight",
    help="Will the machines you are about to install reach what they need through this proxy, and if not, who has to change what?",
    epilog="Exit codes: 0 good, 1 failed, 2 usage or input error (nothing was sent), 3 could not tell, 4 a bug, 5 a report could not be written.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"preflight {__version__}")
        raise typer.Exit


@app.callback()
def root(version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")] = False) -> None:
    """What all commands share: nothing but the version."""


def main() -> int:
    """The exit code of the command that argv asks for. Whatever goes wrong, no traceback shows what a variable held."""
    try:
        app(prog_name="preflight")
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else USAGE if end.code else 0
    except BrokenPipeError:
        from preflight.sink import forget_stdout  # noqa: PLC0415 - `--help` needs it only where nobody reads on

        forget_stdout()
        return 0
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    except Exception as error:  # noqa: BLE001 - the last line of defence
        bug = _alone(error)
        print(f"preflight: a bug: {type(bug).__name__} at {_where(bug)}; please report it with this line", file=sys.stderr)  # noqa: T201
        return BUG
    return 0


def _alone(error: BaseException) -> BaseException:
    """The exception itself, where a task group wrapped one."""
    while isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    return error


def _where(error: BaseException) -> str:
    """Where it happened, innermost last: module and line only, since a message or a source line may hold a secret."""
    places = []
    trace = error.__traceback__
    while trace:
        places.append(f"{trace.tb_frame.f_globals.get('__name__', '?')}:{trace.tb_lineno}")
        trace = trace.tb_next
    return " > ".join(places[-6:])
