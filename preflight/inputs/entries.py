"""From checks as they are written to the checks themselves, with every complaint at the line that caused it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeAlias, get_args, get_origin

import msgspec

from preflight.inputs.problem import Remarks, Where, did_you_mean
from preflight.inputs.profile import Item, Profile
from preflight.inputs.tree import Path, Plain
from preflight.inputs.variables import Substitution, replaced
from preflight.plan import AnyCheck

if TYPE_CHECKING:
    from preflight.check import Check

Kinds: TypeAlias = "Callable[[str], type[Check[Any]]]"
"""Finds the class of a kind. Raises a LookupError, with the nearest names in `like`, where there is none, and an ImportError where it is broken."""

_PLACE: Final = re.compile(r"(.*?)(?: - at `(?:key in )?\$([^`]*)`)?", re.DOTALL)
_STEP: Final = re.compile(r"\.([^.\[\]]+)|\[(\d+)\]|\[\.\.\.\]")
_MISSING: Final = re.compile(r"Object missing required field `(\w+)`")


def checks_of(items: Iterable[Item], profile: Profile, substitution: Substitution, kinds: Kinds, remarks: Remarks) -> tuple[AnyCheck, ...]:
    """The checks that these items of the profile describe; what is wrong with any of them goes into `remarks`."""
    names = {replaced(item.name, substitution.values) for item in profile.items}
    found: dict[str, tuple[AnyCheck, Where]] = {}
    for item in items:
        check = check_of(item, profile, substitution, kinds, remarks)
        if check is None:
            continue
        where = item.node.nearest(("name",))
        if check.name in found:
            first = found[check.name][1].source
            remarks.problem("input.duplicate-key", where, f"a second check has this name; the first is at {first}", "give each its own name")
        for place, name in enumerate(check.requires):
            if name not in names:
                near = did_you_mean(name, names)
                remarks.problem("input.value", item.node.nearest(("requires", place)), "the profile has no check of this name", near)
        found.setdefault(check.name, (check, where))
    return tuple(check for check, _ in found.values())


def check_of(item: Item, profile: Profile, substitution: Substitution, kinds: Kinds, remarks: Remarks) -> AnyCheck | None:
    """The check that the item describes, or None; what is wrong with it, all of it, goes into `remarks`."""
    where = item.node.nearest(("kind",))
    try:
        model = kinds(item.kind)
    except LookupError as unknown:
        near = tuple(getattr(unknown, "like", ()))
        hint = did_you_mean(item.kind, near) if near else "`preflight checks` lists the kinds"
        remarks.problem("input.value", where, "there is no such kind of check", hint)
        return None
    except ImportError as broken:
        remarks.problem("input.value", where, str(broken), "mend or remove the package that offers the kind")
        return None
    inherited: dict[str, Plain] = {"required": profile.groups[item.group].required}
    inherited |= {key: node.plain() for key, node in profile.defaults.items()}
    missing = substitution.misses
    values = {key: substitution.plain(entry.value) for key, entry in (item.node.entries or {}).items() if key != "kind"}
    if substitution.misses > missing:
        return None  # whatever the kind would say of `${name}` is not the user's mistake
    try:
        return msgspec.convert({**inherited, **values}, model, strict=True)
    except msgspec.ValidationError as error:
        _Complaint(item, profile, {field.encode_name: field for field in msgspec.structs.fields(model)}, remarks).of(error, inherited, values)
        return None


class _Complaint(msgspec.Struct, frozen=True):
    """Says all that is wrong with an item, where msgspec says only the first."""

    item: Item
    profile: Profile
    fields: Mapping[str, msgspec.structs.FieldInfo]
    remarks: Remarks

    def of(self, error: msgspec.ValidationError, inherited: Mapping[str, Plain], values: Mapping[str, Plain]) -> None:
        """Complain of each field by itself; if each is sound, of what the kind says of them together."""
        before = len(self.remarks.problems)
        self._unknown(values)
        for name, field in self.fields.items():
            if name in values or name in inherited:
                self._wrong({**inherited, **values}[name], name, written=name in values)
            elif field.required:
                message = f"`{name}` is missing in this check of kind {self.item.kind}"
                self.remarks.problem("input.missing-field", self.item.node.where, message)
        if len(self.remarks.problems) == before:
            self._complain(*_read(str(error)), written=True)

    def _wrong(self, value: Plain, name: str, *, written: bool) -> None:
        try:
            msgspec.convert(value, self.fields[name].type, strict=True)
        except msgspec.ValidationError as error:
            message, path = _read(str(error))
            self._complain(message, (name, *path), written=written)

    def _unknown(self, values: Mapping[str, Plain]) -> None:
        for key in values.keys() - self.fields.keys():
            where = (self.item.node.entries or {})[key].where
            message = f"a check of kind {self.item.kind} has no field of this name"
            self.remarks.problem("input.unknown-field", where, message, did_you_mean(key, self.fields))

    def _complain(self, message: str, path: Path, *, written: bool) -> None:
        name = str(path[0]) if path else ""
        default = None if written else self.profile.defaults.get(name)
        where = default.nearest(path[1:]) if default else self.item.node.nearest(path)
        about = f"`{name}`: " if name else ""
        described = _described(self.fields.get(name))
        missing = _MISSING.fullmatch(message)
        if missing:
            self.remarks.problem("input.missing-field", where, f"{about}`{missing[1]}` is missing in it")
        elif "unknown field" in message:
            self.remarks.problem("input.unknown-field", where, f"{about}there is no such field in it")
        elif message.startswith("Expected `") and "got `" in message:
            self.remarks.problem("input.wrong-type", where, about + _lower(message), described)
        elif "matching regex" in message:
            self.remarks.problem("input.value", where, about + "it is not of the form that it must have", described)
        else:
            self.remarks.problem("input.value", where, about + _lower(message), described)


def _read(message: str) -> tuple[str, Path]:
    """The message and the path of msgspec's ``Expected `int`, got `str` - at `$.tags[1]` ``."""
    match = _PLACE.fullmatch(message)
    if not match or match[2] is None:
        return message, ()
    return match[1], tuple(key or int(index or 0) for key, index in _STEP.findall(match[2]))


def _lower(message: str) -> str:
    return message[:1].lower() + message[1:]


def _described(field: msgspec.structs.FieldInfo | None) -> str:
    """What the field's own annotation says about its form."""
    annotated = [each for each in (field.type, *get_args(field.type)) if get_origin(each) is Annotated] if field else []
    metas = (meta for each in annotated for meta in get_args(each)[1:])
    return next((meta.description for meta in metas if isinstance(meta, msgspec.Meta) and meta.description), "")
