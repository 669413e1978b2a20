"""Where a report goes: standard output, a file that is replaced as a whole, or a device that is written in place."""

from __future__ import annotations

import errno
import os
import re
import stat
import sys
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, Final

import msgspec

STDOUT: Final = "-"
_BATCH: Final = 1 << 16
_DESCRIPTOR: Final = re.compile(r"/(?:dev|proc/self)/(?:fd/(\d+)|(stdout|stderr))")
_STANDARD: Final = {"stdout": 1, "stderr": 2}


class Destination(msgspec.Struct, frozen=True):
    """One `--report FORMAT[=PATH]`; `-`, or no path, is standard output."""

    format: str
    path: str = STDOUT

    @classmethod
    def parse(cls, text: str, formats: Iterable[str]) -> Destination:
        """The destination that the flag names. Raises ValueError for a format that is not one of `formats`."""
        name, equals, path = text.partition("=")
        known = tuple(formats)
        if name not in known:
            raise ValueError(f"there is no report format {name!r}; there are: {', '.join(known)}")
        if equals and not path:
            raise ValueError(f"--report {name}= lacks a path; `-` is standard output")
        return cls(name, path or STDOUT)


class Unwritable(Exception):
    """The report cannot be written there."""


class File:
    """A file that holds the old report or the whole new one, never a part; or a device or FIFO, written in place."""

    def __init__(self, path: str, *, private: bool = False) -> None:
        """Make sure now, before any packet is sent, that the report can be written later. `private`: for this user's eyes only. Raises Unwritable."""
        self._private = private
        self._path = Path(path)
        self._shown = path
        self._temporary: str | None = None
        try:
            self._stream = self._open()
        except OSError as error:
            raise Unwritable(self._complaint(error)) from None

    def write(self, chunks: Iterable[str]) -> None:
        """Write the report and put it in place. Raises Unwritable, and leaves what was there before."""
        try:
            with self._stream as stream:
                write_all(stream, chunks)
                stream.flush()
                if self._temporary:
                    os.fsync(stream.fileno())
            if self._temporary:
                Path(self._temporary).replace(self._path)
                self._temporary = None
        except OSError as error:
            raise Unwritable(self._complaint(error)) from None
        finally:
            self.discard()

    def discard(self) -> None:
        """Leave no trace of a report that was never written."""
        with suppress(OSError):
            self._stream.close()
        if self._temporary:
            Path(self._temporary).unlink(missing_ok=True)
            self._temporary = None

    def _open(self) -> BinaryIO:
        ours = _DESCRIPTOR.fullmatch(str(self._path))
        if ours:
            return os.fdopen(os.dup(int(ours[1] or _STANDARD[ours[2]])), "wb")
        try:
            mode = self._path.stat().st_mode
        except FileNotFoundError:
            mode = stat.S_IFREG | _usual_mode()
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        if not stat.S_ISREG(mode):
            descriptor = os.open(self._path, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)  # a FIFO without a reader fails instead of hanging
            os.set_blocking(descriptor, True)
            return os.fdopen(descriptor, "wb")
        self._path = self._path.resolve()  # a link stays, and what it leads to is replaced
        if self._path.exists() and not os.access(self._path, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        import tempfile  # noqa: PLC0415 - 5 ms, for a report in a file

        descriptor, self._temporary = tempfile.mkstemp(prefix=f".{self._path.name}.", suffix=".tmp", dir=self._path.parent)
        os.fchmod(descriptor, stat.S_IRUSR | stat.S_IWUSR if self._private else stat.S_IMODE(mode))
        return os.fdopen(descriptor, "wb")

    def _complaint(self, error: OSError) -> str:
        return f"cannot write {self._shown}: {error.strerror or type(error).__name__}"


def to_stdout(chunks: Iterable[str]) -> None:
    """Write to standard output. A reader that has gone away is no error. Raises Unwritable for anything else, a full disk say."""
    if sys.stdout is None:
        raise Unwritable("cannot write to standard output: it is closed")
    try:
        sys.stdout.flush()
        write_all(sys.stdout.buffer, chunks, sys.stdout.encoding or "utf-8")
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        forget_stdout()
    except OSError as error:
        forget_stdout()
        raise Unwritable(f"cannot write to standard output: {error.strerror}") from None


def forget_stdout() -> None:
    """Point standard output at nothing, so that the interpreter's own flush at the end finds no closed pipe."""
    descriptor = os.open(os.devnull, os.O_WRONLY)
    os.dup2(descriptor, sys.stdout.fileno())
    os.close(descriptor)


def write_all(stream: BinaryIO, chunks: Iterable[str], encoding: str = "utf-8") -> None:
    """Write in batches; what the encoding lacks is spelled out."""
    pending: list[str] = []
    size = 0
    for chunk in chunks:
        pending.append(chunk)
        size += len(chunk)
        if size >= _BATCH:
            stream.write("".join(pending).encode(encoding, "backslashreplace"))
            pending, size = [], 0
    stream.write("".join(pending).encode(encoding, "backslashreplace"))


def _usual_mode() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask
