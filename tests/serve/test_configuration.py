"""What is in force, and when the files say something else."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from preflight.cli.options import Inputs
from preflight.cli.serve import _reader
from preflight.inputs.problem import InputError
from preflight.serve.configuration import Configuration
from preflight.serve.rhythm import Every
from preflight.serve.settings import Settings

PROFILE = "profile: ours\nchecks:\n- {kind: tcp, name: db, target: 'db.example:5432', every: 5m, for: 2/3}\n"
MANIFEST = "kind: AWSManagementService\nmetadata: {name: management}\nspec:\n  version: aws-1.14.1-gke.0\n  region: us-west-1\n  proxy: proxy.json\n"
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
WORD = "planted-secret-5"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory with a manifest that names a proxy file, and a profile."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "checks.yaml").write_text(PROFILE)
    (tmp_path / "anthos-gke.yaml").write_text(MANIFEST)
    proxy(tmp_path)
    return tmp_path


def proxy(folder: Path, host: str = "10.0.1.20") -> None:
    (folder / "proxy.json").write_text(json.dumps({"httpProxy": f"http://u@{host}:3128", "noProxy": "169.254.169.254"}))


def configured(environ: dict[str, str] | None = None) -> Configuration:
    return Configuration(_reader(Inputs(no_aws=True), {} if environ is None else environ), Settings(), lambda: NOON)


def test_what_is_asked_by_default_sends_each_check_to_one_account_only(here: Path) -> None:
    """So whose credentials a refusal is about is never in question."""
    (here / "checks.yaml").unlink()
    proxies = {"httpProxy": "http://u@10.0.1.20:3128", "httpsProxy": "http://u@10.0.1.21:3128", "noProxy": "169.254.169.254"}
    (here / "proxy.json").write_text(json.dumps(proxies))
    inputs = Inputs(enable=["service-mesh"], vpc="vpc-0123456789abcdef0")
    senders = Configuration(_reader(inputs, {}), Settings(), lambda: NOON).now.accounts.senders
    http, https = sorted(senders, key=lambda account: account[0])
    assert senders[http] == {"proxy-http", "us-west-1.ec2.archive.ubuntu.com", "security.ubuntu.com"}
    assert {"proxy-https", "proxy-honest", "gcr.io", "aws"} <= senders[https]
    assert senders[https].isdisjoint({"no-proxy", "proxy-config", "manifest", "clock", *senders[http]})


def test_a_profile_says_how_often_and_how_calmly(here: Path) -> None:
    force = configured().now
    assert force.rhythms == {"db": Every(300.0)}
    assert str(force.rules["db"].needed) + "/" + str(force.rules["db"].of) == "2/3"


def test_nothing_changed_while_nothing_did(here: Path) -> None:
    configuration = configured()
    assert not configuration.changed()
    (here / "checks.yaml").touch()
    (here / "unrelated").write_text("x")
    assert not configuration.changed()


@pytest.mark.parametrize("name", ["checks.yaml", "anthos-gke.yaml", "proxy.json"])
def test_every_file_that_was_read_is_watched(here: Path, name: str) -> None:
    configuration = configured()
    file = here / name
    file.write_text(file.read_text() + "\n")
    assert configuration.changed()
    assert configuration.reload() == ""
    assert not configuration.changed()
    file.unlink()
    assert configuration.changed()


def test_a_replaced_link_is_a_change(here: Path) -> None:
    """Kubernetes updates a volume by turning a link."""
    (here / "a").mkdir()
    (here / "b").mkdir()
    proxy(here / "a")
    proxy(here / "b", "10.0.1.21")
    (here / "data").symlink_to("a")
    (here / "proxy.json").unlink()
    (here / "proxy.json").symlink_to("data/proxy.json")
    configuration = configured()
    (here / "new").symlink_to("b")
    (here / "new").rename(here / "data")
    assert configuration.changed()
    assert configuration.reload() == ""
    found = configuration.now.loaded.declared.proxies.http
    assert found
    assert found.host == "10.0.1.21"


@pytest.mark.parametrize("name", ["checks.yaml", "anthos-gke.yaml"])
def test_a_file_that_is_gone_makes_no_other_plan(here: Path, name: str) -> None:
    """Without either, what is built in would be asked."""
    configuration = configured()
    before, text = configuration.now, (here / name).read_text()
    (here / name).unlink()
    assert configuration.changed()
    assert configuration.reload() == f"{name}: it was there, and is gone. Put it back, or restart to go on without it"
    assert configuration.now is before
    assert not configuration.changed()
    assert configuration.reload(), "asked again, it is still gone"
    (here / name).write_text(text)
    assert configuration.changed()
    assert configuration.reload() == ""


def test_a_file_that_appears_is_a_change(here: Path) -> None:
    (here / "checks.yaml").unlink()
    configuration = configured()
    assert configuration.now.loaded.plan.profile != "ours"
    (here / "checks.yaml").write_text(PROFILE)
    assert configuration.changed()
    assert configuration.reload() == ""
    assert configuration.now.loaded.plan.profile == "ours"


def test_a_refused_file_is_named_once_and_tried_again_when_it_changes(here: Path) -> None:
    configuration = configured()
    before = configuration.now
    (here / "anthos-gke.yaml").write_text(MANIFEST.replace("proxy: proxy.json", "proxy: nowhere.json"))
    assert configuration.changed()
    assert "anthos-gke.yaml:6" in configuration.reload()
    assert configuration.now is before
    assert not configuration.changed()
    (here / "nowhere.json").write_text((here / "proxy.json").read_text())
    assert configuration.changed()
    assert configuration.reload() == ""


def test_an_interval_that_makes_no_sense_is_refused(here: Path) -> None:
    configuration = configured()
    (here / "checks.yaml").write_text(PROFILE.replace("5m", "0s"))
    assert "check db: `every`" in configuration.reload()


def test_the_environment_gives_its_secrets_once_and_a_reload_knows_them_still(here: Path) -> None:
    (here / "word").write_text(f"{WORD}\n")
    environ = {"PREFLIGHT_PROXY_PASSWORD_FILE": str(here / "word"), "HTTPS_PROXY": f"http://x:{WORD}@10.9.9.9:1", "PATH": "/bin"}
    configuration = configured(environ)
    assert environ == {"PATH": "/bin"}
    (here / "word").write_text("another-word\n")
    assert configuration.changed()
    assert configuration.reload() == ""
    found = configuration.now.loaded.declared.proxies.http
    assert found
    assert found.password
    assert found.password.reveal() == "another-word"


def test_the_first_reading_must_succeed(here: Path) -> None:
    (here / "checks.yaml").write_text("checks: 7\n")
    with pytest.raises(InputError):
        configured()
