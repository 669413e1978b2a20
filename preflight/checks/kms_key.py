"""Can the key that encrypts the proxy's credentials be used?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import ClassVar, Final

import msgspec

from preflight import codes
from preflight.aws.facts import Absent, Facts, Key, Unread
from preflight.aws.remedy import Command
from preflight.aws.scope import ACTIONS, Part, Scope
from preflight.checks.facts import FactsCheck, unread
from preflight.declared import Declared
from preflight.model import Finding
from preflight.untrusted import Json
from preflight.world import World

_REGION: Final = 3
"""The place of the region in an ARN: `arn:PARTITION:kms:REGION:ACCOUNT:key/ID`."""
_USAGE: Final = "ENCRYPT_DECRYPT"
_SPEC: Final = "SYMMETRIC_DEFAULT"
"""The one that envelope encryption takes; AWS makes it unless asked for another."""
_UNASKED: Final = Unread(ACTIONS[Part.KEY][0], "aws.not-asked", "it is not among what was read")
_MENDS: Final = {"disabled": "EnableKey", "pendingdeletion": "CancelKeyDeletion"}


class Observed(msgspec.Struct, frozen=True):
    """What AWS says, and which key was asked for; empty where nothing names one."""

    facts: Facts
    key: str
    region: str


class KmsKeyCheck(FactsCheck[Observed], frozen=True, kw_only=True, tag="kms-key"):
    """The KMS key exists, in the region of the installation, is enabled, and encrypts. Without `key`, the one that the manifests name."""

    kind: ClassVar[str] = "kms-key"
    parts: ClassVar[frozenset[Part]] = frozenset({Part.KEY})

    key: str = ""
    """The id or ARN of the key."""

    def asks(self, declared: Declared) -> Scope:
        """See Check."""
        asked = self._asked(declared)
        scope = FactsCheck.asks(self, declared)
        return msgspec.structs.replace(scope, keys=(asked,)) if asked else msgspec.structs.replace(scope, parts=frozenset())

    async def observe(self, world: World) -> Observed:
        """See Check."""
        asked = self._asked(world.declared)
        facts = await world.aws.facts()
        return Observed(facts, asked, world.declared.region or facts.scope.region)

    def judge(self, seen: Observed) -> Iterable[Finding]:
        """See Check."""
        if not seen.key:
            yield codes.finding("internal.not-applicable", fields={"why": "no manifest names a KMS key, and the check's `key` is empty"})
            return
        misplaced = _elsewhere(seen.key, seen.region)
        if misplaced:  # asked for in this region, a key of another is not found, whatever AWS says
            yield misplaced
            return
        found = seen.facts.keys.get(seen.key, _UNASKED)
        if isinstance(found, Key):
            yield from _judged(found, seen)
        elif isinstance(found, Absent):
            yield _absent(found, seen)
        else:
            yield unread(found, f"the KMS key {seen.key}")

    def _asked(self, declared: Declared) -> str:
        return self.key or declared.variables.get("kms_key", "")


def _elsewhere(key: str, region: str) -> Finding | None:
    """A finding if the ARN is that of another region. A key is used in its own region only."""
    parts = key.split(":")
    if not key.startswith("arn:") or len(parts) <= _REGION or not region or parts[_REGION] == region:
        return None
    fields = {"what": f"the KMS key {key}", "region": region, "reason": f"its ARN is of {parts[_REGION] or 'no region'}"}
    command = Command("kms", "ListKeys", {}, region)
    hint = f"Name a key of {region} in the manifest's kmsKeyARN. The keys that there are: `{command}`."
    return codes.finding("aws.wrong-region", fields=fields | {"command": str(command)}, hint=hint, evidence={"key": key, "command": str(command)})


def _absent(absent: Absent, seen: Observed) -> Finding:
    command = Command("kms", "ListKeys", {}, seen.region)
    hint = f"Correct the key in the manifest. The keys that there are in {seen.region}: `{command}`."
    fields = {"what": f"KMS key {seen.key}", "reason": absent.reason, "region": seen.region, "command": str(command)}
    return codes.finding("aws.not-found", fields=fields, hint=hint, evidence={"key": seen.key, "command": str(command)})


def _judged(key: Key, seen: Observed) -> Iterator[Finding]:
    """What follows for a key that AWS knows: each of its faults, or that there is none."""
    misplaced = _elsewhere(key.arn, seen.region)
    faults = [each for each in (misplaced, _state(key, seen), _kind(key, seen)) if each]
    yield from faults
    if not faults:
        message = f"the KMS key {key.arn or key.id} is {key.state}, for {key.usage}"
        yield codes.finding("ok", message=message, evidence={"key": key.arn or key.id, "state": key.state, "usage": key.usage})


def _state(key: Key, seen: Observed) -> Finding | None:
    if key.state == "Enabled":
        return None
    evidence: dict[str, Json] = {"key": key.arn or key.id, "state": key.state}
    fields = {"what": f"the KMS key {seen.key}", "reason": f"its state is {key.state or 'not told'}", "region": seen.region}
    operation = _MENDS.get(key.state.lower(), "DescribeKey")
    command = Command("kms", operation, {"KeyId": key.arn or key.id}, seen.region)
    again = Command("kms", "EnableKey", {"KeyId": key.arn or key.id}, seen.region)
    hint = {
        "EnableKey": f"Enable it: `{command}`.",
        "CancelKeyDeletion": f"Keep it: `{command}`, and then enable it: `{again}`.",
        "DescribeKey": f"Wait until it is Enabled, or name another key in the manifest. Its state: `{command}`.",
    }[operation]
    return codes.finding("aws.key-disabled", fields=fields | {"command": str(command)}, hint=hint, evidence=evidence | {"command": str(command)})


def _kind(key: Key, seen: Observed) -> Finding | None:
    if key.usage == _USAGE and key.spec in {_SPEC, ""}:
        return None
    command = Command("kms", "CreateKey", {"KeyUsage": _USAGE, "KeySpec": _SPEC}, seen.region)
    why = f"it is asymmetric ({key.spec})" if key.usage == _USAGE else f"it is for {key.usage or 'no use that AWS tells'}"
    fields = {"what": f"the KMS key {seen.key}", "reason": why, "region": seen.region, "command": str(command)}
    hint = f"Name a symmetric key for {_USAGE} in the manifest's kmsKeyARN; what a key is for cannot be changed. A new one: `{command}`."
    evidence: dict[str, Json] = {"key": key.arn or key.id, "usage": key.usage, "spec": key.spec, "command": str(command)}
    return codes.finding("aws.key-unsuitable", fields=fields, hint=hint, evidence=evidence)
