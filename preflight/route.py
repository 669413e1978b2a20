"""Which way a target is reached, and why: arithmetic on what the user declared, without asking anybody anything.

The rules are those of Go's `golang.org/x/net/http/httpproxy` (measured), which the product's components use, with the one difference that the
product documents: where httpsProxy is absent, httpProxy serves HTTPS too. No name is resolved, so a CIDR never exempts a name.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from ipaddress import IPv4Network, IPv6Network, collapse_addresses
from typing import Final

import msgspec

from preflight.model import Direct, Proxy, Route, Target, Via
from preflight.no_proxy import Address, Entry, EntryKind, Network, address, ascii_name
from preflight.untrusted import neutral

__all__ = ["NO_PROXY_AT_ALL", "Entry", "EntryKind", "NoProxy", "Proxies", "exemption", "route"]


class _Index:
    """Where to look an entry up: each table maps a rule to the place of the first entry that states it."""

    __slots__ = ("below", "exact", "lengths", "networks")

    def __init__(self, entries: tuple[Entry, ...]) -> None:
        self.exact: dict[tuple[str, str | None], int] = {}
        self.below: dict[tuple[str, str | None], int] = {}
        self.networks: dict[tuple[int, int, int, str | None], int] = {}
        for place, entry in enumerate(entries):
            if entry.network is not None:
                network = entry.network
                self.networks.setdefault((network.version, network.prefixlen, int(network.network_address), entry.port), place)
            elif entry.suffix:
                self.below.setdefault((entry.suffix, entry.port), place)
                if entry.itself:
                    self.exact.setdefault((entry.suffix[1:], entry.port), place)
        self.lengths = frozenset(key[:2] for key in self.networks)

    def places(self, host: str, port: int) -> Iterator[int]:
        """The places of entries that exempt `host:port`; the first as written is among them."""
        ports = (None, str(port))
        found = address(host)
        for only in ports:
            hits = self._with_address(found, only) if found else self._with_name(ascii_name(host), only)
            yield from (place for place in hits if place is not None)

    def _with_address(self, found: Address, port: str | None) -> Iterator[int | None]:
        bits, number = found.max_prefixlen, int(found)
        for version, length in self.lengths:
            if version == found.version:
                yield self.networks.get((version, length, number >> (bits - length) << (bits - length), port))

    def _with_name(self, name: str, port: str | None) -> Iterator[int | None]:
        yield self.exact.get((name, port))
        dot = name.find(".")
        while dot >= 0:
            yield self.below.get((name[dot:], port))
            dot = name.find(".", dot + 1)


class NoProxy(msgspec.Struct, frozen=True, dict=True):
    """A noProxy list. Looking a host up costs as many steps as it has labels, however long the list is."""

    entries: tuple[Entry, ...] = ()

    @classmethod
    def parse(cls, text: str) -> NoProxy:
        """The list that `text` stands for. Never raises: what means nothing is an entry that says so."""
        return cls(tuple(entry for item in text.split(",") if (entry := Entry.parse(item))))

    @cached_property
    def everything(self) -> Entry | None:
        """The first `*`, which exempts everything."""
        return next((entry for entry in self.entries if entry.kind is EntryKind.ALL), None)

    @cached_property
    def dead(self) -> tuple[Entry, ...]:
        """The entries that are never looked at, because a `*` stands before or after them."""
        return tuple(entry for entry in self.entries if self.everything and entry.kind is not EntryKind.ALL)

    @cached_property
    def duplicates(self) -> tuple[tuple[Entry, ...], ...]:
        """The entries that mean the same, by meaning."""
        alike: dict[str, list[Entry]] = {}
        for entry in self.entries:
            alike.setdefault(entry.normal, []).append(entry)
        return tuple(tuple(group) for group in alike.values() if len(group) > 1)

    def exempts(self, host: str, port: int) -> Entry | None:
        """The entry that sends `host:port` direct: the first, if several do; None if the proxy is used."""
        if self.everything:
            return self.everything
        place = min(self._index.places(host, port), default=None)
        return None if place is None else self.entries[place]

    def covers(self, network: Network) -> bool:
        """Whether every address of `network` is exempt, on every port, by one entry or several together."""
        if self.everything:
            return True
        if isinstance(network, IPv4Network):
            return any(network.subnet_of(wide) for wide in self._wide_v4)
        return any(network.subnet_of(wide) for wide in self._wide_v6)

    @cached_property
    def _index(self) -> _Index:
        return _Index(self.entries)

    @cached_property
    def _wide_v4(self) -> tuple[IPv4Network, ...]:
        return tuple(collapse_addresses(each for each in self._whole if isinstance(each, IPv4Network)))

    @cached_property
    def _wide_v6(self) -> tuple[IPv6Network, ...]:
        return tuple(collapse_addresses(each for each in self._whole if isinstance(each, IPv6Network)))

    @property
    def _whole(self) -> Iterator[Network]:
        return (entry.network for entry in self.entries if entry.network is not None and entry.port is None)


class Proxies(msgspec.Struct, frozen=True):
    """The three settings that choose a route."""

    http: Proxy | None = None
    https: Proxy | None = None
    no_proxy: NoProxy = msgspec.field(default_factory=NoProxy)

    @property
    def any(self) -> bool:
        """Whether there is a proxy at all."""
        return self.http is not None or self.https is not None

    @property
    def https_falls_back(self) -> bool:
        """Whether HTTPS goes through httpProxy because httpsProxy is absent: the product's rule, not Go's, which would go direct."""
        return self.https is None and self.http is not None

    def choose(self, scheme: str) -> Via | None:
        """The proxy for that scheme, whatever noProxy says; None where there is none."""
        if scheme == "https" and self.https:
            return Via(self.https, "httpsProxy")
        if scheme == "https" and self.http:
            return Via(self.http, "httpProxy, because httpsProxy is absent")
        return Via(self.http, "httpProxy") if scheme == "http" and self.http else None


NO_PROXY_AT_ALL: Final = Proxies()


def route(target: Target, proxies: Proxies) -> Route:
    """How the product's components would reach the target."""
    if target.scheme == "tcp":
        return Direct("a plain TCP target is reached directly")
    via = proxies.choose(target.scheme)
    if via is None:
        return Direct("httpProxy is absent" if proxies.any else "no proxy is configured")
    if target.host == "localhost":  # in lower case and without a trailing dot, as measured; not the names below it
        return Direct("localhost is never proxied")
    found = address(target.host)
    if found and found.is_loopback:
        return Direct(f"{neutral(target.host)} is a loopback address and is never proxied")
    entry = proxies.no_proxy.exempts(target.host, target.port)
    return Direct(_because(entry)) if entry else via


def exemption(target: Target, proxies: Proxies) -> Entry | None:
    """The noProxy entry to which the target owes it that it is reached directly; None where it is proxied, or direct for another reason."""
    decided = proxies.no_proxy.exempts(target.host, target.port)
    return decided if decided and route(target, proxies) == Direct(_because(decided)) else None


def _because(entry: Entry) -> str:
    return "noProxy entry '*' exempts everything" if entry.kind is EntryKind.ALL else f"noProxy entry '{neutral(entry.text)}'"
