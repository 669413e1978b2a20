"""What AWS says, joined with what walks met → root causes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from preflight.causes.trouble import Trouble, cause, grouped, with_blocked
from preflight.model import Blame, Cause, CheckResult, Status

_ON_THE_WAY: Final = frozenset({"security-group", "network-acl", "route"})
"""The kinds that judge the way from the nodes to the proxy."""
_SILENT: Final = frozenset({"tcp.timeout", "tcp.unreachable"})
"""How a connection ends that a group, an ACL or a route stops: packets vanish. A refusal is somebody's answer."""
_ABSENT: Final = "aws.not-found"


def shut_door(troubles: Sequence[Trouble], results: Sequence[CheckResult]) -> Iterator[Cause]:
    """The proxy does not answer, and AWS's configuration says why."""
    silent = [trouble for trouble in troubles if trouble.result.kind == "proxy" and trouble.finding.code in _SILENT]
    shut = _shut(troubles)
    if silent and shut:
        title = f"connecting to the proxy ends in silence, and AWS says why: {shut[0].finding.message}"
        names = [*with_blocked([each.name for each in silent], results), *(each.name for each in shut)]
        yield cause(shut[0].finding.code, title, Blame.AWS, _hints(shut), names)


def not_there(troubles: Sequence[Trouble], results: Sequence[CheckResult]) -> Iterator[Cause]:
    """A declared id that AWS does not have, whoever needs it. What other ids these checks miss besides is told with it."""
    absent = [trouble for trouble in troubles if trouble.finding.code == _ABSENT]
    for group in grouped(absent, lambda trouble: trouble.finding.message):
        findings = [finding for trouble in group for finding in trouble.result.findings if finding.code == _ABSENT]
        title = "; ".join(dict.fromkeys(finding.message for finding in findings))
        yield cause(_ABSENT, title, group[0].finding.blame, _hints(group), with_blocked([each.name for each in group], results))


def other_place(troubles: Sequence[Trouble], results: Sequence[CheckResult]) -> Iterator[Cause]:
    """The proxy answers this host, and would not be reached by the nodes."""
    shut = _shut(troubles)
    met = [result.verdict for result in results if result.kind == "proxy" and result.verdict is not Status.SKIP]
    if shut and met and all(verdict.good_enough for verdict in met):
        title = f"you are not standing where the nodes will stand: the proxy answers this host, but {shut[0].finding.message}"
        yield cause(shut[0].finding.code, title, Blame.AWS, _hints(shut), [each.name for each in shut])


def not_allowed(troubles: Sequence[Trouble], results: Sequence[CheckResult]) -> Iterator[Cause]:
    """What these credentials may not read: one letter to whoever grants permissions."""
    del results
    denied = [trouble for trouble in troubles if _denied_action(trouble)]
    actions = sorted({_denied_action(trouble) for trouble in denied})
    if denied:
        title = f"these AWS credentials may not call {', '.join(actions)}, so {len(denied)} check{'s' if len(denied) > 1 else ''} could not tell"
        hint = f"Have {', '.join(actions)} allowed for them: `preflight iam-policy` prints the whole policy, which is read-only."
        yield cause("aws.access-denied", title, Blame.AWS, hint, [trouble.name for trouble in denied])


def same_change(troubles: Sequence[Trouble], results: Sequence[CheckResult]) -> Iterator[Cause]:
    """The same change at several endpoints, or for several roles: one story with every command."""
    del results
    of_aws = [trouble for trouble in troubles if trouble.result.kind in {*_ON_THE_WAY, "vpc-endpoint"} and trouble.finding.status is Status.FAIL]
    for group in grouped(of_aws, lambda trouble: f"{trouble.result.kind} {trouble.finding.code}"):
        if len(group) > 1:
            title = f"{group[0].finding.message}; likewise {', '.join(each.name for each in group[1:])}"
            yield cause(group[0].finding.code, title, group[0].finding.blame, _hints(group), [each.name for each in group])


def _shut(troubles: Sequence[Trouble]) -> list[Trouble]:
    """What keeps the nodes from the proxy for certain; groups first, as they are the usual reason."""
    shut = [trouble for trouble in troubles if trouble.result.kind in _ON_THE_WAY and trouble.finding.status is Status.FAIL]
    return sorted(shut, key=lambda trouble: trouble.result.kind != "security-group")


def _denied_action(trouble: Trouble) -> str:
    """The IAM action that was denied, where that is why a check could not tell."""
    evidence = trouble.finding.evidence
    denied = "aws.access-denied" in {trouble.finding.code, evidence.get("unread")}
    return str(evidence.get("action") or "") if denied else ""


def _hints(group: Sequence[Trouble]) -> str:
    """What to do about all of them: every command once, and what must be chosen or done besides; without commands every hint."""
    commands = list(dict.fromkeys(str(trouble.finding.evidence.get("command", "")) for trouble in group))
    if not all(commands):
        return " ".join(dict.fromkeys(trouble.finding.hint for trouble in group))
    if len(commands) == 1:
        return group[0].finding.hint
    besides = dict.fromkeys(str(trouble.finding.evidence.get("then", "")) for trouble in group)
    return " ".join(filter(None, ("Run all of: " + "; ".join(f"`{command}`" for command in commands) + ".", *besides)))
