"""What no security group can mend: machines without the proxy's IP family, and an address of their own VPC that nobody has."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from preflight.aws.carriers import End, Nobody
from preflight.aws.conclusion import Conclusion, few, listed
from preflight.aws.egress import openings
from preflight.aws.egress.doubts import Way, about, evidence, places
from preflight.aws.facts import Facts
from preflight.aws.families import second_family
from preflight.aws.nodes import Nodes

_FAMILIES = {4: "IPv4", 6: "IPv6"}
_HINT = "No rule of a group helps: give the machines {missing} addresses, or the proxy one of the family that they have."


def families(facts: Facts, nodes: Nodes, found: Iterable[Way]) -> Iterator[Conclusion]:
    """`egress.family` for each proxy of which the machines, in some subnet, can try no address at all."""
    proxies: dict[tuple[str, int], list[Way]] = {}
    for way in found:
        proxies.setdefault((way.host, way.port), []).append(way)
    told: dict[tuple[str, ...], list[Way]] = {}
    for those in proxies.values():
        versions = {way.version for way in those}
        if cut := tuple(place for place, have in places(facts, nodes).items() if have and not have & versions):
            told.setdefault(cut, []).extend(those)
    for cut, ways in told.items():
        missing = _FAMILIES[ways[0].version]
        command, then = second_family(facts.vpc_id, "" if cut[0] == facts.vpc_id else cut[0], ways[0].version, facts.scope.region)
        fields = about(facts, nodes, ways) | {"group": listed(nodes.groups), "why": f"{listed(cut, most=8)} has no {missing} addresses"}
        message = f"{nodes.name} can try no address of the proxy {fields['proxy_address']}: {fields['why']}"
        hint = _HINT.format(missing=missing)
        yield Conclusion("egress.family", fields, (command,), message, hint, then, evidence(nodes, ways) | {"places": list(cut)})


def nobody(facts: Facts, nodes: Nodes, ends: Iterable[tuple[Way, End]]) -> Iterator[Conclusion]:
    """`egress.nobody` for all addresses of the nodes' own VPC that no interface has."""
    missing = {way: end for way, end in ends if isinstance(end, Nobody) and end.missing}
    if missing:
        why = few(f"{end.why}, which is an address of {facts.vpc_id}" for end in missing.values())
        fields = about(facts, nodes, missing) | {"why": why, "addresses": ",".join(sorted({way.address for way in missing}))}
        yield Conclusion("egress.nobody", fields, (openings.carriers_of(facts, missing),), evidence=evidence(nodes, missing))
