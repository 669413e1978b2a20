"""Which source declares the proxies: a flag, the environment if asked for, or the manifest's `spec.proxy`. Never nothing by accident."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from preflight.inputs import placeholder
from preflight.inputs.environment import Ambient, Variable
from preflight.inputs.files import exists
from preflight.inputs.manifests import Manifests, Value
from preflight.inputs.options import Options
from preflight.inputs.problem import Remarks, Where
from preflight.inputs.proxy_file import KIND, ProxySettings, read_proxy_file

NEIGHBOUR: Final = "proxy.json"
"""What the documentation calls the proxy file that lies beside the manifest."""

_HOW: Final = "give --proxy-file FILE or a manifest with `spec.proxy`, or say --direct if no proxy is meant"


def declared_proxies(options: Options, manifests: Manifests, ambient: Ambient, password: Variable | None, remarks: Remarks) -> ProxySettings | None:
    """The proxy settings that hold, or None for --direct; why there are none goes into `remarks`."""
    sources = (("--proxy-file", options.proxy_file), ("--proxy-from-env", options.proxy_from_env), ("--direct", options.direct))
    flags = [flag for flag, given in sources if given]
    if len(flags) > 1:
        remarks.problem("input.conflict", Where(flags[1]), f"{' and '.join(flags)} contradict each other", "give one of them")
        return None
    if options.direct:
        return None
    settings = _settings(options, manifests, ambient, remarks)
    if settings is None or password is None:
        return settings
    if not settings.pairs:
        message = f"{password.name} is set, but no declared proxy has a user name, so it is not used"
        remarks.lint(KIND, "input.environment", Where(password.name), message, "write the user name into the proxy file (http://USER@HOST:PORT), or unset it")
    return settings.with_password(password.value)


def _settings(options: Options, manifests: Manifests, ambient: Ambient, remarks: Remarks) -> ProxySettings | None:
    if options.proxy_file is not None:
        return read_proxy_file(options.proxy_file, str(options.proxy_file), remarks)
    if options.proxy_from_env:
        return _from_environment(ambient, remarks)
    values = manifests.all("proxy")
    for other in values[1:]:
        if other.text != values[0].text:
            remarks.problem("input.conflict", other.where, f"`{other.field}` differs from the one at {values[0].where.source}", "name one with --proxy-file")
            return None
    if values:
        return _from_manifest(values[0], options, remarks)
    if not any(problem.where.file in manifests.files for problem in remarks.problems):  # else the manifest may name one where it could not be read
        remarks.problem("input.no-proxy-source", Where("proxy"), "no proxy is declared anywhere", _HOW)
    return None


def _from_environment(ambient: Ambient, remarks: Remarks) -> ProxySettings | None:
    where = Where("--proxy-from-env")
    if not ambient.set:
        remarks.problem("input.no-proxy-source", where, "HTTP_PROXY and HTTPS_PROXY are not set", _HOW)
        return None
    if ambient.http is None:
        message = "HTTP_PROXY is not set, so http:// targets would go direct"
        remarks.problem("input.missing-field", where, message, "set it as well; the product needs httpProxy")
    return ambient.settings(remarks)


def _from_manifest(value: Value, options: Options, remarks: Remarks) -> ProxySettings | None:
    folder = value.file.parent
    beside = folder / NEIGHBOUR
    label = os.path.normpath(Path(value.where.file).parent / NEIGHBOUR)
    hint = f"{NEIGHBOUR} lies beside the manifest: write `proxy: {NEIGHBOUR}`" if exists(beside) else "write the path of the proxy's JSON file"
    found = placeholder.inside(value.text)
    if "://" in value.text or "@" in value.text:  # before anything repeats it: people write the URL here, credentials and all
        remarks.problem("input.value", value.where, f"`{value.field}` is the path of a JSON file, not a URL", "put the URL into the file as httpProxy")
        return None
    if found:
        remarks.problem("input.placeholder", value.where, f"`{value.field}` is still the placeholder `{found}`", hint)
        if exists(beside):
            read_proxy_file(beside, label, remarks)  # only for what is wrong with it too
        return None
    path = folder / value.text
    if not options.allow_outside and not _within(path, folder):
        message = f"`{value.field}` leads out of the manifest's directory"
        remarks.problem("input.outside", value.where, message, "move the file there, or say --allow-outside if that is meant")
        return None
    if not exists(path):
        tried = os.path.normpath(Path(value.where.file).parent / value.text)
        remarks.problem("input.not-a-file", value.where, f"`{value.field}` names {tried}, and there is no such file", hint)
        return None
    return read_proxy_file(path, os.path.normpath(Path(value.where.file).parent / value.text), remarks)


def _within(path: Path, folder: Path) -> bool:
    try:
        real = Path(os.path.realpath(path))
    except ValueError:  # an embedded NUL: reading it will say so
        return True
    return real.is_relative_to(os.path.realpath(folder))
