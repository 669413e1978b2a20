"""What is asked of an origin, what it answered, and whether that answer proves who it is.

A status code proves nothing: every captive portal and every filter can make one. A proof is something that the origin says and that
nobody who stands in its place would think of saying. Shapes were taken from the products' API documentation.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Final, Literal, TypeAlias
from urllib.parse import urljoin, urlsplit

import msgspec

from preflight.model import DEFAULT_PORTS, Target


class Request(msgspec.Struct, frozen=True):
    """One HTTP request, without the headers that every walk adds itself (Host, User-Agent, Connection, Proxy-Authorization)."""

    path: str = "/"
    method: str = "GET"
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    keep: int = 65536
    """How many bytes of the answer's body to read at most."""


class Answer(msgspec.Struct, frozen=True):
    """One HTTP answer. Reason and headers are clean text; the body is as it came, at most `Request.keep` bytes of it."""

    status: int
    reason: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    version: str = "1.1"
    whole: bool = True
    """Whether the body ended within the bound."""
    cut: bool = False
    """Whether the connection ended before the body did."""

    def get(self, name: str) -> str:
        """The value of a header, several of one name joined by a comma; empty if absent."""
        wanted = name.lower()
        return ", ".join(value for key, value in self.headers if key.lower() == wanted)

    @property
    def is_page(self) -> bool:
        """Whether it is a page for people."""
        return "html" in self.get("Content-Type").lower() or self.body[:256].lstrip().lower().startswith((b"<!doctype html", b"<html", b"<head"))

    @property
    def age(self) -> int | None:
        """Seconds that caches have kept it (RFC 9111 section 5.1), 0 without `Age`; None where `Age` means nothing."""
        age = self.get("Age") or "0"
        return int(age) if re.fullmatch(r"[0-9]{1,9}", age) else None

    @property
    def redirected_to(self) -> str:
        """The `Location` of a redirect; empty for any other answer."""
        return self.get("Location") if 300 <= self.status < 400 else ""  # noqa: PLR2004


class Verdict(msgspec.Struct, frozen=True):
    """What an answer shows: `ok`, or the code of what is wrong with it, and what was seen as half a sentence."""

    code: str
    seen: str


