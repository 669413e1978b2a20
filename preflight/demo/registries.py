"""Image registries, so far as a pull goes: ping, token, one manifest, and one blob that lies on another host, as it does in truth."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from preflight.demo.acts import Reply
from preflight.demo.wire import Ask

JSON: Final = ("Content-Type", "application/json; charset=UTF-8")
_API: Final = ("Docker-Distribution-Api-Version", "registry/2.0")
_TOKEN: Final = "demo-anonymous-token"  # noqa: S105 - the lab's token services hand it to anybody
_KIND: Final = "application/vnd.docker.distribution.manifest.v2+json"
_CONFIG: Final = b'{"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": []}}'
_DIGEST: Final = f"sha256:{hashlib.sha256(_CONFIG).hexdigest()}"
_MANIFEST: Final = json.dumps(
    {
        "schemaVersion": 2,
        "mediaType": _KIND,
        "config": {"mediaType": "application/vnd.docker.container.image.v1+json", "size": len(_CONFIG), "digest": _DIGEST},
        "layers": [],
    }
).encode()
_MISSING: Final = Reply(404, "Not Found", (_API, JSON), b'{"errors": [{"code": "NAME_UNKNOWN", "message": "not known to this registry"}]}')


def token(ask: Ask) -> Reply:
    """What a token service says to anybody."""
    del ask
    return Reply(200, "OK", (JSON,), json.dumps({"token": _TOKEN, "expires_in": 300}).encode())


def blob(ask: Ask) -> Reply | None:
    """The one blob there is, from whichever host; None if something else is asked for."""
    return Reply(200, "OK", (("Content-Type", "application/octet-stream"),), _CONFIG) if ask.path.endswith(_DIGEST) else None


@dataclass(frozen=True, slots=True)
class Registry:
    """One registry: where it sends for tokens, and where for blobs."""

    realm: str
    service: str
    blobs_from: str

    def says(self, ask: Ask) -> Reply:
        """What the registry says to a GET."""
        if f"https://{self.service}{ask.path}" == self.realm:
            return token(ask)
        if ask.headers.get("authorization") != f"Bearer {_TOKEN}":
            challenge = ("WWW-Authenticate", f'Bearer realm="{self.realm}",service="{self.service}"')
            return Reply(401, "Unauthorized", (_API, challenge, JSON), b'{"errors": [{"code": "UNAUTHORIZED", "message": "authentication required"}]}')
        if ask.path == "/v2/":
            return Reply(200, "OK", (_API, JSON), b"{}")
        if "/manifests/" in ask.path:
            return Reply(200, "OK", (_API, ("Content-Type", _KIND)), _MANIFEST)
        if blob(ask):
            return Reply(307, "Temporary Redirect", (_API, ("Location", f"https://{self.blobs_from}/blobs/{_DIGEST}")))
        return _MISSING


def without_tokens(ask: Ask) -> Reply:
    """What a registry says that wants no tokens."""
    return Reply(200, "OK", (_API, JSON), b"{}") if ask.path == "/v2/" else _MISSING


REGISTRIES: Final[Mapping[str, Registry]] = {
    "gcr.io": Registry("https://gcr.io/v2/token", "gcr.io", "storage.googleapis.com"),
    "k8s.gcr.io": Registry("https://k8s.gcr.io/v2/token", "k8s.gcr.io", "storage.googleapis.com"),
    "registry-1.docker.io": Registry("https://auth.docker.io/token", "registry.docker.io", "production.cloudflare.docker.com"),
    "quay.io": Registry("https://quay.io/v2/auth", "quay.io", "cdn01.quay.io"),
}
"""By host."""
