"""Whether security groups let a connection pass: the rules only ever allow, and all groups of an interface count together.

Sources: the EC2 API's `IpPermission` (protocol `-1` means every protocol and port, whatever ports stand beside it), and the VPC guide on security groups.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, collapse_addresses, ip_network
from typing import Final, Literal, TypeAlias

import msgspec

from preflight.aws.facts import Group, GroupReference, Rule, Unread

Network: TypeAlias = IPv4Network | IPv6Network
Lists: TypeAlias = Mapping[str, tuple[str, ...] | Unread]
Direction: TypeAlias = Literal["to", "from"]

DEFAULT_GROUP: Final = "default"
"""The name that AWS keeps for the group that it makes with every VPC; no installer can make one of that name."""
LIST_ACTION: Final = "ec2:GetManagedPrefixListEntries"
_NAMES: Final = {"-1": "everything", "1": "icmp", "6": "tcp", "17": "udp", "58": "icmpv6"}
_EFFECTIVE: Final = frozenset({"", "active"})


class Reference(msgspec.Struct, frozen=True, order=True):
    """A group that a rule for the right port refers to, and that the peer does not carry."""

    group: str
    """The group whose rule it is."""
    to: str
    vpc: str = ""
    peering: str = ""
    """The peering's status, where the reference leads over one."""


class Permission(msgspec.Struct, frozen=True):
    """Whether rules permit a connection; where they do not, how near they come. Every text is a clause such as `sg-1 allows tcp 443 to 10.0.0.0/16`."""

    allowed: bool
    by: str = ""
    """Which group's which rule permits it."""
    unknown: tuple[Unread, ...] = ()
    """Prefix lists that could not be read and might permit it."""
    doubts: tuple[str, ...] = ()
    """Every rule that might permit it and could not be resolved (`unknown`) or understood: while there is one, nothing is known to be forbidden."""
    other_ports: tuple[str, ...] = ()
    """What admits the peer on other ports or protocols."""
    other_addresses: tuple[str, ...] = ()
    """What admits the port for other addresses of the same IP family."""
    other_family: tuple[str, ...] = ()
    """What admits the port for addresses of the other IP family."""
    references: tuple[Reference, ...] = ()
    """What admits the port for groups that the peer does not carry, or over a peering that is not active."""

    @property
    def undecided(self) -> bool:
        """Whether nothing that was understood permits it, and something that was not might."""
        return not self.allowed and bool(self.doubts)


class _Peer(msgspec.Struct, frozen=True):
    """One source or destination that a rule names, resolved as far as it can be."""

    clause: str
    networks: tuple[Network, ...] = ()
    carried: bool = False
    reference: Reference | None = None
    doubt: str = ""
    unread: Unread | None = None


def permits(
    rules: Iterable[tuple[str, Rule]],
    peer: str | None,
    port: int,
    *,
    peer_groups: Collection[str] = (),
    prefix_lists: Lists | None = None,
    direction: Direction = "to",
) -> Permission:
    """Whether the union of `rules`, pairs of a group's id and its rule, permits TCP between their interface and `peer` on `port`.

    `peer` is an address or a CIDR: a network is permitted only if all of it is. None, a place that is not known, can be permitted by reference only.
    The order of the rules changes nothing, not even the words.
    """
    network = _network(peer) if peer is not None else None
    fitting: list[_Peer] = []
    elsewhere: list[_Peer] = []
    doubts: set[str] = set()
    for group, rule in rules:
        fits = _fits(rule, port)
        if fits is None:
            doubts.add(f"{group} has a rule that is not understood (protocol {rule.protocol or 'missing'}, ports {rule.first} to {rule.last})")
            continue
        (fitting if fits else elsewhere).extend(_peers(group, rule, peer_groups, prefix_lists or {}, direction))
    by = _permitting(fitting, network)
    if by:
        return Permission(allowed=True, by="; ".join(by))
    addressed = [each for each in fitting if each.networks and not each.doubt]
    return Permission(
        allowed=False,
        unknown=tuple(sorted({each.unread for each in fitting if each.unread}, key=lambda each: (each.action, each.code, each.reason))),
        doubts=tuple(sorted(doubts | {each.doubt for each in fitting if each.doubt})),
        other_ports=tuple(_permitting(elsewhere, network, every=True)),
        other_addresses=_clauses(each for each in addressed if any(_alike(one, network) for one in each.networks)),
        other_family=_clauses(each for each in addressed if network and not any(_alike(one, network) for one in each.networks)),
        references=tuple(sorted({each.reference for each in fitting if each.reference})),
    )


def described(group: str, rule: Rule, peer: str, direction: Direction = "to") -> str:
    """The rule as a clause: `sg-1 allows tcp 3128 to 10.0.0.0/16`."""
    name = _NAMES.get(rule.protocol, rule.protocol)
    if rule.protocol == "-1" or rule.first is None or rule.last is None:
        return f"{group} allows {name} {direction} {peer}"
    ports = str(rule.first) if rule.first == rule.last else f"{rule.first}-{rule.last}"
    return f"{group} allows {name} {ports} {direction} {peer}"


