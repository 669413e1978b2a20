"""Can people log in: does the OpenID Connect issuer answer, and the host that it names for its keys?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar

import httpx
import msgspec

from preflight import codes, diagnosis, proxy_reply
from preflight.check import Check, seconds
from preflight.declared import Declared
from preflight.model import Finding, Step, Target, Via
from preflight.world import Trace, World

Document = TypeVar("Document")


class Discovery(msgspec.Struct):
    """What an issuer says about itself (OpenID Connect Discovery 1.0, section 4.2)."""

    issuer: str
    jwks_uri: str


class KeySet(msgspec.Struct):
    """The keys that it signs with (RFC 7517, section 5)."""

    keys: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Observed:
    """The walk to the issuer's document, and the one to its keys if the document named them."""

    document: Trace
    keys: Trace | None = None


class OidcIssuerCheck(Check[Observed], frozen=True, kw_only=True, tag="oidc-issuer"):
    """Walk to an OpenID Connect issuer, and on to the keys that it names, which often lie on a host that the allow-list forgot."""

    kind: ClassVar[str] = "oidc-issuer"

    issuer: str
    least_keys: int = 1

    def __post_init__(self) -> None:
        """Refuse an issuer that is no URL. Raises ValueError."""
        if self.wants().scheme not in {"https", "http"}:
            raise ValueError("an issuer is an https:// URL")

    def wants(self) -> Target:
        """See Check."""
        return Target.parse(self.issuer.rstrip("/") + "/.well-known/openid-configuration")

    def blockers(self, declared: Declared) -> Iterable[str]:
        """See Check."""
        yield from self.requires
        if isinstance(declared.route(self.wants()), Via):
            yield f"proxy-{self.wants().scheme}"

    async def observe(self, world: World) -> Observed:
        """See Check."""
        traces: list[Trace] = []
        async with world.net.client(world.declared.route, timeout=seconds(self.timeout), traces=traces) as client:
            with suppress(httpx.TransportError, httpx.InvalidURL, ValueError):  # what became of each walk is in its trace
                response = await client.get(self.wants().url)
                discovery = read(response.content, Discovery)
                if discovery:
                    await client.get(discovery.jwks_uri)
        return Observed(*traces)

    def judge(self, seen: Observed) -> Iterable[Finding]:
        """See Check."""
        failed = diagnosis.diagnose(seen.document)
        if failed:
            yield failed
            return
        discovery = read(diagnosis.answered(seen.document).body, Discovery)
        if discovery is None or discovery.issuer != self.issuer:
            yield unproved(seen.document, f"the answer is not the discovery document of {self.issuer}")
        elif seen.keys is None:
            yield unproved(seen.document, f"the discovery document names no URL for its keys: {discovery.jwks_uri}")
        else:
            yield diagnosis.diagnose(seen.keys) or self._keys(seen.keys)

    def steps(self, seen: Observed) -> Sequence[Step]:
        """See Check."""
        return (seen.keys or seen.document).steps

    def _keys(self, trace: Trace) -> Finding:
        found = read(diagnosis.answered(trace).body, KeySet)
        if found is None or len(found.keys) < self.least_keys:
            return unproved(trace, "the answer is no key set")
        message = f"{self.issuer} describes itself, and {trace.target.host} has {len(found.keys)} of its keys"
        return codes.finding("ok", message=message, evidence={"hosts": [self.wants().host, trace.target.host]})


def read(body: bytes, shape: type[Document]) -> Document | None:
    """The body as that document; None if it is not one. A status proves nothing, so it is not asked."""
    try:
        return msgspec.json.decode(body, type=shape)
    except msgspec.DecodeError:
        return None


def unproved(trace: Trace, why: str) -> Finding:
    """The finding for an answer that came and is not the issuer's."""
    answer = diagnosis.answered(trace)
    code = "http.unexpected-status" if answer.status >= 500 else "http.block-page" if answer.is_page else "http.wrong-origin"
    finding = diagnosis.explain(code, trace, proxy_reply.facts(answer))
    return msgspec.structs.replace(finding, message=f"{finding.message}: {why}")
