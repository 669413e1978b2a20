"""The machines that a judgement is about, as far as AWS's answers have to do with them."""

from __future__ import annotations

import msgspec


class Nodes(msgspec.Struct, frozen=True):
    """One kind of machine: its name for people, and the groups and subnets declared for it."""

    name: str
    groups: tuple[str, ...] = ()
    subnets: tuple[str, ...] = ()
