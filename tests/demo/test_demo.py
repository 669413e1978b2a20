"""Each world of the demo, through the real engine and the inputs a user would have: its codes, its cause, and no credentials anywhere."""

from __future__ import annotations

import base64
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio
import pytest
from anyio.abc import ByteStream
from msgspec.structs import replace

from preflight import engine, session
from preflight.demo import GOOD, SCENARIOS, Scenario, demo_world
from preflight.demo.files import load_lab
from preflight.demo.lab import Lab, MissingExtra
from preflight.demo.scenarios import FORMER_PASSWORD, INSPECTOR, PASSWORD, USER
from preflight.demo.wire import Ask, receive
from preflight.inputs.options import Options
from preflight.model import Report, Status
from preflight.real.wire import Wire
from preflight.report import FORMATS

APIS = tuple(f"{name}.googleapis.com" for name in ("gkeconnect", "gkehub", "oauth2", "storage", "www"))
RECOMMENDED = ("cloudresourcemanager.googleapis.com", "registry.k8s.io")
TLS_NAMES = (*APIS, "gcr.io", "k8s.gcr.io", *RECOMMENDED)
MIRRORS = ("us-west-1.ec2.archive.ubuntu.com", "security.ubuntu.com")
EGRESS = tuple(f"egress/{role}" for role in ("management", "control-plane", "node-pool"))
ENDPOINTS = tuple(f"endpoint/{service}" for service in ("autoscaling", "ec2", "elasticloadbalancing", "kms", "s3", "sts"))
HOPS = ("proxy-https", "proxy-http")


@dataclass(frozen=True)
class Expected:
    """What a world's report says: every finding that is neither `ok` nor `internal.*`, by check, and the codes of its causes."""

    codes: Mapping[str, str] = field(default_factory=dict)
    causes: tuple[str, ...] = ()
    blocked: int = 0
    exit_code: int = 1


def each(code: str, *names: str) -> dict[str, str]:
    return dict.fromkeys(names, code)


EXPECTED = {
    "denied-domain": Expected({"gkehub.googleapis.com": "proxy.denied"}, ("proxy.denied",)),
    "connect-only": Expected(each("proxy.denied", *MIRRORS), ("proxy.denied",)),
    "wrong-password": Expected(each("proxy.auth-rejected", *HOPS), ("proxy.auth-rejected",), blocked=12),
    "proxy-down": Expected(each("tcp.refused", *HOPS), ("tcp.refused",), blocked=12),
    "wrong-scheme": Expected({"proxy-config": "input.https-proxy", "proxy-https": "proxy-tls.not-tls"}, ("proxy-tls.not-tls",), blocked=10),
    "proxy-dns": Expected({"k8s.gcr.io": "proxy.upstream-dns"}, ("proxy.upstream-dns",)),
    "missing-blob-host": Expected({"pull/docker.io": "proxy.denied"}, ("proxy.denied",)),
    "interception": Expected({"proxy-honest": "proxy.dishonest", **each("tls.intercepted", *TLS_NAMES)}, ("tls.intercepted",)),
    "block-page": Expected(each("http.block-page", "gcr.io", *MIRRORS), ("http.block-page",)),
    "slow-proxy": Expected(each("proxy.slow-reply", *HOPS), ("proxy.slow-reply",), blocked=12),
    "yes-man": Expected({"proxy-honest": "proxy.dishonest", **each("tunnel.closed", *TLS_NAMES), **each("http.wrong-origin", *MIRRORS)}, ("proxy.dishonest",)),
    "expired-certificate": Expected({"oauth2.googleapis.com": "tls.expired"}, ("tls.expired",)),
    "clock-skew": Expected({"clock": "clock.skew"}, ("clock.skew",)),
    "flaky": Expected(exit_code=0),
    "missing-endpoint": Expected({"endpoint/kms": "endpoint.missing"}, ("endpoint.missing",)),
    "private-dns-off": Expected({"endpoint/sts": "endpoint.private-dns-off"}, ("endpoint.private-dns-off",)),
    "egress-blocked": Expected(each("egress.blocked", *EGRESS), ("egress.blocked",)),
    "access-denied": Expected(each("aws.access-denied", *ENDPOINTS), ("aws.access-denied",), exit_code=3),
}
PORTAL = {"proxy-https": "proxy.captive-portal"}


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def visit(scenario: Scenario, folder: Path, **options: Any) -> Report:
    """The report of a run against that world: the same path as `preflight run`, with a short backoff."""
    async with demo_world(scenario) as lab:
        given = {"timeout": scenario.timeout, "enable": scenario.enable, **options}
        loaded = load_lab(lab, folder, Options(**given))
        plan = replace(loaded.plan, limits=replace(loaded.plan.limits, backoff=0.01))
        return await engine.run(plan, session.world(loaded, lab.trust()), session.quiet, redactor=loaded.secrets)


