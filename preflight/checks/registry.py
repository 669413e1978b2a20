"""Can an image be pulled: not only from the host that the documentation names, but from every host that it sends us to?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar, Final

import msgspec

from preflight import codes, diagnosis
from preflight.check import Check, seconds
from preflight.checks.pull import EXCHANGES, Pull, Stage
from preflight.declared import Declared
from preflight.model import Finding, Proxy, Step, Target, Via
from preflight.untrusted import Json
from preflight.world import Trace, World

ALIASES: Final = {"docker.io": "registry-1.docker.io"}
"""Names of images whose registry is another host (Docker's reference grammar)."""


class Observed(msgspec.Struct, frozen=True):
    """Every exchange of the pull in order, and the walk that ended it, if one did."""

    stages: tuple[Stage, ...]
    broken: Trace | None
    steps: tuple[Step, ...]


class RegistryCheck(Check[Observed], frozen=True, kw_only=True, tag="registry"):
    """An image pull's whole conversation: ping, token, manifest, one blob. Every redirect is a walk of its own, and is named."""

    kind: ClassVar[str] = "registry"

    registry: str
    image: str
    reference: str = "latest"
    about: str = "A whole image pull"

    def __post_init__(self) -> None:
        """Refuse a registry that is no host. Raises ValueError."""
        Target.parse(self.registry)

    def wants(self) -> Target:
        """See Check."""
        return Target.parse(ALIASES.get(self.registry, self.registry), "https")

    def through(self, declared: Declared) -> Iterable[Proxy]:
        """The proxy of https: tokens and blobs are on hosts that the registry names, whatever is said of its own."""
        via = declared.proxies.choose("https")
        return (via.proxy,) if via else ()

    def blockers(self, declared: Declared) -> Iterable[str]:
        """See Check."""
        yield from self.requires
        if isinstance(declared.route(self.wants()), Via):
            yield "proxy-https"

    def budget(self) -> float:
        """Every exchange of a pull has its own time."""
        return EXCHANGES * seconds(self.timeout)

    async def observe(self, world: World) -> Observed:
        """See Check."""
        traces: list[Trace] = []
        async with world.net.client(world.declared.route, timeout=seconds(self.timeout), traces=traces) as client:
            stages = await Pull(client, f"https://{self.wants().authority}", self.image).all(self.reference)
        return Observed(tuple(stages), traces[-1] if traces[-1].failed else None, traces[-1].steps)

    def judge(self, seen: Observed) -> Iterable[Finding]:
        """See Check."""
        hosts = list(dict.fromkeys(stage.host for stage in seen.stages))
        evidence: Mapping[str, Json] = {"hosts": list(hosts), "stages": [f"{stage.what} {stage.host}: {stage.said}" for stage in seen.stages]}
        last = seen.stages[-1]
        if last.code is None:
            yield codes.finding("ok", message=f"{self.image} can be pulled from {self.registry}; the pull used {', '.join(hosts)}", evidence=evidence)
            return
        failed = diagnosis.diagnose(seen.broken) if seen.broken else None
        if failed is None:
            message = f"the {last.what} of {self.image} from {last.host} ended with {last.said}"
            fields: Mapping[str, Json] = {"target": last.host, "host": last.host, "reply": last.said, "reason": last.said}
            yield codes.finding(last.code, fields=fields, message=message, evidence=evidence)
            return
        yield _in_the_pull(failed, f"the {last.what} of {self.image} is on {last.host}: {failed.message}", evidence)

    def steps(self, seen: Observed) -> Sequence[Step]:
        """See Check."""
        return seen.steps


def _in_the_pull(failed: Finding, message: str, evidence: Mapping[str, Json]) -> Finding:
    """The finding of a walk, told as part of the pull."""
    return Finding(failed.code, failed.status, failed.blame, message, failed.hint, {**failed.evidence, **evidence})
