"""What the other clients make of an entry; urllib and httpx are at hand and are asked themselves."""

from __future__ import annotations

import urllib.request
from urllib.parse import urlsplit

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from preflight.dialects import Difference, Trait, differences, traits
from preflight.route import Entry, EntryKind, NoProxy

PYTHON = ("urllib", "requests", "httpx", "botocore")

# One row each: the entry, and by client what it does unlike the product. Whoever is not named agrees with the product.
MATRIX = [
    ("example.com", {}),
    ("example.com:", {}),
    ("10.0.0.1", {}),
    ("127.0.0.1", {}),
    ("localhost", {}),
    ("10.0.0.0/8", dict.fromkeys(("urllib", "httpx", "botocore"), "exempts nothing")),
    ("fd00::/8", {**dict.fromkeys(("urllib", "requests", "botocore"), "exempts nothing"), "httpx": "fails on every request"}),
    ("fd00:ec2::254", dict.fromkeys(("urllib", "botocore"), "exempts nothing")),
    (".example.com", dict.fromkeys(("curl", "urllib", "requests", "botocore"), "exempts the name itself too")),
    ("*.example.com", dict.fromkeys(("curl", *PYTHON), "exempts nothing")),
    ("example.com:8080", {"curl": "exempts nothing"}),
    ("example.com:443", {"curl": "exempts nothing", **dict.fromkeys(PYTHON, "exempts only URLs that spell the port out")}),
    (".example.com:8080", {"curl": "exempts nothing", **dict.fromkeys(("urllib", "requests", "botocore"), "exempts the name itself too")}),
    ("10.0.0.1:8080", dict.fromkeys(("curl", "requests"), "exempts nothing")),
    ("[fd00::1]:8080", {**dict.fromkeys(("curl", "requests"), "exempts nothing"), "httpx": "fails on every request"}),
    ("[::1]", {**dict.fromkeys(("urllib", "botocore"), "exempts the address"), "httpx": "fails on every request"}),
    ("example.com.", {"curl": "exempts the name, with and without the dot"}),
    ("a.com b.com", {"curl": "takes white space for a comma and exempts each part"}),
    ("https://example.com", {"httpx": "exempts the host, for this scheme only"}),
    ("示例.com", {**dict.fromkeys(("curl", "urllib", "requests", "botocore"), "exempts nothing"), "httpx": "fails on every request"}),
    ("a.com *b", {}),
    ("goo*", {}),
]


def parsed(text: str) -> Entry:
    entry = Entry.parse(text)
    assert entry is not None
    return entry


@pytest.mark.parametrize(("text", "expected"), MATRIX)
def test_an_entry_is_read_as_measured(text: str, expected: dict[str, str]) -> None:
    found = differences(parsed(text))
    assert {client: difference.does for difference in found for client in difference.clients} == expected


def test_a_star_divides_its_readers_only_among_others() -> None:
    assert differences(parsed("*"), alone=True) == ()
    assert [difference.clients for difference in differences(parsed("*"))] == [("curl", "urllib", "requests", "botocore")]


def test_a_difference_reads_as_a_line() -> None:
    assert str(Difference(("curl", "urllib"), "exempts nothing")) == "curl, urllib: exempts nothing"


def test_every_trait_belongs_to_some_entry() -> None:
    texts = [text for text, _ in MATRIX] + ["*", "10.0.0.1:80", "[fd00::1]:443"]
    assert {trait for text in texts for trait in traits(parsed(text))} == set(Trait)


@given(st.text())
def test_any_text_has_an_answer(text: str) -> None:
    for entry in NoProxy.parse(text).entries:
        assert all(difference.clients for difference in differences(entry))


# Each with a URL on which urllib or httpx must part from the product, or must not.
URLS = [
    ("example.com", "http://www.example.com"),
    ("10.0.0.1", "http://10.0.0.1"),
    ("10.0.0.0/8", "http://10.1.2.3"),
    ("fd00:ec2::254", "http://[fd00:ec2::254]"),
    (".example.com", "http://example.com"),
    (".example.com", "http://www.example.com"),
    ("*.example.com", "http://www.example.com"),
    ("example.com:8080", "http://example.com:8080"),
    ("example.com:443", "https://example.com"),
    (".example.com:8080", "http://example.com:8080"),
    ("10.0.0.1:8080", "http://10.0.0.1:8080"),
    ("10.0.0.1:80", "http://10.0.0.1"),
    ("[fd00::1]", "http://[fd00::1]"),
    ("example.com.", "http://example.com"),
    ("a.com b.com", "http://b.com"),
    ("https://example.com", "https://example.com"),
    ("示例.com", "http://www.xn--fsq092h.com"),
    ("fd00::/8", "http://[fd00::1]"),
]
AGREES = {(".example.com", "http://www.example.com")}
"""The entry divides its readers, but not on this URL."""


def _product(text: str, url: str) -> bool:
    parts = urlsplit(url)
    return parsed(text).exempts(parts.hostname or "", parts.port or {"http": 80, "https": 443}[parts.scheme])


def _differs(text: str, client: str) -> bool:
    return any(client in difference.clients for difference in differences(parsed(text)))


@pytest.mark.parametrize(("text", "url"), URLS)
def test_urllib_itself_differs_where_we_say_so(text: str, url: str) -> None:
    exempt = bool(urllib.request.proxy_bypass_environment(urlsplit(url).netloc, {"no": text}))  # type: ignore[attr-defined]
    assert (exempt is not _product(text, url)) is (_differs(text, "urllib") and (text, url) not in AGREES)


@pytest.mark.parametrize(("text", "url"), URLS)
def test_httpx_itself_differs_where_we_say_so(text: str, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("http_proxy", "http://192.0.2.1:3128")
    monkeypatch.setenv("https_proxy", "http://192.0.2.1:3128")
    monkeypatch.setenv("no_proxy", text)
    try:
        client = httpx.Client(verify=False)  # noqa: S501 - it only chooses a route
    except (httpx.InvalidURL, UnicodeError, ValueError):
        exempt = None
    else:
        exempt = client._transport_for_url(httpx.URL(url)) is client._transport
    assert (exempt is not _product(text, url)) is _differs(text, "httpx")


def test_no_kind_is_forgotten() -> None:
    assert {parsed(text).kind for text, _ in [*MATRIX, ("*", {})]} == set(EntryKind)
