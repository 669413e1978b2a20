"""What walks met → root causes: dead proxy, refused credentials, interception, denial, a clock that is off."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from preflight import codes
from preflight.causes.trouble import Trouble, cause, explaining, grouped, of
from preflight.model import Blame, Cause, CheckResult, Via

_HOP: Final = frozenset({"dns", "tcp", "proxy-tls"})
_HOP_CODES: Final = frozenset(f"proxy.{kind}" for kind in ("auth-required", "auth-rejected", "auth-unsupported", "not-a-proxy", "not-http", "captive-portal"))
_FOREIGN: Final = frozenset({"tls.untrusted", "tls.intercepted", "tls.self-signed"})
_OF_A_PORTAL: Final = frozenset({"proxy.captive-portal", "http.block-page"})
_DATES: Final = frozenset({"tls.expired", "tls.not-yet-valid"})
_INTERRUPTED: Final = "internal.interrupted"
"""No cause: the verdict itself says so, and nobody has to change anything."""
_UNSAID: Final = frozenset({_INTERRUPTED, "internal.not-asked"})
"""What says nothing about the proxy."""
_BROKEN_PROMISE: Final = ("tunnel.", "tls.", "http.")


def clock(troubles: Sequence[Trouble], results: Sequence[CheckResult]) -> Iterator[Cause]:
    """A clock that is off makes good certificates look out of date."""
    dated = [trouble for trouble in troubles if trouble.finding.code in _DATES]
    skewed = next((finding for result in results for finding in result.findings if finding.code == "clock.skew"), None)
    names = [result.name for result in results if any(finding is skewed for finding in result.findings)] if skewed else []
    if skewed:
        yield cause(skewed.code, skewed.message, Blame.CLIENT, skewed.hint, [*names, *(trouble.name for trouble in dated)])
    elif len({trouble.finding.evidence.get("issuer") for trouble in dated}) > 1:
        title = f"the certificates of {len(dated)} targets, by different issuers, are all out of date: it is this host's clock that is wrong"
        yield cause("clock.skew", title, Blame.CLIENT, codes.find("clock.skew").do.format_map(codes.Fields(difference="far")), [each.name for each in dated])


def dead_hop(troubles: Sequence[Trouble], results: Sequence[CheckResult]) -> Iterator[Cause]:
    """A proxy that cannot be used, and everything that was not even tried because of it."""
    heads = [trouble for trouble in troubles if trouble.result.kind == "proxy" and trouble.finding.code not in _UNSAID]
    for group in grouped(heads, lambda trouble: f"{trouble.finding.code} {trouble.finding.evidence.get('proxy', trouble.finding.hint)}"):
        portal = group[0].finding.code == "proxy.captive-portal"
        same = [trouble for trouble in troubles if portal and trouble.proxy and trouble.finding.code in _OF_A_PORTAL]
        yield explaining([trouble.name for trouble in (*group, *same)], group[0].finding, results)


def blocking(troubles: Sequence[Trouble], results: Sequence[CheckResult]) -> Iterator[Cause]:
    """Any other check that others waited for."""
    waited_for = {name for result in results for name in result.blocked_by}
    for trouble in troubles:
        if trouble.name in waited_for:
            yield explaining([trouble.name], trouble.finding, results)


def unusable_proxy(troubles: Sequence[Trouble], results: Sequence[CheckResult]) -> Iterator[Cause]:
    """The same, where no proxy check was selected: every target met the same trouble at the same hop."""
    del results
    at_hop = [each for each in troubles if each.proxy and (each.finding.code.partition(".")[0] in _HOP or each.finding.code in _HOP_CODES)]
    for group in grouped(at_hop, lambda trouble: f"{trouble.proxy} {trouble.finding.code}"):
        yield of(group, group[0].finding.message)


def dishonest(troubles: Sequence[Trouble], results: Sequence[CheckResult]) -> Iterator[Cause]:
    """A proxy that says yes to everything, and the promises it did not keep."""
    said = next(((result, finding) for result in results for finding in result.findings if finding.code == "proxy.dishonest"), None)
    promised = [trouble for trouble in troubles if trouble.proxy and trouble.finding.code.startswith(_BROKEN_PROMISE)]
    broken = [trouble for trouble in promised if trouble.finding.code not in _FOREIGN | _DATES]
    if said and broken:
        result, finding = said
        hint = "Ask the proxy's administrator why it opens tunnels that lead nowhere: it answers 200 before it looks, or for every name."
        yield cause(finding.code, finding.message, Blame.PROXY, hint, [result.name, *(trouble.name for trouble in broken)])


def interception(troubles: Sequence[Trouble], results: Sequence[CheckResult]) -> Iterator[Cause]:
    """One foreign issuer on unrelated names is a middlebox that reads everything."""
    del results
    foreign = [trouble for trouble in troubles if trouble.finding.code in _FOREIGN]
    for group in grouped(foreign, lambda trouble: str(trouble.finding.evidence.get("issuer", ""))):
        issuer = group[0].finding.evidence.get("issuer")
        if issuer and len({trouble.domain for trouble in group}) > 1:
            code = codes.find("tls.intercepted")
            through = f"through {group[0].proxy}" if group[0].proxy else "directly"
            fields = codes.Fields(issuer=issuer, target=f"{len(group)} unrelated names", host="these names", through=through)
            title = f"TLS is intercepted: {issuer} signs the certificates of {len(group)} unrelated names"
            yield cause(code.name, title, code.blame, code.do.format_map(fields), [trouble.name for trouble in group])


def denied(troubles: Sequence[Trouble], results: Sequence[CheckResult]) -> Iterator[Cause]:
    """One letter to the proxy's administrator, with every line that is missing."""
    denied = [trouble for trouble in troubles if trouble.finding.code == "proxy.denied"]
    for group in grouped(denied, lambda trouble: trouble.proxy):
        if _all_in_clear(group, results):
            title = f"{group[0].proxy} refuses every plain http:// request"
            hint = "Ask the proxy's administrator to allow GET to port 80 for these hosts, not only CONNECT: apt uses plain HTTP."
            yield cause("proxy.denied", title, Blame.PROXY, hint, [each.name for each in group])
            continue
        if len(group) == 1:
            yield of(group, group[0].finding.message)
            continue
        routed = [result for result in results if isinstance(result.route, Via) and result.route.proxy.url == group[0].proxy]
        everything = len(group) == len([result for result in routed if not result.blocked_by])
        title = f"{group[0].proxy} denies {'every target' if everything else f'{len(group)} targets'}"
        lines = ", ".join(dict.fromkeys(f"`{trouble.host}`" for trouble in group))
        lead = "It may not know these addresses at all; else ask" if everything else "Ask"
        yield cause("proxy.denied", title, Blame.PROXY, f"{lead} the proxy's administrator to add to the allow-list: {lines}.", [each.name for each in group])


