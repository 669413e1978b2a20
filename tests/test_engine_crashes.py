"""A check of anybody's may crash, be silent or talk nonsense, and the others go on."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

import pytest

from preflight import codes
from preflight.model import Finding, Status
from tests.plays import SECRET, Plays, found, plays, result, run

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    "error",
    [ValueError(SECRET), KeyError(SECRET), ExceptionGroup(SECRET, [OSError(SECRET)]), RecursionError(SECRET), SystemExit(SECRET)],
    ids=lambda error: type(error).__name__,
)
async def test_a_check_that_crashes_harms_only_itself_and_its_words_are_not_repeated(error: BaseException) -> None:
    report = await run(plays("bad", error), plays("good"), concurrency=1)
    assert found(report, "bad") == ("internal.crashed",)
    assert found(report, "good") == ("ok",)
    assert SECRET not in repr(report)
    assert type(error).__name__ in result(report, "bad").findings[0].message
    assert report.exit_code == 3


class Mute(Plays, frozen=True, kw_only=True, tag="mute"):
    kind: ClassVar[str] = "mute"

    def judge(self, seen: int) -> Iterable[Finding]:
        del seen
        return ()


class Wild(Plays, frozen=True, kw_only=True, tag="wild"):
    kind: ClassVar[str] = "wild"
    says: Any = None

    def judge(self, seen: int) -> Iterable[Finding]:
        del seen
        yield self.says


async def test_silence_proves_nothing() -> None:
    report = await run(Mute(name="mute"))
    assert found(report, "mute") == ("internal.no-finding",)
    assert report.exit_code == 3


@pytest.mark.parametrize("says", [None, "ok", 7, Finding("ok", Status.PASS, None, "x", evidence=7)], ids=repr)  # type: ignore[arg-type]
async def test_a_plugin_that_says_what_is_no_finding_harms_only_itself(says: object) -> None:
    report = await run(Wild(name="wild", says=says), plays("good"))
    assert found(report, "wild") == ("internal.crashed",)
    assert found(report, "good") == ("ok",)


async def test_a_plugins_secret_and_its_control_bytes_are_cleaned() -> None:
    says = Finding("acme.odd", Status.FAIL, codes.find("ok").blame, f"\x1b[31m{SECRET}", f"\u202e{SECRET}", {"a": [SECRET, b"\x00", {1: object()}]})  # type: ignore[dict-item]
    report = await run(Wild(name="wild", says=says))
    (finding,) = result(report, "wild").findings
    assert (finding.message, finding.hint) == ("\\x1b[31m***", "\\u202e***")
    assert finding.evidence == {"a": ["***", "\\x00", {"1": "<object>"}]}
