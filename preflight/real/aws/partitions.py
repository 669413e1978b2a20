"""AWS's partitions, by the SDK's own data: which region belongs to which, and what its services are called there."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any, Final, NamedTuple

from preflight.aws.facts import Service

_FIRST: Final = "aws"


class Partition(NamedTuple):
    """The partition of one region."""

    name: str
    suffix: str
    """Of its services' DNS names, e.g. `amazonaws.com.cn`."""
    home: str
    """The region that can always be asked, and that knows which others are enabled."""


class Partitions:
    """The partitions that this version of the SDK knows. `session` is botocore's."""

    def __init__(self, session: Any) -> None:  # noqa: ANN401 - botocore has no types
        self._session = session
        self._all: list[Mapping[str, Any]] = session.get_data("partitions")["partitions"]

    @cached_property
    def _endpoints(self) -> Any:  # noqa: ANN401
        from botocore.regions import EndpointResolver  # type: ignore[import-untyped]  # noqa: PLC0415 - for who asks AWS only

        return EndpointResolver(self._session.get_data("endpoints"), uses_builtin_data=True)

    def of(self, region: str) -> Partition | None:
        """The partition of a region that can be asked, or None for a name that is none."""
        for each in self._all:
            if region in each["regions"] and not region.endswith("-global"):
                return Partition(each["id"], each["outputs"]["dnsSuffix"], each["outputs"]["implicitGlobalRegion"])
        return None

    def like(self, region: str) -> list[str]:
        """The regions whose names are nearest."""
        from difflib import get_close_matches  # noqa: PLC0415 - for a misspelling only

        return get_close_matches(region.lower(), [name for each in self._all for name in each["regions"] if not name.endswith("-global")], n=1)

    def service(self, name: str, region: str) -> Service:
        """The service's public host, and the names that its endpoint service may have.

        A name is the DNS suffix reversed, the region and the service. Beside `amazonaws.com`, each partition names some services by its own suffix and
        others by that of the first partition (AWS CDK's table for China, eusc and iso), so there both are admissible.
        """
        known = self._endpoints.construct_endpoint(name, region) or {}
        partition = self.of(region)
        suffix = partition.suffix if partition else known.get("dnsSuffix", "")
        first = next(each["outputs"]["dnsSuffix"] for each in self._all if each["id"] == _FIRST)
        names = dict.fromkeys(f"{_reversed(each)}.{region}.{name}" for each in (suffix, first))
        return Service(known.get("hostname") or f"{name}.{region}.{suffix}", tuple(names))


def _reversed(suffix: str) -> str:
    return ".".join(reversed(suffix.split(".")))
