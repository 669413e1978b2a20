"""`preflight run`: the verdict."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import partial
from typing import Annotated, Final

import typer

from preflight import session
from preflight.aws.facts import Facts, Unread
from preflight.cli import loading
from preflight.cli.options import Inputs, takes_inputs
from preflight.cli.reading import complain, read, refuse
from preflight.events import Listener
from preflight.inputs.select import Loaded
from preflight.model import Report
from preflight.real.tls import Trust
from preflight.sink import STDOUT, Unwritable, forget_stdout, to_stdout

_NOBODY: Final = "aws.no-credentials"

Reporting = Annotated[
    list[str] | None,
    typer.Option(
        "--report",
        metavar="FORMAT[=PATH]",
        show_default=False,
        help="text, json, junit or markdown; may be repeated. Without a path, or with -, to standard output.",
    ),
]
Verbose = Annotated[bool, typer.Option("-v", "--verbose", help="Every step of every check.")]
Quiet = Annotated[bool, typer.Option("-q", "--quiet", help="No text report on standard output.")]


@takes_inputs
def run(inputs: Inputs, report: Reporting = None, verbose: Verbose = False, quiet: Quiet = False) -> None:
    """Check everything the profile asks for, and give the verdict."""
    conduct(lambda: read(inputs), report or [], verbose=verbose, quiet=quiet)


def conduct(load: Callable[[], Loaded], flags: list[str], *, verbose: bool, quiet: bool, trust: Trust | None = None) -> None:
    """Run what `load` gives, report it as the flags say, and end with the verdict's exit code."""
    try:
        reports = session.Reports(session.destinations(flags), complain)
    except ValueError as error:
        refuse(str(error))
    loaded = load()
    for remark in loaded.remarks:
        complain(f"{remark.message} ({remark.hint})")
    text = not quiet and not any(each.path == STDOUT for each in reports.destinations)
    reports.facts = str(loaded.save_aws_facts or "")
    reports.open()
    try:
        keep = partial(_keep, reports) if reports.facts else None
        finished = _watched(partial(session.conduct, loaded, trust=trust or Trust(loaded.ca_file, store=loading.trust_store()), keep=keep), shown=text)
        if text:
            reports.attempt(partial(_show, finished, verbose=verbose))
        reports.write(finished)
    finally:
        reports.discard()
    raise typer.Exit(reports.exit_code(finished))


def _keep(reports: session.Reports, facts: Facts) -> None:
    """Have the facts written; without credentials nobody asked AWS anything, and there are none."""
    identity = facts.identity
    if not (isinstance(identity, Unread) and identity.code == _NOBODY):
        reports.keep(facts)
        return

    def refuse() -> None:
        raise Unwritable(f"{reports.facts} was not written: without credentials AWS told nothing")

    reports.attempt(refuse)


def _watched(conduct: Callable[[Listener], Report], *, shown: bool) -> Report:
    """The report, with live progress on a terminal while it is being made."""
    if not (shown and _is_terminal()):
        return conduct(session.quiet)
    from rich.console import Console  # noqa: PLC0415 - 80 ms, for a terminal only

    from preflight.report.live import Progress  # noqa: PLC0415

    with Progress(Console(highlight=False)) as listen:
        return conduct(listen)


def _show(report: Report, *, verbose: bool) -> None:
    if not _is_terminal():
        from preflight.report import text  # noqa: PLC0415

        to_stdout(text.chunks(report, verbose=verbose))
        return
    from rich.console import Console  # noqa: PLC0415

    from preflight.report.terminal import print_report  # noqa: PLC0415

    try:
        print_report(report, Console(highlight=False), verbose=verbose)
    except BrokenPipeError:
        forget_stdout()
    except OSError as error:
        raise Unwritable(f"cannot write to standard output: {error.strerror}") from None


def _is_terminal() -> bool:
    return sys.stdout is not None and sys.stdout.isatty() and os.environ.get("TERM", "dumb") != "dumb"
