"""What one code is."""

from __future__ import annotations

import msgspec

from preflight.model import Blame, Phase, Status


class Code(msgspec.Struct, frozen=True):
    """One row of the table: `Code(name, status, blame, says=…, means=…, told=…, who=…, do=…)`."""

    name: str
    status: Status
    blame: Blame
    says: str
    """One sentence with what was seen, e.g. `{proxy} refused CONNECT to {target}: {reply}`."""
    means: str
    """What it means, in general."""
    told: str
    """How it is told apart from its neighbours."""
    who: str
    """Who mends it: you, the proxy's administrator, the network team, …"""
    do: str = ""
    """The hint: what that person should do now. Never empty for a code that can warn, fail or err."""
    reproduce: str = ""
    """A shell line that shows the same thing without this tool, where there is one."""
    heals: bool = False
    """Whether trying again may help. Everything else is permanent and never retried."""

    @property
    def phase(self) -> Phase | None:
        """The phase the code belongs to; `ok` has none."""
        prefix, dot, _ = self.name.partition(".")
        return Phase(prefix) if dot else None


class Fields(dict[str, object]):
    """Template fields. One that is not known reads as `?` instead of failing the report."""

    def __missing__(self, key: str) -> str:
        return "?"
