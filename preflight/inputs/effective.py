"""The effective configuration, each value with its source, as every report shows it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from preflight.declared import Role, Sourced
from preflight.inputs.environment import Variable as FromEnvironment
from preflight.inputs.limits import Bounds
from preflight.inputs.manifests import Manifests
from preflight.inputs.options import Options
from preflight.inputs.profile import Profile
from preflight.inputs.proxy_file import ProxySettings
from preflight.inputs.selection import Switch
from preflight.inputs.variables import Variable
from preflight.model import Input
from preflight.untrusted import Json, Redactor

LONGEST = 2000
"""Characters of one value that a report shows; a noProxy list may be long."""


class Effective(msgspec.Struct, frozen=True):
    """What was decided, and from which sources."""

    options: Options
    profile: Profile | None
    manifests: Manifests
    roles: tuple[Role, ...]
    settings: ProxySettings | None
    password: FromEnvironment | None
    variables: Mapping[str, Variable]
    groups: Mapping[str, Switch]
    bounds: Bounds
    vantage: str
    store: tuple[str, str]
    """The trust store, and who named it."""
    stand_ins: tuple[tuple[str, str], ...] = ()
    """Who answers in AWS's place, by the variable of the environment."""


def effective(found: Effective, secrets: Redactor) -> tuple[Input, ...]:
    """The settings in the order in which a reader asks for them, each value masked and clean."""
    return tuple(Input(name, secrets.clean_json(value, LONGEST), secrets.clean(source)) for name, value, source in _all(found))


def _all(found: Effective) -> Iterator[tuple[str, Json, str]]:
    options = found.options
    if found.profile:
        yield "profile", found.profile.name, found.profile.label
    if found.manifests.files:
        yield "manifest", list(found.manifests.files), "--manifest" if options.manifests else "default"
    yield from _proxies(found)
    yield from _roles(found.roles)
    for name, variable in found.variables.items():
        yield name if name in {"region", "vpc"} else f"variable {name}", variable.value, variable.source
    for name, switch in found.groups.items():
        yield f"group {name}", switch.on, switch.source
    for name, given in (("only", options.only), ("skip", options.skip)):
        if given:
            yield name, list(given), f"--{name}"
    if options.no_aws:
        yield "no-aws", True, "--no-aws"
    if not options.no_aws:
        yield from ((name, f"{host} answers in AWS's place", "environment") for name, host in found.stand_ins)
    yield "trust store", *found.store
    plain = (("aws-facts", options.aws_facts), ("save-aws-facts", options.save_aws_facts), ("ca-file", options.ca_file), ("timeout", options.timeout))
    yield from ((name, str(value), f"--{name}") for name, value in plain if value)
    yield "deadline", f"{found.bounds.limits.deadline:g}s", found.bounds.deadline_source
    yield "concurrency", found.bounds.limits.concurrency, found.bounds.concurrency_source
    yield "strict", options.strict, "--strict" if options.strict else "default"
    yield "vantage", found.vantage, "--vantage" if options.vantage else "default"


def _proxies(found: Effective) -> Iterator[tuple[str, Json, str]]:
    settings = found.settings
    if settings is None:
        yield "proxy", "none", "--direct"
        return
    for name, url in (("httpProxy", settings.http), ("httpsProxy", settings.https)):
        if url:
            yield name, url.proxy.url, url.where.source
    if settings.https is None and settings.http:
        yield "httpsProxy", settings.http.proxy.url, "httpProxy, because httpsProxy is absent"
    if settings.no_proxy_where:
        yield "noProxy", settings.no_proxy, settings.no_proxy_where.source
    if settings.pairs:
        yield "credentials", "set (not shown)", found.password.name if found.password else settings.label


def _roles(roles: Iterable[Role]) -> Iterator[tuple[str, Json, str]]:
    """Each kind of machine with its groups and subnets and where they stand. Where two have one title, the later ones are numbered."""
    seen: dict[str, int] = {}
    for role in roles:
        number = seen[role.title] = seen.get(role.title, 0) + 1
        name = f"role {role.title}" + (f" ({number})" if number > 1 else "")
        yield name, f"{_listed('group', role.groups)}, {_listed('subnet', role.subnets)}", role.source


def _listed(what: str, ids: Sequence[Sourced]) -> str:
    """The ids of one kind, in words."""
    return f"{what}{'s' if len(ids) > 1 else ''} {', '.join(f'{each.text} ({each.source})' for each in ids)}" if ids else f"no {what}"
