"""What the command line says."""

from __future__ import annotations

from pathlib import Path

import msgspec


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """Every flag that decides what is checked and how, as it was given; None or empty where it was not."""

    config: Path | None = None
    proxy_file: Path | None = None
    proxy_from_env: bool = False
    direct: bool = False
    manifests: tuple[Path, ...] = ()
    region: str | None = None
    vpc: str | None = None
    set: tuple[str, ...] = ()
    """`name=value` each."""
    enable: tuple[str, ...] = ()
    disable: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()
    no_aws: bool = False
    aws_facts: Path | None = None
    save_aws_facts: Path | None = None
    ca_file: Path | None = None
    timeout: str | None = None
    deadline: str | None = None
    concurrency: int | None = None
    strict: bool = False
    vantage: str | None = None
    allow_outside: bool = False
    """Whether `spec.proxy` may lead out of the manifest's directory."""

    @property
    def overridden(self) -> frozenset[str]:
        """What the manifests need not say, because a flag says it."""
        proxy = self.proxy_file is not None or self.proxy_from_env or self.direct
        given = {name for name, flag in (("proxy", proxy), ("region", self.region), ("vpc", self.vpc)) if flag}
        return frozenset(given.union(text.partition("=")[0] for text in self.set))