def _all_in_clear(group: Sequence[Trouble], results: Sequence[CheckResult]) -> bool:
    """Whether it is the plain HTTP targets that are denied, all of several, and no other."""
    clear = {result.name for result in results if (result.target or "").startswith("http://") and isinstance(result.route, Via)}
    return len(clear) > 1 and {trouble.name for trouble in group} == clear


def trusted_interception(troubles: Sequence[Trouble], results: Sequence[CheckResult]) -> Iterator[Cause]:
    """Interception that passes here, because its CA was added here."""
    del troubles
    warned = [Trouble(result, finding) for result in results for finding in result.findings if finding.code == "tls.intercepted-trusted"]
    for group in grouped(warned, lambda trouble: str(trouble.finding.evidence.get("issuer", ""))):
        if len({trouble.domain for trouble in group}) > 1:
            issuer = group[0].finding.evidence.get("issuer")
            title = f"TLS is intercepted: {issuer} signs for {len(group)} unrelated names, and only an added CA makes that pass here"
            yield cause("tls.intercepted-trusted", title, group[0].finding.blame, group[0].finding.hint, [each.name for each in group])


def rest(troubles: Sequence[Trouble], results: Sequence[CheckResult]) -> Iterator[Cause]:
    """What has no company is its own cause; the same code with the same blame is one."""
    del results
    ended = [trouble for trouble in troubles if trouble.finding.code != _INTERRUPTED]
    for group in grouped(ended, lambda trouble: f"{trouble.finding.code} {trouble.finding.blame} {'' if _ours(trouble) else trouble.proxy}"):
        title = group[0].finding.message if len(group) == 1 else f"{len(group)} checks: {group[0].finding.message}"
        yield of(group, title)


def _ours(trouble: Trouble) -> bool:
    """Whether it ended for a reason of this program's own, the same for all checks."""
    return trouble.finding.code in {"internal.deadline", "internal.no-trust", "internal.not-asked"}
