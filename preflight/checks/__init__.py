"""The kinds of checks: ours by this table, others' by the entry point group `preflight.checks`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from preflight.check import Check

if TYPE_CHECKING:
    from importlib.metadata import EntryPoints

GROUP: Final = "preflight.checks"
KINDS: Final[Mapping[str, str]] = {
    "aws": "preflight.checks.aws:AwsCheck",
    "clock": "preflight.checks.clock:ClockCheck",
    "dns": "preflight.checks.dns:DnsCheck",
    "http": "preflight.checks.http:HttpCheck",
    "https": "preflight.checks.https:HttpsCheck",
    "kms-key": "preflight.checks.kms_key:KmsKeyCheck",
    "manifest": "preflight.checks.manifest:ManifestCheck",
    "network-acl": "preflight.checks.network_acl:NetworkAclCheck",
    "no-proxy": "preflight.checks.no_proxy:NoProxyCheck",
    "proxy": "preflight.checks.proxy:ProxyCheck",
    "proxy-config": "preflight.checks.proxy_config:ProxyConfigCheck",
    "proxy-honest": "preflight.checks.proxy_honest:ProxyHonestCheck",
    "registry": "preflight.checks.registry:RegistryCheck",
    "route": "preflight.checks.route:RouteCheck",
    "security-group": "preflight.checks.security_group:SecurityGroupCheck",
    "tcp": "preflight.checks.tcp:TcpCheck",
    "vpc-endpoint": "preflight.checks.vpc_endpoint:VpcEndpointCheck",
}


class UnknownKind(LookupError):
    """No installed package offers a check of this kind. `like` holds the nearest names."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind
        from difflib import get_close_matches  # noqa: PLC0415 - 5 ms, for a misspelling only

        self.like = tuple(get_close_matches(kind, kinds(), n=3))


class BrokenKind(ImportError):
    """The package that offers this kind could not be imported, or what it offers is no check."""


def kinds() -> list[str]:
    """The names of all kinds that a profile may use, ours first."""
    return [*KINDS, *sorted(each.name for each in _offered() if each.name not in KINDS)]


def find(kind: str) -> type[Check[Any]]:
    """The class of that kind, imported only now. Raises UnknownKind or BrokenKind."""
    if kind in KINDS:
        module, _, name = KINDS[kind].partition(":")
        found: type[Check[Any]] = getattr(import_module(module), name)
        return found
    for offered in _offered().select(name=kind):
        try:
            theirs = offered.load()
        except Exception as error:  # noqa: BLE001 - importing a stranger's module may raise anything
            raise BrokenKind(f"the check kind {kind!r} of {offered.value} cannot be imported: {type(error).__name__}") from None
        if not (isinstance(theirs, type) and issubclass(theirs, Check) and theirs.kind == kind):
            raise BrokenKind(f"the check kind {kind!r} is offered by {offered.value}, which is not a Check of that kind")
        return theirs
    raise UnknownKind(kind)


def all_kinds() -> Iterator[type[Check[Any]]]:
    """Every kind's class, for the list and the schema."""
    yield from map(find, kinds())


def _offered() -> EntryPoints:
    """What installed packages offer."""
    from importlib.metadata import entry_points  # noqa: PLC0415 - 20 ms, for plugins only

    return entry_points(group=GROUP)
