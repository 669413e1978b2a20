"""What one entry of a noProxy list means, read as the product reads it: by the rules of Go's `golang.org/x/net/http/httpproxy`.

The rules were measured against that package and are followed to the letter, odd corners included: an entry that parses to nonsense is kept as a rule
that no real host meets (`EntryKind.INERT`) and says why. Other clients read some entries differently: see `dialects`.
"""

from __future__ import annotations

import re
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final, TypeAlias

import msgspec

Address: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = IPv4Network | IPv6Network

SPACE: Final = "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
"""What is trimmed: Unicode's white space. `str.strip()` without argument would also take the separators U+001C to U+001F."""
_MAPPED_BITS: Final = 96
_NAME: Final = re.compile(r"\.?[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*")
_LONGEST_NAME: Final = 254
_ADDRESS_LIKE: Final = re.compile(r"(?:^|\.)(?:\d+|0x[0-9a-f]*)$")
_PORT: Final = re.compile(r"[1-9]\d{0,4}")
_LAST_PORT: Final = 65535
_NO_URL: Final = "a URL is no host: write the name alone"
_REASONS: Final = tuple(
    (re.compile(pattern), reason)
    for pattern, reason in (
        (r"://", _NO_URL),
        (rf"[{SPACE}]", "entries are separated by commas, not by white space"),
        (r"[;|]", "entries are separated by commas and nothing else"),
        (r"[\"'`]", "quotes are part of the entry here"),
        (r"^\[[^\]]*\]$", "an IPv6 address stands in brackets only if a port follows"),
        (r"^(?:[\d.]+|\[?[0-9a-f]*:[0-9a-f:.]*\]?)/", "this is no CIDR: write ADDRESS/BITS, without brackets, netmask or port"),
        (r"/", "a slash is no part of a host name"),
        (r"^\*?\.+$", "it has no name"),
        (r"\*", "the only wildcards are an entry that is '*' alone and a leading '*.'"),
        (r"%", "an address with a zone id is not understood"),
        (r"^[\d.]+-", "a range of addresses is not understood: write a CIDR"),
        (r":", "this is neither HOST:PORT nor an IPv6 address"),
        (r"[^\x00-\x7f]", "this is no valid internationalised name"),
        (r"\.\.", "no name has an empty label"),
        (r"(?:^|\.)(?:\d+|0x[0-9a-f]*)\.?$", "this is no IP address (four numbers from 0 to 255, without leading zeros), and no name ends in a number"),
        (r"\.$", "it is compared with its trailing dot, and no component writes one"),
    )
)


class EntryKind(StrEnum):
    """What an entry exempts."""

    ALL = "all"
    CIDR = "cidr"
    IP = "ip"
    DOMAIN = "domain"
    """A name and every name below it."""
    SUBDOMAINS = "subdomains"
    """Every name below a name, not the name itself."""
    INERT = "inert"
    """Nothing that a component asks for."""


class Entry(msgspec.Struct, frozen=True):
    """One item of a noProxy list: as written, and what it means."""

    text: str
    """As written, trimmed."""
    kind: EntryKind
    normal: str
    """The same meaning always has the same normal form."""
    port: str | None = None
    """The only port the entry is about. It is compared as text, so it need not be a number."""
    why: str = ""
    """Why the entry exempts nothing; empty unless it is inert."""
    network: Network | None = None
    """The addresses that a `cidr` or an `ip` exempts."""
    suffix: str = ""
    """What a name must end in, with the leading dot. Domain rules never match an address."""
    itself: bool = False
    """Whether the suffix without its dot is exempt too."""

    @classmethod
    def parse(cls, text: str) -> Entry | None:
        """The entry that `text`, one item between commas, stands for; None where it is blank. Never raises."""
        text = text.strip(SPACE)
        item = text.lower()
        if not item:
            return None
        if item == "*":
            return cls(text, EntryKind.ALL, "*")
        if network := _cidr(item):
            return cls(text, EntryKind.CIDR, str(network), network=network)
        host, port = _split_host_port(item)
        if not host:
            return cls(text, EntryKind.INERT, item, why="there is no host before the port")
        if "%" not in host and (found := address(host)):
            return _ip(text, found, port)
        return _domain(text, item, host, port)

    def exempts(self, host: str, port: int) -> bool:
        """Whether this entry, standing alone, sends `host:port` direct."""
        if self.kind is EntryKind.ALL:
            return True
        if self.port not in {None, str(port)}:
            return False
        found = address(host)
        if found:
            return self.network is not None and found in self.network
        name = ascii_name(host)
        return bool(self.suffix) and (name.endswith(self.suffix) or (self.itself and name == self.suffix[1:]))


