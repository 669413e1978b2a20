"""How other clients read a noProxy entry where they differ from the product, which reads it as Go does.

noProxy has no specification: each client has its own idea of a leading dot, a port or a CIDR. A list that is right for the product may therefore
send curl, a Python script or an AWS SDK on the same machine another way. The rows are measurements: CPython's urllib, requests 2, httpx 0.28 and
botocore 1.43 themselves, and curl's matching rules. An entry without a trait in the table is read alike by all of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import Enum, auto
from ipaddress import IPv6Network
from typing import Final

import msgspec

from preflight.model import DEFAULT_PORTS
from preflight.no_proxy import Entry, EntryKind, address


class Difference(msgspec.Struct, frozen=True):
    """What some clients make of an entry, unlike the product."""

    clients: tuple[str, ...]
    does: str
    """What each of them does, as a predicate: `exempts nothing`."""

    def __str__(self) -> str:
        return f"{', '.join(self.clients)}: {self.does}"


class Trait(Enum):
    """What it is about an entry that divides its readers."""

    CIDR_V4 = auto()
    CIDR_V6 = auto()
    IP_V6 = auto()
    IP_PORT = auto()
    IP_DEFAULT_PORT = auto()
    BRACKETS_PORT = auto()
    BRACKETS_DEFAULT_PORT = auto()
    BRACKETS = auto()
    LEADING_DOT = auto()
    LEADING_DOT_PORT = auto()
    WILDCARD = auto()
    STAR_AMONG_OTHERS = auto()
    NAME_PORT = auto()
    DEFAULT_PORT = auto()
    TRAILING_DOT = auto()
    SPACES = auto()
    URL = auto()
    NON_ASCII = auto()


_NOTHING: Final = "exempts nothing"
_FAILS: Final = Difference(("httpx",), "fails on every request")
_SPELLED: Final = "exempts only URLs that spell the port out"
_TABLE: Final[Mapping[Trait, tuple[Difference, ...]]] = {
    Trait.CIDR_V4: (Difference(("urllib", "httpx", "botocore"), _NOTHING),),
    Trait.CIDR_V6: (Difference(("urllib", "requests", "botocore"), _NOTHING), _FAILS),
    Trait.IP_V6: (Difference(("urllib", "botocore"), _NOTHING),),
    Trait.IP_PORT: (Difference(("curl", "requests"), _NOTHING),),
    Trait.IP_DEFAULT_PORT: (Difference(("urllib", "httpx", "botocore"), _SPELLED),),
    Trait.BRACKETS_PORT: (Difference(("curl", "requests"), _NOTHING), _FAILS),
    Trait.BRACKETS_DEFAULT_PORT: (Difference(("urllib", "botocore"), _SPELLED),),
    Trait.BRACKETS: (Difference(("urllib", "botocore"), "exempts the address"), _FAILS),
    Trait.LEADING_DOT: (Difference(("curl", "urllib", "requests", "botocore"), "exempts the name itself too"),),
    Trait.LEADING_DOT_PORT: (Difference(("curl",), _NOTHING), Difference(("urllib", "requests", "botocore"), "exempts the name itself too")),
    Trait.WILDCARD: (Difference(("curl", "urllib", "requests", "httpx", "botocore"), _NOTHING),),
    Trait.STAR_AMONG_OTHERS: (Difference(("curl", "urllib", "requests", "botocore"), "knows `*` only where it stands alone"),),
    Trait.NAME_PORT: (Difference(("curl",), _NOTHING),),
    Trait.DEFAULT_PORT: (Difference(("urllib", "requests", "httpx", "botocore"), _SPELLED),),
    Trait.TRAILING_DOT: (Difference(("curl",), "exempts the name, with and without the dot"),),
    Trait.SPACES: (Difference(("curl",), "takes white space for a comma and exempts each part"),),
    Trait.URL: (Difference(("httpx",), "exempts the host, for this scheme only"),),
    Trait.NON_ASCII: (Difference(("curl", "urllib", "requests", "botocore"), _NOTHING), _FAILS),
}
_DEFAULT_PORTS: Final = frozenset(map(str, DEFAULT_PORTS.values()))


def differences(entry: Entry, *, alone: bool = False) -> tuple[Difference, ...]:
    """Who reads the entry unlike the product, and how; `alone` says that it is its list's only entry. Empty: everybody agrees."""
    return tuple(difference for trait in traits(entry, alone=alone) for difference in _TABLE[trait])


def traits(entry: Entry, *, alone: bool = False) -> Iterator[Trait]:
    """What it is about the entry that divides its readers."""
    if entry.kind is EntryKind.INERT:
        yield from _of_inert(entry.text)
    elif entry.kind is EntryKind.ALL:
        if not alone:
            yield Trait.STAR_AMONG_OTHERS
    elif entry.network is not None:
        yield from _of_network(entry, six=isinstance(entry.network, IPv6Network))
    elif not entry.text.isascii():
        yield Trait.NON_ASCII
    elif entry.text.startswith("*."):
        yield Trait.WILDCARD
    else:
        yield from _of_name(entry)


def _of_network(entry: Entry, *, six: bool) -> Iterator[Trait]:
    if entry.kind is EntryKind.CIDR:
        yield Trait.CIDR_V6 if six else Trait.CIDR_V4
    elif entry.port:
        yield Trait.BRACKETS_PORT if six else Trait.IP_PORT
        if entry.port in _DEFAULT_PORTS:
            yield Trait.BRACKETS_DEFAULT_PORT if six else Trait.IP_DEFAULT_PORT
    elif six:
        yield Trait.IP_V6


def _of_name(entry: Entry) -> Iterator[Trait]:
    dotted = entry.kind is EntryKind.SUBDOMAINS
    if entry.port:
        yield Trait.LEADING_DOT_PORT if dotted else Trait.NAME_PORT
        if entry.port in _DEFAULT_PORTS:
            yield Trait.DEFAULT_PORT
    elif dotted:
        yield Trait.LEADING_DOT


def _of_inert(text: str) -> Iterator[Trait]:
    parts = text.split()
    if len(parts) > 1 and all(map(_means_something, parts)):
        yield Trait.SPACES
    elif text.lower().startswith(("http://", "https://")):
        yield Trait.URL
    elif text.startswith("[") and text.endswith("]") and address(text[1:-1]):
        yield Trait.BRACKETS
    elif text.endswith(".") and _means_something(text[:-1]):
        yield Trait.TRAILING_DOT


def _means_something(text: str) -> bool:
    entry = Entry.parse(text)
    return entry is not None and entry.kind is not EntryKind.INERT
