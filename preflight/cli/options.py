"""The flags that `run`, `plan` and `walk` share, told once."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import msgspec
import typer

from preflight.inputs.options import Options

_FILES = "What to read"
_WHICH = "What to check"
_HOW = "How"


def _option(help_: str, panel: str, *names: str, metavar: str | None = None) -> Any:  # noqa: ANN401 - typer's own type is private
    return typer.Option(*names, help=help_, rich_help_panel=panel, metavar=metavar, show_default=False)


class Inputs(msgspec.Struct, frozen=True, kw_only=True):
    """Every flag that decides what is checked and how."""

    config: Annotated[Path | None, _option("The profile. Without it ./checks.yaml, else the one built in.", _FILES, metavar="FILE")] = None
    proxy_file: Annotated[Path | None, _option("The proxy file (JSON with httpProxy, httpsProxy, noProxy).", _FILES, metavar="FILE")] = None
    proxy_from_env: Annotated[bool, _option("Take the proxy from HTTPS_PROXY, HTTP_PROXY and NO_PROXY.", _FILES, "--proxy-from-env")] = False
    direct: Annotated[bool, _option("There is no proxy, and none is meant.", _FILES, "--direct")] = False
    manifest: Annotated[list[Path] | None, _option("A manifest; may be repeated. Without it ./anthos-gke.yaml if it is there.", _FILES, metavar="FILE")] = None
    allow_outside: Annotated[bool, _option("Follow a spec.proxy that leads out of the manifest's directory.", _FILES, "--allow-outside")] = False
    region: Annotated[str | None, _option("The AWS region.", _WHICH, metavar="REGION")] = None
    vpc: Annotated[str | None, _option("The VPC.", _WHICH, metavar="ID")] = None
    set: Annotated[list[str] | None, _option("A variable of the profile; may be repeated.", _WHICH, metavar="NAME=VALUE")] = None
    enable: Annotated[list[str] | None, _option("Switch a group on; may be repeated.", _WHICH, metavar="GROUP")] = None
    disable: Annotated[list[str] | None, _option("Switch a group off; may be repeated.", _WHICH, metavar="GROUP")] = None
    only: Annotated[list[str] | None, _option("Only checks whose name matches; may be repeated.", _WHICH, metavar="GLOB")] = None
    skip: Annotated[list[str] | None, _option("No check whose name matches; may be repeated.", _WHICH, metavar="GLOB")] = None
    no_aws: Annotated[bool, _option("Ask AWS nothing.", _WHICH, "--no-aws")] = False
    aws_facts: Annotated[Path | None, _option("Judge AWS by what --save-aws-facts wrote, and ask it nothing.", _FILES, metavar="FILE")] = None
    save_aws_facts: Annotated[Path | None, _option("Write what AWS said, to be judged again elsewhere.", _FILES, metavar="FILE")] = None
    ca_file: Annotated[Path | None, _option("CAs to trust besides the operating system's.", _HOW, metavar="PEM")] = None
    timeout: Annotated[str | None, _option("For one attempt of one check (default 10s).", _HOW, metavar="DURATION")] = None
    deadline: Annotated[str | None, _option("For the whole run (default 60s).", _HOW, metavar="DURATION")] = None
    concurrency: Annotated[int | None, _option("Checks at a time (default 16).", _HOW, metavar="N")] = None
    strict: Annotated[bool, _option("A warning is a failure.", _HOW, "--strict")] = False
    vantage: Annotated[str | None, _option("Where this report is made, e.g. the subnet.", _HOW, metavar="NAME")] = None

    def options(self) -> Options:
        """The same as the readers of inputs want it."""
        return Options(
            config=self.config,
            proxy_file=self.proxy_file,
            proxy_from_env=self.proxy_from_env,
            direct=self.direct,
            manifests=tuple(self.manifest or ()),
            allow_outside=self.allow_outside,
            region=self.region,
            vpc=self.vpc,
            set=tuple(self.set or ()),
            enable=tuple(self.enable or ()),
            disable=tuple(self.disable or ()),
            only=tuple(self.only or ()),
            skip=tuple(self.skip or ()),
            no_aws=self.no_aws,
            aws_facts=self.aws_facts,
            save_aws_facts=self.save_aws_facts,
            ca_file=self.ca_file,
            timeout=self.timeout,
            deadline=self.deadline,
            concurrency=self.concurrency,
            strict=self.strict,
            vantage=self.vantage,
        )


def takes_inputs(command: Callable[..., None]) -> Callable[..., None]:
    """The command with every flag of `Inputs` instead of its first parameter, which gets them as one value."""
    hints = get_type_hints(Inputs, include_extras=True)
    own = list(inspect.signature(command, eval_str=True).parameters.values())[1:]
    defaults = Inputs()
    shared = [inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=getattr(defaults, name), annotation=hint) for name, hint in hints.items()]

    @wraps(command)
    def called(**given: Any) -> None:  # noqa: ANN401
        inputs = Inputs(**{name: given.pop(name) for name in hints})
        command(inputs, **given)

    called.__signature__ = inspect.Signature([*(each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in own), *shared])  # type: ignore[attr-defined]
    called.__annotations__ = {each.name: each.annotation for each in called.__signature__.parameters.values()}  # type: ignore[attr-defined]
    return called
