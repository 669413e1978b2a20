"""The page's two files, filled in, against a world in which all is well; and the same files with the page's blanks."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from lxml import etree

from .command import run_preflight, steady, verdict
from .lab import Lab
from .origins import GOOGLE_NAMES, MIRROR
from .page import as_printed, workdir
from .squid import Squid

pytestmark = pytest.mark.interop

TARGETS = (*GOOGLE_NAMES, MIRROR)
_SCHEMA = Path(os.environ.get("JUNIT_XSD", Path(__file__).parents[1] / "report" / "junit-10.xsd"))
_REPORT_KEYS = {
    *("schema", "tool", "version", "vantage", "started", "seconds", "complete", "status", "exit_code"),
    *("profile", "inputs", "summary", "causes", "results"),
}
_RESULT_KEYS = {
    *("name", "kind", "group", "required", "about", "status", "attempts", "started", "seconds"),
    *("target", "route", "blocked_by", "steps", "findings"),
}


def test_all_is_well(lab: Lab, squid: Squid, tmp_path: Path) -> None:
    """Exit 0, every target passes, and each pass has its request in the origin's own log."""
    before = len(lab.seen())
    good = verdict(lab, workdir(tmp_path, squid.port), "--report", "junit=out.xml")
    assert good.exit_code == 0, good.stdout
    assert set(good.report) == _REPORT_KEYS
    assert all(set(result) == _RESULT_KEYS for result in good.report["results"])
    assert good.report["schema"] == "preflight/report/1"
    assert good.report["complete"] is True
    assert good.report["causes"] == []
    assert {*TARGETS, "proxy-http", "proxy-https", "proxy-honest"} <= set(good.named("pass"))
    lab.wait_until_seen(before, *(f"{name}:443 GET " for name in GOOGLE_NAMES), f"{MIRROR}:80 GET /ubuntu/dists/")


def test_every_target_goes_through_the_proxy_in_steps(lab: Lab, squid: Squid, tmp_path: Path) -> None:
    """A walk through squid has its phases in order, all good, and says that it went by the proxy without saying who the user is."""
    good = verdict(lab, workdir(tmp_path, squid.port), "--only", "gcr.io")
    result = good.result("gcr.io")
    phases = [step["phase"] for step in result["steps"]]
    order = [phases.index(phase) for phase in ("tcp", "proxy", "tls", "http")]
    assert order == sorted(order)
    assert all(step["ok"] for step in result["steps"])
    assert result["target"] == "gcr.io:443"
    assert result["route"]["via"] == "proxy"
    assert result["route"]["proxy"] == f"http://127.0.0.1:{squid.port}"


def test_the_junit_file_is_what_jenkins_reads(lab: Lab, squid: Squid, tmp_path: Path) -> None:
    """Valid against the schema of Jenkins' xUnit plugin, with all targets in it."""
    if not _SCHEMA.exists():
        pytest.skip("needs Jenkins' junit-10.xsd, named by JUNIT_XSD")
    verdict(lab, workdir(tmp_path, squid.port), "--report", "junit=out.xml")
    document = etree.parse(tmp_path / "out.xml")
    etree.XMLSchema(etree.parse(_SCHEMA)).assertValid(document)
    assert set(TARGETS) <= {case.get("name") for case in document.iter("testcase")}


def test_two_runs_tell_the_same(lab: Lab, squid: Squid, tmp_path: Path) -> None:
    """Proxy variables that are set to nonsense change nothing, whichever way they are spelt."""
    workdir(tmp_path, squid.port)
    nonsense = {"HTTPS_PROXY": "http://127.0.0.1:1", "https_proxy": "gopher://[", "HTTP_PROXY": "http://127.0.0.1:1", "http_proxy": "%%%"}
    silence = {"NO_PROXY": "*", "no_proxy": "gcr.io,.googleapis.com", "ALL_PROXY": "socks5://127.0.0.1:1", "all_proxy": "x"}
    plain = verdict(lab, tmp_path)
    assert plain.exit_code == 0
    assert steady(verdict(lab, tmp_path, env={**nonsense, **silence}).report) == steady(plain.report)


@pytest.mark.parametrize("blank", ["PROXY_JSON_FILE", "SECURITY_GROUP_ID", "..."])
def test_the_manifest_as_printed_names_each_blank(lab: Lab, tmp_path: Path, blank: str) -> None:
    """Exit 2, the blank named with file and line, no report."""
    done = run_preflight(lab, ["run", "--no-aws", "--report", "junit=out.xml"], as_printed(tmp_path))
    said = done.stdout + done.stderr
    line = 1 + next(number for number, text in enumerate((tmp_path / "anthos-gke.yaml").read_text().splitlines()) if blank in text)
    assert done.returncode == 2
    assert blank in said
    assert f"anthos-gke.yaml:{line}" in said
    assert not (tmp_path / "out.xml").exists()


@pytest.mark.parametrize("blank", ["HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"])
def test_the_proxy_file_as_printed_names_each_blank(lab: Lab, tmp_path: Path, blank: str) -> None:
    """Exit 2, the blank named with file and line."""
    done = run_preflight(lab, ["run", "--no-aws", "--proxy-file", "proxy.json"], as_printed(tmp_path))
    said = done.stdout + done.stderr
    line = 1 + next(number for number, text in enumerate((tmp_path / "proxy.json").read_text().splitlines()) if f'"{blank}"' in text)
    assert done.returncode == 2
    assert blank in said
    assert f"proxy.json:{line}" in said
