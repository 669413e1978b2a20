"""Which code an exception means: the one table between libraries and our words."""

from __future__ import annotations

import errno
import os
import ssl
from collections.abc import Iterator
from typing import Final

import anyio

_TCP: Final = {
    errno.ECONNREFUSED: "tcp.refused",
    errno.ETIMEDOUT: "tcp.timeout",
    errno.ECONNRESET: "tcp.reset",
    errno.ECONNABORTED: "tcp.reset",
    errno.EPIPE: "tcp.reset",
    errno.EHOSTUNREACH: "tcp.unreachable",
    errno.ENETUNREACH: "tcp.unreachable",
    errno.EHOSTDOWN: "tcp.unreachable",
    errno.ENETDOWN: "tcp.unreachable",
    errno.EAFNOSUPPORT: "tcp.unreachable",
    errno.EINVAL: "tcp.unreachable",
    errno.EPERM: "tcp.denied-locally",
    errno.EACCES: "tcp.denied-locally",
    errno.EMFILE: "internal.resources",
    errno.ENFILE: "internal.resources",
    errno.ENOBUFS: "internal.resources",
    errno.ENOMEM: "internal.resources",
    errno.EAGAIN: "internal.resources",
    errno.EADDRNOTAVAIL: "internal.resources",
}
_VERIFY: Final = {
    9: "not-yet-valid",
    10: "expired",
    18: "self-signed",
    19: "intercepted",
    20: "untrusted",
    21: "untrusted",
    62: "hostname",
    64: "hostname",
    66: "weak",
    67: "weak",
    68: "weak",
}
STRICT_ONLY: Final = frozenset(range(79, 95))
"""X509_V_ERR_* that OpenSSL raises only under X509_V_FLAG_X509_STRICT."""
_REASON: Final = {
    "WRONG_VERSION_NUMBER": "not-tls",
    "HTTP_REQUEST": "not-tls",
    "PACKET_LENGTH_TOO_LONG": "not-tls",
    "RECORD_LAYER_FAILURE": "not-tls",
    "UNSUPPORTED_PROTOCOL": "protocol",
    "TLSV1_ALERT_PROTOCOL_VERSION": "protocol",
    "NO_PROTOCOLS_AVAILABLE": "protocol",
    "DH_KEY_TOO_SMALL": "weak",
    "EE_KEY_TOO_SMALL": "weak",
    "CA_MD_TOO_WEAK": "weak",
    "WRONG_SIGNATURE_TYPE": "weak",
    "NO_SHARED_CIPHER": "weak",
    "TLSV13_ALERT_CERTIFICATE_REQUIRED": "client-cert-required",
    "UNEXPECTED_EOF_WHILE_READING": "closed",
}
_TO_PROXY: Final = {"not-yet-valid": "expired", "self-signed": "untrusted", "intercepted": "untrusted"}
_PROXY_TLS: Final = frozenset({"not-tls", "untrusted", "expired", "hostname", "handshake"})


def tcp_code(error: BaseException) -> str:
    """The code for a connection that could not be made. anyio hides the errno in the cause."""
    for each in _chain(error):
        if isinstance(each, TimeoutError):
            return "tcp.timeout"
        if isinstance(each, OSError) and each.errno in _TCP:
            return _TCP[each.errno]
    return "tcp.unreachable"


def tcp_reason(error: BaseException) -> str:
    """The operating system's own word for it."""
    return next((os.strerror(each.errno).lower() for each in _chain(error) if isinstance(each, OSError) and each.errno in _TCP), "no connection")


def tls_code(error: BaseException, *, to_proxy: bool = False) -> str:
    """The code for a handshake that failed with a library's exception (not for one that was cut off; see `was_reset`)."""
    kind = "handshake"
    if isinstance(error, ssl.SSLCertVerificationError):
        kind = "strict-ca" if error.verify_code in STRICT_ONLY else _VERIFY.get(error.verify_code, "untrusted")
    elif isinstance(error, ssl.SSLError):
        kind = _REASON.get(error.reason or "", "handshake")
    if not to_proxy:
        return f"tls.{'handshake' if kind == 'not-tls' else kind}"
    kind = _TO_PROXY.get(kind, kind)
    return f"proxy-tls.{kind if kind in _PROXY_TLS else 'handshake'}"


def tls_reason(error: BaseException) -> str:
    """The library's own short reason."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return error.verify_message
    if isinstance(error, ssl.SSLError):
        return (error.reason or "handshake failed").replace("_", " ").lower()
    return "the connection was closed"


def was_reset(error: BaseException) -> bool:
    """Whether the peer reset the connection rather than ending it."""
    return any(isinstance(each, OSError) and each.errno in {errno.ECONNRESET, errno.EPIPE, errno.ECONNABORTED} for each in _chain(error))


def is_cut_off(error: BaseException) -> bool:
    """Whether the peer ended or reset the connection."""
    return isinstance(error, anyio.EndOfStream | anyio.BrokenResourceError | anyio.ClosedResourceError | ConnectionError)


def bare(error: BaseException) -> BaseException:
    """The error as it may be kept: without the frames it came through. They hold the walk that keeps it, connection and trust store included, in a circle."""
    for each in _chain(error):
        each.__traceback__ = None
    return error


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    for _ in range(8):
        if error is None:
            return
        if isinstance(error, BaseExceptionGroup):
            for each in error.exceptions:
                yield from _chain(each)
            return
        yield error
        error = error.__cause__ or error.__context__
