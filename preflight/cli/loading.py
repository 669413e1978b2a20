"""What a command can begin before its own modules are loaded."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ssl

    from preflight.real.ahead import Ahead

_begun: list[Ahead] = []


def begin() -> None:
    """Open the system's trust store in a thread: this command will want it."""
    from preflight.real.ahead import Ahead  # noqa: PLC0415 - loads ssl, which other commands need not

    _begun.append(Ahead())


def trust_store() -> Callable[[], ssl.SSLContext]:
    """The store that was begun, or one begun now."""
    if not _begun:
        begin()
    return _begun.pop()
