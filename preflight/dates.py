"""Dates as peers write them, read without the standard library's mail parser, which costs 8 ms to load and every run meets a `Date`."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

_MONTHS: Final = {name: number for number, name in enumerate(("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"), 1)}
_TIME: Final = r"(?P<hour>\d\d):(?P<minute>\d\d):(?P<second>\d\d)"
_HTTP: Final = re.compile(rf"\w{{3}}, (?P<day>\d\d) (?P<month>\w{{3}}) (?P<year>\d{{4}}) {_TIME} GMT", re.ASCII)
_CERTIFICATE: Final = re.compile(rf"(?P<month>\w{{3}}) +(?P<day>\d+) {_TIME} (?P<year>\d{{4}}) GMT", re.ASCII)


def of_http(text: str) -> datetime | None:
    """A `Date` (RFC 9110 section 5.6.7), aware; the obsolete forms too, which are UTC even where they do not say so. None for anything else."""
    match = _HTTP.fullmatch(text)
    if match:
        return _moment(match)
    from email.utils import parsedate_to_datetime  # noqa: PLC0415 - for what nobody has sent since 1999

    try:
        date = parsedate_to_datetime(text)
    except ValueError:
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)


def of_certificate(text: str) -> datetime | None:
    """A `notAfter` as OpenSSL prints it, aware. None for anything else."""
    match = _CERTIFICATE.fullmatch(text)
    return _moment(match) if match else None


def _moment(match: re.Match[str]) -> datetime | None:
    parts = match.groupdict()
    try:
        date = (int(parts["year"]), _MONTHS[parts["month"]], int(parts["day"]))
        return datetime(*date, int(parts["hour"]), int(parts["minute"]), int(parts["second"]), tzinfo=UTC)
    except (KeyError, ValueError):
        return None
