"""The command that would mend a finding, as somebody types it. This program never runs one."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator, Mapping
from typing import Final

import msgspec

from preflight.untrusted import Json

_WORDS: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")

_OPPOSITES: Final = {"egress": "ingress"}
"""What the AWS command line calls the other value of a switch, where that is not `no-…`."""


class Command(msgspec.Struct, frozen=True):
    """One call of the AWS API. `operation` and `parameters` are spelled as the API spells them, e.g. `AuthorizeSecurityGroupEgress`, `GroupId`."""

    service: str
    operation: str
    parameters: Mapping[str, Json]
    region: str = ""

    def __str__(self) -> str:
        """The line for a shell, with the AWS command line's spelling: `aws ec2 authorize-security-group-egress --region … --group-id …`."""
        region = ("--region", self.region) if self.region else ()
        return shlex.join(("aws", self.service, _kebab(self.operation), *region, *self._arguments()))

    def _arguments(self) -> Iterator[str]:
        for name, value in self.parameters.items():
            flag = _kebab(name)
            if isinstance(value, bool):
                yield f"--{flag}" if value else f"--{_OPPOSITES.get(flag, f'no-{flag}')}"
                continue
            yield f"--{flag}"
            if isinstance(value, Mapping) or (isinstance(value, list | tuple) and any(isinstance(each, Mapping) for each in value)):
                yield json.dumps(value, separators=(",", ":"))
            elif isinstance(value, list | tuple):
                yield from map(str, value)
            else:
                yield str(value)


def _kebab(name: str) -> str:
    return _WORDS.sub("-", name).lower()
