"""A squid that opens TLS: named with its issuer, and never mistaken for the origins it stands before."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from .authority import Authority
from .command import run_preflight, verdict
from .conftest import start
from .lab import USER, Lab
from .origins import GOOGLE_NAMES, MIRROR
from .page import workdir
from .squid import Squid

pytestmark = pytest.mark.interop

_COMPANY = "Example Corp TLS Inspection"


@dataclass(frozen=True, slots=True)
class Inspection:
    """A squid that opens TLS, and the authority that signs what it makes up."""

    squid: Squid
    authority: Authority


@pytest.fixture(scope="module")
def inspection(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Inspection]:
    """One such squid for this file."""
    authority = Authority(tmp_path_factory.mktemp("corporate"), _COMPANY)
    with ExitStack() as stack:
        yield Inspection(start(stack, lambda: lab.squid(auth=USER, bump=authority)), authority)


def test_it_is_one_cause_that_names_the_issuer(lab: Lab, inspection: Inspection, tmp_path: Path) -> None:
    """Every https target fails by the same foreign issuer; what goes in clear is not touched."""
    seen = verdict(lab, workdir(tmp_path, inspection.squid.port))
    assert seen.exit_code == 1
    assert set(GOOGLE_NAMES) <= set(seen.named("fail"))
    assert seen.result(MIRROR)["status"] == "pass"
    assert seen.causes() == ["tls.intercepted"]
    [cause] = seen.report["causes"]
    assert cause["blame"] == "middlebox"
    assert _COMPANY in json.dumps(cause)
    assert set(GOOGLE_NAMES) <= set(cause["checks"])
    assert _COMPANY in seen.stdout


def test_who_trusts_it_is_told_so(lab: Lab, inspection: Inspection, tmp_path: Path) -> None:
    """With its authority in --ca-file the targets are reached, with a warning each: the nodes would need that authority too."""
    seen = verdict(lab, workdir(tmp_path, inspection.squid.port), "--ca-file", str(inspection.authority.certificate))
    assert seen.exit_code == 0, seen.stdout
    for name in GOOGLE_NAMES:
        assert seen.result(name)["status"] == "warn"
        assert "tls.intercepted-trusted" in seen.codes(name)
    assert seen.codes("proxy-honest") == ["proxy.dishonest"]


@pytest.mark.parametrize("trusting", [False, True])
def test_a_name_that_does_not_exist_does_not_pass(lab: Lab, inspection: Inspection, tmp_path: Path, *, trusting: bool) -> None:
    """A tunnel, a certificate for the name and an HTTP answer: all of it squid's."""
    trust = ["--ca-file", str(inspection.authority.certificate)] if trusting else []
    done = run_preflight(lab, ["walk", "https://no-such-name.invalid/", *trust], workdir(tmp_path, inspection.squid.port))
    assert done.returncode == 1, done.stdout


def test_a_required_name_that_is_gone_does_not_pass(lab: Lab, tmp_path: Path) -> None:
    """The same as a check, with the inspecting authority trusted: squid's error page is not gcr.io."""
    corporate = tmp_path / "corporate"
    corporate.mkdir()
    authority = Authority(corporate, _COMPANY)
    with ExitStack() as stack:
        stack.enter_context(lab.names.changed({"gcr.io": None}))
        proxy = start(stack, lambda: lab.squid(auth=USER, bump=authority))
        seen = verdict(lab, workdir(tmp_path, proxy.port), "--ca-file", str(authority.certificate), "--only", "gcr.io")
        assert seen.exit_code != 0
        assert seen.result("gcr.io")["status"] not in {"pass", "warn"}
