"""What is in this file: one small regular UTF-8 file, read without ever hanging on a FIFO or starting a device."""

from __future__ import annotations

import codecs
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from errno import EACCES, ELOOP, ENAMETOOLONG, ENOENT, ENOTDIR, EPERM
from pathlib import Path
from typing import Final

import msgspec

from preflight.inputs.problem import InputError, Problem, Where

LARGEST: Final = 1 << 20
"""Bytes. Real proxy files, manifests and profiles are a hundredth of it."""

_REASONS: Final = {
    ENOENT: "there is no such file",
    ENOTDIR: "there is no such file: a part of its path is not a directory",
    EACCES: "this user may not read it",
    EPERM: "this user may not read it",
    ELOOP: "its symbolic links lead in a circle",
    ENAMETOOLONG: "its name is too long to be a file's",
}
_KINDS: Final = (
    (stat.S_ISDIR, "it is a directory, not a file"),
    (stat.S_ISFIFO, "it is a FIFO; write its content into a regular file"),
    (stat.S_ISSOCK, "it is a socket, not a file"),
    (stat.S_ISCHR, "it is a character device, not a file"),
    (stat.S_ISBLK, "it is a block device, not a file"),
)
_WIDE: Final = ((codecs.BOM_UTF32_LE, "UTF-32"), (codecs.BOM_UTF32_BE, "UTF-32"), (codecs.BOM_UTF16_LE, "UTF-16"), (codecs.BOM_UTF16_BE, "UTF-16"))


class TextFile(msgspec.Struct, frozen=True):
    """A file's text, under the name by which messages call it."""

    label: str
    text: str
    mode: int
    """Permission bits."""

    @property
    def exposed(self) -> bool:
        """Whether group or others may read it."""
        return bool(self.mode & (stat.S_IRGRP | stat.S_IROTH))


_looked_at: ContextVar[set[Path] | None] = ContextVar("looked_at", default=None)


@contextmanager
def noting() -> Iterator[set[Path]]:
    """Every path that is looked at in the block, whether or not anything is there: what has to be watched to know when to read anew."""
    paths: set[Path] = set()
    token = _looked_at.set(paths)
    try:
        yield paths
    finally:
        _looked_at.reset(token)


def exists(path: Path) -> bool:
    """Whether anything is at that path, a dangling or circular link included."""
    _note(path)
    return os.path.lexists(path)


def read(path: Path, label: str | None = None, *, largest: int = LARGEST) -> TextFile:
    """The text of a regular file of at most `largest` bytes. Raises InputError: `input.not-a-file`, `input.too-large` or `input.encoding`."""
    name = label or str(path)
    _note(path)
    try:
        _refuse_special(path.stat().st_mode, name)  # before the open: opening a device may already do something
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, ValueError) as error:
        raise _not_a_file(name, _reason(error)) from None
    try:
        status = os.fstat(descriptor)
        _refuse_special(status.st_mode, name)  # and after it: the path may name something else by now
        data = _bounded(descriptor, name, largest)
    except OSError as error:
        raise _not_a_file(name, _reason(error)) from None
    finally:
        os.close(descriptor)
    return TextFile(name, decoded(data, name), stat.S_IMODE(status.st_mode))


def decoded(data: bytes, label: str) -> str:
    """`data` as UTF-8 text, its byte order mark dropped. Raises InputError `input.encoding`; no message repeats a byte."""
    for mark, encoding in _WIDE:
        if data.startswith(mark):
            raise InputError(Problem("input.encoding", Where(label, 1, 1), f"it is {encoding}", "save it as UTF-8"))
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        where = Where(label, data.count(b"\n", 0, error.start) + 1)
        raise InputError(Problem("input.encoding", where, f"it is not UTF-8: byte {error.start + 1} of the file", "save it as UTF-8")) from None
    if "\0" in text:
        where = Where(label, text.count("\n", 0, text.index("\0")) + 1)
        raise InputError(Problem("input.encoding", where, "it holds a NUL byte, as UTF-16 and binary files do", "save it as UTF-8"))
    return text


def _note(path: Path) -> None:
    paths = _looked_at.get()
    if paths is not None:
        paths.add(path.absolute())


def _bounded(descriptor: int, label: str, largest: int) -> bytes:
    data = bytearray()
    while len(data) <= largest:
        block = os.read(descriptor, 1 << 16)
        if not block:
            return bytes(data)
        data += block
    raise InputError(Problem("input.too-large", Where(label), f"it is larger than {largest >> 20} MiB", "give the file itself, not an archive or a log"))


def _refuse_special(mode: int, label: str) -> None:
    if not stat.S_ISREG(mode):
        raise _not_a_file(label, next((what for matches, what in _KINDS if matches(mode)), "it is not a regular file"))


def _reason(error: OSError | ValueError) -> str:
    code = error.errno if isinstance(error, OSError) else None
    return _REASONS.get(code or 0, "it cannot be read" + (f" ({os.strerror(code)})" if code else ": its name holds a NUL character"))


def _not_a_file(label: str, reason: str) -> InputError:
    return InputError(Problem("input.not-a-file", Where(label), reason, "give the path of a regular file that this user can read"))
