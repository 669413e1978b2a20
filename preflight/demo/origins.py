"""The names that exist in the lab, what each of them says, and the servers that say it.

Each speaks as the real one does, so far as `proof` listens: a Google API's error, a registry's challenge, an archive's signed index.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable
from fnmatch import fnmatchcase
from typing import Final, TypeAlias

from anyio.abc import ByteStream, SocketStream
from anyio.streams.tls import TLSStream

from preflight.demo import registries
from preflight.demo.acts import Reply, page
from preflight.demo.wire import Ask, Now, answer, receive

Says: TypeAlias = Callable[[Ask], Reply]
"""What an origin says to a request."""

_IN_RELEASE: Final = b"""-----BEGIN PGP SIGNED MESSAGE-----
Hash: SHA512

Origin: Ubuntu
Label: Ubuntu
Suite: SUITE
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


def _google(ask: Ask) -> Reply:
    body = b'{"error": {"code": 404, "message": "Requested entity was not found.", "status": "NOT_FOUND"}}'
    return registries.blob(ask) or Reply(404, "Not Found", (("Server", "ESF"), registries.JSON), body)


def _archive(ask: Ask) -> Reply:
    server = ("Server", "Apache/2.4.52 (Ubuntu)")
    if ask.path.startswith("/ubuntu/dists/") and ask.path.endswith("/InRelease"):
        suite = ask.path.split("/")[3]
        return Reply(200, "OK", (server,), _IN_RELEASE.replace(b"SUITE", suite.encode()))
    return Reply(404, "Not Found", (server, ("Content-Type", "text/html")), page("404 Not Found", "The requested URL was not found on this server."))


def _network_of(server: str) -> Says:
    """A content network: blobs, and a refusal for everything else."""
    return lambda ask: registries.blob(ask) or Reply(403, "Forbidden", (("Server", server),))


def _moved(ask: Ask) -> Reply:
    del ask
    return Reply(301, "Moved Permanently", (("Location", "https://www.docker.com/"),))


_ORIGINS: Final[tuple[tuple[str, Says], ...]] = (
    *((name, registry.says) for name, registry in registries.REGISTRIES.items()),
    ("*.googleapis.com", _google),
    ("registry.k8s.io", registries.without_tokens),
    ("*.ec2.archive.ubuntu.com", _archive),
    ("archive.ubuntu.com", _archive),
    ("security.ubuntu.com", _archive),
    ("docker.io", _moved),
    ("auth.docker.io", registries.token),
    ("production.cloudflare.docker.com", _network_of("cloudflare")),
    ("cdn01.quay.io", _network_of("CloudFront")),
)
_LIMITED: Final = page("Access to this site is limited", "Category: software downloads.")
_BLOCKED: Final = Reply(200, "OK", (("Server", "webfilter"), ("Content-Type", "text/html")), _LIMITED)


def find(host: str) -> Says | None:
    """What the origin of that name says; None where there is no such name."""
    return next((says for pattern, says in _ORIGINS if fnmatchcase(host, pattern)), None)


def genuine(ask: Ask) -> Reply:
    """What the genuine origin says that the request names."""
    says = find(ask.host)
    return says(ask) if says else Reply(421, "Misdirected Request")


def filtered(ask: Ask) -> Reply:
    """What a web filter says in the place of whoever was asked."""
    del ask
    return _BLOCKED


async def in_clear(stream: ByteStream, says: Says, now: Now) -> None:
    """Answer one request. Raises one of wire.GONE."""
    await answer(stream, says(await receive(stream)), now())


async def over_tls(stream: SocketStream, context: ssl.SSLContext, says: Says, now: Now) -> None:
    """Answer one request over TLS. Raises one of wire.GONE."""
    wrapped = await TLSStream.wrap(stream, server_side=True, ssl_context=context, standard_compatible=False)
    await in_clear(wrapped, says, now)
