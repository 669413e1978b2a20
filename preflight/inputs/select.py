"""What a run shall do: flags, profile, manifests, proxy file and environment, read in one go.

Everything that is wrong is said at once. Precedence: flags, then the user's own checks.yaml, then manifests, then what is built in.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, MutableMapping
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from preflight import checks, codes
from preflight.aws.facts import Facts
from preflight.declared import Declared
from preflight.inputs.aws_facts import fitted, saved_facts
from preflight.inputs.effective import Effective, effective
from preflight.inputs.entries import Kinds, check_of, checks_of
from preflight.inputs.environment import Ambient, differs, take, take_password
from preflight.inputs.files import TextFile, exists, read
from preflight.inputs.limits import bounds, duration
from preflight.inputs.manifests import USUAL as USUAL_MANIFEST
from preflight.inputs.manifests import Manifests, read_manifests
from preflight.inputs.manifests.lint import lint_manifests
from preflight.inputs.options import Options
from preflight.inputs.problem import InputError, Problem, Remarks, Where
from preflight.inputs.profile import USUAL as USUAL_PROFILE
from preflight.inputs.profile import Item, Profile, default_profile, parse_profile
from preflight.inputs.proxies import declared_proxies
from preflight.inputs.proxy_file import ProxySettings
from preflight.inputs.roles import dedicated, roles
from preflight.inputs.selection import Switch, selected, switches
from preflight.inputs.variables import Substitution, variables
from preflight.model import Finding, Status
from preflight.plan import AnyCheck, Plan, make
from preflight.route import NO_PROXY_AT_ALL
from preflight.untrusted import Redactor
from preflight.world import Wanted


class Loaded(msgspec.Struct, frozen=True):
    """Everything that a run needs to know before it sends its first packet."""

    declared: Declared
    plan: Plan
    secrets: Redactor
    ca_file: Path | None = None
    aws_facts: Facts | None = None
    """What AWS said when somebody saved it; AWS itself is asked nothing then."""
    save_aws_facts: Path | None = None
    """Where to write what AWS says."""
    remarks: tuple[Finding, ...] = ()
    """What `preflight plan` says besides: proxy variables in the environment that differ from what is declared."""


def load(options: Options, environ: MutableMapping[str, str], cwd: Path, kinds: Kinds = checks.find, *, given: TextFile | None = None) -> Loaded:
    """What the options ask for, relative to `cwd`. Takes the proxy variables out of `environ`. Raises InputError with all problems found.

    `given` is the profile to use instead of any file.
    """
    remarks = Remarks()
    ambient, password = take(environ), take_password(environ, remarks)
    _refuse_urls(options)
    options = _anchored(options, cwd)
    profile = parse_profile(given, remarks, packaged=True) if given else _profile(options, cwd, remarks)
    manifests = read_manifests(_manifests(options, cwd), remarks, overridden=options.overridden)
    settings = declared_proxies(options, manifests, ambient, password, remarks)
    lint_manifests(manifests, settings.proxies if settings else NO_PROXY_AT_ALL, options, remarks)
    substitution = Substitution(variables(options, profile, manifests, remarks))
    features = {name: value.where.source for name, value in manifests.features.items()}
    groups = switches(profile, options, features, remarks) if profile else {}
    chosen = selected(profile, options, groups, substitution.values, remarks) if profile else ()
    found = _timed(checks_of(chosen, profile, substitution, kinds, remarks), options, remarks) if profile else ()
    substitution.complain(manifests, remarks)
    limits = bounds(options, profile, remarks)
    _certificates(options, remarks)
    secrets = Redactor(pairs=settings.pairs if settings else ())
    saved = saved_facts(options, secrets, remarks)
    lints = remarks.settle()
    vantage = _vantage(options)
    declared = _declared(settings, substitution, manifests, lints)
    shown = Effective(
        options, profile, manifests, declared.roles, settings, password, substitution.values, groups, limits, vantage, _store(environ), _stand_ins(environ)
    )
    declared = msgspec.structs.replace(declared, inputs=effective(shown, secrets))
    besides = _besides(chosen, groups, options, profile, substitution, kinds) if profile else ()
    plan = msgspec.structs.replace(
        _plan(found, declared, profile), limits=limits.limits, vantage=secrets.clean(vantage), strict=options.strict, besides=besides
    )
    facts = _answering(saved, plan, declared, options)
    return Loaded(declared, plan, secrets, options.ca_file, facts, options.save_aws_facts, _ambient(ambient, settings, options))


def _refuse_urls(options: Options) -> None:
    """A URL, credentials and all, is not a path, and must not be repeated as one; nor is `-`. Raises InputError."""
    flags = {
        "--config": options.config,
        "--proxy-file": options.proxy_file,
        "--ca-file": options.ca_file,
        "--aws-facts": options.aws_facts,
        "--save-aws-facts": options.save_aws_facts,
    }
    if str(options.save_aws_facts) == "-":
        message = "what AWS says goes into a file, not to standard output"
        raise InputError(Problem("input.value", Where("--save-aws-facts"), message, "name a file; standard output is the report's"))
    given = [*flags.items(), *(("--manifest", path) for path in options.manifests)]
    wrong = [flag for flag, path in given if path and ("@" in str(path) or ":/" in str(path))]
    if wrong:
        hint = "write the proxy's URL into a JSON file, as httpProxy" if "--proxy-file" in wrong else "name a file"
        raise InputError(*(Problem("input.value", Where(flag), "what follows must be the path of a file, not a URL", hint) for flag in wrong))


def _besides(
    chosen: tuple[Item, ...], groups: Mapping[str, Switch], options: Options, profile: Profile, substitution: Substitution, kinds: Kinds
) -> tuple[Wanted, ...]:
    """The targets that `--only` leaves out. Nothing is lost if one of them cannot be read."""
    if not options.only:
        return ()
    aside, missing = Remarks(), Substitution(substitution.values)
    rest = [item for item in selected(profile, msgspec.structs.replace(options, only=()), groups, substitution.values, aside) if item not in chosen]
    found = [check for item in rest if (check := check_of(item, profile, missing, kinds, aside))]
    return tuple(Wanted(check.name, target, check.required) for check in found if (target := check.wants()))


def _anchored(options: Options, cwd: Path) -> Options:
    """The options with the files they name as they are called relative to `cwd`, if that is not where the process is."""
    if cwd.resolve() == Path.cwd():
        return options

    def at(path: Path | None) -> Path | None:
        return cwd / path if path else None

    manifests = tuple(cwd / path for path in options.manifests)
    names = ("config", "proxy_file", "ca_file", "aws_facts", "save_aws_facts")
    return msgspec.structs.replace(options, manifests=manifests, **{name: at(getattr(options, name)) for name in names})


def _profile(options: Options, cwd: Path, remarks: Remarks) -> Profile | None:
    try:
        if options.config:
            return parse_profile(read(options.config), remarks)
        if exists(cwd / USUAL_PROFILE):
            return parse_profile(read(cwd / USUAL_PROFILE, USUAL_PROFILE), remarks)
        return parse_profile(default_profile(), remarks, packaged=True)
    except InputError as error:
        remarks.problems += error.problems
        return None


def _manifests(options: Options, cwd: Path) -> list[tuple[Path, str]]:
    if options.manifests:
        return [(path, str(path)) for path in options.manifests]
    return [(cwd / USUAL_MANIFEST, USUAL_MANIFEST)] if exists(cwd / USUAL_MANIFEST) else []


def _answering(saved: Facts | None, plan: Plan, declared: Declared, options: Options) -> Facts | None:
    """The saved facts as this plan needs them. Raises InputError; so it does where there will be nothing to save."""
    scope = plan.scope(declared)
    if options.save_aws_facts and not scope.parts:
        raise InputError(Problem("input.conflict", Where("--save-aws-facts"), "no selected check asks AWS anything, so there is nothing to save"))
    return fitted(saved, scope, str(options.aws_facts)) if saved else None


def _timed(found: tuple[AnyCheck, ...], options: Options, remarks: Remarks) -> tuple[AnyCheck, ...]:
    if options.timeout is None or not duration(options.timeout, Where("--timeout"), remarks):
        return found
    return tuple(msgspec.structs.replace(check, timeout=options.timeout) for check in found)


def _certificates(options: Options, remarks: Remarks) -> None:
    if options.ca_file is None:
        return
    try:
        read(options.ca_file)
    except InputError as error:
        remarks.problems += error.problems
        return
    from preflight.real.tls import holds_certificates  # noqa: PLC0415 - loads ssl, for this flag only

    if not holds_certificates(options.ca_file):
        remarks.problem(
            "input.value", Where(str(options.ca_file)), "it holds no certificate that OpenSSL can read", "--ca-file takes the certificates of CAs, in PEM"
        )


def _declared(settings: ProxySettings | None, substitution: Substitution, manifests: Manifests, lints: Mapping[str, tuple[Finding, ...]]) -> Declared:
    values = {name: variable.value for name, variable in substitution.values.items()}
    return Declared(
        proxies=settings.proxies if settings else NO_PROXY_AT_ALL,
        region=values.get("region"),
        variables=values,
        features=frozenset(manifests.features),
        roles=roles(manifests),
        dedicated=dedicated(manifests, values.get("vpc")),
        lints=lints,
    )


def _plan(found: tuple[AnyCheck, ...], declared: Declared, profile: Profile | None) -> Plan:
    try:
        return make(found, declared, profile=profile.name if profile else "")
    except ValueError as error:
        raise InputError(Problem("input.value", Where(profile.label if profile else "checks"), str(error))) from None


def _vantage(options: Options) -> str:
    host = os.uname().nodename
    return f"{host} ({options.vantage})" if options.vantage else host


def _stand_ins(environ: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Who answers in AWS's place, by the variable that says so; of a URL with an `@` nothing is shown, since where its credentials end is a guess."""
    named = {name: environ[name] for name in sorted(environ) if name.startswith("AWS_ENDPOINT_URL") and environ[name]}
    return tuple((name, "somebody" if "@" in url else urlsplit(url).netloc) for name, url in named.items())


def _store(environ: Mapping[str, str]) -> tuple[str, str]:
    """Which trust store OpenSSL will take, and who says so."""
    named = [f"{name}={environ[name]}" for name in ("SSL_CERT_FILE", "SSL_CERT_DIR") if environ.get(name)]
    return ("the operating system's", "default") if not named else (", ".join(named), "environment, in place of the operating system's")


def _ambient(ambient: Ambient, settings: ProxySettings | None, options: Options) -> tuple[Finding, ...]:
    names = () if options.proxy_from_env else differs(ambient, settings)
    if not names:
        return ()
    message = f"the environment sets {' and '.join(names)} to something else than what is declared, which is ignored"
    hint = "say --proxy-from-env to use it instead; the documented workstation set-up points it at an SSH tunnel, which no node has"
    return (codes.finding("input.environment", message=message, hint=hint, status=Status.WARN, evidence={"where": ", ".join(names)}),)
