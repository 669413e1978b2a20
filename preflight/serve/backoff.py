"""How long not to ask where credentials were refused: accounts lock after a few wrong attempts. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Final, TypeAlias

import msgspec
from msgspec.structs import replace

from preflight.declared import Declared
from preflight.model import CheckResult, Phase, Via
from preflight.plan import Plan
from preflight.untrusted import Secret

LONGEST: Final = 3600.0
REFUSED: Final = "proxy.auth-"

Account: TypeAlias = tuple[str, Secret]
"""See `Proxy.account`."""


class Backoff(msgspec.Struct, frozen=True):
    """Whether a group of checks that send the same credentials may send them now. Begin with `Backoff()`, and again whenever an input has changed."""

    refusals: int = 0
    """Runs in a row whose credentials were refused."""
    until: float = 0.0
    """Seconds on the monotonic clock before which the group is not run."""

    def holds(self, now: float) -> bool:
        """Whether the group has to wait still; `now` is the monotonic clock."""
        return self.refusals > 0 and now < self.until

    def after(self, results: Iterable[CheckResult], *, started: float, interval: float) -> Backoff:
        """What follows from a run of the group that began at `started` on the monotonic clock. `interval` is the group's usual one, in seconds.

        The interval is doubled for each refusal in a row, up to an hour; one that is longer by itself stays. Credentials that were taken end it, also where
        another check of the same run was refused: what is taken once is in order, and a 407 beside it is about that target (squid denies so by policy).
        A run that says nothing about them, because the proxy was down, changes nothing.
        """
        seen = tuple(results)
        if any(_taken(result) for result in seen):
            return Backoff()
        if not any(_refused(result) for result in seen):
            return self
        refusals = self.refusals + 1
        pause = max(interval, min(LONGEST, interval * 2.0 ** min(refusals, 32)))
        return Backoff(refusals, started + pause - interval / 2)  # half an interval before the slot that is meant, which jitter may have moved


class Accounts(msgspec.Struct, frozen=True):
    """Which checks may send their credentials now, account by account: what one proxy refuses is no reason to leave another alone."""

    senders: Mapping[Account, frozenset[str]] = msgspec.field(default_factory=dict)
    """The checks that send, or may send, the credentials of each account."""
    backoffs: Mapping[Account, Backoff] = msgspec.field(default_factory=dict)

    @classmethod
    def of(cls, plan: Plan, declared: Declared) -> Accounts:
        """The accounts of this plan, none of them refused yet."""
        senders: dict[Account, set[str]] = {}
        for check in plan.checks:
            for proxy in check.through(declared):
                if proxy.account:
                    senders.setdefault(proxy.account, set()).add(check.name)
        return cls({account: frozenset(names) for account, names in senders.items()})

    def keeping(self, before: Accounts) -> Accounts:
        """These accounts, with what is known of all that were ever there: reading the files anew makes no refused credentials right."""
        return replace(self, backoffs=before.backoffs)

    def witnesses(self, names: Collection[str], latest: Mapping[str, CheckResult], intervals: Mapping[str, float]) -> Iterator[str]:
        """For each account whose credentials were refused to one of these checks, and taken of none of them: the most frequent check of which they were.

        Else a 407 that is about one target could not be told from one that is about the account.
        """
        for senders in self.senders.values():
            asked = [latest[name] for name in senders.intersection(names) if name in latest]
            if any(map(_refused, asked)) and not any(map(_taken, asked)):
                taken = [name for name in senders if name in latest and _taken(latest[name])]
                yield from sorted(taken, key=lambda name: (intervals[name], name))[:1]

    def held(self, now: float) -> Mapping[str, float]:
        """The checks that have to wait, each with for how many seconds; `now` is the monotonic clock."""
        held: dict[str, float] = {}
        for account, backoff in self.backoffs.items():
            if backoff.holds(now):
                held |= {name: max(held.get(name, 0.0), backoff.until - now) for name in self.senders.get(account, ())}
        return held

    def hosts(self, now: float) -> Mapping[str, float]:
        """The proxies that are left alone now, each with for how many seconds."""
        return {host: backoff.until - now for (host, secret), backoff in self.backoffs.items() if backoff.holds(now) and (host, secret) in self.senders}

    def after(self, results: Iterable[CheckResult], *, started: float, intervals: Mapping[str, float]) -> Accounts:
        """What follows from a run that began at `started` on the monotonic clock. `intervals` are the usual ones of all checks, in seconds."""
        seen = tuple(results)
        shared = {name for name, number in Counter(name for names in self.senders.values() for name in names).items() if number > 1}
        backoffs = dict(self.backoffs)
        for account, names in self.senders.items():
            sent = [result for result in seen if result.name in names and (result.name not in shared or _refused(result))]  # nobody knows whose were taken
            interval = min(intervals[name] for name in names)
            backoffs[account] = self.backoffs.get(account, Backoff()).after(sent, started=started, interval=interval)
        return replace(self, backoffs=backoffs)


def _refused(result: CheckResult) -> bool:
    return any(finding.code.startswith(REFUSED) for finding in result.findings)


def _taken(result: CheckResult) -> bool:
    """Whether the proxy did what was asked: it opened a tunnel, or fetched a page."""
    phases = {step.phase for step in result.steps if step.ok}
    return Phase.PROXY in phases or (Phase.HTTP in phases and isinstance(result.route, Via))
