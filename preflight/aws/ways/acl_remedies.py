"""Which commands would make a network ACL let something through."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from preflight.aws.facts import Acl, AclRule
from preflight.aws.remedy import Command
from preflight.aws.ways.acl_rules import Box
from preflight.untrusted import Json

_STEP: Final = 10
_PROTOCOLS: Final = {"tcp": "6", "udp": "17", "icmp": "1", "all": "-1"}


class Entry(msgspec.Struct, frozen=True):
    """What to let through, and the number of the entry that has to come after it."""

    box: Box
    before: int


def admit(acl: Acl, entries: Iterable[Entry], *, egress: bool, region: str) -> tuple[Command, ...]:
    """The commands, in order, after which the ACL lets all of it through.

    An entry that nothing can be put before is moved up by one, and those that it meets with it, so that nothing else is decided differently.
    """
    rules = [each for each in acl.rules if each.egress is egress]
    commands: list[Command] = []
    for box, before in {each.box: each.before for each in entries}.items():
        number = _free({each.number for each in rules}, before)
        moved: list[AclRule] = []
        if number is None:
            number, moved = before, _moved(rules, before)
        wanted = AclRule(number, egress, True, "6", str(box.network), box.first, box.last)
        taken = {each.number for each in rules}
        commands += [_command(acl.id, each, region, replace=each.number in taken) for each in (*moved, wanted)]
        new = {each.number: each for each in (*moved, wanted)}
        rules = [each for each in rules if each.number not in new] + list(new.values())
    return tuple(commands)


def _free(taken: set[int], before: int) -> int | None:
    """A number below `before` that no entry has: the next round one after the entry before it, if there is one."""
    last = max((each for each in taken if each < before), default=0)
    round_ = (last // _STEP + 1) * _STEP
    if last + 1 < before:
        return round_ if round_ < before else last + 1
    return next((each for each in range(before - 1, 0, -1) if each not in taken), None)


def _moved(rules: Sequence[AclRule], start: int) -> list[AclRule]:
    """The entries from `start` up to the next gap, each one number higher, the highest first."""
    by_number = {each.number: each for each in rules}
    end = start
    while end in by_number:
        end += 1
    return [msgspec.structs.replace(by_number[each], number=each + 1) for each in range(end - 1, start - 1, -1)]


def _command(acl: str, rule: AclRule, region: str, *, replace: bool) -> Command:
    parameters: dict[str, Json] = {
        "NetworkAclId": acl,
        "Egress": rule.egress,
        "RuleNumber": rule.number,
        "Protocol": _PROTOCOLS.get(rule.protocol.lower(), rule.protocol),
    }
    if rule.first is not None and rule.last is not None:
        parameters["PortRange"] = {"From": rule.first, "To": rule.last}
    parameters |= {"Ipv6CidrBlock" if ":" in rule.cidr else "CidrBlock": rule.cidr, "RuleAction": "allow" if rule.allow else "deny"}
    return Command("ec2", "ReplaceNetworkAclEntry" if replace else "CreateNetworkAclEntry", parameters, region)
