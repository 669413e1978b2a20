"""Where a walk goes and by which way: target, proxy, route. Plain data."""

from __future__ import annotations

import base64
import re
from functools import cached_property, lru_cache
from typing import Final, TypeAlias
from urllib.parse import quote, urlsplit

import msgspec

from preflight.untrusted import Secret

DEFAULT_PORTS = {"http": 80, "https": 443}


class Target(msgspec.Struct, frozen=True):
    """What must be reachable: `https` (a host and port behind TLS), `http` (a URL in clear), or `tcp` (a port that answers)."""

    scheme: str
    host: str
    port: int
    path: str = "/"

    @classmethod
    def parse(cls, text: str, scheme: str = "https") -> Target:
        """`host`, `host:port` or a URL, as a target. Raises ValueError with a sentence that says what is wrong."""
        return _parsed(text, scheme)

    @property
    def authority(self) -> str:
        """`host:port`, an IPv6 host in brackets."""
        return authority(self.host, self.port)

    @property
    def url(self) -> str:
        """The target as a URL, its default port left out."""
        plain = self.port == DEFAULT_PORTS.get(self.scheme)
        return f"{self.scheme}://{bracketed(self.host) if plain else self.authority}{self.path}"

    def __str__(self) -> str:
        return self.url if self.scheme == "http" else self.authority


_USUAL: Final = re.compile(r"(?:(https?|tcp)://)?([a-z0-9-]+(?:\.[a-z0-9-]+)*)(?::([1-9][0-9]{0,3}))?(/[A-Za-z0-9/._~-]*)?")


@lru_cache(maxsize=256)
def _parsed(text: str, scheme: str) -> Target:
    usual = _USUAL.fullmatch(text)  # a tenth of what it takes to split any URL
    if usual and (number := int(usual[3] or DEFAULT_PORTS.get(usual[1] or scheme, 0))):
        return Target(usual[1] or scheme, usual[2], number, usual[4] or "/")
    if " " in text or not text.isprintable():
        raise ValueError("a target has no white space")
    parts = urlsplit(text if "://" in text else f"{scheme}://{text}")
    if parts.scheme not in {"http", "https", "tcp"}:
        raise ValueError(f"a target is http, https or tcp, not {parts.scheme!r}")
    if parts.username is not None:
        raise ValueError("a target has no user name")
    try:
        port = parts.port if parts.port is not None else DEFAULT_PORTS.get(parts.scheme)
    except ValueError:
        port = None
    if not parts.hostname or not port:
        raise ValueError("a target is HOST:PORT or a URL with a host, and its port is 1 to 65535")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(parts.scheme, _ascii_host(parts.hostname), port, path if path.isascii() else quote(path, safe="/?%:@!$&'()*+,;=~[]"))


def _ascii_host(host: str) -> str:
    """The host as it is asked for in DNS, in HTTP and in TLS (RFC 3490)."""
    try:
        name = host if host.isascii() else host.encode("idna").decode("ascii")
    except UnicodeError:
        name = "."
    if name.startswith(".") or ".." in name:
        raise ValueError("the host of a target is no name that DNS can hold")
    return name


def bracketed(host: str) -> str:
    """The host as it stands in a URL."""
    return f"[{host}]" if ":" in host else host


def authority(host: str, port: int) -> str:
    """`host:port` as it stands in a URL or a CONNECT line."""
    return f"{bracketed(host)}:{port}"


class Proxy(msgspec.Struct, frozen=True, dict=True):
    """One forward proxy: where it listens, how to speak to it, and the credentials it wants."""

    scheme: str
    host: str
    port: int
    user: Secret | None = None
    password: Secret | None = None

    @property
    def authority(self) -> str:
        """`host:port`, an IPv6 host in brackets."""
        return authority(self.host, self.port)

    @property
    def url(self) -> str:
        """The proxy without its credentials."""
        return f"{self.scheme}://{self.authority}"

    @cached_property
    def basic(self) -> Secret | None:
        """The value of `Proxy-Authorization` (RFC 7617, UTF-8), or None where no user name is set."""
        if self.user is None:
            return None
        pair = f"{self.user.reveal()}:{self.password.reveal() if self.password else ''}"
        return Secret("Basic " + base64.b64encode(pair.encode()).decode())

    @property
    def account(self) -> tuple[str, Secret] | None:
        """Whom the proxy may lock out after wrong attempts, on all of its ports; None where nothing is sent that could be wrong."""
        return (self.host, self.basic) if self.basic else None


class Direct(msgspec.Struct, frozen=True):
    """The target is reached without a proxy."""

    because: str


class Via(msgspec.Struct, frozen=True):
    """The target is reached through this proxy."""

    proxy: Proxy
    because: str


Route: TypeAlias = Direct | Via
