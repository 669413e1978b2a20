"""Whether every noProxy entry means what its author meant, and everything that matters stands on the right side of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from ipaddress import ip_network
from typing import ClassVar, Final

import msgspec

from preflight import codes
from preflight.check import Check
from preflight.dialects import differences
from preflight.model import Finding, Route, Target
from preflight.route import Entry, EntryKind, NoProxy, exemption
from preflight.untrusted import Json
from preflight.world import World

METADATA: Final = "169.254.169.254"
"""The instance metadata service: a machine that asks a proxy for it gets no credentials, or the proxy's (AWS: put it into NO_PROXY)."""
AWS_SERVICES: Final = ("autoscaling", "ec2", "elasticloadbalancing", "kms", "s3", "sts")
"""What the product reaches through VPC endpoints, by names that only an entry for names can exempt."""
RANGES: Final = {"vpc_cidr": "the VPC's range", "pod_cidr": "the pods' range", "service_cidr": "the services' range"}
"""The variables that hold the cluster's own networks, comma-separated, and what each is."""
_HTTP: Final = 80
_HTTPS: Final = 443


class Decided(msgspec.Struct, frozen=True):
    """A target of the plan, its route, and the noProxy entry that decided it, if one did."""

    target: Target
    required: bool
    route: Route
    entry: Entry | None


class NoProxySeen(msgspec.Struct, frozen=True):
    """The declared list and what hangs on it."""

    proxied: bool
    no_proxy: NoProxy
    decided: tuple[Decided, ...] = ()
    region: str | None = None
    ranges: tuple[tuple[str, str], ...] = ()
    """The cluster's own networks as declared, each with what it is."""


class NoProxyCheck(Check[NoProxySeen], frozen=True, kw_only=True, tag="no-proxy"):
    """What each noProxy entry means, which required targets it keeps from the proxy, and what it forgets."""

    kind: ClassVar[str] = "no-proxy"
    sends: ClassVar[bool] = False

    async def observe(self, world: World) -> NoProxySeen:
        """The declared list, and how it routes every target of the plan."""
        declared = world.declared
        return NoProxySeen(
            declared.proxies.any,
            declared.proxies.no_proxy,
            tuple(Decided(each.target, each.required, declared.route(each.target), exemption(each.target, declared.proxies)) for each in world.wanted),
            declared.region,
            tuple((cidr, about) for name, about in RANGES.items() for item in declared.variables.get(name, "").split(",") if (cidr := item.strip())),
        )

    def judge(self, seen: NoProxySeen) -> Iterable[Finding]:
        """One finding for each thing that is probably not meant; a pass if there is none."""
        if not seen.proxied:
            return [codes.finding("internal.not-applicable", fields={"why": "no proxy is declared"})]
        remarks = [remark for rule in _RULES for remark in rule(seen)]
        first, *others = remarks or [codes.finding("ok", message=_praise(len(seen.no_proxy.entries)))]
        return [msgspec.structs.replace(first, evidence={**first.evidence, "entries": [_row(entry) for entry in seen.no_proxy.entries]}), *others]


def aws_names(region: str) -> tuple[str, ...]:
    """The names under which the product's machines call AWS in that region.

    Simplified: China's regions have their own domain, every other partition is taken for the public one (its GovCloud shares the domain).
    """
    domain = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
    return tuple(f"{service}.{region}.{domain}" for service in AWS_SERVICES)


def _inert(seen: NoProxySeen) -> Iterator[Finding]:
    for entry in dict.fromkeys(seen.no_proxy.entries):
        if entry.kind is EntryKind.INERT:
            yield codes.finding("input.no-proxy-inert", fields={"entry": _quoted(entry), "why": entry.why})


def _bypass(seen: NoProxySeen) -> Iterator[Finding]:
    """One finding for each entry that keeps required targets from the proxy. A `*` keeps all of them, and is a finding of its own."""
    kept: dict[Entry, list[str]] = {}
    for each in seen.decided:
        if each.required and each.entry and each.entry.kind is not EntryKind.ALL:
            kept.setdefault(each.entry, []).append(str(each.target))
    for entry, targets in kept.items():
        fields = {"entry": _quoted(entry), "target": ", ".join(targets)}
        yield codes.finding("input.no-proxy-bypass", fields=fields, evidence={"targets": targets})


def _everything(seen: NoProxySeen) -> Iterator[Finding]:
    if seen.no_proxy.everything:
        yield codes.finding("input.no-proxy-everything", fields={"entry": _quoted(seen.no_proxy.everything)})


def _shadowed(seen: NoProxySeen) -> Iterator[Finding]:
    if seen.no_proxy.dead:
        yield codes.finding("input.no-proxy-shadowed", fields={"entry": f"{_quoted(*seen.no_proxy.dead)}, because '*' exempts everything"})


def _metadata(seen: NoProxySeen) -> Iterator[Finding]:
    if not seen.no_proxy.exempts(METADATA, _HTTP):
        yield codes.finding("input.no-proxy-metadata", fields={"target": METADATA})


def _aws(seen: NoProxySeen) -> Iterator[Finding]:
    names = [name for name in (aws_names(seen.region) if seen.region else ()) if not seen.no_proxy.exempts(name, _HTTPS)]
    if names:
        yield codes.finding("input.no-proxy-aws", fields={"names": ", ".join(names)}, evidence={"names": names})


def _vpc(seen: NoProxySeen) -> Iterator[Finding]:
    for cidr, about in seen.ranges:
        if not _covered(cidr, seen.no_proxy):
            yield codes.finding("input.no-proxy-vpc", fields={"cidr": cidr, "source": about})


def _covered(cidr: str, no_proxy: NoProxy) -> bool:
    """Whether the list exempts all of that network. What is no network is not covered."""
    try:
        return no_proxy.covers(ip_network(cidr, strict=False))
    except ValueError:
        return False


def _duplicate(seen: NoProxySeen) -> Iterator[Finding]:
    groups = [_quoted(*group) for group in seen.no_proxy.duplicates]
    if groups:
        yield codes.finding("input.no-proxy-duplicate", fields={"entry": "; ".join(groups)})


def _dialect(seen: NoProxySeen) -> Iterator[Finding]:
    """All entries that divide their readers in one finding: the documentation's own sample has some."""
    entries = dict.fromkeys(seen.no_proxy.entries)
    divided = {entry: found for entry in entries if (found := differences(entry, alone=len(entries) == 1))}
    if not divided:
        return
    clients = ", ".join(dict.fromkeys(client for each in divided.values() for difference in each for client in difference.clients))
    lines = {entry.text: [str(difference) for difference in each] for entry, each in divided.items()}
    said = "; ".join(f"'{text}' ({'; '.join(each)})" for text, each in lines.items())
    yield codes.finding("input.no-proxy-dialect", fields={"clients": clients, "entry": said}, evidence={"differences": lines})


_RULES: Final = (_inert, _bypass, _everything, _shadowed, _metadata, _aws, _vpc, _duplicate, _dialect)


def _quoted(*entries: Entry) -> str:
    return ", ".join(f"'{entry.text}'" for entry in entries)


def _praise(entries: int) -> str:
    return "1 entry, and it does what it says" if entries == 1 else f"{entries} entries, each of them does what it says"


def _row(entry: Entry) -> Mapping[str, Json]:
    return {"text": entry.text, "kind": entry.kind.value, "normal": entry.normal, "why": entry.why}
