from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from preflight.inputs.files import LARGEST, read
from preflight.inputs.problem import InputError


def problem(path: Path) -> tuple[str, str]:
    with pytest.raises(InputError) as caught:
        read(path)
    (only,) = caught.value.problems
    return only.code, only.message


def test_reads_utf8_with_a_byte_order_mark_and_crlf(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes("\ufeffé\r\nb".encode())
    path.chmod(0o640)
    file = read(path, "f")
    assert (file.text, file.label, file.mode, file.exposed) == ("é\r\nb", "f", 0o640, True)
    path.chmod(0o600)
    assert not read(path).exposed


def test_what_is_no_regular_file_is_refused_each_in_its_own_words(tmp_path: Path) -> None:
    fifo, loop, listening = tmp_path / "fifo", tmp_path / "loop", tmp_path / "s"
    os.mkfifo(fifo)
    loop.symlink_to(loop)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(listening))
        paths = [tmp_path / "missing", tmp_path, fifo, loop, listening, Path("/dev/zero"), Path("/dev/null/x"), Path("a\0b"), tmp_path / ("x" * 300)]
        found = [problem(path) for path in paths]
    assert {code for code, _ in found} == {"input.not-a-file"}
    assert len({message for _, message in found}) == len(found)


def test_a_file_that_may_not_be_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "f"
    path.write_text("x")

    def refuse(*_: object) -> int:
        raise PermissionError(13, "no")

    monkeypatch.setattr(os, "open", refuse)
    assert problem(path) == ("input.not-a-file", "this user may not read it")


def test_size_is_bounded(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(b"x" * LARGEST)
    assert len(read(path).text) == LARGEST
    path.write_bytes(b"x" * (LARGEST + 1))
    assert problem(path)[0] == "input.too-large"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "latin-1"])
def test_other_encodings_are_refused(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "f"
    path.write_bytes('{"a":\n "é"}'.encode(encoding))
    assert problem(path)[0] == "input.encoding"


def test_the_byte_that_is_not_utf8_is_named_by_position(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(b"abc\nde\xe9")
    with pytest.raises(InputError, match=r"f:2: it is not UTF-8: byte 7 of the file"):
        read(path)
