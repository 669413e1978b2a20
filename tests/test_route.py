"""The routing arithmetic against what Go's httpproxy was measured to do."""

from __future__ import annotations

from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from preflight.model import Direct, Proxy, Route, Target, Via
from preflight.route import NO_PROXY_AT_ALL, EntryKind, NoProxy, Proxies, exemption, route

HTTP = Proxy("http", "10.0.0.254", 80)
HTTPS = Proxy("http", "10.0.0.254", 443)
SAMPLE = "localhost,127.0.0.1,169.254.169.254,10.0.0.0/16,example.com"
"""The documentation's own list."""


def by(no_proxy: str, url: str) -> Route:
    return route(Target.parse(url, "http"), Proxies(HTTP, HTTPS, NoProxy.parse(no_proxy)))


# One row each: noProxy, URL, whether the target is reached directly.
GO = [
    # the documentation's own sample
    (SAMPLE, "http://169.254.169.254", True),
    (SAMPLE, "https://10.0.5.6", True),
    (SAMPLE, "https://example.com", True),
    (SAMPLE, "https://sub.example.com", True),
    (SAMPLE, "https://10.1.0.1", False),
    (SAMPLE, "https://ip-10-0-1-5.us-west-1.compute.internal", False),
    (SAMPLE, "https://gkeconnect.googleapis.com", False),
    # names
    (".example.com", "http://example.com", False),
    (".example.com", "http://www.example.com", True),
    ("*.example.com", "http://example.com", False),
    ("*.example.com", "http://www.example.com", True),
    ("example.com", "http://notexample.com", False),
    ("ample.com", "http://example.com", False),
    ("example.com", "http://a.b.example.com", True),
    ("EXAMPLE.com", "http://example.COM", True),
    ("com", "http://example.com", True),
    ("svc", "http://kubernetes.default.svc", True),
    ("kubernetes", "http://kubernetes", True),
    ("under_score.example.com", "http://under_score.example.com", True),
    ("*google.com", "http://www.google.com", False),
    ("goo*", "http://google.com", False),
    ("..example.com", "http://www.example.com", False),
    ("https://example.com", "https://example.com", False),
    ("example.com/", "http://example.com", False),
    ("'example.com'", "http://example.com", False),
    ("a.com b.com", "http://a.com", False),
    ("a.com;b.com", "http://a.com", False),
    ("example.com.", "http://example.com", False),
    ("example.com", "http://example.com.", False),
    ("example.com.", "http://example.com.", True),
    (".", "http://example.com.", True),
    (".", "http://example.com", False),
    ("\u3000example.com\u00a0, \tb.com ", "http://example.com", True),
    ("\x1cexample.com", "http://example.com", False),
    # names that are not ASCII
    ("示例.com", "http://www.xn--fsq092h.com", True),
    (".示例.com", "http://www.示例.com", True),
    (".示例.com", "http://示例.com", False),
    ("xn--fsq092h.com", "http://www.示例.com", True),
    ("*.示例.com:80", "http://www.示例.com", True),
    ("Straße.de", "http://xn--strae-oqa.de", True),
    ("☃.com", "http://xn--n3h.com", True),
    # everything
    ("*", "http://anything", True),
    ("*,foo.com", "http://anything", True),
    ("a.com,*", "https://10.1.2.3:8443", True),
    ("*:443", "https://anything", False),
    ("**", "http://anything", False),
    # ports
    ("example.com:8080", "http://example.com:8080", True),
    ("example.com:8080", "http://example.com", False),
    ("example.com:443", "https://example.com", True),
    ("example.com:443", "http://example.com", False),
    ("example.com:", "http://example.com:8080", True),
    ("example.com:https", "https://example.com", False),
    ("example.com:0443", "https://example.com", False),
    (".example.com:80", "http://a.example.com", True),
    (".example.com:80", "http://example.com", False),
    ("*.example.com:80", "http://a.example.com:81", False),
    (":443", "https://example.com", False),
    (":1", "http://example.com", False),
    ("example.com:80,example.com", "http://example.com:81", True),
    # addresses
    ("10.0.0.0/8", "http://10.1.2.3", True),
    ("169.254.0.0/16", "http://169.254.169.254", True),
    ("10.0.0.254/16", "http://10.0.7.7", True),
    ("10.0.0.0/016", "http://10.0.7.7", True),
    ("10.0.0.0/33", "http://10.0.0.0", False),
    ("10.0.0.0/", "http://10.0.0.0", False),
    ("10.0.0.0/255.255.0.0", "http://10.0.0.1", False),
    ("10.0.0.0/16:443", "https://10.0.0.1", False),
    ("0.0.0.0/0", "http://192.0.2.1", True),
    ("0.0.0.0/0", "http://example.com", False),
    ("0.0.0.0/0", "http://[2001:db8::1]", False),
    ("::/0", "http://[2001:db8::1]", True),
    ("::/0", "http://192.0.2.1", False),
    ("192.0.2.1", "http://192.0.2.1:8080", True),
    ("192.0.2.1:8080", "http://192.0.2.1:8080", True),
    ("192.0.2.1:8080", "http://192.0.2.1", False),
    ("192.0.2.01", "http://192.0.2.1", False),
    ("192.0.2", "http://192.0.2.1", False),
    ("192.0.2.1", "http://x.192.0.2.1.example.com", False),
    ("10.0.*", "http://10.0.0.1", False),
    ("10.0.0.1-10.0.0.9", "http://10.0.0.5", False),
    (".0.0.1", "http://10.0.0.1", False),
    ("127.1", "http://127.1", True),
    ("fd00::/8", "http://[fd00::1]", True),
    ("fd00:ec2::254", "http://[fd00:ec2::254]", True),
    ("2001:DB8:0:0::1", "http://[2001:db8::1]", True),
    ("[2001:db8::1]", "http://[2001:db8::1]", False),
    ("[2001:db8::1]:443", "https://[2001:db8::1]", True),
    ("[2001:db8::1]:443", "http://[2001:db8::1]", False),
    ("[2001:db8::]/32", "http://[2001:db8::1]", False),
    ("[example.com]:80", "http://example.com", True),
    ("::ffff:192.0.2.1", "http://192.0.2.1", True),
    ("192.0.2.1", "http://[::ffff:192.0.2.1]", True),
    ("192.0.2.0/24", "http://[::ffff:c000:201]", True),
    ("::ffff:192.0.2.0/120", "http://192.0.2.9", True),
    ("::ffff:192.0.2.0/90", "http://192.0.2.9", False),
    ("fe80::1", "http://[fe80::1%25eth0]", True),
    ("example.com", "http://[1000::%25.example.com]:123", False),
    ("fe80::1%eth0", "http://[fe80::1%25eth0]", False),
    # what is direct without any entry, and what only looks like it
    ("", "http://localhost", True),
    ("", "http://localhost:8080", True),
    ("", "http://127.0.0.1", True),
    ("", "http://127.255.0.1", True),
    ("", "http://[::1]", True),
    ("[::1]", "http://[::1]", True),
    ("", "http://[::ffff:127.0.0.1]", True),
    ("", "http://[::2]", False),
    ("", "http://localhost.", False),
    ("", "http://foo.localhost", False),
    ("", "http://localhost.localdomain", False),
    ("", "http://0.0.0.0", False),
    ("", "http://[::]", False),
    ("", "http://127.1", False),
    ("localhost", "http://sub.localhost", True),
    (",, ,", "http://example.com", False),
]


