"""What it means when an exchange goes wrong, by whom we were talking to."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager

import anyio

from preflight import proxy_reply
from preflight.real import errors, http
from preflight.real.errand import Ended


@contextmanager
def talking(*, to_proxy: bool) -> Iterator[None]:
    """Turns what an exchange raises into the end of the walk, with the code for that peer."""
    try:
        yield
    except http.NotHttp as error:
        first = proxy_reply.excerpt(error.first)
        raise Ended("proxy.not-http" if to_proxy else "http.malformed", first_bytes=first, guess=error.guess, reason="it is not HTTP") from None
    except http.Malformed as error:
        raise Ended("proxy.malformed" if to_proxy else "http.malformed", first_bytes=proxy_reply.excerpt(error.first), reason=error.reason) from None
    except ssl.SSLError as error:
        if to_proxy:
            raise Ended("proxy-tls.handshake", reason=errors.tls_reason(error)) from None
        code = errors.tls_code(error)
        raise Ended(code if code == "tls.client-cert-required" else "http.closed", reason=errors.tls_reason(error)) from None
    except (anyio.EndOfStream, anyio.BrokenResourceError) as error:
        raise Ended("proxy.closed" if to_proxy else "http.closed", reason="reset" if errors.was_reset(error) else "closed") from None
