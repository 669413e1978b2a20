"""Secrets are in no text in any spelling, and text from outside cannot command a terminal."""

from __future__ import annotations

import base64
import html
import json
import re
import unicodedata
from collections.abc import Callable
from urllib.parse import quote, quote_plus
from xml.sax.saxutils import escape

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from preflight.untrusted import EXCERPT, MASK, Redactor, Secret, neutral

PLANTED = 'S3cr3t#Pa/ss:%41"<é'
PAIR = f"user:{PLANTED}"


def lower_percent(text: str) -> str:
    return re.sub("%[0-9A-F]{2}", lambda match: match.group().lower(), quote(text, safe=""))


ENCODINGS: dict[str, Callable[[str], str]] = {
    "itself": str,
    "percent": lambda text: quote(text, safe=""),
    "percent, lower case": lower_percent,
    "percent, path": quote,
    "form": quote_plus,
    "percent of every byte": lambda text: "".join(f"%{byte:02X}" for byte in text.encode()),
    "json": lambda text: json.dumps(text)[1:-1],
    "json, not ascii": lambda text: json.dumps(text, ensure_ascii=False)[1:-1],
    "html": html.escape,
    "html, all": lambda text: html.escape(text).encode("ascii", "xmlcharrefreplace").decode(),
    "html, hexadecimal": lambda text: "".join(char if char.isalnum() else f"&#x{ord(char):X};" for char in text),
    "xml": escape,
    "repr of text": lambda text: repr(text)[1:-1],
    "repr of bytes": lambda text: repr(text.encode())[2:-1],
    "latin-1": lambda text: text.encode().decode("latin-1"),
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "base64, no padding": lambda text: base64.b64encode(text.encode()).decode().rstrip("="),
    "base64url": lambda text: base64.urlsafe_b64encode(text.encode()).decode(),
}
PIECES = ("S3cr3t", "Pa/ss", "%41", "dXNlcjpT", "UzNjcjN0")


def redactor(*secrets: str) -> Redactor:
    return Redactor(map(Secret, secrets), pairs=[(Secret("user"), Secret(secret)) for secret in secrets])


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("text", [PLANTED, PAIR])
def test_the_planted_password_is_in_no_spelling(encoding: str, text: str) -> None:
    spelt = ENCODINGS[encoding](text)
    for around in ("{}", "before {} after", "http://user:{}@proxy:80/", "Proxy-Authorization: Basic {}\r\nHost: x", '{{"a": "{}"}}'):
        cleaned = redactor(PLANTED).clean(around.replace("{}", spelt).replace("{{", "{").replace("}}", "}"), 5000)
        assert MASK in cleaned
        assert not [piece for piece in PIECES if piece in cleaned]


@pytest.mark.parametrize("half", ["S3cr3t", 'ss:%41"<é', "S3cr3t#Pa", "ss", "%2541%22%3C%C3%A9"[:0] or '%41"<é'])
def test_halves_that_a_parser_left_are_masked_where_they_are_long_enough(half: str) -> None:
    cleaned = redactor(PLANTED).clean(f"invalid port {half!s} in the URL")
    assert "S3cr3t" not in cleaned
    assert '%41"<é' not in cleaned


@pytest.mark.parametrize("secret", [PLANTED, "correcthorsebatterystaple", "hunter2hunter2"])
@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("ending", ["", "…"])
def test_a_secret_that_a_bounded_read_broke_off_is_masked(secret: str, encoding: str, ending: str) -> None:
    spelt = ENCODINGS[encoding](secret)
    start = len(ENCODINGS[encoding](secret[:4])) if "base64" not in encoding else 8
    for length in range(start, len(spelt)):
        cleaned = redactor(secret).clean(f"echo: {spelt[:length]}{ending}")
        assert cleaned.startswith(f"echo: {MASK}"), (length, cleaned)


SECRETS = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=4, max_size=24)


