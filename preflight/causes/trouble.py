"""A finding that decides, and what rules make causes of."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeAlias

import msgspec

from preflight.model import Blame, Cause, CheckResult, Finding, Status, Target, Via


class Trouble(msgspec.Struct, frozen=True):
    """A finding that decides, and the result it belongs to."""

    result: CheckResult
    finding: Finding

    @property
    def name(self) -> str:
        """The check's name."""
        return self.result.name

    @property
    def proxy(self) -> str:
        """The proxy on the way, without credentials; empty if there is none."""
        route = self.result.route
        return route.proxy.url if isinstance(route, Via) else ""

    @property
    def host(self) -> str:
        """The host of the target; the check's name where it has none that can be read."""
        try:
            return Target.parse(self.result.target or "").host
        except ValueError:
            return self.name

    @property
    def domain(self) -> str:
        """The last two labels of the host: close enough to tell googleapis.com from gcr.io."""
        return ".".join(self.host.split(".")[-2:])


Rule: TypeAlias = Callable[[Sequence[Trouble], Sequence[CheckResult]], Iterator[Cause]]
"""Open troubles and all results in; causes out. What a cause explains is closed for the rules after it."""


def worst(result: CheckResult) -> Finding | None:
    """What decides about a result that failed or could not tell, unless another check blocked it."""
    if result.blocked_by:
        return None
    bad = [finding for finding in result.findings if finding.status >= Status.ERROR]
    return max(bad, key=lambda finding: finding.status, default=None)


def cause(code: str, title: str, blame: Blame, hint: str, names: Iterable[str]) -> Cause:
    """A cause that names each check once."""
    return Cause(code, title, blame, hint, tuple(dict.fromkeys(names)))


def of(group: Sequence[Trouble], title: str) -> Cause:
    """A cause of the first trouble's kind, for all of them."""
    finding = group[0].finding
    others = dict.fromkeys(trouble.host for trouble in group if trouble.finding.hint != finding.hint)
    likewise = f" Likewise for {', '.join(others)}." if others else ""
    return cause(finding.code, title, finding.blame, finding.hint + likewise, [trouble.name for trouble in group])


def explaining(heads: Iterable[str], finding: Finding, results: Sequence[CheckResult]) -> Cause:
    """A cause with all that was blocked by its heads, at first or second hand."""
    return cause(finding.code, finding.message, finding.blame, finding.hint, with_blocked(heads, results))


def with_blocked(heads: Iterable[str], results: Sequence[CheckResult]) -> list[str]:
    """These checks, and those that they blocked."""
    explained = dict.fromkeys(heads)
    for result in results:
        if any(name in explained for name in result.blocked_by):
            explained[result.name] = None
    return list(explained)


def grouped(troubles: Iterable[Trouble], key: Callable[[Trouble], str]) -> list[list[Trouble]]:
    """The troubles by a key, in the order in which they came."""
    groups: dict[str, list[Trouble]] = {}
    for trouble in troubles:
        groups.setdefault(key(trouble), []).append(trouble)
    return list(groups.values())
