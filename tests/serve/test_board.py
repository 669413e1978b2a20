from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace

from tests.serve.boards import BOARDS, NOW


@pytest.mark.parametrize(("ago", "stale"), [(0, False), (180, False), (181, True), (-5, False), (-86400, True)])
def test_a_run_that_is_too_old_or_of_the_future_says_nothing_about_the_present(ago: int, stale: bool) -> None:
    """A clock that ran a day ahead and was set back would else keep the last run fresh for a day, whether or not another one ends."""
    board = replace(BOARDS["good"][0], last_run=NOW - timedelta(seconds=ago), stale_after=180.0)
    assert board.stale(NOW) is stale
