"""What the checks of one target share: where it is, and which proxy check must have passed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, TypeVar

from preflight.check import Check
from preflight.declared import Declared
from preflight.model import Target, Via

Seen = TypeVar("Seen")


class TargetCheck(Check[Seen], frozen=True, kw_only=True):
    """A check of one target. Routed through a proxy, it needs the check of that proxy, if the plan has it."""

    scheme: ClassVar[str] = "https"

    target: str

    def __post_init__(self) -> None:
        """Refuse a target that is none. Raises ValueError."""
        if Target.parse(self.target, self.scheme).scheme != self.scheme:
            raise ValueError(f"a target of kind {self.kind} is {self.scheme}://…, or without a scheme")
        self.wants()

    def wants(self) -> Target:
        """See Check."""
        return Target.parse(self.target, self.scheme)

    def blockers(self, declared: Declared) -> Iterable[str]:
        """See Check."""
        yield from self.requires
        if isinstance(declared.route(self.wants()), Via):
            yield f"proxy-{self.scheme}"