@given(SECRETS, st.sampled_from(sorted(ENCODINGS)), st.text("xyz .", max_size=5), st.text("xyz .", max_size=5))
@example("    ", "form", "", "")
@example("\r\n\t ", "itself", "x", "y")
@example("ÿÿÿÿ", "latin-1", "", "")
@example("\u202e\u202eab", "itself", "", "")
def test_no_secret_survives_any_encoding(secret: str, encoding: str, before: str, after: str) -> None:
    spelt = ENCODINGS[encoding](secret)
    redacted = redactor(secret).redact(f"{before}{spelt}{after}")
    assert spelt not in redacted or set(spelt) <= set("* ")
    assert MASK in redacted


@given(st.text(max_size=300) | st.binary(max_size=300), st.integers(1, 400))
def test_what_is_clean_holds_no_control_and_no_direction(data: str | bytes, limit: int) -> None:
    cleaned = Redactor().clean(data, limit)
    assert len(cleaned) <= limit
    for char in cleaned:
        assert unicodedata.category(char) not in {"Cc", "Cs"}
        assert unicodedata.bidirectional(char) not in {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
    cleaned.encode("utf-8")


@given(st.text(max_size=300), st.sampled_from([(), ("correct-horse",), (PLANTED,)]))
def test_cleaning_twice_is_cleaning_once(text: str, secrets: tuple[str, ...]) -> None:
    once = redactor(*secrets).clean(text)
    assert redactor(*secrets).clean(once) == once


@given(st.text(max_size=100))
def test_neutral_text_stays(text: str) -> None:
    assert neutral(neutral(text)) == neutral(text)


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        (b"\x1b[31mred\x1b[0m", "\\x1b[31mred\\x1b[0m"),
        ("a\u202eb\u2066c", "a\\u202eb\\u2066c"),
        ("zero\u200bwidth\ufeff", "zero\\u200bwidth\\ufeff"),
        ("line\r\nline\u2028line", "line line\\u2028line"),
        (b"\xff\xfe", "\\xff\\xfe"),
        ("tab\there", "tab here"),
        ("\U000e0041", "\\U000e0041"),
        ("grün", "grün"),
        ("한국어", "한국어"),
    ],
)
def test_what_would_move_a_terminal_is_spelt_out(raw: str | bytes, clean: str) -> None:
    assert Redactor().clean(raw) == clean


@pytest.mark.parametrize(
    "text",
    [
        "http://someone:else@proxy/",
        "key AKIAIOSFODNN7EXAMPLE here",
        "aws_secret_access_key = wJalrXUtnFEMI/K7MDENG",
        "X-Amz-Security-Token: FwoGZXIvYXdzEBYaD",
        '"Authorization": "AWS4-HMAC-SHA256 Credential=abc"',
        "Proxy-Authorization: Basic dXNlcjpwYXNzd29yZA==",
        "sent Bearer eyJhbGciOiJSUzI1NiJ9.e30.abc",
    ],
)
def test_what_looks_like_a_secret_is_masked_though_nobody_named_it(text: str) -> None:
    cleaned = Redactor().clean(text)
    assert MASK in cleaned
    for word in ("else", "AKIAIOSFODNN7EXAMPLE", "wJalr", "FwoGZ", "AWS4", "dXNlcjpwYXNzd29yZA", "eyJhbG"):
        assert word not in cleaned


def test_a_long_text_is_cut_and_says_so() -> None:
    assert Redactor().clean("a" * 1000) == "a" * (EXCERPT - 1) + "…"
    assert Redactor().clean("a" * EXCERPT) == "a" * EXCERPT


def test_json_is_cleaned_to_its_leaves_and_what_is_none_is_named() -> None:
    value = {"a": ["correct-horse", b"\x00", 1, 2.5, None, True, ("x",)], "correct-horse": {"\x1b": object()}}
    assert redactor("correct-horse").clean_json(value) == {"a": [MASK, "\\x00", 1, 2.5, None, True, ["x"]], MASK: {"\\x1b": "<object>"}}


def test_a_secret_shows_itself_to_nobody_but_who_reveals_it() -> None:
    secret = Secret(PLANTED)
    assert (str(secret), repr(secret), f"{secret}", secret.reveal()) == (MASK, MASK, MASK, PLANTED)
    assert (bool(secret), bool(Secret("")), secret == Secret(PLANTED), hash(secret) == hash(Secret(PLANTED)), secret == PLANTED) == (
        True,
        False,
        True,
        True,
        False,
    )