@pytest.mark.parametrize(("no_proxy", "url", "direct"), GO)
def test_a_route_is_what_go_makes_it(no_proxy: str, url: str, direct: bool) -> None:
    text = url.replace("%25", "%")
    assert isinstance(by(no_proxy, text), Direct) is direct


LIST = (
    "foobar.com, .barbaz.net, *.wildcard.io, 192.168.1.1, 192.168.1.2:81, 192.168.1.3:80, 10.0.0.0/30, 2001:db8::52:0:1, "
    "[2001:db8::52:0:2]:443, [2001:db8::52:0:3]:80, 2002:db8:a::45/64"
)


@pytest.mark.parametrize(
    ("host", "decided"),
    [
        ("[::2]", None),
        ("192.168.1.1", "192.168.1.1"),
        ("192.168.1.2", None),
        ("192.168.1.3", "192.168.1.3:80"),
        ("192.168.1.4", None),
        ("10.0.0.2", "10.0.0.0/30"),
        ("[2001:db8::52:0:1]", "2001:db8::52:0:1"),
        ("[2001:db8::52:0:2]", None),
        ("[2001:db8::52:0:3]", "[2001:db8::52:0:3]:80"),
        ("[2002:db8:a::123]", "2002:db8:a::45/64"),
        ("[fe80::424b:c8be:1643:a1b6]", None),
        ("barbaz.net", None),
        ("www.barbaz.net", ".barbaz.net"),
        ("foobar.com", "foobar.com"),
        ("www.foobar.com", "foobar.com"),
        ("foofoobar.com", None),
        ("barbarbaz.net", None),
        ("wildcard.io", None),
        ("nested.wildcard.io", "*.wildcard.io"),
        ("awildcard.io", None),
    ],
)
def test_a_long_list_is_decided_by_the_right_entry(host: str, decided: str | None) -> None:
    assert by(LIST, f"http://{host}") == (Via(HTTP, "httpProxy") if decided is None else Direct(f"noProxy entry '{decided}'"))


