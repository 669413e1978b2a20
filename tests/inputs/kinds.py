"""Two little kinds of checks, so that profiles can be tested without the network's."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from preflight.check import Check
from preflight.inputs.entries import Kinds
from preflight.world import World


class PingCheck(Check[None], frozen=True, kw_only=True, tag="ping"):
    """Whether the target answers.

    More about it.
    """

    kind = "ping"

    target: str
    tags: tuple[str, ...] = ()
    port: Annotated[int, msgspec.Meta(ge=1, le=65535, description="a port from 1 to 65535")] = 80

    def __post_init__(self) -> None:
        if self.target == "nowhere":
            raise ValueError("A target is somewhere")

    async def observe(self, world: World) -> None:
        """Look at nothing."""


class CloudCheck(Check[None], frozen=True, kw_only=True, tag="aws"):
    """What AWS says."""

    kind = "aws"

    async def observe(self, world: World) -> None:
        """Look at nothing."""


class UnknownKind(LookupError):
    like = ("ping",)


def find(kind: str) -> type[Check[Any]]:
    found: dict[str, type[Check[Any]]] = {"ping": PingCheck, "aws": CloudCheck}
    if kind == "broken":
        raise ImportError("no such module")
    if kind not in found:
        raise UnknownKind(kind)
    return found[kind]


KINDS: Kinds = find
