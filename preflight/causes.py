"""Finished results → root causes: one story per person who has to change something, instead of ten symptoms. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

import msgspec

from preflight import codes
from preflight.model import Blame, Cause, CheckResult, Finding, Status, Target, Via

_HOP: Final = frozenset({"dns", "tcp", "proxy-tls"})
_HOP_CODES: Final = frozenset(f"proxy.{kind}" for kind in ("auth-required", "auth-rejected", "auth-unsupported", "not-a-proxy", "not-http", "captive-portal"))
_FOREIGN: Final = frozenset({"tls.untrusted", "tls.intercepted", "tls.self-signed"})
_OF_A_PORTAL: Final = frozenset({"proxy.captive-portal", "http.block-page"})
_DATES: Final = frozenset({"tls.expired", "tls.not-yet-valid"})
_BROKEN_PROMISE: Final = ("tunnel.", "tls.", "http.")


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


Rule = Callable[[Sequence[Trouble], Sequence[CheckResult]], Iterator[Cause]]


def causes(results: Sequence[CheckResult]) -> tuple[Cause, ...]:
    """The root causes behind everything that failed or could not be decided, the one that explains most first. Each check stands in one cause."""
    open_troubles = [Trouble(result, worst) for result in results if (worst := _worst(result))]
    found: list[Cause] = []
    for rule in _RULES:
        for cause in rule(open_troubles, results):
            found.append(cause)
            open_troubles = [trouble for trouble in open_troubles if trouble.name not in cause.checks]
    return tuple(sorted(found, key=lambda cause: -len(cause.checks)))


def _worst(result: CheckResult) -> Finding | None:
    if result.blocked_by:
        return None
    bad = [finding for finding in result.findings if finding.status >= Status.ERROR]
    return max(bad, key=lambda finding: finding.status, default=None)


def _clock(troubles: Sequence[Trouble], results: Sequence[CheckResult]) -> Iterator[Cause]:
    """A clock that is off makes good certificates look out of date."""
    dated = [trouble for trouble in troubles if trouble.finding.code in _DATES]
    skewed = next((finding for result in results for finding in result.findings if finding.code == "clock.skew"), None)
    names = [result.name for result in results if any(finding is skewed for finding in result.findings)] if skewed else []
    if skewed:
        yield _cause(skewed.code, skewed.message, Blame.CLIENT, skewed.hint, [*names, *(trouble.name for trouble in dated)])
    elif len({trouble.finding.evidence.get("issuer") for trouble in dated}) > 1:
        title = f"the certificates of {len(dated)} targets, by different issuers, are all out of date: it is this host's clock that is wrong"
        yield _cause("clock.skew", title, Blame.CLIENT, codes.find("clock.skew").do.format_map(codes.Fields(difference="far")), [each.name for each in dated])


def _dead_hop(troubles: Sequence[Trouble], results: Sequence[CheckResult]) -> Iterator[Cause]:
    """A proxy that cannot be used, and everything that was not even tried because of it."""
    heads = [trouble for trouble in troubles if trouble.result.kind == "proxy"]
    for group in _grouped(heads, lambda trouble: f"{trouble.finding.code} {trouble.finding.hint}"):
        portal = group[0].finding.code == "proxy.captive-portal"
        same = [trouble for trouble in troubles if portal and trouble.proxy and trouble.finding.code in _OF_A_PORTAL]
        yield _explaining([trouble.name for trouble in (*group, *same)], group[0].finding, results)


def _blocking(troubles: Sequence[Trouble], results: Sequence[CheckResult]) -> Iterator[Cause]:
    """Any other check that others waited for."""
    blocking = {name for result in results for name in result.blocked_by}
    for trouble in troubles:
        if trouble.name in blocking:
            yield _explaining([trouble.name], trouble.finding, results)


def _unusable_proxy(troubles: Sequence[Trouble], results: Sequence[CheckResult]) -> Iterator[Cause]:
    """The same, where no proxy check was selected: every target met the same trouble at the same hop."""
    del results
    at_hop = [each for each in troubles if each.proxy and (each.finding.code.partition(".")[0] in _HOP or each.finding.code in _HOP_CODES)]
    for group in _grouped(at_hop, lambda trouble: f"{trouble.proxy} {trouble.finding.code}"):
        yield _of(group, group[0].finding.message)


def _dishonest(troubles: Sequence[Trouble], results: Sequence[CheckResult]) -> Iterator[Cause]:
    """A proxy that says yes to everything, and the promises it did not keep."""
    said = next(((result, finding) for result in results for finding in result.findings if finding.code == "proxy.dishonest"), None)
    promised = [trouble for trouble in troubles if trouble.proxy and trouble.finding.code.startswith(_BROKEN_PROMISE)]
    broken = [trouble for trouble in promised if trouble.finding.code not in _FOREIGN | _DATES]
    if said and broken:
        result, finding = said
        hint = "Ask the proxy's administrator why it opens tunnels that lead nowhere: it answers 200 before it looks, or for every name."
        yield _cause(finding.code, finding.message, Blame.PROXY, hint, [result.name, *(trouble.name for trouble in broken)])


def _interception(troubles: Sequence[Trouble], results: Sequence[CheckResult]) -> Iterator[Cause]:
    """One foreign issuer on unrelated names is a middlebox that reads everything."""
    del results
    foreign = [trouble for trouble in troubles if trouble.finding.code in _FOREIGN]
    for group in _grouped(foreign, lambda trouble: str(trouble.finding.evidence.get("issuer", ""))):
        issuer = group[0].finding.evidence.get("issuer")
        if issuer and len({_domain(trouble) for trouble in group}) > 1:
            code = codes.find("tls.intercepted")
            through = f"through {group[0].proxy}" if group[0].proxy else "directly"
            fields = codes.Fields(issuer=issuer, target=f"{len(group)} unrelated names", host="these names", through=through)
            title = f"TLS is intercepted: {issuer} signs the certificates of {len(group)} unrelated names"
            yield _cause(code.name, title, code.blame, code.do.format_map(fields), [trouble.name for trouble in group])


def _denied(troubles: Sequence[Trouble], results: Sequence[CheckResult]) -> Iterator[Cause]:
    """One letter to the proxy's administrator, with every line that is missing."""
    denied = [trouble for trouble in troubles if trouble.finding.code == "proxy.denied"]
    for group in _grouped(denied, lambda trouble: trouble.proxy):
        if _all_in_clear(group, results):
            title = f"{group[0].proxy} refuses every plain http:// request"
            hint = "Ask the proxy's administrator to allow GET to port 80 for these hosts, not only CONNECT: apt uses plain HTTP."
            yield _cause("proxy.denied", title, Blame.PROXY, hint, [each.name for each in group])
            continue
        if len(group) == 1:
            yield _of(group, group[0].finding.message)
            continue
        routed = [result for result in results if isinstance(result.route, Via) and result.route.proxy.url == group[0].proxy]
        everything = len(group) == len([result for result in routed if not result.blocked_by])
        title = f"{group[0].proxy} denies {'every target' if everything else f'{len(group)} targets'}"
        lines = ", ".join(dict.fromkeys(f"`{_host(trouble)}`" for trouble in group))
        lead = "It may not know these addresses at all; else ask" if everything else "Ask"
        yield _cause("proxy.denied", title, Blame.PROXY, f"{lead} the proxy's administrator to add to the allow-list: {lines}.", [each.name for each in group])


