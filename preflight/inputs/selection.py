"""Which of a profile's checks are run: the groups that are on, less what flags leave out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Final

import msgspec

from preflight.inputs.options import Options
from preflight.inputs.problem import Remarks, Where, did_you_mean
from preflight.inputs.profile import Group, Item, Profile
from preflight.inputs.variables import Variable, replaced

AWS_KINDS: Final = frozenset({"aws", "vpc-endpoint", "security-group", "network-acl", "route", "kms-key"})
"""The kinds that ask AWS, which `--no-aws` leaves out."""


class Switch(msgspec.Struct, frozen=True):
    """Whether a group is on, and what decided it."""

    on: bool
    source: str


def switches(profile: Profile, options: Options, features: Mapping[str, str], remarks: Remarks) -> dict[str, Switch]:
    """Each group of the profile, switched. `features` are those that the manifests switch on, each with its source."""
    for flag, names in (("--enable", options.enable), ("--disable", options.disable)):
        for name in names:
            if name not in profile.groups:
                remarks.problem("input.value", Where(flag), "the profile has no group of this name", did_you_mean(name, profile.groups))
    for name in {*options.enable} & {*options.disable}:
        if name in profile.groups:
            remarks.problem("input.conflict", Where("--disable"), f"the group `{name}` is both enabled and disabled", "give one of the two")
    return {name: _switch(group, options, features) for name, group in profile.groups.items()}


def _switch(group: Group, options: Options, features: Mapping[str, str]) -> Switch:
    if group.name in options.disable:
        return Switch(on=False, source="--disable")
    if group.name in options.enable:
        return Switch(on=True, source="--enable")
    if group.enabled == "auto":
        return Switch(on=group.feature in features, source=features.get(group.feature or "", f"no manifest switches `{group.feature}` on"))
    return Switch(on=bool(group.enabled), source=group.where.source)


def selected(profile: Profile, options: Options, groups: Mapping[str, Switch], values: Mapping[str, Variable], remarks: Remarks) -> tuple[Item, ...]:
    """The checks to be run. Names are matched with their variables replaced, as reports show them."""
    named = [(item, replaced(item.name, values)) for item in profile.items]
    for flag, globs in (("--only", options.only), ("--skip", options.skip)):
        for glob in globs:
            if not _matches(glob, (name for _, name in named)):
                remarks.problem(
                    "input.value", Where(flag), f"no check of the profile has a name that matches {glob!r}", did_you_mean(glob, (name for _, name in named))
                )
    chosen = tuple(item for item, name in named if groups[item.group].on and _wanted(item, name, options))
    if not chosen and not remarks.problems:
        remarks.problem("input.nothing-selected", Where(profile.label), "no check is left to be run", _why(named, groups, options))
    return chosen


def _wanted(item: Item, name: str, options: Options) -> bool:
    if options.no_aws and item.kind in AWS_KINDS:
        return False
    if options.only and not any(fnmatchcase(name, glob) for glob in options.only):
        return False
    return not any(fnmatchcase(name, glob) for glob in options.skip)


def _matches(glob: str, names: Iterable[str]) -> bool:
    return any(fnmatchcase(name, glob) for name in names)


def _why(named: list[tuple[Item, str]], groups: Mapping[str, Switch], options: Options) -> str:
    if not named:
        return "write checks into the profile"
    off = dict.fromkeys(item.group for item, name in named if _wanted(item, name, options) and not groups[item.group].on)
    if off:
        return "what would match is in groups that are off: " + " ".join(f"--enable {name}" for name in off)
    flags = [flag for flag, given in (("--only", options.only), ("--skip", options.skip), ("--no-aws", options.no_aws)) if given]
    return f"{' and '.join(flags)} leave nothing" if flags else "switch a group on with --enable"
