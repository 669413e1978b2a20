"""Reports: a finished run as text that a person, a CI server or a program reads. A renderer is a pure function from `Report` to `str`.

A format is a module with `chunks(report) -> Iterator[str]`; it is imported when it is first asked for. To add one, write the module and name it in
`_MODULES`. What goes to a terminal with colours is no format: `terminal.print_report`, and `live.Progress` while the run lasts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from types import MappingProxyType
from typing import Final, TypeAlias, cast

from preflight.model import Report

__all__ = ["FORMATS", "STREAMS", "Render", "Stream"]

Render: TypeAlias = Callable[[Report], str]
Stream: TypeAlias = Callable[[Report], Iterator[str]]

_MODULES: Final = {"text": "text", "json": "json_v1", "junit": "junit", "markdown": "markdown"}


def _stream(module: str) -> Stream:
    def chunks(report: Report) -> Iterator[str]:
        return cast("Stream", import_module(f"preflight.report.{module}").chunks)(report)

    return chunks


def _render(stream: Stream) -> Render:
    def render(report: Report) -> str:
        return "".join(stream(report))

    return render


STREAMS: Final[Mapping[str, Stream]] = MappingProxyType({name: _stream(module) for name, module in _MODULES.items()})
"""By format: the report piece by piece, for whoever writes it to a file. The pieces joined are what `FORMATS` gives."""
FORMATS: Final[Mapping[str, Render]] = MappingProxyType({name: _render(stream) for name, stream in STREAMS.items()})
"""By format: the report as one string, ending in a newline."""
