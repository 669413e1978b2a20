"""Do the network ACLs let connections to the proxy through, and its answers?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from preflight.aws.facts import Facts
from preflight.aws.scope import Part
from preflight.aws.ways import acls
from preflight.aws.ways.legs import Leg, Verdict
from preflight.checks.way import WayCheck


class NetworkAclCheck(WayCheck, frozen=True, kw_only=True, tag="network-acl"):
    """The ACL of every subnet of the nodes lets connections to the proxies out and their answers in; that of the proxy's own subnet, where it is known, too."""

    kind: ClassVar[str] = "network-acl"
    parts: ClassVar[frozenset[Part]] = frozenset({Part.NETWORK, Part.ACLS, Part.PROXY})

    def needed(self, proxies: str) -> str:
        """See WayCheck."""
        first, last = acls.EPHEMERAL
        return f"network ACLs that let TCP out to {proxies} and the answers to ports {first}-{last} in"

    def source(self, facts: Facts) -> tuple[object, str]:
        """See WayCheck."""
        return facts.acls, "the network ACLs"

    def conclude(self, facts: Facts, ways: Sequence[Leg]) -> Verdict:
        """See WayCheck."""
        return acls.judge(facts, ways)
