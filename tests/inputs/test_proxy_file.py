from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from preflight.inputs.files import TextFile, decoded
from preflight.inputs.problem import InputError, Remarks
from preflight.inputs.proxy_file import ProxySettings, parse_proxy_file, read_proxy_file
from preflight.model import Status
from preflight.untrusted import Secret

from .planted import PASSWORD, leaks

PAGE = Path(__file__).parent / "page"


def parsed(text: str, mode: int = 0o600) -> tuple[ProxySettings | None, Remarks]:
    remarks = Remarks()
    return parse_proxy_file(TextFile("proxy.json", text, mode), remarks), remarks


def codes(text: str) -> list[str]:
    return [problem.code for problem in parsed(text)[1].problems]


def lints(text: str, mode: int = 0o600) -> list[tuple[str, object]]:
    _, remarks = parsed(text, mode)
    assert remarks.problems == []
    return [(finding.code, finding.evidence["where"]) for finding in remarks.lints.get("proxy-config", [])]


def test_the_pages_example() -> None:
    remarks = Remarks()
    settings = read_proxy_file(PAGE / "example.json", "example.json", remarks)
    assert settings is not None
    assert remarks.problems == []
    assert settings.http is not None
    assert settings.https is not None
    assert (settings.http.proxy.url, settings.https.proxy.url) == ("http://10.0.0.254:80", "http://10.0.0.254:443")
    assert str(settings.https.where) == "example.json:3:17"
    assert settings.pairs == ((Secret("user"), Secret("password")),) * 2
    assert settings.proxies.no_proxy.exempts("10.0.5.6", 80) is not None


def test_the_pages_placeholders_are_each_named() -> None:
    remarks = Remarks()
    read_proxy_file(PAGE / "proxy.json", "proxy.json", remarks)
    assert [(problem.code, problem.where.line) for problem in remarks.problems] == [("input.placeholder", line) for line in (2, 3, 4)]
    assert all(f"`{name}`" in str(problem) for name, problem in zip(("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"), remarks.problems, strict=True))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[]", ["input.wrong-type"]),
        ('"http://h:1"', ["input.wrong-type"]),
        ("{}", ["input.missing-field"]),
        ('{"httpsProxy": "http://h:1"}', ["input.missing-field"]),
        ('{"httpProxy": "http://h:1", "httpProxy": "http://h:2"}', ["input.duplicate-key"]),
        ('{"httpProxy": "http://h:1", "httpsproxy": "http://h:2"}', ["input.unknown-field"]),
        ('{"httpProxy": ["http://h:1"]}', ["input.wrong-type"]),
        ('{"httpProxy": null}', ["input.wrong-type"]),
        ('{"httpProxy": "http://h:1", "noProxy": ["a"]}', ["input.wrong-type"]),
        ('{"httpProxy": "http://h:1", "noProxy": 1}', ["input.wrong-type"]),
        ('{"httpProxy": "http://h:1", "httpsProxy": ""}', ["input.proxy-url"]),
        ('{"httpProxy": "$HTTP_PROXY"}', ["input.placeholder"]),
        ('{"httpProxy": "http://${USER}:${PW}@h:1"}', ["input.placeholder"]),
        ('{"httpProxy": "http://u:p@$PROXY_HOST:1"}', ["input.placeholder"]),
        ('{"httpProxy": "<proxy url>"}', ["input.placeholder"]),
        ('{"httpProxy": "http://USERNAME:PASSWORD@10.0.0.254:3128"}', ["input.placeholder"]),
        ('{"httpProxy": "http://PROXY_ADDRESS:3128"}', ["input.placeholder"]),
        ('{"httpProxy": "http://10.0.0.254:PORT"}', ["input.placeholder"]),
        ('{"httpProxy": "http://h:1", "noProxy": "AWS_REGION.compute.internal"}', ["input.placeholder"]),
        ('{"httpProxy": "http://ADMIN_USER:MY_SECRET_WORD@h:1"}', []),
        ('{"httpProxy": "http://<host>:1"}', ["input.placeholder"]),
        ('{"httpProxy": "http://h:1", "noProxy": "localhost,$VPC_CIDR,<domain>"}', ["input.placeholder"] * 2),
        ('{"httpProxy": "http://h:x", "httpsProxy": 1, "NoProxy": ""}', ["input.proxy-url", "input.wrong-type", "input.unknown-field"]),
        ('{"httpProxy": NaN}', ["input.json-syntax"]),
    ],
)
def test_what_is_refused(text: str, expected: list[str]) -> None:
    assert sorted(codes(text)) == sorted(expected)


