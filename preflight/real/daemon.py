"""Blocking work of libraries, beside the event loop."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

import anyio
from anyio.lowlevel import current_token

T = TypeVar("T")


async def in_daemon(work: Callable[[], T], name: str) -> T:
    """What `work` returns or raises, done in a daemon thread: if the caller gives up, neither a deadline nor the end of the process waits for it."""
    done = anyio.Event()
    token = current_token()
    results: list[T] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            results.append(work())
        except BaseException as error:  # noqa: BLE001 - raised again where it is awaited
            errors.append(error)
        try:
            anyio.from_thread.run_sync(done.set, token=token)
        except (RuntimeError, anyio.RunFinishedError):
            return  # the run ended before the library did; nobody waits any more

    threading.Thread(target=run, daemon=True, name=name).start()
    await done.wait()
    if errors:
        raise errors[0]
    return results[0]
