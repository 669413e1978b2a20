"""What is in force, and whether the files that say so have changed. A bad file never replaces a good one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from hashlib import sha256
from pathlib import Path

import msgspec
from msgspec.structs import replace

from preflight.declared import Declared
from preflight.inputs.files import noting, read
from preflight.inputs.problem import InputError
from preflight.inputs.select import Loaded
from preflight.plan import Plan
from preflight.serve.backoff import Accounts
from preflight.serve.damping import Damping
from preflight.serve.journal import bug
from preflight.serve.rhythm import Rhythm
from preflight.serve.settings import Settings


class InForce(msgspec.Struct, frozen=True):
    """What the probe goes by until the next reload."""

    loaded: Loaded
    rhythms: Mapping[str, Rhythm]
    rules: Mapping[str, Damping]
    stale_after: float
    patience: Mapping[str, float]
    """How old the latest result of each check may become, in seconds."""
    asked: Mapping[str, str]
    """By check, what tells its question from any other."""
    accounts: Accounts
    """The checks that send credentials, none of them refused yet."""


class Configuration:
    """The inputs, read when told to."""

    def __init__(self, load: Callable[[], Loaded], settings: Settings, now: Callable[[], datetime]) -> None:
        """Reads them for the first time. Raises InputError."""
        self._load, self._settings, self._now = load, settings, now
        self._looked_at: Mapping[Path, str] = {}
        self.now = self._read()
        self._there = self._files()

    def changed(self) -> bool:
        """Whether any file that was looked at says something else now, has appeared, or is gone. What was refused once is not tried again until it changes."""
        return any(_content(path) != content for path, content in self._looked_at.items())

    def reload(self) -> str:
        """Read everything anew. Why it is refused, every problem with its `file:line`; empty if it is in force now.

        A file that was read and is gone is a mistake, even where none has to be there: without it something else would be asked.
        """
        if gone := sorted(path.name for path in self._there if not path.exists()):
            self._looked_at = {path: _content(path) for path in self._looked_at}
            return "\n".join(f"{name}: it was there, and is gone. Put it back, or restart to go on without it" for name in gone)
        try:
            self.now = self._read()
            self._there = self._files()
        except InputError as error:
            return str(error)
        except Exception as error:  # noqa: BLE001 - a plugin's check may stumble over anything, and what is in force stays
            return f"a bug: {bug(error)}"
        return ""

    def _files(self) -> frozenset[Path]:
        return frozenset(path for path in self._looked_at if path.exists())

    def _read(self) -> InForce:
        before = {path: _content(path) for path in self._looked_at}
        with noting() as paths:
            try:
                loaded = self._load()
            finally:
                self._looked_at = {**before, **{path: before.get(path) or _content(path) for path in paths}}
            plan = loaded.plan
            found = InForce(
                loaded,
                self._settings.rhythms(plan),
                self._settings.rules(plan),
                self._settings.stale(plan, self._now()),
                self._settings.patience(plan, self._now()),
                asked(plan, loaded.declared),
                Accounts.of(plan, loaded.declared),
            )
        self._looked_at = {path: content for path, content in self._looked_at.items() if path in paths}
        return found


def asked(plan: Plan, declared: Declared) -> Mapping[str, str]:
    """What each check asks, from where, and by which way, as a digest: results of something else say nothing about it, even under the same name.

    Credentials are left out: a digest of them would stand in history.
    """
    proxies = declared.proxies
    ways = [proxy and proxy.url for proxy in (proxies.http, proxies.https)], [entry.text for entry in proxies.no_proxy.entries]
    roles = [(role.kind, role.name, [each.text for each in (*role.groups, *role.subnets)]) for role in declared.roles]
    around = plan.vantage, ways, declared.region, declared.variables, roles
    return {check.name: _digest(replace(check, about="", group="", every=None, out_of=None), around) for check in plan.checks}


def _digest(*parts: object) -> str:
    return sha256(msgspec.json.encode(parts, order="deterministic", enc_hook=str)).hexdigest()


def _content(path: Path) -> str:
    """What tells one content of the file from another: a touch is no change, and a file that cannot be read has no content."""
    try:
        file = read(path)
    except InputError as error:
        return str(error)
    return f"{file.mode:o} {sha256(file.text.encode('utf-8', 'surrogatepass')).hexdigest()}"
