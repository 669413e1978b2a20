"""Whether network ACLs let the nodes' connections to the proxy out, and its answers in.

Source: Amazon VPC user guide, "Network ACL rules" (the lowest number that matches decides, a final * denies), "Ephemeral ports", and "Network ACL
basics" (stateless; traffic within a subnet is not filtered).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import msgspec

from preflight.aws.conclusion import Conclusion, listed
from preflight.aws.facts import Acl, Facts, Subnet
from preflight.aws.remedy import Command
from preflight.aws.ways.acl_remedies import Entry, admit
from preflight.aws.ways.acl_rules import Box, Decision, decisions
from preflight.aws.ways.legs import Leg, Verdict, named, unseen
from preflight.untrusted import Json

EPHEMERAL: Final = (32768, 60999)
"""The ports that Linux takes for outgoing connections (net.ipv4.ip_local_port_range)."""
ADVISED: Final = (1024, 65535)
"""The ports that AWS advises to open for answers, since NAT gateways and load balancers take others than Linux does."""


class Gate(msgspec.Struct, frozen=True):
    """What an ACL has to let through in one direction. `code` is what it is if the ACL does not."""

    code: str
    subnet: Subnet
    """The subnet at whose edge the ACL stands."""
    egress: bool
    box: Box
    nodes: str
    """The nodes' subnet that it is about."""


class Passage(msgspec.Struct, frozen=True):
    """A gate, and what the entries of its ACL decide about it."""

    gate: Gate
    acl: Acl | None
    decisions: tuple[Decision, ...] = ()

    @property
    def code(self) -> str:
        """What is wrong, empty where all of it is let through."""
        if self.acl is None:
            return "route.unknown"
        return "" if all(each.allowed for each in self.decisions) else self.gate.code


def judge(facts: Facts, legs: Iterable[Leg]) -> Verdict:
    """What the network ACLs make of all ways. They must have been read."""
    sides: dict[tuple[str, bool], list[Passage]] = defaultdict(list)
    remarks: list[str] = []
    for leg in legs:
        if leg.home and leg.home.id == leg.subnet.id:
            remarks.append(f"within {leg.subnet.id}, where {leg.address} is too, nothing is filtered")
            continue
        if why := unseen(leg, facts):
            remarks.append(f"the ACL at {leg.address} was not looked at, for {why}")
        for gate in _gates(leg):
            passage = _passage(gate, facts)
            sides[passage.acl.id if passage.acl else gate.subnet.id, gate.egress].append(passage)
    wrong = (each for (_, egress), found in sides.items() for each in _wrong(egress, found, facts.scope.region))
    shown = (_shown(owner, egress, fine) for (owner, egress), found in sides.items() if (fine := [each for each in found if not each.code]))
    return Verdict(_once(wrong), tuple(dict.fromkeys((*shown, *remarks))))


def _gates(leg: Leg) -> Iterator[Gate]:
    """Out of the nodes' subnet and into the proxy's, and all the way back, as far as the subnets are known."""
    yield Gate("route.acl-return", leg.subnet, egress=False, box=Box(leg.network, *EPHEMERAL), nodes=leg.subnet.id)
    for port in leg.ports:
        yield Gate("route.acl-out", leg.subnet, egress=True, box=Box(leg.network, port, port), nodes=leg.subnet.id)
    if leg.home is None:
        return
    for source in leg.sources:
        yield Gate("route.acl-return", leg.home, egress=True, box=Box(source, *EPHEMERAL), nodes=leg.subnet.id)
        for port in leg.ports:
            yield Gate("route.acl-out", leg.home, egress=False, box=Box(source, port, port), nodes=leg.subnet.id)


def _passage(gate: Gate, facts: Facts) -> Passage:
    known = facts.acls if isinstance(facts.acls, tuple) else ()
    acl = next((each for each in known if gate.subnet.id in each.subnets), None)
    return Passage(gate, acl, tuple(decisions(acl.rules, gate.box, egress=gate.egress)) if acl else ())


def _wrong(egress: bool, found: Iterable[Passage], region: str) -> Iterator[Conclusion]:
    """What one direction of one ACL does not let through, by its codes.

    Entries of both codes share the numbers, so each conclusion has the commands for all of them: apart, two would take the same number.
    """
    shut = [each for each in found if each.code]
    for code in dict.fromkeys(each.code for each in shut):
        those = [each for each in shut if each.code == code]
        if acl := those[0].acl:
            yield _refusal(code, acl, egress, those, admit(acl, _entries(shut), egress=egress, region=region))
        else:
            yield _lacking(code, those, region)


def _lacking(code: str, found: Sequence[Passage], region: str) -> Conclusion:
    """A subnet whose ACL is not among what was read."""
    where = found[0].gate.subnet.id
    look = Command("ec2", "DescribeNetworkAcls", {"Filters": [{"Name": "association.subnet-id", "Values": [where]}]}, region)
    fields: dict[str, Json] = {"what": f"the network ACL of {where}", "addresses": where, "why": f"no network ACL of {where} is among what was read"}
    return Conclusion(code, fields, (look,), evidence={"subnets": list(_subnets(found))})


def _refusal(code: str, acl: Acl, egress: bool, found: Sequence[Passage], commands: tuple[Command, ...]) -> Conclusion:
    """One conclusion for all passages of the same ACL, direction and code."""
    subnets, first = _subnets(found), found[0]
    direction = "outbound to" if egress else "inbound from"
    refused = listed(f"{named(each.box.network)} on {each.box.ports} ({each})" for one in found for each in one.decisions if not each.allowed)
    at = "" if first.gate.subnet.id in subnets else f", at the proxy's {first.gate.subnet.id}"
    fields: dict[str, Json] = {"what": acl.id, "why": f"{direction} {refused}{at}, for {listed(subnets)}"}
    evidence: dict[str, Json] = {"network_acl": acl.id, "direction": "outbound" if egress else "inbound", "subnets": list(subnets), "refused": refused}
    return Conclusion(code, fields, commands, evidence=evidence)


def _subnets(found: Iterable[Passage]) -> list[str]:
    return list(dict.fromkeys(each.gate.nodes for each in found))


def _entries(found: Iterable[Passage]) -> Iterator[Entry]:
    """What to let through, once each, before the first entry that denies it: for answers, all the ports that AWS advises."""
    for one in found:
        denying = [each.number for each in one.decisions if not each.allowed]
        box = Box(one.gate.box.network, *ADVISED) if one.gate.code == "route.acl-return" else one.gate.box
        if denying:
            yield Entry(box, min(denying))


def _once(wrong: Iterable[Conclusion]) -> tuple[Conclusion, ...]:
    """A subnet without an ACL is said once, not once a direction."""
    kept: dict[str, Conclusion] = {}
    for each in wrong:
        kept.setdefault(repr((each.code, each.fields)), each)
    return tuple(kept.values())


def _shown(owner: str, egress: bool, found: Sequence[Passage]) -> str:
    rules = listed(str(each) for one in found for each in one.decisions)
    boxes = listed(f"{named(one.gate.box.network)} on {one.gate.box.ports}" for one in found)
    return f"{owner} lets {'out to' if egress else 'in from'} {boxes} by {rules} (for {listed(one.gate.nodes for one in found)})"
