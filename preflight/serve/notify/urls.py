"""The URLs that `--notify` and `--notify-proxy` name: on the command line, or in a file, `@FILE`, one a line.

Every user of a host can read its process list, so on the command line a URL may hold nothing that only its reader should know. Webhooks carry their token
in the path or in the query, Apprise's URLs are made of it. A segment of a path is taken for a token where it has sixteen characters or more and mixes two
of capitals, small letters and digits: an id of Slack, Discord or Teams does, a name that somebody chose for a path does not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

from preflight.inputs.files import read
from preflight.inputs.problem import InputError
from preflight.untrusted import Secret, neutral

APPRISE: Final = "apprise:"
"""In front of a URL that Apprise shall take although it begins with `http`."""
WEB: Final = frozenset({"http", "https"})
SHORTEST_TOKEN: Final = 16


def named(text: str, flag: str, remark: Callable[[str], None]) -> Iterator[Secret]:
    """The URL that stands on the command line, or those in the file that it names. `remark` hears of a file that others may read.

    Raises ValueError with a sentence, which repeats no URL.
    """
    if text.startswith("@"):
        yield from _in_file(text[1:], flag, remark)
        return
    if secret := _secret(text):
        raise ValueError(
            f"{flag}: every user of this host can read a command line, and {secret}: write the URL into a file that only this user can read, "
            f"and give {flag} @FILE"
        )
    yield Secret(text)


def _in_file(name: str, flag: str, remark: Callable[[str], None]) -> Iterator[Secret]:
    try:
        file = read(Path(name))
    except InputError as error:
        raise ValueError(str(error)) from None
    lines = [line.strip() for line in file.text.splitlines()]
    found = [line for line in lines if line and not line.startswith("#")]
    if not found:
        raise ValueError(f"{flag}: {neutral(name)} holds no URL")
    if file.exposed:
        label = neutral(file.label)
        remark(f"{label} holds what {flag} needs and can be read by others on this host (mode {file.mode:04o}): chmod 600 {label}")
    yield from map(Secret, found)


def _secret(url: str) -> str:
    """What of this URL only its reader should know, in words that do not repeat it; empty if there is nothing."""
    scheme, found, _ = url.partition("://")
    if url.lower().startswith(APPRISE) or (found and scheme.lower() not in WEB):
        return "a URL of Apprise holds a token or a password"
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""  # no URL, which is said of it elsewhere
    if "@" in parts.netloc:
        return "this URL holds an account"
    if "?" in url or "#" in url:
        return "what follows the path of this URL may be a token"
    return "a part of this URL's path looks like a token" if any(map(_token, parts.path.split("/"))) else ""


def _token(segment: str) -> bool:
    text = unquote(segment)
    kinds = (any(map(str.isupper, text)), any(map(str.islower, text)), any(map(str.isdigit, text)))
    return len(text) >= SHORTEST_TOKEN and sum(kinds) > 1