def _fits(rule: Rule, port: int) -> bool | None:
    """Whether the rule is about this TCP port; None where its shape is none that the EC2 API describes."""
    if rule.protocol == "-1":
        return True
    if rule.protocol not in {"tcp", "6"}:
        return None if not (rule.protocol.isdecimal() or rule.protocol in _NAMES.values()) else False
    if rule.first is None or rule.last is None or not 0 <= rule.first <= rule.last:
        return None
    return rule.first <= port <= rule.last


def _peers(group: str, rule: Rule, carried: Collection[str], lists: Lists, direction: Direction) -> Iterator[_Peer]:
    for cidr in rule.cidrs:
        clause, network = described(group, rule, cidr, direction), _network(cidr)
        yield _Peer(clause, (network,)) if network else _Peer(clause, doubt=f"{clause}, which is no network")
    for name in rule.prefix_lists:
        yield _listed(described(group, rule, f"the prefix list {name}", direction), name, lists)
    for reference in rule.groups:
        clause = described(group, rule, f"the group {reference.id}", direction)
        if reference.id in carried and effective(reference):
            yield _Peer(clause, carried=True)
        else:
            yield _Peer(clause, reference=Reference(group, reference.id, reference.vpc, reference.peering))
    if not (rule.cidrs or rule.prefix_lists or rule.groups):
        clause = described(group, rule, "?", direction)
        yield _Peer(clause, doubt=f"{clause}: the rule names nobody that is understood")


def installers(references: Iterable[Reference], known: Iterable[Group], declared: Collection[str], vpc: str) -> tuple[Reference, ...]:
    """Those that may be to a group of the installer's: it makes one for each kind of machine, whose id no manifest tells.

    A group is none of those if a manifest declares it, if it is of another VPC than the machines' (where a peering leads away from
    theirs, too), or if it is a VPC's default group. A reference over a peering that is not active leads nowhere.
    """
    groups = {each.id: each for each in known}

    def foreign(each: Reference) -> bool:
        group, whose = groups.get(each.to), groups.get(each.group)
        away = bool(each.peering) and whose is not None and whose.vpc == vpc
        return away or (group is not None and (group.name == DEFAULT_GROUP or group.vpc != vpc)) or each.vpc not in {"", vpc}

    return tuple(each for each in references if each.to not in declared and each.peering.lower() in _EFFECTIVE and not foreign(each))


def effective(reference: GroupReference) -> bool:
    """Whether a reference still leads somewhere: over a peering that is not active, AWS calls the rule stale."""
    return reference.peering.lower() in _EFFECTIVE


def _listed(clause: str, name: str, lists: Lists) -> _Peer:
    entries = lists.get(name, Unread(LIST_ACTION, "aws.not-asked", f"the prefix list {name} was not read"))
    if isinstance(entries, Unread):
        return _Peer(clause, doubt=f"{clause}, which could not be read", unread=entries)
    networks = [_network(entry) for entry in entries]
    known = tuple(each for each in networks if each)
    return _Peer(clause, known, doubt="" if len(known) == len(networks) else f"{clause}, which holds what is no network")


def _permitting(peers: Iterable[_Peer], network: Network | None, *, every: bool = False) -> list[str]:
    """The clauses that permit the whole of `network`: the first by name that does alone, else those that do together. `every`: all that do alone."""
    ordered = sorted(peers, key=lambda each: each.clause)
    alone = [each.clause for each in ordered if each.carried or _covers(each.networks, network)]
    if alone or every:
        return list(dict.fromkeys(alone)) if every else alone[:1]
    if network and _covers([one for each in ordered for one in each.networks], network):
        return list(dict.fromkeys(each.clause for each in ordered if any(_alike(one, network) and one.overlaps(network) for one in each.networks)))
    return []


def _covers(networks: Iterable[Network], wanted: Network | None) -> bool:
    """Whether the union of `networks` holds all of `wanted`. Collapsed, a union that does has one member that does."""
    if isinstance(wanted, IPv4Network):
        return any(wanted.subnet_of(each) for each in collapse_addresses(each for each in networks if isinstance(each, IPv4Network)))
    if isinstance(wanted, IPv6Network):
        return any(wanted.subnet_of(each) for each in collapse_addresses(each for each in networks if isinstance(each, IPv6Network)))
    return False


def _alike(one: Network, other: Network | None) -> bool:
    return other is not None and one.version == other.version


def _clauses(peers: Iterable[_Peer]) -> tuple[str, ...]:
    return tuple(sorted({each.clause for each in peers}))


@lru_cache(maxsize=4096)
def _network(text: str) -> Network | None:
    try:
        return ip_network(text, strict=False)
    except ValueError:
        return None
