"""Is it the proxy that cannot be reached, or can this host reach nothing at all? Judged from what a run saw and from this host's own routes; nothing is sent.

A dead proxy is no isolation. Isolated is only who got no further than the first hop on any walk, for reasons that this host itself gave, and has no route to
where those hops are. Two signs have to agree: a firewall upstream says *unreachable* as well, and an idle interface may lack a route that nobody needs.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from enum import Enum, auto
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Final, TypeAlias

from preflight.model import CheckResult, Phase, Report, Status, Target, Via

Network: TypeAlias = IPv4Network | IPv6Network
Routes: TypeAlias = Callable[[], tuple[Network, ...] | None]

_LOCAL: Final = frozenset({"tcp.unreachable", "dns.timeout", "dns.servfail"})
"""How a walk ends on a host without a network: the kernel knows no way, or no resolver can be asked."""
_OVER: Final = frozenset({"internal.deadline", "internal.interrupted"})


class Sight(Enum):
    """What a run is worth."""

    CLEAR = auto()
    """It speaks for itself."""
    BLIND = auto()
    """It is shown, and says nothing of where its walks should have led: this host is cut off."""
    NOTHING = auto()
    """It is dropped, and everything that may be asked is asked at once: only that can tell, or this host was connected again meanwhile."""


class Watch:
    """Is this host cut off, over many runs?

    A part of the plan may lead to where this host never had a route; that the host is cut off is said by a run of everything that may be asked alone.
    """

    def __init__(self, routes: Routes, reason: str = "") -> None:
        """`reason`: why it was cut off before a restart."""
        self._routes = routes
        self.reason = reason
        """Why this host is cut off; empty where it is not."""
        self.unsure = False
        """Whether nothing that is required left this host in a part, and no run has told why."""
        self._suspect: frozenset[str] = frozenset()  # checks of parts of which none left this host
        self._staying: frozenset[str] = frozenset()  # those that did not leave it while others did

    def forget(self) -> None:
        """Other questions are asked from now on. What is said of this host stays until they are answered."""
        self._suspect = self._staying = frozenset()

    def look(self, run: Report, *, whole: bool, besides: Collection[str] = ()) -> Sight:
        """What this run is worth, and what it tells of this host. `whole`: all checks ran that are not held back. `besides`: the hosts to which those go."""
        reason = cut_off(run, self._routes, besides, whole=whole) if whole or walked(run) else None
        if whole and not reason:
            self._staying, self._suspect = self._staying | self._suspect, frozenset()
        self._staying -= left(run)
        if reason is None and not (whole and not besides and _walks_nowhere(run)):
            return Sight.BLIND if self.reason else Sight.CLEAR
        if not reason:
            back = bool(self.reason)
            self.reason, self.unsure = "", False
            return Sight.NOTHING if back else Sight.CLEAR
        if self.reason:
            return Sight.BLIND
        if whole:
            self.forget()
            self.reason, self.unsure = reason, False
            return Sight.BLIND
        walks = walked(run)
        if walks.keys() <= self._staying:
            return Sight.CLEAR
        self._suspect |= walks.keys()
        self.unsure = any(result.required for result in walks.values())
        return Sight.NOTHING


def cut_off(run: Report, routes: Routes, besides: Iterable[str] = (), *, whole: bool = False) -> str | None:
    """Why this host reaches nothing at all, in a sentence; empty where it reaches something, or may. None where neither walks nor routes tell.

    `besides` are first hops that nobody walked to. `whole`: where there is no walk, there is none to wait for.
    """
    walks = walked(run)
    meant = _meant(run, anything=whole and not walks)
    if left(run):
        return ""
    networks = routes() if walks or meant else None
    if networks is None:
        return None
    hops = sorted({hop for result in walks.values() for hop in _first_hop(result)})
    if any(_leads(networks, hop) for hop in (*hops, *besides, *meant)):
        return ""
    if not walks:
        return None
    return f"this host has no route to {_listed(hops)}, and no walk left it"


def walked(run: Report) -> Mapping[str, CheckResult]:
    """The checks that set out for somewhere."""
    return {result.name: result for result in run.results if result.steps}


def left(run: Report) -> frozenset[str]:
    """Those of them that may have got further than this host."""
    return frozenset(name for name, result in walked(run).items() if _left(result))


def _walks_nowhere(run: Report) -> bool:
    """Whether nothing that is asked could ever tell. A check that could not look might have."""
    return not walked(run) and all(result.verdict is not Status.ERROR for result in run.results)


def _left(result: CheckResult) -> bool:
    """Whether a packet of this walk may have left the host."""
    last = result.steps[-1]
    connected = any(step.ok and step.phase is not Phase.DNS for step in result.steps)
    return connected or last.ok or last.code not in _LOCAL


def _first_hop(result: CheckResult) -> Iterator[str]:
    """The addresses that were tried, or the name that had none."""
    facts = result.steps[-1].facts
    addresses = facts.get("addresses") if result.steps[-1].phase is Phase.TCP else None
    found = [each.strip() for each in addresses.split(",")] if isinstance(addresses, str) else []
    yield from filter(None, found) if any(found) else (str(facts.get("name", "")),)


def _meant(run: Report, *, anything: bool) -> list[str]:
    """The first hops of walks that were cut and left no steps, as far as they are known; an empty one where none is. `anything`: of all that cannot tell."""
    hops: set[str] = set()
    for result in run.results:
        over = result.started is None or any(finding.code in _OVER for finding in result.findings)
        if not result.steps and not result.blocked_by and (over or (anything and result.verdict is Status.ERROR)):
            hops.add(_goal(result))
    return sorted(hops - {""} or hops)


def _goal(result: CheckResult) -> str:
    if isinstance(result.route, Via):
        return result.route.proxy.host
    try:
        return Target.parse(result.target or "").host
    except ValueError:
        return ""


def _leads(networks: Iterable[Network], host: str) -> bool:
    """Whether any route may lead there. Of a name nobody knows the address, so any route may."""
    try:
        address = ip_address(host.strip("[]").partition("%")[0])
    except ValueError:
        return any(True for _ in networks)
    return address.is_loopback or any(address in network for network in networks if network.version == address.version)


def _listed(hops: list[str]) -> str:
    return hops[0] if len(hops) == 1 else f"{hops[0]} or any of {len(hops) - 1} other addresses"
