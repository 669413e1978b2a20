"""Clients that share one trust store verify each peer for itself: who it is, and who says so."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
import trustme
from botocore.exceptions import SSLError  # type: ignore[import-untyped]

from preflight.declared import Declared
from preflight.real.aws.session import Session
from tests.real.aws.moto_server import ENVIRON

IDENTITY = b"""<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>
<Arn>arn:aws:iam::000000000000:user/x</Arn><UserId>x</UserId><Account>000000000000</Account></GetCallerIdentityResult></GetCallerIdentityResponse>"""
Serve = Callable[[trustme.LeafCert], int]


class Sts(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", str(len(IDENTITY)))
        self.end_headers()
        self.wfile.write(IDENTITY)

    def log_message(self, *_: object) -> None:
        pass


class Quiet(HTTPServer):
    def handle_error(self, *_: object) -> None:
        """A client that hangs up in the handshake is what the tests want."""


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Starts TLS servers that answer as STS does, and ends them."""
    servers: list[HTTPServer] = []

    def start(certificate: trustme.LeafCert) -> int:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificate.configure_cert(context)
        server = Quiet(("127.0.0.1", 0), Sts)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return int(server.server_port)

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> trustme.CA:
    """The CA that the SDK is told to trust, in an environment that leads nowhere else."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "known.pem"))
    for name, value in {**ENVIRON, "AWS_CA_BUNDLE": str(tmp_path / "known.pem")}.items():
        monkeypatch.setenv(name, value)
    return authority


def asked(session: Session, region: str) -> Any:
    return session.client("sts", region).get_caller_identity()["Account"]


def test_a_peer_is_refused_beside_one_that_was_verified(known: trustme.CA, serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    good, foreign, misnamed = (
        serve(certificate) for certificate in (known.issue_cert("localhost"), trustme.CA().issue_cert("localhost"), known.issue_cert("elsewhere.example"))
    )
    session = Session("us-west-1", Declared(), None)
    for region, port in (("us-west-1", good), ("us-west-2", foreign), ("us-east-1", misnamed), ("us-east-2", good)):
        monkeypatch.setenv("AWS_ENDPOINT_URL_STS", f"https://localhost:{port}")
        session.client("sts", region)
    contexts = {id(session.client("sts", region)._endpoint.http_session._get_ssl_context()) for region in ("us-west-1", "us-west-2", "us-east-1")}
    assert len(contexts) == 1
    assert asked(session, "us-west-1") == "000000000000"
    with pytest.raises(SSLError, match="verify failed"):
        asked(session, "us-west-2")
    with pytest.raises(SSLError, match=r"[Hh]ostname"):
        asked(session, "us-east-1")
    assert asked(session, "us-east-2") == "000000000000"
    session.close()
