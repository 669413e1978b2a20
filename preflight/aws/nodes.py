"""The machines that a judgement is about, as far as AWS's answers have to do with them."""

from __future__ import annotations

from typing import Final

import msgspec

INSTALLER_PORTS: Final = (80, 443)
"""What the group that the installer makes lets out to 0.0.0.0/0, by the product's page on security groups."""


class Nodes(msgspec.Struct, frozen=True):
    """One kind of machine: its name for people, and the groups and subnets declared for it."""

    name: str
    groups: tuple[str, ...] = ()
    subnets: tuple[str, ...] = ()
    promised: tuple[int, ...] = ()
    """The TCP ports that the group which the installer makes for them is documented to let out to all of IPv4."""
