from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from preflight.inputs.problem import InputError, Problem, Where
from preflight.inputs.proxy_url import parse_proxy_url, read_proxy_url
from preflight.untrusted import Secret

from .planted import PASSWORD, leaks


def credentials(text: str) -> tuple[str | None, ...]:
    proxy = parse_proxy_url(text, Where("f"))
    return tuple(secret.reveal() if secret is not None else None for secret in (proxy.user, proxy.password))


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("http://10.0.0.254:80", "http://10.0.0.254:80"),
        ("http://proxy.example:3128/", "http://proxy.example:3128"),
        ("HTTP://Proxy.Example:3128", "http://proxy.example:3128"),
        ("proxy:3128", "http://proxy:3128"),
        ("10.0.0.254", "http://10.0.0.254:80"),
        ("http:3128", "http://http:3128"),
        ("https://proxy", "https://proxy:443"),
        ("http://[2001:db8::1]:3128", "http://[2001:db8::1]:3128"),
        ("http://[2001:DB8:0::1]", "http://[2001:db8::1]:80"),
        ("user:pw@host:3128", "http://host:3128"),
        ("http://ip-10-0-0-1.us-west-1.compute.internal:65535", "http://ip-10-0-0-1.us-west-1.compute.internal:65535"),
        ("http://squid_1.local.:1", "http://squid_1.local.:1"),
    ],
)
def test_good_urls(text: str, url: str) -> None:
    assert parse_proxy_url(text, Where("f")).url == url


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("http://h:1", (None, None)),
        ("http://user@h:1", ("user", None)),
        ("http://user:@h:1", ("user", "")),
        ("http://:pw@h:1", ("", "pw")),
        ("http://u:p@ss@h:1", ("u", "p@ss")),
        ("http://u:p:q@h:1", ("u", "p:q")),
        ("http://DOM%5Cuser:p%23%2F%3A%25%C3%A9@h:1", ("DOM\\user", "p#/:%é")),
        ("http://a$b!c:x~y@h:1", ("a$b!c", "x~y")),
    ],
)
def test_credentials_are_percent_decoded(text: str, expected: tuple[str | None, str | None]) -> None:
    assert credentials(text) == expected


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "empty"),
        (" http://h:1", "white space"),
        ("http://h:1 ", "white space"),
        ("http://u:p w@h:1", "white space"),
        ("http://h\x01:1", "control character"),
        ("http://u:p%ss@h:1", "hexadecimal"),
        ("http://u:p#ss@h:1", "percent-encoded"),
        ("http://u:p/ss@h:1", "percent-encoded"),
        ("http://u:p?ss@h:1", "percent-encoded"),
        ("http://u:p^ss@h:1", "percent-encoded"),
        ("http://u:p[ss@h:1", "percent-encoded"),
        ('http://u:p"ss@h:1', "percent-encoded"),
        ("http://u:p|ss@h:1", "percent-encoded"),
        ("http://DOM\\u:p@h:1", "percent-encoded"),
        ("http://u:pé@h:1", "beyond ASCII"),
        ("http://u:p%E9@h:1", "not UTF-8"),
        ("http://u%3Av:p@h:1", "RFC 7617"),
        ("http://u:p%00@h:1", "control character"),
        ("http://@h:1", "without credentials"),
        ("socks5://h:1", "`socks5`"),
        ("ftp://h:1", "`ftp`"),
        ("http:proxy:3128", "not followed"),
        ("http:/proxy:3128", "not followed"),
        ("http://http://h:1", "two schemes"),
        ("http://h:1/path", "a path"),
        ("http://h:1//", "a path"),
        ("http://h:1?q", "a query"),
        ("http://h:1#f", "a fragment"),
        ("http://h:0", "outside 1 to 65535"),
        ("http://h:99999", "outside 1 to 65535"),
        ("http://h:000080", "outside 1 to 65535"),
        ("http://h:port", "not a number"),
        ("http://h:\u0661", "not a number"),
        ("http://h:", "without a port"),
        ("http://:3128", "no host"),
        ("http://", "no host"),
        ("http://2001:db8::1:3128", "[ ]"),
        ("http://[2001:db8::1:3128", "without its"),
        ("http://[2001:db8::1]3128", "without its"),
        ("http://[fe80::1%25eth0]:1", "zone"),
        ("http://[nope]:1", "not an IPv6"),
        ("http://h]:1", "stray"),
        ("http://10.0.0.256:1", "IPv4"),
        ("http://127.1:1", "IPv4"),
        ("http://010.0.0.1:1", "IPv4"),
        ("http://0.0.0.0:1", "nothing can listen"),
        ("http://-h:1", "neither a name"),
        ("http://h..x:1", "neither a name"),
        ("http://" + "a" * 64 + ":1", "neither a name"),
        ("http://prox\u00fd:1", "xn--"),
    ],
)
def test_bad_urls(text: str, says: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_proxy_url(text, Where("f", 3))
    (problem,) = caught.value.problems
    assert problem.code == "input.proxy-url"
    assert str(problem).startswith("f:3: the proxy URL (***) ")
    assert says in str(problem)


@pytest.mark.parametrize(
    ("text", "has_port", "raw_at", "exposed"),
    [
        ("http://h", False, False, False),
        ("http://u:p@h:1", True, False, True),
        ("http://u:p@q@h:1", True, True, True),
        ("https://u:p@h:1", True, False, False),
        ("http://u:p@localhost:1", True, False, False),
        ("http://u:p@127.3.2.1:1", True, False, False),
        ("http://u:p@[::1]:1", True, False, False),
        ("http://u:p@[2001:db8::1]:1", True, False, True),
    ],
)
def test_what_is_remarkable(text: str, has_port: bool, raw_at: bool, exposed: bool) -> None:
    url = read_proxy_url(text, Where("f"), "x", [])
    assert url is not None
    assert (url.has_port, url.raw_at, url.exposed) == (has_port, raw_at, exposed)


MALFORMED = [
    f"http://user:{PASSWORD}@h:3128",
    f"http://{PASSWORD}:x@h:3128",
    f"http://{PASSWORD}",
    f"http://h:{PASSWORD}",
    f"http://h:3128/{PASSWORD}",
    f"http://h:3128?{PASSWORD}",
    f"http://h:3128#{PASSWORD}",
    f"http://[{PASSWORD}]:1",
    f"{PASSWORD}://h:1",
    "S3cr3t://h:1",
    f"http:user:{PASSWORD}@h",
    f"http://http://user:{PASSWORD}@h",
    f"user:{PASSWORD}@h:3128",
    f" http://user:{PASSWORD}@h",
    PASSWORD,
]


@pytest.mark.parametrize("text", MALFORMED)
def test_no_piece_of_a_password_is_repeated(text: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_proxy_url(text, Where("f"))
    assert leaks(str(caught.value)) == []
    assert leaks(repr(caught.value)) == []


@settings(deadline=None)
@given(st.text(min_size=1, max_size=40))
def test_any_text_is_a_proxy_or_a_problem(text: str) -> None:
    problems: list[Problem] = []
    url = read_proxy_url(text, Where("f"), "x", problems)
    assert (url is None) == bool(problems)


@settings(deadline=None)
@given(st.text(st.characters(exclude_categories=["Cc", "Cs"], exclude_characters=":"), min_size=1), st.text(st.characters(exclude_categories=["Cc", "Cs"])))
def test_percent_encoded_credentials_arrive_whole(user: str, password: str) -> None:
    proxy = parse_proxy_url(f"http://{quote(user, safe='')}:{quote(password, safe='')}@h:1", Where("f"))
    assert (proxy.user, proxy.password) == (Secret(user), Secret(password))
