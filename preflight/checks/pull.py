"""An image pull as a container runtime does it: ping, token, manifest, blob (OCI distribution specification; Docker token authentication)."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Final
from urllib.parse import urljoin, urlsplit

import msgspec

from preflight.model import Target
from preflight.proof import Answer, judge

if TYPE_CHECKING:
    import httpx

HOPS: Final = 5
EXCHANGES: Final = 5 * HOPS
"""Ping, token, index, manifest and blob, each with its redirects."""
_MANIFESTS: Final = ", ".join(
    f"application/vnd.{kind}+json"
    for kind in ("oci.image.index.v1", "oci.image.manifest.v1", "docker.distribution.manifest.list.v2", "docker.distribution.manifest.v2")
)
_PARAMETER: Final = re.compile(r'(\w+)="([^"]*)"')
_GOOD: Final = frozenset({200, 206})
_Digest = Annotated[str, msgspec.Meta(pattern=r"^sha256:[0-9a-f]{64}$")]


class _Descriptor(msgspec.Struct):
    digest: _Digest
    platform: dict[str, str | list[str]] = {}


class _Manifest(msgspec.Struct):
    """An image manifest, or an index of manifests (OCI image specification)."""

    manifests: list[_Descriptor] = []
    config: _Descriptor | None = None


class _Token(msgspec.Struct):
    token: str = ""
    access_token: str = ""


class Stage(msgspec.Struct, frozen=True):
    """One exchange of the pull: what for, with which host, the code it ended with if it ended the pull, and what was said."""

    what: str
    host: str
    code: str | None
    said: str


class _Over(Exception):
    """The pull cannot go on; the last stage says why."""


class Pull:
    """One pull in progress. `client` decides route, trust and bounds."""

    def __init__(self, client: httpx.AsyncClient, registry: str, image: str) -> None:
        self._client = client
        self._base = f"{registry}/v2/"
        self._image = image
        self._stages: list[Stage] = []
        self._token = ""

    async def all(self, reference: str) -> Sequence[Stage]:
        """Every exchange in order; the last one has a code if the pull did not succeed."""
        try:
            await self._ping()
            config = await self._config_digest(reference)
            await self._blob(config)
        except _Over:
            pass
        return self._stages

    async def _ping(self) -> None:
        response = await self._get("ping", self._base, follow=True)
        answer = Answer(response.status_code, response.reason_phrase, tuple(response.headers.multi_items()), response.content)
        verdict = judge(answer, Target.parse(str(response.url)), "registry")
        if verdict.code != "ok":
            self._fail(verdict.code, verdict.seen)
        challenge = response.headers.get("WWW-Authenticate", "")
        if response.status_code == 401 and challenge.lower().startswith("bearer "):  # noqa: PLR2004
            await self._authorize(dict(_PARAMETER.findall(challenge)))

    async def _authorize(self, challenge: dict[str, str]) -> None:
        realm = urlsplit(challenge.get("realm", ""))
        if realm.scheme != "https" or not realm.hostname:
            self._fail("http.malformed", "a Bearer challenge without an https:// realm")
        parameters = {"service": challenge.get("service", ""), "scope": f"repository:{self._image}:pull"}
        response = await self._get("token", challenge["realm"], parameters=parameters)
        try:
            answer = msgspec.json.decode(response.content, type=_Token)
        except msgspec.DecodeError:
            answer = _Token()
        self._token = answer.token or answer.access_token
        if response.status_code not in _GOOD or not self._token:
            self._unexpected(response, "without a token")

    async def _config_digest(self, reference: str) -> str:
        manifest = await self._manifest(reference)
        if manifest.manifests:
            fitting = [each for each in manifest.manifests if (each.platform.get("os"), each.platform.get("architecture")) == ("linux", "amd64")]
            manifest = await self._manifest((fitting or manifest.manifests)[0].digest)
        if manifest.config is None:
            self._fail("http.wrong-origin", "a manifest without an image")
            raise _Over
        return manifest.config.digest

    async def _manifest(self, reference: str) -> _Manifest:
        response = await self._get("manifest", f"{self._base}{self._image}/manifests/{reference}", accept=_MANIFESTS, follow=True)
        if response.status_code in _GOOD:
            try:
                return msgspec.json.decode(response.content, type=_Manifest)
            except msgspec.DecodeError:
                pass
        self._unexpected(response, "without a manifest")
        raise _Over

    async def _blob(self, digest: str) -> None:
        """The image's configuration: a blob like any layer, and small enough to be checked against its digest."""
        response = await self._get("blob", f"{self._base}{self._image}/blobs/{digest}", follow=True)
        if response.status_code not in _GOOD:
            self._unexpected(response, "without the blob")
        if f"sha256:{hashlib.sha256(response.content).hexdigest()}" != digest:
            self._fail("http.block-page" if _is_page(response) else "http.wrong-origin", f"{response.status_code} with bytes that do not match the digest")

    async def _get(self, what: str, url: str, *, accept: str = "*/*", parameters: dict[str, str] | None = None, follow: bool = False) -> httpx.Response:
        """One answer, redirects followed a hop at a time. The token goes to the registry alone."""
        import httpx  # noqa: PLC0415 - the client has loaded it already

        for _ in range(HOPS):
            host = urlsplit(url).hostname or "?"
            mine = self._token and url.startswith(self._base)
            headers = {"Accept": accept, **({"Authorization": f"Bearer {self._token}"} if mine else {})}
            try:
                response = await self._client.get(url, params=parameters, headers=headers)
            except (httpx.TransportError, httpx.InvalidURL, ValueError) as error:
                self._stages.append(Stage(what, host, str(error) if isinstance(error, httpx.TransportError) else "http.malformed", "no answer"))
                raise _Over from None
            self._stages.append(Stage(what, host, None, f"{response.status_code} {response.reason_phrase}".strip()))
            where = response.headers.get("Location", "") if follow and response.is_redirect else ""
            if not where:
                return response
            url = urljoin(url, where)
            if urlsplit(url).scheme != "https":
                self._fail("http.block-page", f"a redirect to {urlsplit(url).scheme}://{urlsplit(url).hostname}")
        self._fail("http.unexpected-status", f"more than {HOPS} redirects")
        raise _Over

    def _unexpected(self, response: httpx.Response, lacking: str) -> None:
        said = f"{response.status_code} {response.reason_phrase}".strip()
        if response.status_code == 429:  # noqa: PLR2004
            self._fail("http.rate-limited", said)
        if response.status_code >= 500:  # noqa: PLR2004
            self._fail("http.server-error", said)
        self._fail("http.block-page" if _is_page(response) else "http.unexpected-status", f"{said}, {lacking}")

    def _fail(self, code: str, said: str) -> None:
        last = self._stages[-1]
        self._stages[-1] = Stage(last.what, last.host, code, said)
        raise _Over


def _is_page(response: httpx.Response) -> bool:
    return "html" in response.headers.get("Content-Type", "").lower()