class Expect(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A proof written in a profile: every part that is given must hold, and at least a header or a body must be given."""

    status: tuple[int, ...] = ()
    headers: dict[str, str] = {}
    """Header names, each with a regular expression that its value must contain a match of."""
    body: str = ""
    """A regular expression that the body must contain a match of."""

    def __post_init__(self) -> None:
        """A bare status is no proof. Raises ValueError, as re does for a pattern that does not compile."""
        if not self.headers and not self.body:
            raise ValueError("a proof needs `headers` or `body`: a status alone proves nothing")
        for pattern in (*self.headers.values(), self.body):
            try:
                empty = re.search(pattern, "") or re.search(pattern, " ")
            except re.error as error:
                raise ValueError(f"{pattern!r} is no regular expression: {error}") from None
            if pattern and empty:
                raise ValueError(f"{pattern!r} matches an empty text, so it proves nothing")


ProofName: TypeAlias = Literal["registry", "google-api", "ubuntu-archive"]

_GOOGLE_SERVERS: Final = re.compile(
    r"ESF|sffe|gws|GSE|UploadServer|Google Frontend|Golfe2|scaffolding on HTTPServer2|HTTP server \(unknown\)|cafe", re.IGNORECASE
)
_GOOGLE_PAGE: Final = re.compile(rb"<title>Error \d{3} \(.{1,60}\)!!1</title>")
_GOOGLE_KINDS: Final = re.compile(rb'"kind"\s*:\s*"(?:discovery|storage|gkehub|oauth2)#')
_GOOGLE_STATUSES: Final = frozenset({200, 204, 400, 401, 403, 404, 405})
_REGISTRY_API: Final = "registry/2"
_ARCHIVE: Final = re.compile(rb"^Origin:[ \t]*Ubuntu[ \t]*$", re.MULTILINE)
_SUITE: Final = re.compile(rb"^Suite:[ \t]*(\S+)[ \t\r]*$", re.MULTILINE)
_SIGNED: Final = b"-----BEGIN PGP SIGNED MESSAGE-----"


def judge(answer: Answer, target: Target, proof: ProofName | Expect, *, redirects: Iterable[str] = (), in_clear: bool = False) -> Verdict:
    """Whether the answer proves the origin. `redirects` are hosts that the origin may send us to; `in_clear` answers need no benefit of the doubt."""
    said = f"{answer.status} {answer.reason}".strip()
    if answer.status == 429:  # noqa: PLR2004
        return Verdict("http.rate-limited", said)
    if answer.status >= 500:  # noqa: PLR2004
        return Verdict("http.unexpected-status" if in_clear else "http.server-error", said)
    if answer.redirected_to:
        return _redirect(answer, target, frozenset(redirects), said, in_clear=in_clear)
    if in_clear and answer.age != 0:
        return Verdict("http.unproven", f"{said}, from a cache (Age: {answer.get('Age')})")
    if isinstance(proof, Expect):
        return _expected(answer, proof, said)
    return _PROOFS[proof](answer, target, said)


def _redirect(answer: Answer, target: Target, allowed: frozenset[str], said: str, *, in_clear: bool) -> Verdict:
    try:
        where = urlsplit(urljoin(target.url, answer.redirected_to))
    except ValueError:
        return Verdict("http.block-page", f"{said} to something that is no URL")
    if where.scheme == target.scheme and where.hostname in allowed:
        return Verdict("ok", f"{said} to {where.hostname}, as it should")
    same = (where.scheme, where.hostname, where.port or DEFAULT_PORTS.get(where.scheme)) == (target.scheme, target.host, target.port)
    if same and not in_clear:
        return Verdict("http.unproven", f"{said} to itself")
    return Verdict("http.block-page", f"{said} to {where.scheme}://{where.hostname or '?'}")


def _registry(answer: Answer, _: Target, said: str) -> Verdict:
    """The `/v2/` of a registry (OCI distribution specification, "Determining Support"; Docker token authentication)."""
    api = answer.get("Docker-Distribution-Api-Version").startswith(_REGISTRY_API)
    if answer.status == 401 and re.search(r'\bbearer\b.*\brealm="?https?://', answer.get("WWW-Authenticate"), re.IGNORECASE):  # noqa: PLR2004
        return Verdict("ok", f"{said} with a challenge for a Bearer token")
    if answer.status in {200, 401} and api:
        return Verdict("ok", f"{said} with the API version of a registry")
    if answer.is_page:
        return Verdict("http.block-page", f"{said} with a page instead of a registry's answer")
    if answer.status in {200, 401}:
        return Verdict("http.unproven", f"{said} without a registry's headers")
    return Verdict("http.unexpected-status", said)


def _google_api(answer: Answer, _: Target, said: str) -> Verdict:
    """An API front end of Google: its error JSON (AIP-193), its error page, or one of its servers."""
    error = _google_error(answer.body)
    if answer.status in _GOOGLE_STATUSES:
        if error and answer.status >= 400:  # noqa: PLR2004
            return Verdict("ok", f"{said} with a Google API's error")
        if _GOOGLE_KINDS.search(answer.body) or _GOOGLE_PAGE.search(answer.body):
            return Verdict("ok", f"{said} with a Google API's answer")
        if _GOOGLE_SERVERS.fullmatch(answer.get("Server")):
            return Verdict("http.unproven" if answer.is_page else "ok", f"{said} by a Google front end")
    if answer.is_page:
        code = "http.block-page" if answer.status in {200, 401, 403, 451} else "http.wrong-origin"
        return Verdict(code, f"{said} with a page that is not Google's")
    if answer.status in _GOOGLE_STATUSES:
        return Verdict("http.unproven", f"{said} without anything that is Google's")
    return Verdict("http.unexpected-status", said)


class _Detail(msgspec.Struct):
    domain: str = ""
    reason: str = ""


class _Status(msgspec.Struct):
    code: int
    status: str = ""
    errors: list[_Detail] = []


class _Error(msgspec.Struct):
    error: _Status


def _google_error(body: bytes) -> bool:
    """Whether it is an error as Google's APIs write it: with the name of a canonical code, or the older ones' domain and reason."""
    try:
        error = msgspec.json.decode(body, type=_Error).error
    except msgspec.DecodeError:
        return False
    return error.code >= 400 and (bool(re.fullmatch(r"[A-Z]+(?:_[A-Z]+)*", error.status)) or any(each.domain and each.reason for each in error.errors))  # noqa: PLR2004


def _ubuntu_archive(answer: Answer, target: Target, said: str) -> Verdict:
    """The `InRelease` of an Ubuntu archive for the suite that was asked for (Debian repository format, "Release files"). apt checks the signature, not we."""
    suite = re.search(r"/dists/([^/]+)/InRelease$", target.path)
    if answer.status == 200 and answer.body.startswith(_SIGNED) and _ARCHIVE.search(answer.body):  # noqa: PLR2004
        found = _SUITE.search(answer.body)
        if found and suite and found[1] == suite[1].encode():
            return Verdict("ok", f"{said} with the index of Ubuntu's suite {suite[1]}")
        if found:
            return Verdict("http.wrong-origin", f"{said} with the index of another suite than was asked for")
        return Verdict("http.unproven", f"{said} with an index that does not say of which suite")
    if answer.is_page and answer.status in {200, 401, 403, 451}:
        return Verdict("http.block-page", f"{said} with a page instead of an archive's index")
    if answer.status == 200:  # noqa: PLR2004
        return Verdict("http.wrong-origin", f"{said} with something that is no archive's index")
    return Verdict("http.unexpected-status", said)


def _expected(answer: Answer, expect: Expect, said: str) -> Verdict:
    if expect.status and answer.status not in expect.status:
        return Verdict("http.unexpected-status", said)
    for name, pattern in expect.headers.items():
        if not re.search(pattern, answer.get(name)):
            return Verdict("http.block-page" if answer.is_page else "http.wrong-origin", f"{said} whose {name} does not match {pattern!r}")
    if not re.search(expect.body, answer.body.decode("utf-8", "replace")):
        return Verdict("http.block-page" if answer.is_page else "http.wrong-origin", f"{said} whose body does not match {expect.body!r}")
    return Verdict("ok", f"{said} as the profile expects")


_PROOFS: Final[Mapping[ProofName, Callable[[Answer, Target, str], Verdict]]] = {
    "registry": _registry,
    "google-api": _google_api,
    "ubuntu-archive": _ubuntu_archive,
}
