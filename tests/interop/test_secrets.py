"""A planted password, in a real conversation with a real proxy: it is in no output, no report and no process list."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.leaks import PASSWORD, Planted

from .command import run_preflight
from .conftest import start
from .lab import Lab
from .page import workdir
from .squid import Squid
from .stuck import stuck

pytestmark = pytest.mark.interop

USER, WORD = "svc-planted", PASSWORD
FORMATS = ("json", "junit", "markdown")

leaks = Planted(USER).leaks


def test_the_search_would_find_it() -> None:
    """The net has no hole where the password is plainly there."""
    assert leaks(f"http://{USER}:{quote(WORD, safe='')}@127.0.0.1")
    assert leaks(f"Proxy-Authorization: Basic {base64.b64encode(f'{USER}:{WORD}'.encode()).decode()}")
    assert leaks("parsed host: S3cr3t")
    assert leaks(b"SQLite format 3\x00\xff" + WORD.encode() + b"\xff")
    assert not leaks("all is well")


@pytest.fixture(scope="module")
def guarded(lab: Lab) -> Iterator[Squid]:
    """A squid that wants exactly the planted password."""
    with ExitStack() as stack:
        yield start(stack, lambda: lab.squid(auth=(USER, WORD), deny=["gkehub.googleapis.com"]))


@pytest.mark.parametrize("args", [(), ("-v",)])
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_no_output_has_it(lab: Lab, guarded: Squid, tmp_path: Path, args: tuple[str, ...], scheme: str) -> None:
    """Neither where the proxy takes it and denies a name, nor where the proxy URL is wrong; whatever the log level."""
    workdir(tmp_path, guarded.port, USER, WORD, scheme)
    reports = [part for name in FORMATS for part in ("--report", f"{name}=out.{name}")]
    done = run_preflight(lab, ["run", "--no-aws", *args, *reports], tmp_path)
    assert done.returncode == 1, done.stderr
    assert not leaks(done.stdout + done.stderr)
    for name in FORMATS:
        assert not leaks((tmp_path / f"out.{name}").read_text()), name


def test_the_credentials_were_right(lab: Lab, guarded: Squid, tmp_path: Path) -> None:
    """They reach the proxy byte for byte: it lets gcr.io through."""
    done = run_preflight(lab, ["run", "--no-aws", "--only", "gcr.io"], workdir(tmp_path, guarded.port, USER, WORD))
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("from_file", [False, True])
def test_it_may_come_from_outside_the_proxy_file(lab: Lab, guarded: Squid, tmp_path: Path, *, from_file: bool) -> None:
    """Out of the environment, or out of a file that the environment names; it gets to the proxy and nowhere else."""
    file = tmp_path / "word"
    file.write_text(WORD + "\n")
    env = {"PREFLIGHT_PROXY_PASSWORD_FILE": str(file)} if from_file else {"PREFLIGHT_PROXY_PASSWORD": WORD}
    done = run_preflight(lab, ["run", "--no-aws", "--only", "gcr.io", "-v"], workdir(tmp_path, guarded.port, USER, ""), env)
    assert done.returncode == 0, done.stdout + done.stderr
    assert not leaks(done.stdout + done.stderr)


@pytest.mark.parametrize("args", [("plan",), ("walk", "https://gcr.io/v2/"), ("walk", "https://no-such-name.invalid/")])
def test_other_commands_do_not_tell(lab: Lab, guarded: Squid, tmp_path: Path, args: tuple[str, ...]) -> None:
    """What plan and walk print shows the proxy without its user."""
    done = run_preflight(lab, args, workdir(tmp_path, guarded.port, USER, WORD))
    assert done.stdout
    assert not leaks(done.stdout + done.stderr)


@pytest.mark.parametrize("spoil", ['"httpProxy": ', "%zz@", "}"])
def test_a_proxy_file_that_does_not_parse_is_not_quoted(lab: Lab, guarded: Squid, tmp_path: Path, spoil: str) -> None:
    """Half a password in a syntax error is a password."""
    proxy = workdir(tmp_path, guarded.port, USER, WORD) / "proxy.json"
    text = proxy.read_text()
    proxy.write_text(text.replace("@127", "%zz@127") if spoil == "%zz@" else text.replace(spoil, "", 1))
    done = run_preflight(lab, ["run", "--no-aws"], tmp_path)
    assert done.returncode == 2
    assert "proxy.json" in done.stdout + done.stderr
    assert not leaks(done.stdout + done.stderr)


def test_the_process_list_does_not_have_it(lab: Lab, tmp_path: Path) -> None:
    """Looked at while the run is busy: neither its own command line nor a child's."""
    with stuck(lab, tmp_path, auth=(USER, WORD)) as child:
        own = Path(f"/proc/{child.pid}/cmdline").read_bytes().decode(errors="replace")
        tasks = Path(f"/proc/{child.pid}/task/{child.pid}/children")
        children = tasks.read_text().split() if tasks.exists() else []
        lines = [own, *(Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace") for pid in children)]
        assert "preflight" in own
        assert not leaks("\n".join(lines))
