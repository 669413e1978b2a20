"""What a proxy URL says, parsed strictly and by hand.

Go's parser, which the product uses, takes many a broken URL for `direct` or for a host named `http` without a word (measured); libraries that refuse
one quote it. So nothing here guesses, and no message holds any piece of the text: where a URL does not parse, its halves may be credentials.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import Final
from urllib.parse import unquote_to_bytes

import msgspec

from preflight.inputs.problem import InputError, Problem, Where
from preflight.model import DEFAULT_PORTS, Proxy
from preflight.untrusted import Secret

EXAMPLE: Final = "write it as http://USER:SECRET@HOST:PORT"
_ENCODE: Final = "percent-encode it, e.g. # as %23, / as %2F, @ as %40"
_SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_FORGOTTEN: Final = re.compile(r"https?:(?!//)(?!\d+/?$)", re.IGNORECASE)
_OTHER_SCHEMES: Final = frozenset({"socks", "socks4", "socks4a", "socks5", "socks5h", "ftp", "ws", "wss", "tcp", "ssh", "file"})
_USERINFO: Final = re.compile(r"[A-Za-z0-9\-._:~!$&'()*+,;=%@]*")
_BAD_ESCAPE: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")
_LABEL: Final = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(?<!-)")
_NUMERIC: Final = re.compile(r"(?:0[xX][0-9A-Fa-f]*|[0-9]+)")
_LONGEST_NAME: Final = 253
_LAST_PORT: Final = 65535


class ProxyUrl(msgspec.Struct, frozen=True):
    """A proxy, and what is remarkable about the way its URL is written."""

    proxy: Proxy
    has_port: bool
    raw_at: bool
    """Whether the credentials hold an `@` that is not percent-encoded."""

    @property
    def exposed(self) -> bool:
        """Whether credentials would cross a network in clear text."""
        return self.proxy.user is not None and self.proxy.scheme == "http" and not _loopback(self.proxy.host)


class _Refused(ValueError):
    """Why the URL is refused: a message and a hint without any piece of it."""

    def __init__(self, message: str, hint: str = EXAMPLE) -> None:
        super().__init__(message)
        self.hint = hint


def parse_proxy_url(text: str, where: Where) -> Proxy:
    """The proxy that `text` names. Raises InputError `input.proxy-url`, which repeats nothing of it."""
    problems: list[Problem] = []
    url = read_proxy_url(text, where, "the proxy URL", problems)
    if url is None:
        raise InputError(*problems)
    return url.proxy


def read_proxy_url(text: str, where: Where, name: str, problems: list[Problem]) -> ProxyUrl | None:
    """The proxy URL, or None if it is none; why goes into `problems`, where it is called `name`."""
    try:
        return _parsed(text)
    except _Refused as refused:
        problems.append(Problem("input.proxy-url", where, f"{name} (***) {refused}", refused.hint))
        return None


def _parsed(text: str) -> ProxyUrl:
    if not text:
        raise _Refused("is empty")
    if any(char.isspace() for char in text):
        raise _Refused("holds white space", "remove it; inside credentials write it as %20")
    if _CONTROL.search(text):
        raise _Refused("holds a control character", "remove it")
    scheme, rest = _scheme(text)
    userinfo, at, place = rest.rpartition("@")
    if at and re.search(r"[/?#]", userinfo):
        raise _Refused("has a `/`, `?` or `#` before its last `@`: in the credentials, such a character must be percent-encoded", _ENCODE)
    host, port = _host_and_port(_without_path(place))
    user, password = _credentials(userinfo) if at else (None, None)
    return ProxyUrl(Proxy(scheme, host, port or DEFAULT_PORTS[scheme], user, password), port is not None, "@" in userinfo)


def _scheme(text: str) -> tuple[str, str]:
    match = _SCHEME.match(text)
    if not match:
        if _FORGOTTEN.match(text):
            raise _Refused("has a scheme that is not followed by `://`")
        return "http", text
    scheme = match[1].lower()
    if scheme not in DEFAULT_PORTS:
        which = f"`{scheme}`" if scheme in _OTHER_SCHEMES else "not one of them"
        raise _Refused(f"must begin with http:// (or https://); its scheme is {which}")
    if _SCHEME.match(text, match.end()):
        raise _Refused("has two schemes one after the other")
    return scheme, text[match.end() :]


def _without_path(place: str) -> str:
    if place.endswith("/") and not re.search(r"[/?#]", place[:-1]):
        return place[:-1]
    for char, what in (("?", "a query"), ("#", "a fragment"), ("/", "a path")):
        if char in place:
            raise _Refused(f"has {what}, which a proxy's address cannot have", "end it after the port; inside credentials, " + _ENCODE)
    return place


def _host_and_port(place: str) -> tuple[str, int | None]:
    if place.startswith("["):
        inside, closed, tail = place[1:].partition("]")
        if not closed or (tail and not tail.startswith(":")):
            raise _Refused("has a `[` without its `]`, or text between `]` and the port")
        return _ipv6(inside), _port(tail[1:]) if tail else None
    if "]" in place or "[" in place:
        raise _Refused("has a stray bracket")
    host, colon, port = place.partition(":")
    if ":" in port:
        raise _Refused("has more than one `:` in HOST:PORT", "put an IPv6 address into [ ]; " + EXAMPLE)
    return _name(host), _port(port) if colon else None


def _port(text: str) -> int:
    if not text:
        raise _Refused("ends in a `:` without a port", "write the port, or drop the colon")
    if not (text.isascii() and text.isdigit()):
        raise _Refused("has a port that is not a number", "a port is 1 to 65535; " + EXAMPLE)
    if len(text) > len(str(_LAST_PORT)) or not 1 <= int(text) <= _LAST_PORT:
        raise _Refused("has a port outside 1 to 65535")
    return int(text)


def _ipv6(text: str) -> str:
    try:
        return str(IPv6Address(text)) if "%" not in text else _no_zone()
    except AddressValueError:
        raise _Refused("has something in [ ] that is not an IPv6 address") from None


def _no_zone() -> str:
    raise _Refused("has an IPv6 zone, which is only good on one host", "give an address that every node can reach")


def _name(host: str) -> str:
    if not host:
        raise _Refused("names no host")
    if not host.isascii():
        raise _Refused("has a host name that is not ASCII", "write it in its xn-- form")
    labels = host.removesuffix(".").split(".")
    if len(host) > _LONGEST_NAME or not all(_LABEL.fullmatch(label) for label in labels):
        raise _Refused("has a host that is neither a name nor an address", EXAMPLE)
    if _NUMERIC.fullmatch(labels[-1]):
        return _ipv4(host)
    return host.lower()


def _ipv4(host: str) -> str:
    try:
        address = IPv4Address(host)
    except AddressValueError:
        raise _Refused("has a host that looks like an IPv4 address and is none", "write four numbers from 0 to 255 without leading zeros") from None
    if address.is_unspecified or address.is_multicast:
        raise _Refused("names an address that nothing can listen on for others")
    return str(address)


def _credentials(userinfo: str) -> tuple[Secret, Secret | None]:
    if not userinfo:
        raise _Refused("has an `@` without credentials before it")
    if not userinfo.isascii():
        raise _Refused("has credentials with a character beyond ASCII", "percent-encode its UTF-8 bytes, e.g. é as %C3%A9")
    if not _USERINFO.fullmatch(userinfo):
        raise _Refused("has credentials with a character that must be percent-encoded", _ENCODE)
    if _BAD_ESCAPE.search(userinfo):
        raise _Refused("has credentials with a `%` that is not followed by two hexadecimal digits", "write a percent sign as %25")
    user, colon, password = userinfo.partition(":")
    decoded = tuple(_decoded(user, password))
    if ":" in decoded[0]:
        raise _Refused("has a `:` (%3A) in its user name, which Basic authentication cannot express (RFC 7617)", "use another account")
    return Secret(decoded[0]), Secret(decoded[1]) if colon else None


def _decoded(*parts: str) -> Iterator[str]:
    for part in parts:
        try:
            text = unquote_to_bytes(part).decode()
        except UnicodeDecodeError:
            raise _Refused("has credentials whose percent-escapes are not UTF-8", "percent-encode the UTF-8 bytes, e.g. é as %C3%A9") from None
        if _CONTROL.search(text):
            raise _Refused("has credentials with a control character, which RFC 7617 forbids", "use another account")
        yield text


def _loopback(host: str) -> bool:
    if host in {"localhost", "localhost."} or host.endswith((".localhost", ".localhost.")):
        return True
    try:
        return (IPv6Address(host) if ":" in host else IPv4Address(host)).is_loopback
    except AddressValueError:
        return False