def _all_in_clear(group: Sequence[Trouble], results: Sequence[CheckResult]) -> bool:
    """Whether it is the plain HTTP targets that are denied, all of several, and no other."""
    clear = {result.name for result in results if (result.target or "").startswith("http://") and isinstance(result.route, Via)}
    return len(clear) > 1 and {trouble.name for trouble in group} == clear


def _trusted_interception(troubles: Sequence[Trouble], results: Sequence[CheckResult]) -> Iterator[Cause]:
    """Interception that passes here, because its CA was added here."""
    del troubles
    warned = [Trouble(result, finding) for result in results for finding in result.findings if finding.code == "tls.intercepted-trusted"]
    for group in _grouped(warned, lambda trouble: str(trouble.finding.evidence.get("issuer", ""))):
        if len({_domain(trouble) for trouble in group}) > 1:
            issuer = group[0].finding.evidence.get("issuer")
            title = f"TLS is intercepted: {issuer} signs for {len(group)} unrelated names, and only an added CA makes that pass here"
            yield _cause("tls.intercepted-trusted", title, group[0].finding.blame, group[0].finding.hint, [each.name for each in group])


def _rest(troubles: Sequence[Trouble], results: Sequence[CheckResult]) -> Iterator[Cause]:
    """What has no company is its own cause; the same code with the same blame is one."""
    del results
    for group in _grouped(troubles, lambda trouble: f"{trouble.finding.code} {trouble.finding.blame} {'' if _ours(trouble) else trouble.proxy}"):
        title = group[0].finding.message if len(group) == 1 else f"{len(group)} checks: {group[0].finding.message}"
        yield _of(group, title)


_RULES: Final[tuple[Rule, ...]] = (_clock, _dead_hop, _blocking, _unusable_proxy, _dishonest, _interception, _denied, _rest, _trusted_interception)


def _ours(trouble: Trouble) -> bool:
    """Whether it ended for a reason of this program's own, the same for all checks."""
    return trouble.finding.code in {"internal.interrupted", "internal.deadline", "internal.no-trust"}


def _explaining(heads: list[str], finding: Finding, results: Sequence[CheckResult]) -> Cause:
    """A cause with all that was blocked by its heads, at first or second hand."""
    explained = dict.fromkeys(heads)
    for result in results:
        if any(name in explained for name in result.blocked_by):
            explained[result.name] = None
    return _cause(finding.code, finding.message, finding.blame, finding.hint, explained)


def _of(group: Sequence[Trouble], title: str) -> Cause:
    finding = group[0].finding
    return _cause(finding.code, title, finding.blame, finding.hint, [trouble.name for trouble in group])


def _cause(code: str, title: str, blame: Blame, hint: str, names: Iterable[str]) -> Cause:
    return Cause(code, title, blame, hint, tuple(dict.fromkeys(names)))


def _grouped(troubles: Iterable[Trouble], key: Callable[[Trouble], str]) -> list[list[Trouble]]:
    groups: dict[str, list[Trouble]] = {}
    for trouble in troubles:
        groups.setdefault(key(trouble), []).append(trouble)
    return list(groups.values())


def _host(trouble: Trouble) -> str:
    """The host of the target; the check's name where it has none that can be read."""
    try:
        return Target.parse(trouble.result.target or "").host
    except ValueError:
        return trouble.name


def _domain(trouble: Trouble) -> str:
    """The last two labels of the host: close enough to tell googleapis.com from gcr.io."""
    return ".".join(_host(trouble).split(".")[-2:])
