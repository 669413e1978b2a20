"""Several readings at the same time."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable
from typing import Any, TypeAlias

import anyio

Read: TypeAlias = Callable[[], Coroutine[Any, Any, None]]
"""Asks one thing and keeps the answer."""


def bound(read: Callable[[str], Coroutine[Any, Any, None]], name: str) -> Read:
    """The reading of one thing."""
    return lambda: read(name)


async def together(reads: Iterable[Read]) -> None:
    """All of them at once, until the last has ended."""
    async with anyio.create_task_group() as group:
        for read in reads:
            group.start_soon(read)