@pytest.mark.parametrize(
    ("proxies", "url", "expected"),
    [
        (Proxies(HTTP, HTTPS), "http://a.com", Via(HTTP, "httpProxy")),
        (Proxies(HTTP, HTTPS), "https://a.com", Via(HTTPS, "httpsProxy")),
        (Proxies(HTTP), "https://a.com", Via(HTTP, "httpProxy, because httpsProxy is absent")),
        (Proxies(None, HTTPS), "https://a.com", Via(HTTPS, "httpsProxy")),
        (Proxies(None, HTTPS), "http://a.com", Direct("httpProxy is absent")),
        (Proxies(HTTP, HTTPS), "tcp://a.com:22", Direct("a plain TCP target is reached directly")),
        (NO_PROXY_AT_ALL, "https://a.com", Direct("no proxy is configured")),
        (NO_PROXY_AT_ALL, "https://localhost", Direct("no proxy is configured")),
        (Proxies(HTTP), "https://localhost", Direct("localhost is never proxied")),
        (Proxies(HTTP), "https://127.0.0.1", Direct("127.0.0.1 is a loopback address and is never proxied")),
        (Proxies(HTTP, no_proxy=NoProxy.parse("localhost")), "https://localhost", Direct("localhost is never proxied")),
        (Proxies(HTTP, no_proxy=NoProxy.parse("10.0.0.0/16")), "https://10.0.0.1", Direct("noProxy entry '10.0.0.0/16'")),
        (Proxies(HTTP, no_proxy=NoProxy.parse("a.com, *")), "https://a.com", Direct("noProxy entry '*' exempts everything")),
    ],
)
def test_a_route_says_what_decided_it(proxies: Proxies, url: str, expected: Route) -> None:
    assert route(Target.parse(url), proxies) == expected


def test_localhost_is_special_in_lower_case_only() -> None:
    assert isinstance(route(Target("http", "LOCALHOST", 80), Proxies(HTTP)), Via)


def test_only_an_entry_that_decided_is_an_exemption() -> None:
    proxies = Proxies(HTTP, no_proxy=NoProxy.parse("localhost,a.com"))
    decided = [exemption(Target.parse(url), proxies) for url in ("a.com", "b.com", "localhost", "tcp://a.com:22")]
    assert [entry and entry.text for entry in decided] == ["a.com", None, None, None]
    assert exemption(Target.parse("a.com"), Proxies(no_proxy=proxies.no_proxy)) is None


def test_https_falls_back_only_where_httpsproxy_is_absent() -> None:
    assert Proxies(HTTP).https_falls_back
    assert not Proxies(HTTP, HTTPS).https_falls_back
    assert not NO_PROXY_AT_ALL.https_falls_back


def test_the_first_of_several_entries_decides() -> None:
    no_proxy = NoProxy.parse("example.com:443,.example.com,www.example.com,example.com")
    decided = [no_proxy.exempts("www.example.com", port) for port in (443, 80)]
    assert [entry and entry.text for entry in decided] == ["example.com:443", ".example.com"]


def test_dead_and_duplicate_entries_are_known() -> None:
    no_proxy = NoProxy.parse("10.0.0.0/16, A.com,*,a.com,10.0.9.9/16, .b.com,*.b.com")
    assert [entry.text for entry in no_proxy.dead] == ["10.0.0.0/16", "A.com", "a.com", "10.0.9.9/16", ".b.com", "*.b.com"]
    assert [[entry.text for entry in group] for group in no_proxy.duplicates] == [["10.0.0.0/16", "10.0.9.9/16"], ["A.com", "a.com"], [".b.com", "*.b.com"]]
    assert NoProxy.parse("a.com,.a.com,a.com:80").duplicates == ()
    assert NoProxy.parse("a.com").dead == ()


