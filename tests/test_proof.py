"""What proves an origin, and what does not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from preflight.codes import find
from preflight.model import Status, Target
from preflight.proof import Answer, Expect, ProofName, judge
from preflight.untrusted import Redactor

API = Target.parse("gkeconnect.googleapis.com")
ERROR = b'{"error": {"code": 403, "message": "x", "status": "PERMISSION_DENIED"}}'
PAGE = b"<!DOCTYPE html><title>Blocked</title>"
BEARER = ("WWW-Authenticate", 'Bearer realm="https://auth.docker.io/token",service="registry.docker.io"')
VERSION = ("Docker-Distribution-Api-Version", "registry/2.0")
HTML = ("Content-Type", "text/html; charset=utf-8")
INDEX = b"-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\nOrigin: Ubuntu\nSuite: jammy\n"
JAMMY = Target("http", "us-west-1.ec2.archive.ubuntu.com", 80, "/ubuntu/dists/jammy/InRelease")
PROOFS: tuple[ProofName, ...] = ("registry", "google-api", "ubuntu-archive")

TABLE: list[tuple[ProofName, Answer, str]] = [
    ("google-api", Answer(403, "Forbidden", (), ERROR), "ok"),
    ("google-api", Answer(404, "", (("Server", "ESF"),), b""), "ok"),
    ("google-api", Answer(404, "", (("Server", "ESF but not really"),), b""), "http.unproven"),
    ("google-api", Answer(200, "", (), b'{"kind": "discovery#restDescription"}'), "ok"),
    ("google-api", Answer(404, "", (HTML,), b"<html><title>Error 404 (Not Found)!!1</title>"), "ok"),
    ("google-api", Answer(200, "", (), ERROR), "http.unproven"),
    ("google-api", Answer(200, "", (HTML,), PAGE), "http.block-page"),
    ("google-api", Answer(403, "", (), PAGE), "http.block-page"),
    ("google-api", Answer(404, "", (), PAGE), "http.wrong-origin"),
    ("google-api", Answer(403, "", (), b'{"error": "blocked"}'), "http.unproven"),
    ("google-api", Answer(403, "", (), b'{"error": {"code": 200}}'), "http.unproven"),
    ("google-api", Answer(403, "", (), b'{"error": {"code": "x"}}'), "http.unproven"),
    ("google-api", Answer(403, "", (), ERROR[:-5]), "http.unproven"),
    ("google-api", Answer(418), "http.unexpected-status"),
    ("google-api", Answer(418, "", (), ERROR), "http.unexpected-status"),
    ("registry", Answer(401, "", (BEARER,)), "ok"),
    ("registry", Answer(200, "", (VERSION,)), "ok"),
    ("registry", Answer(401, "", (VERSION, ("WWW-Authenticate", "Basic"))), "ok"),
    ("registry", Answer(200, "", (BEARER,)), "http.unproven"),
    ("registry", Answer(401, "", (("WWW-Authenticate", 'Bearer realm="nowhere"'),)), "http.unproven"),
    ("registry", Answer(404, "", (VERSION,)), "http.unexpected-status"),
    ("registry", Answer(401, "", (HTML,), PAGE), "http.block-page"),
    ("registry", Answer(404, "", (HTML,), PAGE), "http.block-page"),
    ("ubuntu-archive", Answer(200, "", (), INDEX), "ok"),
    ("ubuntu-archive", Answer(200, "", (), INDEX.replace(b"jammy", b"focal")), "http.wrong-origin"),
    ("ubuntu-archive", Answer(200, "", (), INDEX.replace(b"Suite: jammy", b"")), "http.unproven"),
    ("ubuntu-archive", Answer(404, "", (), INDEX), "http.unexpected-status"),
    ("ubuntu-archive", Answer(200, "", (), INDEX.replace(b"Ubuntu", b"Debian")), "http.wrong-origin"),
    ("ubuntu-archive", Answer(200, "", (), b"Origin: Ubuntu\n"), "http.wrong-origin"),
    ("ubuntu-archive", Answer(200, "", (HTML,), PAGE), "http.block-page"),
    *[(proof, Answer(429), "http.rate-limited") for proof in PROOFS],
    *[(proof, Answer(503, "", (HTML,), PAGE), "http.server-error") for proof in PROOFS],
    *[(proof, Answer(302, "", (("Location", "https://evil.example/"),)), "http.block-page") for proof in PROOFS],
    *[(proof, Answer(302, "", (("Location", "//[::1"),)), "http.block-page") for proof in PROOFS],
    *[(proof, Answer(302, "", (("Location", "/elsewhere"),)), "http.unproven") for proof in PROOFS],
]


@pytest.mark.parametrize(("proof", "answer", "code"), TABLE)
def test_what_an_answer_proves(proof: ProofName, answer: Answer, code: str) -> None:
    verdict = judge(answer, JAMMY if proof == "ubuntu-archive" else API, proof)
    assert verdict.code == code
    assert str(answer.status) in verdict.seen


@given(st.integers(100, 599), st.sampled_from(PROOFS), st.text(max_size=20), st.booleans())
def test_a_status_alone_never_proves(status: int, proof: ProofName, reason: str, in_clear: bool) -> None:
    verdict = judge(Answer(status, reason), API, proof, in_clear=in_clear)
    assert find(verdict.code).status in {Status.WARN, Status.FAIL}


@given(
    st.integers(100, 599),
    st.sampled_from(PROOFS),
    st.binary(max_size=200),
    st.lists(st.tuples(st.sampled_from(["Location", "Server", "Age", "WWW-Authenticate", "Content-Type"]), st.text(max_size=30)), max_size=4),
)
def test_no_answer_breaks_the_judgement(status: int, proof: ProofName, body: bytes, headers: list[tuple[str, str]]) -> None:
    verdict = judge(Answer(status, "", tuple(headers), body), API, proof, redirects=("registry.k8s.io",), in_clear=True)
    assert find(verdict.code).name == verdict.code


@pytest.mark.parametrize(
    ("location", "code"),
    [
        ("https://registry.k8s.io/v2/", "ok"),
        ("//registry.k8s.io/v2/", "ok"),
        ("http://registry.k8s.io/v2/", "http.block-page"),
        ("https://registry.k8s.io.evil.example/", "http.block-page"),
        ("https://registry.k8s.io@evil.example/", "http.block-page"),
        ("https://gkeconnect.googleapis.com/", "http.unproven"),
    ],
)
def test_redirects_are_believed_only_where_the_profile_names_the_host(location: str, code: str) -> None:
    assert judge(Answer(302, "Found", (("Location", location),)), API, "registry", redirects=("registry.k8s.io",)).code == code


@pytest.mark.parametrize(
    ("age", "code"), [("0", "ok"), ("", "ok"), ("1", "http.unproven"), ("86400", "http.unproven"), ("-1", "http.unproven"), ("9" * 40, "http.unproven")]
)
def test_in_clear_a_cached_answer_is_no_proof(age: str, code: str) -> None:
    answer = Answer(200, "OK", (("Age", age),) if age else (), INDEX)
    assert judge(answer, JAMMY, "ubuntu-archive", in_clear=True).code == code
    assert judge(answer, JAMMY, "ubuntu-archive").code == "ok"


def test_in_clear_a_server_error_is_no_path_that_works() -> None:
    assert judge(Answer(503), API, "ubuntu-archive", in_clear=True).code == "http.unexpected-status"


@pytest.mark.parametrize(
    ("expect", "answer", "code"),
    [
        (Expect(body="hello"), Answer(200, "", (), b"hello"), "ok"),
        (Expect(body="hello"), Answer(404, "", (), b"hello"), "ok"),
        (Expect(status=(200,), body="hello"), Answer(404, "", (), b"hello"), "http.unexpected-status"),
        (Expect(headers={"x-a": "^1$"}), Answer(200, "", (("X-A", "1"),)), "ok"),
        (Expect(headers={"x-a": "^1$"}), Answer(200, "", (("X-A", "12"),)), "http.wrong-origin"),
        (Expect(headers={"x-a": "^1$"}), Answer(200, "", (HTML,), PAGE), "http.block-page"),
        (Expect(headers={"x-a": "^1$"}, body="x"), Answer(200, "", (("X-A", "1"),), b"y"), "http.wrong-origin"),
    ],
)
def test_a_proof_of_the_profile_holds_in_every_part(expect: Expect, answer: Answer, code: str) -> None:
    assert judge(answer, API, expect).code == code


@pytest.mark.parametrize("parts", [{}, {"status": (200,)}, {"body": "("}, {"headers": {"a": "["}}])
def test_a_proof_that_proves_nothing_is_refused(parts: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"proof|regular expression"):
        Expect(**parts)  # type: ignore[arg-type]


@pytest.mark.parametrize("headers", [BEARER, VERSION], ids=["a challenge", "the API's version"])
def test_no_word_of_ours_is_taken_for_a_secret(headers: tuple[str, str]) -> None:
    verdict = judge(Answer(401, "Unauthorized", (headers,)), Target.parse("https://gcr.io/v2/"), "registry")
    assert verdict.code == "ok"
    assert Redactor().redact(verdict.seen) == verdict.seen
