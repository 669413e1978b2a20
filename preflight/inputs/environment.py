"""What the environment says about proxies, and how it is kept from saying it to anybody else.

Libraries read `*_PROXY` behind one's back (botocore's metadata fetcher does), so the variables leave the process environment once read.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from pathlib import Path
from typing import Final

import msgspec

from preflight.inputs.files import read
from preflight.inputs.problem import InputError, Remarks, Where
from preflight.inputs.proxy_file import DeclaredUrl, ProxySettings, lint_proxy_url
from preflight.inputs.proxy_url import read_proxy_url
from preflight.untrusted import Secret

PASSWORD: Final = "PREFLIGHT_PROXY_PASSWORD"  # noqa: S105 - the name of a variable
PASSWORD_FILE: Final = "PREFLIGHT_PROXY_PASSWORD_FILE"  # noqa: S105


class Variable(msgspec.Struct, frozen=True):
    """A variable that was set: its name, and a value that may hold credentials."""

    name: str
    value: Secret


class Ambient(msgspec.Struct, frozen=True):
    """The proxy variables that were in the environment, by Go's precedence: upper case first, empty is unset. `ALL_PROXY` is nothing to Go."""

    http: Variable | None = None
    https: Variable | None = None
    no_proxy: Variable | None = None

    @property
    def set(self) -> tuple[Variable, ...]:
        """The variables that name a proxy."""
        return tuple(variable for variable in (self.http, self.https) if variable)

    def settings(self, remarks: Remarks) -> ProxySettings:
        """The variables read as strictly as a proxy file; problems and lints go into `remarks`."""
        http, https = (_url(variable, remarks) for variable in (self.http, self.https))
        place = Where(self.no_proxy.name) if self.no_proxy else None
        return ProxySettings("environment", http, https, self.no_proxy.value.reveal() if self.no_proxy else "", place)


def take(environ: MutableMapping[str, str]) -> Ambient:
    """The proxy variables, which are no longer in `environ` afterwards."""
    taken = {name: environ.pop(name) for name in list(environ) if name.lower().endswith("_proxy")}

    def first(name: str) -> Variable | None:
        return next((Variable(each, Secret(taken[each])) for each in (name, name.lower()) if taken.get(each)), None)

    return Ambient(first("HTTP_PROXY"), first("HTTPS_PROXY"), first("NO_PROXY"))


def take_password(environ: MutableMapping[str, str], remarks: Remarks) -> Variable | None:
    """The credentials that replace those of the proxy file, and the variable that gave them; both variables are no longer in `environ` afterwards."""
    value, file = environ.pop(PASSWORD, None), environ.pop(PASSWORD_FILE, None)
    if value and file:
        remarks.problem("input.conflict", Where(PASSWORD), f"{PASSWORD} and {PASSWORD_FILE} are both set", "unset one of them")
        return None
    if not file:
        if value and not _one_line(value):
            remarks.problem(
                "input.value", Where(PASSWORD), "it holds a control character, or bytes that are not UTF-8", "set it to the one line that the proxy wants"
            )
            return None
        return Variable(PASSWORD, Secret(value)) if value else None
    try:
        text = read(Path(file), PASSWORD_FILE).text
    except InputError as error:
        remarks.problems += error.problems
        return None
    text = text.removesuffix("\n").removesuffix("\r")
    if not text or not _one_line(text):
        what = "is empty" if not text else "holds more than one line or a control character"
        remarks.problem("input.value", Where(PASSWORD_FILE), f"the file that {PASSWORD_FILE} names {what}", "write nothing but the one line into it")
        return None
    return Variable(PASSWORD_FILE, Secret(text))


def _one_line(text: str) -> bool:
    return not any(char < " " or char == "\x7f" or "\ud800" <= char <= "\udfff" for char in text)


def differs(ambient: Ambient, declared: ProxySettings | None) -> tuple[str, ...]:
    """The names of the proxy variables that say something else than what is declared. Credentials are not compared."""
    names = []
    http, https = (declared.http, declared.https or declared.http) if declared else (None, None)
    for variable, url in ((ambient.http, http), (ambient.https, https)):
        if variable:
            read_as = read_proxy_url(variable.value.reveal(), Where(variable.name), variable.name, [])
            if read_as is None or url is None or read_as.proxy.url != url.proxy.url:
                names.append(variable.name)
    return tuple(names)


def _url(variable: Variable | None, remarks: Remarks) -> DeclaredUrl | None:
    if variable is None:
        return None
    where = Where(variable.name)
    url = read_proxy_url(variable.value.reveal(), where, f"`{variable.name}`", remarks.problems)
    if url is None:
        return None
    lint_proxy_url(url, variable.name, where, remarks)
    return DeclaredUrl(url.proxy, where)