def test_an_unknown_key_is_not_repeated_but_the_nearest_is_named() -> None:
    _, remarks = parsed('{"httpProxi": "x", "hunter22": "y"}')
    near, far, _missing = map(str, remarks.problems)
    assert "did you mean `httpProxy`?" in near
    assert "hunter22" not in far


def test_a_key_that_is_there_already_is_not_meant_by_another() -> None:
    _, remarks = parsed('{"httpProxy": "http://h:1", "httpProxys": "http://h:2"}')
    [problem] = map(str, remarks.problems)
    assert "did you mean `httpsProxy`?" in problem


def test_a_dollar_in_credentials_is_no_placeholder() -> None:
    assert codes('{"httpProxy": "http://user:pa$WORD@h:1"}') == []


def test_lints() -> None:
    assert lints('{"httpProxy": "http://h:1"}', 0o644) == []
    assert lints('{"httpProxy": "http://u:p@localhost:1"}') == []
    assert lints('{"httpProxy":\n "http://u:p@h:1"}', 0o640) == [("input.cleartext-credentials", "proxy.json:2"), ("input.permissions", "proxy.json")]
    assert lints('{"httpProxy": "https://u:p@h"}') == [("input.https-proxy", "proxy.json:1"), ("input.default-port", "proxy.json:1")]
    assert lints('{"httpProxy": "http://u:p@q@[::1]:1"}') == [("input.unescaped", "proxy.json:1")]


def test_lints_are_warnings_with_a_hint_and_without_credentials() -> None:
    _, remarks = parsed('{"httpProxy": "http://user:hunter22@x@h"}', 0o666)
    findings = remarks.settle()["proxy-config"]
    assert {finding.status for finding in findings} == {Status.WARN}
    assert all(finding.hint for finding in findings)
    assert "hunter" not in str(findings)


def test_another_password_is_put_where_there_is_a_user() -> None:
    settings, _ = parsed('{"httpProxy": "http://user:old@h:1", "httpsProxy": "http://h:2"}')
    assert settings is not None
    changed = settings.with_password(Secret("new"))
    assert changed.pairs == ((Secret("user"), Secret("new")),)


BROKEN = [
    f'{{"httpProxy": "http://user:{PASSWORD}@h:1"}}',
    f'{{"{PASSWORD}": "x"}}',
    f'{{{PASSWORD}: "x"}}',
    f'{{"httpProxy": {PASSWORD}}}',
    f'{{"httpProxy" {PASSWORD}}}',
    PASSWORD,
    json.dumps([PASSWORD]),
    json.dumps({"httpProxy": PASSWORD, "httpsProxy": [PASSWORD], "noProxy": {PASSWORD: 1}, PASSWORD: 2}),
    json.dumps({"httpProxy": f"http://user:{PASSWORD}@h:1", "noProxy": f"http://user:{PASSWORD}@h,$X"}),
    '{"httpProxy": "' + PASSWORD.replace('"', '\\"') + '", "httpProxy": "x"}',
    '{"httpProxy": "http://user:' + PASSWORD.replace('"', "\\q"),
]


@pytest.mark.parametrize("text", BROKEN)
def test_no_piece_of_a_password_is_repeated(text: str) -> None:
    _, remarks = parsed(text, 0o666)
    with pytest.raises(InputError) as caught:
        remarks.settle()
    assert leaks(str(caught.value)) == []
    assert leaks(str(remarks.lints)) == []


OBJECTS = st.dictionaries(st.sampled_from(["httpProxy", "httpsProxy", "noProxy", "x"]), st.text() | st.none()).map(lambda data: json.dumps(data).encode())


@settings(deadline=None)
@given(st.binary(max_size=300) | OBJECTS)
def test_any_bytes_end_in_settings_or_an_input_error(data: bytes) -> None:
    remarks = Remarks()
    try:
        settings = parse_proxy_file(TextFile("f", decoded(data, "f"), 0o600), remarks)
        remarks.settle()
    except InputError:
        return
    assert settings is not None
    assert settings.http is not None