def said(report: Report) -> dict[str, str]:
    """By check: the code of what it found, where that is neither `ok` nor the engine's own word."""
    return {
        result.name: finding.code
        for result in report.results
        for finding in result.findings
        if finding.code != "ok" and not finding.code.startswith("internal.")
    }


def assert_no_credentials(report: Report) -> None:
    pairs = [base64.b64encode(f"{USER}:{password}".encode()).decode().rstrip("=") for password in (PASSWORD, FORMER_PASSWORD)]
    for render in FORMATS.values():
        text = render(report)
        assert [secret for secret in (PASSWORD, FORMER_PASSWORD, *pairs) if secret in text] == []


@pytest.mark.anyio
async def test_the_good_world_passes_wholly(tmp_path: Path) -> None:
    report = await visit(GOOD, tmp_path, enable=("deep", "service-mesh"))
    assert {result.name: result.status for result in report.results if result.status is not Status.PASS} == {}
    assert {*TLS_NAMES, *MIRRORS, *HOPS, "proxy-honest", "clock", "quay.io", "pull/docker.io"} <= {result.name for result in report.results}
    assert report.exit_code == 0
    assert_no_credentials(report)


@pytest.mark.anyio
@pytest.mark.parametrize("name", EXPECTED)
async def test_a_broken_world_says_what_is_broken(name: str, tmp_path: Path) -> None:
    expected = EXPECTED[name]
    report = await visit(SCENARIOS[name], tmp_path)
    assert said(report) == expected.codes
    assert tuple(cause.code for cause in report.causes) == expected.causes
    assert sum(bool(result.blocked_by) for result in report.results) == expected.blocked
    assert report.exit_code == expected.exit_code
    assert_no_credentials(report)


@pytest.mark.anyio
async def test_a_captive_portal_lets_nothing_pass_behind_it(tmp_path: Path) -> None:
    """Whether the plain proxy or the mirror is blamed is the checks' own affair; no target may pass."""
    report = await visit(SCENARIOS["captive-portal"], tmp_path)
    results = {result.name: result for result in report.results}
    assert results["proxy-https"].findings[0].code == "proxy.captive-portal"
    assert [name for name in (*TLS_NAMES, *MIRRORS) if results[name].verdict is Status.PASS] == []
    assert report.causes[0].code == "proxy.captive-portal"
    assert report.exit_code == 1
    assert_no_credentials(report)


def test_every_scenario_is_expected_and_told() -> None:
    assert {*EXPECTED, "captive-portal"} == set(SCENARIOS)
    for scenario in (GOOD, *SCENARIOS.values()):
        assert scenario.story.isascii(), "it is printed under LC_ALL=C too"
        assert scenario.story.endswith(".")
        assert scenario.lesson.endswith(".")


@pytest.mark.anyio
async def test_a_flaky_connection_passes_and_is_marked(tmp_path: Path) -> None:
    report = await visit(SCENARIOS["flaky"], tmp_path, only=("storage.*",))
    (result,) = report.results
    assert result.attempts == 2
    assert result.findings[0].evidence["flaky"] is True
    assert result.findings[0].evidence["earlier"] == ["proxy.closed"]


@pytest.mark.anyio
async def test_the_intercepting_issuer_is_named(tmp_path: Path) -> None:
    report = await visit(SCENARIOS["interception"], tmp_path, only=("gcr.io", "gkehub.*"))
    assert INSPECTOR in report.causes[0].title


@pytest.mark.anyio
async def test_refused_credentials_are_sent_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sent = count_credentials(monkeypatch)
    await visit(SCENARIOS["wrong-password"], tmp_path)
    assert len(sent) == 1


@pytest.mark.anyio
async def test_only_loopback_is_contacted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    contacted: set[str] = set()
    connect, dial = anyio.connect_tcp, Wire.to

    async def watched(host: str, port: int, **options: Any) -> Any:
        contacted.add(host)
        return await connect(host, port, **options)

    async def watched_too(address: str, port: int) -> Wire:
        contacted.add(address)
        return await dial(address, port)

    monkeypatch.setattr(anyio, "connect_tcp", watched)
    monkeypatch.setattr(Wire, "to", watched_too)
    await visit(GOOD, tmp_path)
    assert contacted == {"127.0.0.1"}


def count_credentials(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The values of Proxy-Authorization that the lab's proxy was shown, as they come."""
    shown: list[str] = []

    async def watched(stream: ByteStream) -> Ask:
        ask = await receive(stream)
        shown.extend(filter(None, [ask.headers.get("proxy-authorization")]))
        return ask

    monkeypatch.setattr("preflight.demo.proxy.receive", watched)
    return shown


def test_without_the_extra_the_user_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "trustme", None)
    with pytest.raises(MissingExtra, match=r"pip install 'preflight-connectivity\[demo\]'"):
        Lab(GOOD)
