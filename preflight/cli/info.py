"""`explain`, `checks`, `init`, `schema`: what this program knows, without sending anything."""

from __future__ import annotations

import json
import shutil
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated

import typer

from preflight.cli.reading import refuse

_WIDEST = 100


def _complete(incomplete: str) -> list[str]:
    from preflight import checks, codes  # noqa: PLC0415

    return [name for name in (*codes.TABLE, *checks.KINDS) if name.startswith(incomplete)]


def say(text: str) -> None:
    """Print it; a reader that has seen enough is no error."""
    from preflight.sink import to_stdout  # noqa: PLC0415

    to_stdout([text, "\n"])


def explain(
    name: Annotated[
        str | None, typer.Argument(metavar="[CODE|KIND]", help="A code of a finding, or a kind of check.", autocompletion=_complete, show_default=False)
    ] = None,
) -> None:
    """What a code or a kind of check means, how it is told apart, who mends it, and how to reproduce it."""
    from preflight import checks, codes  # noqa: PLC0415
    from preflight.codes.page import article  # noqa: PLC0415

    profiled = _profiled()
    if name is None:
        for code in codes.TABLE.values():
            say(f"{code.name:<28} {code.status.word:<6} {code.means}")
    elif name in codes.TABLE:
        say(article(codes.find(name), min(_WIDEST, shutil.get_terminal_size().columns)))
    elif name in checks.kinds():
        say(_kind(name))
    elif name in profiled:
        about, kind = profiled[name]
        say(f"{name}: {about}\n\n{_kind(kind)}")
    else:
        like = get_close_matches(name, [*codes.TABLE, *checks.kinds(), *profiled], n=3)
        hint = f"did you mean {' or '.join(like)}?" if like else "`preflight explain` lists the codes, `preflight checks` the kinds"
        refuse(f"there is no code, no kind of check and no check of the built-in profile named {name!r}; {hint}")


def _profiled() -> dict[str, tuple[str, str]]:
    """What the built-in profile says of each of its checks, and the kind of each, by name."""
    from preflight.inputs.problem import Remarks  # noqa: PLC0415
    from preflight.inputs.profile import default_profile, parse_profile  # noqa: PLC0415

    profile = parse_profile(default_profile(), Remarks(), packaged=True)
    items = profile.items if profile else ()
    return {item.name: (str(about.text) if (about := item.node.get("about")) else f"in group {item.group}", item.kind) for item in items}


def checks() -> None:
    """The kinds of checks that a profile can use."""
    from preflight import checks as kinds  # noqa: PLC0415

    broken = []
    for name in kinds.kinds():
        try:
            say(f"{name:<14} {_first_line(kinds.find(name).__doc__)}")
        except kinds.BrokenKind as error:
            broken.append(str(error))
    if broken:
        refuse("\n".join(broken))


def init(force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False) -> None:
    """Write the built-in profile as ./checks.yaml, to be changed."""
    from preflight.inputs.profile import default_profile  # noqa: PLC0415

    path = Path("checks.yaml")
    text = default_profile().text
    try:
        with path.open("w" if force else "x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        refuse("checks.yaml is there already; --force replaces it")
    except OSError as error:
        refuse(f"cannot write checks.yaml: {error.strerror}")
    say("wrote checks.yaml; `preflight plan` shows what it means")


def schema() -> None:
    """The JSON Schema of a profile, for editors."""
    from preflight import checks  # noqa: PLC0415
    from preflight.inputs.schema import profile_schema  # noqa: PLC0415

    try:
        say(json.dumps(profile_schema(checks.kinds()), indent=2))
    except checks.BrokenKind as error:
        refuse(str(error))


def _kind(name: str) -> str:
    import msgspec  # noqa: PLC0415

    from preflight import checks  # noqa: PLC0415

    try:
        kind = checks.find(name)
    except checks.BrokenKind as error:
        refuse(str(error))
    lines = [f"{name}: {_first_line(kind.__doc__)}", "", "Keys in a profile:"]
    for field in msgspec.structs.fields(kind):
        default = (
            "required" if field.required else f"default {json.dumps(field.default)}" if isinstance(field.default, str | int | bool | tuple) else "optional"
        )
        lines.append(f"  {field.encode_name:<10} {default}")
    return "\n".join(lines)


def _first_line(text: str | None) -> str:
    return (text or "").strip().partition("\n")[0]
