"""What is in force, and whether the files that say so have changed. A bad file never replaces a good one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from hashlib import sha256
from pathlib import Path

import msgspec

from preflight.inputs.files import noting, read
from preflight.inputs.problem import InputError
from preflight.inputs.select import Loaded
from preflight.serve.backoff import Accounts
from preflight.serve.damping import Damping
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
    accounts: Accounts
    """The checks that send credentials, none of them refused yet."""


class Configuration:
    """The inputs, read when told to."""

    def __init__(self, load: Callable[[], Loaded], settings: Settings, now: Callable[[], datetime]) -> None:
        """Reads them for the first time. Raises InputError."""
        self._load, self._settings, self._now = load, settings, now
        self._looked_at: Mapping[Path, str] = {}
        self.now = self._read()

    def changed(self) -> bool:
        """Whether any file that was looked at says something else now, has appeared, or is gone. What was refused once is not tried again until it changes."""
        return any(_content(path) != content for path, content in self._looked_at.items())

    def reload(self) -> str:
        """Read everything anew. Why it is refused, every problem with its `file:line`; empty if it is in force now."""
        try:
            self.now = self._read()
        except InputError as error:
            return str(error)
        return ""

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
                Accounts.of(plan, loaded.declared),
            )
        self._looked_at = {path: content for path, content in self._looked_at.items() if path in paths}
        return found


def _content(path: Path) -> str:
    """What tells one content of the file from another: a touch is no change, and a file that cannot be read has no content."""
    try:
        file = read(path)
    except InputError as error:
        return str(error)
    return f"{file.mode:o} {sha256(file.text.encode('utf-8', 'surrogatepass')).hexdigest()}"
