from __future__ import annotations

from pathlib import Path

import pytest

from preflight.inputs.environment import PASSWORD, PASSWORD_FILE, Ambient, differs, take, take_password
from preflight.inputs.files import TextFile
from preflight.inputs.problem import Remarks
from preflight.inputs.proxy_file import parse_proxy_file


def test_variables_are_taken_by_gos_precedence_and_are_gone() -> None:
    environ = {"HTTP_PROXY": "", "http_proxy": "http://a:1", "HTTPS_PROXY": "http://b:1", "https_proxy": "http://c:1"}
    environ |= {"all_proxy": "x", "No_Proxy": "y", "HOME": "/"}
    ambient = take(environ)
    assert environ == {"HOME": "/"}
    assert [variable.name for variable in ambient.set] == ["http_proxy", "HTTPS_PROXY"]
    assert ambient.no_proxy is None


def test_settings_from_the_environment() -> None:
    remarks = Remarks()
    settings = take({"HTTP_PROXY": "http://u:p@a:1", "NO_PROXY": "b"}).settings(remarks)
    assert remarks.problems == []
    assert settings.http is not None
    assert (settings.http.proxy.url, settings.http.where.source, settings.https, settings.no_proxy) == ("http://a:1", "HTTP_PROXY", None, "b")
    assert [finding.evidence["where"] for finding in remarks.lints["proxy-config"]] == ["HTTP_PROXY"]


def test_what_differs_from_the_declared() -> None:
    declared = parse_proxy_file(TextFile("f", '{"httpProxy": "http://u:p@a:1"}', 0o600), Remarks())
    assert differs(Ambient(), declared) == ()
    assert differs(take({"HTTP_PROXY": "http://x:y@a:1", "HTTPS_PROXY": "http://a:1"}), declared) == ()
    assert differs(take({"HTTP_PROXY": "http://a:1", "HTTPS_PROXY": "http://localhost:8118"}), declared) == ("HTTPS_PROXY",)
    assert differs(take({"HTTP_PROXY": "http://hunter22@"}), declared) == ("HTTP_PROXY",)
    assert differs(take({"HTTP_PROXY": "http://a:1"}), None) == ("HTTP_PROXY",)


@pytest.mark.parametrize(("content", "expected"), [("secret\n", "secret"), ("secret\r\n", "secret"), (" secret ", " secret ")])
def test_a_password_from_a_file(tmp_path: Path, content: str, expected: str) -> None:
    path = tmp_path / "p"
    path.write_bytes(content.encode())
    environ = {PASSWORD_FILE: str(path)}
    found = take_password(environ, Remarks())
    assert found is not None
    assert (found.value.reveal(), found.name, environ) == (expected, PASSWORD_FILE, {})


def test_a_password_from_the_environment() -> None:
    environ = {PASSWORD: "secret", PASSWORD_FILE: ""}
    found = take_password(environ, Remarks())
    assert found is not None
    assert (found.value.reveal(), environ) == ("secret", {})


@pytest.mark.parametrize(("content", "code"), [("", "input.value"), ("\n", "input.value"), ("hunter22\n\n", "input.value"), (None, "input.not-a-file")])
def test_what_is_refused(tmp_path: Path, content: str | None, code: str) -> None:
    path = tmp_path / "p"
    if content is not None:
        path.write_text(content)
    remarks = Remarks()
    assert take_password({PASSWORD_FILE: str(path)}, remarks) is None
    assert [problem.code for problem in remarks.problems] == [code]
    assert "hunter22" not in str(remarks.problems)


def test_both_is_a_conflict() -> None:
    remarks = Remarks()
    assert take_password({PASSWORD: "a", PASSWORD_FILE: "b"}, remarks) is None
    assert [problem.code for problem in remarks.problems] == ["input.conflict"]
