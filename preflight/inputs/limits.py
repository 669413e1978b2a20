"""The bounds of a run, as flags and the profile give them."""

from __future__ import annotations

from typing import Final

import msgspec

from preflight.check import seconds
from preflight.inputs.options import Options
from preflight.inputs.problem import Remarks, Where
from preflight.inputs.profile import Profile
from preflight.plan import Limits

MOST: Final = 1000
"""Checks at a time. More would exhaust file descriptors before it exhausts anything else."""


class Bounds(msgspec.Struct, frozen=True):
    """The limits that hold, and who gave which."""

    limits: Limits
    deadline_source: str
    concurrency_source: str


def bounds(options: Options, profile: Profile | None, remarks: Remarks) -> Bounds:
    """The limits that hold: a flag's, else the profile's, else the built-in ones."""
    found = Bounds(Limits(), "default", "default")
    written = profile.limits if profile else {}
    if "deadline" in written:
        node = written["deadline"]
        found = _with_deadline(found, node.text or "", node.where, remarks)
    if "concurrency" in written:
        node = written["concurrency"]
        found = _with_concurrency(found, node.scalar, node.where, remarks)
    if options.deadline is not None:
        found = _with_deadline(found, options.deadline, Where("--deadline"), remarks)
    if options.concurrency is not None:
        found = _with_concurrency(found, options.concurrency, Where("--concurrency"), remarks)
    return found


def duration(text: str, where: Where, remarks: Remarks) -> float:
    """A duration greater than zero, in seconds; zero if `text` is none, which goes into `remarks`."""
    try:
        found = seconds(text)
    except ValueError:
        found = 0.0
    if found <= 0:
        remarks.problem("input.value", where, "this is not a duration greater than zero", "write a number with a unit: 500ms, 10s, 2m, 1h")
    return found


def _with_deadline(found: Bounds, text: str, where: Where, remarks: Remarks) -> Bounds:
    return msgspec.structs.replace(found, limits=msgspec.structs.replace(found.limits, deadline=duration(text, where, remarks)), deadline_source=where.source)


def _with_concurrency(found: Bounds, value: object, where: Where, remarks: Remarks) -> Bounds:
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= MOST:
        remarks.problem("input.value", where, f"how many checks run at a time is a number from 1 to {MOST}")
        return found
    return msgspec.structs.replace(found, limits=msgspec.structs.replace(found.limits, concurrency=value), concurrency_source=where.source)
