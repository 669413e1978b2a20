"""The SDK is opened with the declared route, the system's trust, and patience for one second of metadata."""

from __future__ import annotations

import ssl
import traceback
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from preflight.declared import Declared
from preflight.model import Proxy
from preflight.real.aws.errors import Misdirected, unread
from preflight.real.aws.session import Session
from preflight.route import NoProxy, Proxies
from preflight.untrusted import Secret
from tests.real.aws.moto_server import ENVIRON

PROXY = Proxy("http", "proxy.example", 3128, Secret("us@er"), Secret("p:a/s s"))
PEM = "-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n"


@pytest.fixture(autouse=True)
def environ(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {**ENVIRON, "HTTPS_PROXY": "http://never.example:1"}.items():
        monkeypatch.setenv(name, value)
    for name in ("AWS_CA_BUNDLE", "AWS_ENDPOINT_URL", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)


def config(session: Session, service: str) -> Any:
    return session.client(service).meta.config


def test_each_client_takes_the_route_of_its_host() -> None:
    session = Session("us-west-1", Declared(proxies=Proxies(PROXY, PROXY, NoProxy.parse("kms.us-west-1.amazonaws.com"))), None)
    assert config(session, "sts").proxies["https"] == "http://us%40er:p%3Aa%2Fs%20s@proxy.example:3128"
    assert config(session, "kms").proxies == {}
    session.close()


def test_a_set_endpoint_decides_the_route(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_KMS", "https://vpce-1.kms.example:8443")
    session = Session("us-west-1", Declared(proxies=Proxies(PROXY, PROXY, NoProxy.parse(".kms.example"))), None)
    assert config(session, "kms").proxies == {}
    assert session.host("kms").authority == "vpce-1.kms.example:8443"
    session.close()


@pytest.mark.parametrize("value", ["https://u:hunter22@10.0.0.1", "ftp://10.0.0.1", "http://10.0.0.1:99999", "10.0.0.1"])
@pytest.mark.parametrize("name", ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_KMS"])
def test_a_set_endpoint_that_cannot_be_asked_is_named_and_never_shown(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    session = Session("us-west-1", Declared(), None)
    monkeypatch.setenv(name, value)
    with pytest.raises(Misdirected) as raised:
        session.client("kms")
    session.close()
    why = unread("kms:DescribeKey", raised.value, datetime.now(UTC), str)
    assert why.code == "aws.unreachable"
    assert why.reason.startswith(f"{name} is no URL that can be asked")
    assert "10.0.0.1" not in why.reason
    assert "hunter22" not in "".join(traceback.format_exception(raised.value))


def test_looking_for_credentials_asks_nobody_for_a_roles(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "config"
    file.write_text("[default]\nrole_arn = arn:aws:iam::123456789012:role/r\ncredential_source = Environment\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(file))
    monkeypatch.setenv("AWS_PROFILE", "default")
    monkeypatch.setattr("botocore.client.BaseClient._make_api_call", lambda *_: pytest.fail("somebody was asked"))
    session = Session("us-west-1", Declared(proxies=Proxies(PROXY, PROXY)), None)
    assert session.missing() is None
    session.close()


def test_retries_and_timeouts_are_bounded() -> None:
    session = Session("us-west-1", Declared(), None)
    found = config(session, "sts")
    assert (found.connect_timeout, found.read_timeout, found.retries["mode"], found.retries["total_max_attempts"]) == (4, 8, "standard", 3)
    assert "preflight/" in found.user_agent_extra
    assert session.client("sts").meta.endpoint_url == "https://sts.us-west-1.amazonaws.com"
    session.close()


def verified(session: Session) -> str:
    return str(session.client("sts")._endpoint.http_session._verify)


@pytest.fixture
def system(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The operating system's bundle."""
    bundle = tmp_path / "system.pem"
    bundle.write_text(PEM.format("SYSTEM"))
    paths = ssl.DefaultVerifyPaths(str(bundle), None, "", "", "", "")  # type: ignore[arg-type]
    monkeypatch.setattr(ssl, "get_default_verify_paths", lambda: paths)
    return bundle


def test_the_systems_bundle_is_trusted_and_not_the_sdks(system: Path) -> None:
    session = Session("us-west-1", Declared(), None)
    assert verified(session) == str(system)
    session.close()
    assert system.exists()


def test_a_ca_file_is_trusted_besides_and_the_bundle_of_both_is_removed(system: Path, tmp_path: Path) -> None:
    (tmp_path / "ours.pem").write_text(PEM.format("OURS"))
    session = Session("us-west-1", Declared(), tmp_path / "ours.pem")
    both = Path(verified(session))
    assert both not in {system, tmp_path / "ours.pem"}
    assert "SYSTEM" in both.read_text()
    assert "OURS" in both.read_text()
    session.close()
    assert not both.exists()


def test_a_hashed_directory_is_the_systems_bundle_too(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for number in range(2):
        (tmp_path / f"abcdef0{number}.0").write_text(PEM.format(f"ROOT{number}"))
    monkeypatch.setattr(ssl, "get_default_verify_paths", lambda: ssl.DefaultVerifyPaths(None, str(tmp_path), "", "", "", ""))  # type: ignore[arg-type]
    session = Session("us-west-1", Declared(), None)
    assert {"ROOT0", "ROOT1"} <= set(Path(verified(session)).read_text().split())
    session.close()


def test_a_bundle_of_the_environment_is_the_users_choice(system: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("AWS_CA_BUNDLE", str(tmp_path / "chosen.pem"))
    session = Session("us-west-1", Declared(), system)
    assert verified(session) == str(tmp_path / "chosen.pem")
    session.close()


def test_what_must_not_be_shown_comes_with_the_credentials() -> None:
    found = Session("us-west-1", Declared(), None).credentials()
    assert isinstance(found, tuple)
    assert found[0] == "env"
    assert {each.reveal() for each in found[1]} == {ENVIRON[name] for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")}
    assert "wJalr" not in repr(found)
