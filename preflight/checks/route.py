"""Do the route tables lead from the nodes' subnets to the proxy, and back?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from preflight.aws.facts import Facts
from preflight.aws.scope import Part
from preflight.aws.ways import routes
from preflight.aws.ways.legs import Leg, Verdict
from preflight.checks.way import WayCheck


class RouteCheck(WayCheck, frozen=True, kw_only=True, tag="route"):
    """Every subnet of the nodes has a route to every address of the proxies, and the proxy's own subnet, where it is known, has one back."""

    kind: ClassVar[str] = "route"
    parts: ClassVar[frozenset[Part]] = frozenset({Part.NETWORK, Part.ROUTES, Part.PROXY})

    def needed(self, proxies: str) -> str:
        """See WayCheck."""
        return f"a route from its private subnets to {proxies}, and the proxy one back"

    def source(self, facts: Facts) -> tuple[object, str]:
        """See WayCheck."""
        return facts.route_tables, "the route tables"

    def conclude(self, facts: Facts, ways: Sequence[Leg]) -> Verdict:
        """See WayCheck."""
        return routes.judge(facts, ways)
