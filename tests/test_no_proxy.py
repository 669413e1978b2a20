"""What one noProxy entry means, by the grammar of Go's httpproxy as measured."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from preflight.no_proxy import Entry, EntryKind, address, ascii_name

KINDS = [
    ("*", EntryKind.ALL, "*"),
    ("10.0.0.254/16", EntryKind.CIDR, "10.0.0.0/16"),
    ("::ffff:10.0.0.0/104", EntryKind.CIDR, "10.0.0.0/8"),
    ("::ffff:0:0/96", EntryKind.CIDR, "0.0.0.0/0"),
    ("2001:DB8::/32", EntryKind.CIDR, "2001:db8::/32"),
    ("10.0.0.1", EntryKind.IP, "10.0.0.1"),
    ("10.0.0.1:", EntryKind.IP, "10.0.0.1"),
    ("10.0.0.1:80", EntryKind.IP, "10.0.0.1:80"),
    ("::ffff:10.0.0.1", EntryKind.IP, "10.0.0.1"),
    ("[2001:DB8::1]:443", EntryKind.IP, "[2001:db8::1]:443"),
    ("  Example.COM ", EntryKind.DOMAIN, "example.com"),
    ("example.com:65535", EntryKind.DOMAIN, "example.com:65535"),
    ("示例.com", EntryKind.DOMAIN, "xn--fsq092h.com"),
    ("*.example.com", EntryKind.SUBDOMAINS, ".example.com"),
    (".示例.com", EntryKind.SUBDOMAINS, ".xn--fsq092h.com"),
    ("1e100.net", EntryKind.DOMAIN, "1e100.net"),
]


@pytest.mark.parametrize(("text", "kind", "normal"), KINDS)
def test_an_entry_has_a_kind_and_a_normal_form(text: str, kind: EntryKind, normal: str) -> None:
    entry = Entry.parse(text)
    assert entry is not None
    assert (entry.text, entry.kind, entry.normal, entry.why) == (text.strip(), kind, normal, "")


INERT = [
    (":443", "no host before the port"),
    ("[]:443", "no host before the port"),
    ("https://example.com", "a URL is no host"),
    ("a.com b.com", "not by white space"),
    ("a.com;b.com", "nothing else"),
    ('"a.com"', "quotes"),
    ("[2001:db8::1]", "only if a port follows"),
    ("10.0.0.0/33", "no CIDR"),
    ("10.0.0.0/", "no CIDR"),
    ("10.0.0.0/255.255.0.0", "no CIDR"),
    ("10.0.0.0/16:443", "no CIDR"),
    ("[fd00::]/8", "no CIDR"),
    ("010.0.0.0/8", "no CIDR"),
    ("10.0.0.0/" + "9" * 5000, "no CIDR"),
    ("example.com/", "a slash"),
    ("*foo", "only wildcards"),
    ("10.0.*", "only wildcards"),
    ("*:443", "only wildcards"),
    ("*.*.com", "only wildcards"),
    ("fe80::1%eth0", "zone id"),
    ("10.0.0.1-10.0.0.9", "range of addresses"),
    (".", "no name"),
    ("..", "no name"),
    ("*.", "no name"),
    ("a.com:80/path", "a URL is no host"),
    ("a:b:c", "neither HOST:PORT nor an IPv6 address"),
    ("2001:db8::g", "neither HOST:PORT nor an IPv6 address"),
    ("é_x.com", "internationalised"),
    ("..x", "empty label"),
    ("a..b", "empty label"),
    ("010.0.0.1", "no IP address"),
    ("10.0", "no IP address"),
    ("10.0.", "no IP address"),
    ("127.1", "no IP address"),
    ("10.0.0.256", "no IP address"),
    (".10.0.0.1", "no IP address"),
    ("example.com.", "trailing dot"),
    ("example.com:https", "compared as text"),
    ("example.com:0443", "compared as text"),
    ("example.com:99999", "compared as text"),
    ("10.0.0.1:0", "compared as text"),
    ("x" * 64 + ".com", "no host name"),
    ("a.\x1b[31mb", "no host name"),
]


@pytest.mark.parametrize(("text", "why"), INERT)
def test_an_inert_entry_says_why(text: str, why: str) -> None:
    entry = Entry.parse(text)
    assert entry is not None
    assert entry.kind is EntryKind.INERT
    assert why in entry.why


def _mangled() -> Iterator[st.SearchStrategy[str]]:
    yield st.text(st.sampled_from(list("a1.:*/[]%, é-_@")), max_size=12)
    yield st.ip_addresses().map(str)
    yield st.tuples(st.ip_addresses(), st.integers(0, 140)).map(lambda pair: f"{pair[0]}/{pair[1]}")


@settings(max_examples=300)
@given(st.one_of(*_mangled()))
def test_the_normal_form_is_its_own_normal_form(text: str) -> None:
    for item in text.split(","):
        entry = Entry.parse(item)
        if entry and entry.kind is not EntryKind.INERT:
            again = Entry.parse(entry.normal)
            assert again is not None
            assert (again.kind, again.normal, again.network, again.suffix) == (entry.kind, entry.normal, entry.network, entry.suffix)


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_and_its_mapped_form_are_one(found: IPv4Address) -> None:
    assert address(str(found)) == address(f"::ffff:{found}") == found


@given(st.text())
def test_a_name_has_one_form_for_comparing(text: str) -> None:
    once = ascii_name(text)
    assert ascii_name(once) == once
