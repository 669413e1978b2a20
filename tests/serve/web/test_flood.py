"""A crowd that connects to the service and says nothing: it answers, and goes on telling the truth."""

from __future__ import annotations

import resource
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from tests.serve.conftest import Proxied
from tests.serve.running import Serving, command, environment, started

CROWD = 600
"""More than uvicorn's own bound, and than the descriptors of the smaller processes here."""


@pytest.fixture(autouse=True)
def _descriptors() -> Iterator[None]:
    """Enough descriptors for the crowd in this process."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 2 * CROWD)) if hard >= 0 else soft, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@contextmanager
def crowd(port: int) -> Iterator[list[socket.socket]]:
    """So many connections, each opened and left alone."""
    with ExitStack() as stack:
        yield [stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=60)) for _ in range(CROWD)]


@pytest.mark.parametrize("descriptors", [128, 1024])
def test_a_silent_crowd_neither_keeps_the_service_from_answering_nor_harms_a_run(proxied: Proxied, descriptors: int) -> None:
    argv = ["sh", "-c", f'ulimit -n {descriptors}; exec "$@"', "sh", *command("--proxy-file", "proxy.json", "--every", "1s")]
    with started(argv, proxied.home, environment(proxied.home, proxied.env)) as service:
        service.wait(lambda: service.get("/readyz")[0] == 200, "ready")
        before = len(service.runs())
        while len(service.runs()) < before + 3:
            with crowd(service.port):
                assert [service.get(path)[0] for path in ("/livez", "/healthz", "/metrics", "/", "/readyz")] == [200] * 5
        assert_unharmed(service)
        assert service.end() == 0


def assert_unharmed(service: Serving) -> None:
    """Every run saw that all is well, and there was nothing to complain of."""
    assert {run["status"] for run in service.runs()} <= {"pass", "warn"}
    assert service.get("/healthz")[1].split()[0] in {"up", "degraded"}
    for word in ("Traceback", "event=bug", "EMFILE", "internal.resources"):
        assert word not in service.log


def test_the_crowd_itself_is_let_go(proxied: Proxied) -> None:
    """Of those who came first, none is left when the last has come."""
    with started(command("--proxy-file", "proxy.json"), proxied.home, environment(proxied.home, proxied.env)) as service, crowd(service.port) as silent:
        assert service.get("/livez")[0] == 200
        silent[0].settimeout(60)
        assert silent[0].recv(1) == b""
