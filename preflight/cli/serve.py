"""`preflight serve`: the same plan, again and again, with a page, metrics and health endpoints."""

from __future__ import annotations

import os
from collections.abc import Callable, MutableMapping
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeVar

import msgspec
import typer

from preflight.cli.options import Inputs, takes_inputs
from preflight.cli.reading import complain, refuse
from preflight.inputs.environment import take, take_password
from preflight.inputs.problem import InputError, Remarks
from preflight.inputs.select import Loaded, load

if TYPE_CHECKING:
    from preflight.serve.rhythm import Rhythm
    from preflight.serve.settings import Settings

T = TypeVar("T")

_NEEDS: Final = ("cronsim", "jinja2", "prometheus_client", "stamina", "starlette", "uvicorn")
_SERVICE: Final = "How to serve"


class Flags(msgspec.Struct, frozen=True):
    """The flags of `serve` itself, as they were given."""

    every: str | None
    cron: str | None
    jitter: str
    damping: str
    listen: str
    hosts: tuple[str, ...]
    history: Path | None
    no_history: bool
    keep: str | None
    keep_size: str | None
    stale_after: str | None


def _option(help_: str, *names: str, metavar: str | None = None, default: bool = False) -> Any:  # noqa: ANN401 - typer's own type is private
    return typer.Option(*names, help=help_, rich_help_panel=_SERVICE, metavar=metavar, show_default=default)


@takes_inputs
def serve(
    inputs: Inputs,
    every: Annotated[str | None, _option("Time from one run to the next (default 60s).", metavar="DURATION")] = None,
    cron: Annotated[str | None, _option("When to run, as five fields of a crontab, instead of --every.", metavar="EXPRESSION")] = None,
    jitter: Annotated[str, _option("How far a run may be put off at random: 10% or 5s.", metavar="SHARE", default=True)] = "10%",
    damping: Annotated[str, _option("K/N: a change needs K of the last N results.", "--for", metavar="K/N", default=True)] = "1/1",
    listen: Annotated[str, _option("Where to listen.", metavar="ADDRESS:PORT", default=True)] = "127.0.0.1:9716",
    allow_host: Annotated[list[str] | None, _option("A name by which the page may be asked for; may be repeated.", metavar="NAME")] = None,
    history: Annotated[Path | None, _option("The SQLite file that remembers (default $STATE_DIRECTORY/history.sqlite, else here).", metavar="FILE")] = None,
    no_history: Annotated[bool, _option("Remember nothing.", "--no-history")] = False,
    keep: Annotated[str | None, _option("How long passes are kept (default 30d); failures a year.", metavar="AGE")] = None,
    keep_size: Annotated[str | None, _option("How large history may become (default 256MiB).", metavar="SIZE")] = None,
    notify: Annotated[list[str] | None, _option("A webhook without a token, or @FILE with webhook or Apprise URLs; may be repeated.", metavar="URL")] = None,
    notify_proxy: Annotated[str | None, _option("The proxy for webhooks, or @FILE, or none (default none).", metavar="URL")] = None,
    stale_after: Annotated[str | None, _option("The age at which the last run says nothing any more.", metavar="DURATION")] = None,
) -> None:
    """Run again and again, and show what was found: a page, metrics, health endpoints. Ends with SIGTERM; SIGHUP reads the inputs anew."""
    missing = [name for name in _NEEDS if find_spec(name) is None]
    if missing:
        refuse("serve needs more packages: pip install 'preflight-connectivity[serve]'")
    if inputs.save_aws_facts:
        refuse("--save-aws-facts is for a single run")
    from preflight.serve import service  # noqa: PLC0415 - only this command wants a web server
    from preflight.serve.history import Unusable  # noqa: PLC0415
    from preflight.serve.notify import destinations  # noqa: PLC0415

    flags = Flags(every, cron, jitter, damping, listen, tuple(allow_host or ()), history, no_history, keep, keep_size, stale_after)
    try:
        settings, told = _settings(flags), destinations(tuple(notify or ()), notify_proxy, complain)
    except ValueError as error:
        refuse(str(error))
    if not settings.listen.address.is_loopback:
        complain(f"{settings.listen} is open to others, without TLS and without a login: let a reverse proxy guard it")
    try:
        service.run(settings, _reader(inputs, os.environ), told, os.environ)
    except InputError as error:
        refuse(f"{error}\nnothing was sent")
    except (Unusable, service.Refused) as error:
        refuse(str(error))


def _settings(flags: Flags) -> Settings:
    """The flags, read. Raises ValueError with a sentence."""
    from preflight.check import seconds  # noqa: PLC0415
    from preflight.serve.damping import Damping  # noqa: PLC0415
    from preflight.serve.rhythm import Jitter  # noqa: PLC0415
    from preflight.serve.settings import Listen, Settings, retention  # noqa: PLC0415

    if flags.history and flags.no_history:
        raise ValueError("--history and --no-history contradict each other: give one of them")
    listen = _read("--listen", Listen.parse, flags.listen)
    if not listen.address.is_loopback and not flags.hosts:
        raise ValueError(f"--listen {listen} is open to others: name with --allow-host how they will call it, and let a reverse proxy guard it")
    return Settings(
        rhythm=_rhythm(flags),
        jitter=_read("--jitter", Jitter.parse, flags.jitter),
        damping=_read("--for", Damping.parse, flags.damping),
        listen=listen,
        hosts=flags.hosts,
        history=None if flags.no_history else flags.history or _usual_history(os.environ),
        keep=retention(flags.keep, flags.keep_size),
        stale_after=None if flags.stale_after is None else _read("--stale-after", seconds, flags.stale_after),
    )


def _rhythm(flags: Flags) -> Rhythm:
    from preflight.serve.rhythm import Cron, Every, local_zone  # noqa: PLC0415

    if flags.every and flags.cron:
        raise ValueError("--every and --cron contradict each other: give one of them")
    if flags.cron:
        return _read("--cron", lambda text: Cron(text, local_zone()), flags.cron)
    return _read("--every", Every.parse, flags.every or "60s")


def _read(flag: str, parse: Callable[[str], T], text: str) -> T:
    """What the flag says. Raises ValueError with a sentence that names it."""
    try:
        return parse(text)
    except ValueError as error:
        raise ValueError(f"{flag}: {error}") from None


def _usual_history(environ: MutableMapping[str, str]) -> Path:
    """In the directory that systemd made for us (systemd.exec(5): several are separated by colons), else here."""
    state = environ.get("STATE_DIRECTORY", "").partition(":")[0]
    return Path(state) / "history.sqlite" if state else Path("preflight-history.sqlite")


def _reader(inputs: Inputs, environ: MutableMapping[str, str]) -> Callable[[], Loaded]:
    """Reads the inputs as often as it is called. Proxy variables and credentials leave the environment with the first reading, and are known to later ones."""
    kept = dict(environ)

    def read() -> Loaded:
        take(environ)
        take_password(environ, Remarks())
        return load(inputs.options(), dict(kept), Path.cwd())

    return read