@pytest.mark.parametrize(
    ("no_proxy", "network", "covered"),
    [
        ("10.0.0.0/16", "10.0.0.0/16", True),
        ("10.0.0.0/16", "10.0.3.0/24", True),
        ("10.0.0.0/17,10.0.128.0/17", "10.0.0.0/16", True),
        ("10.0.0.0/17", "10.0.0.0/16", False),
        ("10.0.0.1", "10.0.0.1/32", True),
        ("10.0.0.1:80", "10.0.0.1/32", False),
        ("::/0", "10.0.0.0/16", False),
        ("fd00::/8,10.0.0.0/8", "fd12::/16", True),
        ("a.com,*", "10.0.0.0/16", True),
        ("", "10.0.0.0/16", False),
    ],
)
def test_a_network_is_covered_only_as_a_whole(no_proxy: str, network: str, covered: bool) -> None:
    assert NoProxy.parse(no_proxy).covers(ip_network(network)) is covered


def test_ten_thousand_targets_are_looked_up_in_ten_thousand_entries() -> None:
    """Scanning the list for each target would take minutes."""
    no_proxy = NoProxy.parse(",".join(f"h{n}.example.com,10.{n // 250}.{n % 250}.0/24" for n in range(5000)))
    decided = [no_proxy.exempts(f"a.h{n}.example.com", 443) for n in range(10_000)]
    assert sum(entry is not None for entry in decided) == 5000


ITEMS = st.sampled_from(
    ["", " ", "com", ".com", "*.com", "a.com", "b.a.com", "a.com:443", ".a.com:80", "a.com.", ".", "..a", "10.0.0.0/8", "10.0.0.1", "10.0.0.1:80"]
    + ["::/0", "fd00::1", "[fd00::1]:443", "[fd00::1]", "::ffff:10.0.0.1", "示例.com", "*a", "a b", ":80", "a.com:x", "10.0.0.0/33"]
)
HOSTS = st.sampled_from(
    ["com", "a.com", "b.a.com", "c.b.a.com", "xa.com", "a.com.", "10.0.0.1", "10.9.9.9", "11.0.0.1", "fd00::1", "fe80::1%eth0", "::ffff:10.0.0.1"]
    + ["示例.com", "www.xn--fsq092h.com", ".a.com", "x..a", "a b"]
)
PORTS = st.sampled_from([80, 443, 8080])
LISTS = st.lists(ITEMS, max_size=6)
LABELS = st.from_regex(r"[a-z][a-z0-9]{0,5}", fullmatch=True)


def _listed(items: list[str]) -> NoProxy:
    return NoProxy.parse(",".join(items))


@given(LISTS, HOSTS, PORTS)
def test_the_index_says_what_a_scan_would(items: list[str], host: str, port: int) -> None:
    no_proxy = _listed(items)
    assert no_proxy.exempts(host, port) == next((entry for entry in no_proxy.entries if entry.exempts(host, port)), None)


@given(st.data(), LISTS, HOSTS, PORTS)
def test_the_order_of_entries_decides_no_route(data: st.DataObject, items: list[str], host: str, port: int) -> None:
    shuffled = data.draw(st.permutations([*items, *data.draw(st.sampled_from([[], ["*"]]))]))
    straight = sorted(shuffled)
    assert bool(_listed(shuffled).exempts(host, port)) is bool(_listed(straight).exempts(host, port))


@given(LISTS, ITEMS | st.just("*"), HOSTS, PORTS)
def test_one_more_entry_never_sends_an_exempted_host_to_the_proxy(items: list[str], more: str, host: str, port: int) -> None:
    """Not even a `*`, which discards the other entries: it exempts everything itself."""
    assert bool(_listed([*items, more]).exempts(host, port)) >= bool(_listed(items).exempts(host, port))


@given(st.text(), st.text(max_size=20), st.integers(1, 65535))
def test_no_text_is_too_odd_to_parse_or_to_look_up(text: str, host: str, port: int) -> None:
    no_proxy = NoProxy.parse(text)
    scanned = [entry for entry in no_proxy.entries if entry.exempts(host, port)]
    assert no_proxy.exempts(host, port) == next((entry for entry in scanned if entry.kind is EntryKind.ALL), scanned[0] if scanned else None)
    assert all(bool(entry.why) is (entry.kind is EntryKind.INERT) for entry in no_proxy.entries)


@given(LABELS, st.lists(LABELS, min_size=1, max_size=3))
def test_a_name_ends_at_a_label(prefix: str, labels: list[str]) -> None:
    name = ".".join(labels)
    no_proxy = NoProxy.parse(name)
    assert no_proxy.exempts(f"{prefix}.{name}", 443)
    assert no_proxy.exempts(f"{prefix}{name}", 443) is None