def address(host: str) -> Address | None:
    """The address that `host` spells, or None for a name. A zone id is dropped, and an IPv4-mapped IPv6 address is the IPv4 address."""
    if ":" not in host and not host[-1:].isdecimal():
        return None
    text, percent, zone = host.partition("%")
    try:
        found = ip_address(text)
    except ValueError:
        return None
    if isinstance(found, IPv4Address):
        return None if percent else found
    return None if percent and not zone else found.ipv4_mapped or found


def ascii_name(name: str) -> str:
    """`name` as it is compared: in lower case and, where it is not ASCII, in Punycode (UTS #46, non-transitional, STD3).

    A name that cannot be converted stays as it is. Limit: the rules on hyphens, joiners and text direction inside a label are not applied, so
    a label that violates them is converted here while the product leaves it as written; no such name can be registered.
    """
    name = name.strip(SPACE)
    if name.isascii():
        return name.lower()
    import idna  # noqa: PLC0415 - its tables take time to load, and almost no list needs them

    try:
        mapped = idna.uts46_remap(name, std3_rules=True, transitional=False)
        return ".".join(label if label.isascii() else "xn--" + label.encode("punycode").decode("ascii") for label in mapped.split("."))
    except (idna.IDNAError, UnicodeError):
        return name.lower()


def _cidr(item: str) -> Network | None:
    """The network of `ADDRESS/BITS`; host bits may be set, and a netmask instead of bits is not understood."""
    base, slash, bits = item.partition("/")
    if not slash or "%" in base or not (bits.isascii() and bits.isdigit()):
        return None
    try:
        network = ip_network(f"{base}/{int(bits)}", strict=False)
    except ValueError:  # also what int() says to thousands of digits
        return None
    mapped = network.network_address.ipv4_mapped if isinstance(network, IPv6Network) else None
    return ip_network((mapped, network.prefixlen - _MAPPED_BITS)) if mapped and network.prefixlen >= _MAPPED_BITS else network


def _split_host_port(item: str) -> tuple[str, str | None]:
    """Host and port as Go's `net.SplitHostPort` splits them; where it would report an error, the whole item and no port."""
    if item.startswith("["):
        host, closed, rest = item[1:].partition("]")
        if not closed or not rest.startswith(":") or ":" in rest[1:]:
            return item, None
    else:
        host, colon, rest = item.partition(":")
        rest = colon + rest
        if not colon or ":" in rest[1:]:
            return item, None
    return (item, None) if set("[]") & set(host + rest) else (host, rest[1:] or None)


def _ip(text: str, found: Address, port: str | None) -> Entry:
    host = f"[{found}]" if port and isinstance(found, IPv6Address) else str(found)
    normal = f"{host}:{port}" if port else host
    why = _why_port(port)
    return Entry(text, EntryKind.INERT if why else EntryKind.IP, normal, port, why, network=ip_network(found))


def _domain(text: str, item: str, host: str, port: str | None) -> Entry:
    host = host[1:] if host.startswith("*.") else host
    itself = not host.startswith(".")
    suffix = ascii_name(f".{host}" if itself else host)
    why = _why_name(item, suffix) or _why_port(port)
    normal = (suffix[1:] if itself else suffix) + (f":{port}" if port else "")
    kind = EntryKind.INERT if why else EntryKind.DOMAIN if itself else EntryKind.SUBDOMAINS
    return Entry(text, kind, normal, port, why, suffix=suffix, itself=itself)


def _why_name(item: str, suffix: str) -> str:
    """Why no host that a component asks for ends in this suffix; empty where one may."""
    if _NAME.fullmatch(suffix) and len(suffix) <= _LONGEST_NAME and not _ADDRESS_LIKE.search(suffix):
        return ""
    return next((reason for pattern, reason in _REASONS if pattern.search(item)), "this is no host name")


def _why_port(port: str | None) -> str:
    """Why no connection has this port; empty where one may."""
    if port is None or (_PORT.fullmatch(port) and int(port) <= _LAST_PORT):
        return ""
    return _NO_URL if "/" in port else "the port is compared as text, and no connection has such a port"
