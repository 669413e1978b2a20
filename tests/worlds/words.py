"""The vocabulary of the scenarios: peers' answers as bytes, peers as scripts, and what a scenario is.

A world is a proxy's script and the script of the origin behind it (or of the origin alone, where there is no proxy), played by `loopback`.
`expected` gives the codes of every result of the run, so nothing else may be said: the first is what decides, the others are remarks.
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Final, Literal, TypeAlias

from tests.identities import Leaf, serving
from tests.loopback import Script, by_request, hear, relay, say, secure

Kind: TypeAlias = Literal["proxy-https", "proxy-http", "proxy-honest", "api", "registry", "archive", "direct", "plain", "tcp", "dns", "clock"]
Expected: TypeAlias = Mapping[str, str | tuple[str, ...]]

API: Final = "gkeconnect.googleapis.com"
REGISTRY: Final = "gcr.io"
ARCHIVE: Final = "us-west-1.ec2.archive.ubuntu.com"
PASSWORD: Final = 'S3cr3t#Pa/ss:%41"<é'
BASIC: Final = "Basic dXNlcjpTM2NyM3QjUGEvc3M6JTQxIjzDqQ=="
BLOCKED: Final = "internal.blocked"
QUICK: Final = "2s"
"""For peers that never answer: the whole timeout is waited, and the steps before that one must be over by then, on a busy machine too."""


def http(status: str, *headers: str, body: str = "", version: str = "1.1") -> str:
    """One whole answer."""
    lines = (f"HTTP/{version} {status}", *headers, f"Content-Length: {len(body.encode())}")
    return "\r\n".join(lines) + "\r\n\r\n" + body


def refusing(status: str, *headers: str, body: str = "") -> Script:
    """A proxy that answers every request so."""
    return (hear, say(http(status, *headers, body=body)))


def squid(status: str, error: str) -> Script:
    """A refusal of squid."""
    page = f"<html><head><title>ERROR: The requested URL could not be retrieved</title></head><body>{error}</body></html>"
    return refusing(status, "Server: squid/5.7", "Mime-Version: 1.0", f"X-Squid-Error: {error}", "Content-Type: text/html", body=page)


def granting(reply: str, *more: Script) -> Script:
    """A proxy that opens the tunnel with these very bytes, and goes on with the origin, or with `more`."""
    return (hear, say(reply), *(more[0] if more else (relay,)))


PAGE: Final = "<html><head><title>Sign in to ACME Guest</title></head><body>Welcome</body></html>"
ERROR: Final = '{"error": {"code": 404, "message": "Requested entity was not found.", "status": "NOT_FOUND"}}'
JSON: Final = "Content-Type: application/json; charset=UTF-8"
HTML: Final = "Content-Type: text/html"
NOT_FOUND: Final = http("404 Not Found", JSON, "Server: ESF", body=ERROR)
UNAUTHORIZED: Final = http(
    "401 Unauthorized",
    'WWW-Authenticate: Bearer realm="https://gcr.io/v2/token",service="gcr.io"',
    "Docker-Distribution-Api-Version: registry/2.0",
    JSON,
    body='{"errors":[{"code":"UNAUTHORIZED","message":"Unauthorized access."}]}',
)
INDEX: Final = "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\nOrigin: Ubuntu\nLabel: Ubuntu\nSuite: jammy\n"
OK_200: Final = "HTTP/1.1 200 Connection established\r\n\r\n"
SOUND: Final = Leaf((API, REGISTRY, "api.localhost", "proxy.localhost"))
GRANT: Final = granting(OK_200)
HONEST: Final = (hear, by_request({".invalid": (say(http("502 Bad Gateway")),)}, (say(OK_200), relay)))


def origin(answer: str | Script, leaf: Leaf = SOUND, *, alpn: tuple[str, ...] = (), client: bool = False, newest: ssl.TLSVersion | None = None) -> Script:
    """A TLS server that answers every request so."""
    said: Script = (say(answer),) if isinstance(answer, str) else answer
    return (secure(partial(serving, leaf, alpn=alpn, client=client, newest=newest)), hear, *said)


def bumped(answer: str, issuer: str = "ACME Inspection", sends: tuple[str, ...] = ()) -> Script:
    """A proxy that opens the tunnel and answers inside it itself."""
    leaf = Leaf((API, REGISTRY), issuer=issuer, sends=sends)
    return (hear, say(OK_200), secure(partial(serving, leaf)), hear, say(answer))


GOOD: Final = origin((by_request({"/v2/": (say(UNAUTHORIZED),)}, (say(NOT_FOUND),)),))
TLS_PROXY: Final = (secure(partial(serving, SOUND)), hear, say(OK_200), relay)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A little world, and what must be said about it."""

    rule: str
    """The fault that this row stands for."""
    expected: Expected
    exit_code: int = 1
    proxy: Script | None = GRANT
    """None: no proxy is declared."""
    origin: Script = GOOD
    scheme: Literal["http", "https"] = "http"
    """How the proxy is to be spoken to."""
    user: bool = False
    """Whether credentials are declared."""
    port: Literal["served", "closed", "silent"] = "served"
    """Of the first hop."""
    addresses: tuple[str, ...] = ("127.0.0.1",)
    """Of the first hop, as DNS gives them."""
    trusts: tuple[str, ...] = ()
    """Authorities of this host's store besides the lab's root."""
    redirects: tuple[str, ...] = ()
    h2: bool = False
    timeout: str = "5s"
    hint: Mapping[str, str] = field(default_factory=dict)
    """By check: words that must stand in the message or hint of what decides."""


def at_proxy(code: str) -> Expected:
    """The proxy is the trouble, and nothing behind it is tried."""
    return {"proxy-https": code, "api": BLOCKED}


def behind(*codes: str) -> Expected:
    """The proxy is sound, and its target says that."""
    return {"proxy-https": "ok", "api": codes}


def in_clear(proxy: str, target: str) -> Expected:
    """The same, for a target in clear."""
    return {"proxy-http": proxy, "archive": target}


def direct(*codes: str) -> Expected:
    """A target without proxy."""
    return {"direct": codes}
