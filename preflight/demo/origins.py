"""The names that exist in the lab, what each of them says, and the servers that say it.

Each speaks as the real one does, so far as `proof` listens: a Google API's error, a registry's challenge, an archive's signed index.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable
from fnmatch import fnmatchcase
from functools import partial
from typing import Final, TypeAlias

from anyio.abc import ByteStream, SocketStream
from anyio.streams.tls import TLSStream

from preflight.demo.acts import Reply, page
from preflight.demo.wire import Now, answer, receive

Says: TypeAlias = Callable[[str], Reply]
"""What an origin says to a GET of that path."""

_JSON: Final = ("Content-Type", "application/json; charset=UTF-8")
_REGISTRY: Final = ("Docker-Distribution-Api-Version", "registry/2.0")
_IN_RELEASE: Final = b"""-----BEGIN PGP SIGNED MESSAGE-----
Hash: SHA512

Origin: Ubuntu
Label: Ubuntu
Suite: jammy
Version: 22.04
Codename: jammy
Date: Thu, 21 Apr 2022 17:16:08 UTC
Architectures: amd64 arm64 armhf i386 ppc64el riscv64 s390x
Components: main restricted universe multiverse
Description: Ubuntu Jammy 22.04
-----BEGIN PGP SIGNATURE-----

bm8gb25lJ3Mgc2lnbmF0dXJlOiBhIHNhbXBsZSBvZiB0aGUgcHJlZmxpZ2h0IGRlbW8=
-----END PGP SIGNATURE-----
"""


def _google(path: str) -> Reply:
    del path
    body = b'{"error": {"code": 404, "message": "Requested entity was not found.", "status": "NOT_FOUND"}}'
    return Reply(404, "Not Found", (("Server", "ESF"), _JSON), body)


def _challenge(path: str, *, realm: str, service: str) -> Reply:
    if not path.startswith("/v2/"):
        return Reply(404, "Not Found", (("Content-Type", "text/plain"),), b"404 page not found\n")
    told = (_REGISTRY, ("WWW-Authenticate", f'Bearer realm="{realm}",service="{service}"'), _JSON)
    return Reply(401, "Unauthorized", told, b'{"errors": [{"code": "UNAUTHORIZED", "message": "authentication required", "detail": null}]}')


def _open_registry(path: str) -> Reply:
    if path != "/v2/":
        return Reply(404, "Not Found", (("Content-Type", "text/plain"),), b"404 page not found\n")
    return Reply(200, "OK", (_REGISTRY, _JSON), b"{}")


def _archive(path: str) -> Reply:
    if path.startswith("/ubuntu/dists/") and path.endswith("/InRelease"):
        return Reply(200, "OK", (("Server", "Apache/2.4.52 (Ubuntu)"),), _IN_RELEASE)
    return Reply(404, "Not Found", (("Server", "Apache/2.4.52 (Ubuntu)"), ("Content-Type", "text/html")), page("404 Not Found", "Not Found"))


def _fixed(path: str, *, reply: Reply) -> Reply:
    del path
    return reply


_ORIGINS: Final[tuple[tuple[str, Says], ...]] = (
    ("*.googleapis.com", _google),
    ("gcr.io", partial(_challenge, realm="https://gcr.io/v2/token", service="gcr.io")),
    ("k8s.gcr.io", partial(_challenge, realm="https://k8s.gcr.io/v2/token", service="k8s.gcr.io")),
    ("registry.k8s.io", _open_registry),
    ("*.ec2.archive.ubuntu.com", _archive),
    ("archive.ubuntu.com", _archive),
    ("security.ubuntu.com", _archive),
    ("docker.io", partial(_fixed, reply=Reply(301, "Moved Permanently", (("Location", "https://www.docker.com/"),)))),
    ("registry-1.docker.io", partial(_challenge, realm="https://auth.docker.io/token", service="registry.docker.io")),
    ("auth.docker.io", partial(_fixed, reply=Reply(200, "OK", (_JSON,), b'{"token": "demo", "expires_in": 300}'))),
    ("production.cloudflare.docker.com", partial(_fixed, reply=Reply(403, "Forbidden", (("Server", "cloudflare"),)))),
    ("quay.io", partial(_challenge, realm="https://quay.io/v2/auth", service="quay.io")),
    ("cdn01.quay.io", partial(_fixed, reply=Reply(403, "Forbidden", (("Server", "CloudFront"),)))),
)
_LIMITED: Final = page("Access to this site is limited", "Category: software downloads.")
_BLOCKED: Final = Reply(200, "OK", (("Server", "webfilter"), ("Content-Type", "text/html")), _LIMITED)


def find(host: str) -> Says | None:
    """What the origin of that name says; None where the lab has no such name."""
    return next((says for pattern, says in _ORIGINS if fnmatchcase(host, pattern)), None)


def genuine(host: str, path: str) -> Reply:
    """What the genuine origin `host` says to a GET of `path`."""
    says = find(host)
    return says(path) if says else Reply(421, "Misdirected Request")


def filtered(host: str, path: str) -> Reply:
    """What a web filter says in the place of whoever was asked."""
    del host, path
    return _BLOCKED


async def in_clear(stream: ByteStream, says: Callable[[str, str], Reply], now: Now) -> None:
    """Answer one request. Raises one of wire.GONE."""
    ask = await receive(stream)
    host = ask.headers.get("host", "").partition(":")[0].lower()
    await answer(stream, says(host, ask.target.partition("?")[0]), now())


async def over_tls(stream: SocketStream, context: ssl.SSLContext, says: Callable[[str, str], Reply], now: Now) -> None:
    """Answer one request over TLS. Raises one of wire.GONE."""
    wrapped = await TLSStream.wrap(stream, server_side=True, ssl_context=context, standard_compatible=False)
    await in_clear(wrapped, says, now)
