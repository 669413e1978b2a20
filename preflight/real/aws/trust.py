"""The trust store of the SDK's connections, read once: by itself the SDK reads the bundle for every connection, and parsing one takes tens of milliseconds."""

from __future__ import annotations

import ssl
import threading
from contextlib import suppress
from typing import Any


def read_once(client: Any, context: ssl.SSLContext | None) -> ssl.SSLContext | None:  # noqa: ANN401 - botocore has no types
    """Have a client's connections use `context`, or one of its own where there is none yet; what they use is the answer.

    The SDK has no setting for it. Should its insides be called otherwise one day, it is slower, and verifies all the same.
    """
    with suppress(AttributeError, KeyError):
        transport = client._endpoint.http_session  # noqa: SLF001
        shared = context or _reading_once(transport._get_ssl_context())  # noqa: SLF001
        transport._manager.connection_pool_kw["ssl_context"] = shared  # noqa: SLF001
        transport._get_ssl_context = lambda: shared  # noqa: SLF001 - for connections through a proxy
        return shared
    return context


def _reading_once(context: ssl.SSLContext) -> ssl.SSLContext:
    """The same context, which reads no file twice."""
    load, turn, known = context.load_verify_locations, threading.Lock(), set[tuple[Any, ...]]()

    def once(cafile: Any = None, capath: Any = None, cadata: Any = None) -> None:  # noqa: ANN401 - as SSLContext's own
        with turn:
            if (cafile, capath, cadata) not in known:
                load(cafile, capath, cadata)
                known.add((cafile, capath, cadata))

    context.load_verify_locations = once  # type: ignore[method-assign]
    return context
