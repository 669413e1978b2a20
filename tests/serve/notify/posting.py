"""Something to tell, and a mailbox that does not wait long."""

from __future__ import annotations

from tempfile import NamedTemporaryFile
from typing import Any

import anyio
import pytest

from preflight.serve.board import Change, Counters, Standing
from preflight.serve.journal import Journal
from preflight.serve.notify import destinations
from preflight.serve.notify.mailbox import Mailbox, Patience
from preflight.serve.notify.notice import Notice, of_changes
from tests.samples import DEAD_PROXY, STARTED

QUICK = Patience(attempts=4, first=0.01, longest=0.02, total=10.0)


def change(subject: str = "preflight", before: Standing = Standing.UP, after: Standing = Standing.DOWN, report: Any = DEAD_PROXY) -> Change:
    return Change(subject, before, after, STARTED, report.causes, report)


def some(number: int = 0) -> Notice:
    return of_changes([change()], f"id-{number}")


class Box:
    """A mailbox with its counters and log."""

    def __init__(self, destination: Any) -> None:
        self.counters, self.lines = Counters(), list[str]()
        self.box = Mailbox(destination, self.counters, Journal(self.lines.append, lambda: STARTED, prefixed=False), QUICK)

    async def deliver(self, *notices: Notice) -> None:
        for each in notices:
            self.box.put(each)
        async with anyio.create_task_group() as group:
            group.start_soon(self.box.deliver)
            with anyio.fail_after(60):
                await self.box.emptied()
            group.cancel_scope.cancel()


def webhook(url: str, proxy: str | None = None) -> Any:
    with NamedTemporaryFile("w") as file:
        file.write(url)
        file.flush()
        [made] = destinations((f"@{file.name}",), proxy, pytest.fail)
    return made
