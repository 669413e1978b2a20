"""Throw-away certificate authorities, and servers that have a certificate for every name."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from trustme import CA

_DAY = timedelta(days=1)


class MissingExtra(ModuleNotFoundError):
    """The lab's certificates need a package that is not installed."""

    def __init__(self) -> None:
        super().__init__("the demo makes its certificates with trustme, which is not installed: pip install 'preflight-connectivity[demo]'", name="trustme")


def new_authority(organization: str) -> CA:
    """A root made for this run. Its key never leaves the process. Raises MissingExtra."""
    try:
        from trustme import CA  # noqa: PLC0415 - an extra
    except ModuleNotFoundError as error:
        if error.name != "trustme":
            raise
        raise MissingExtra from None
    return CA(organization_name=organization, organization_unit_name="preflight demo")


def trusting(authority_pem: bytes) -> ssl.SSLContext:
    """A client's context that trusts this authority and no other."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cadata=authority_pem.decode("ascii"))
    return context


def serving(authority: CA, *, alpn: tuple[str, ...] = ("http/1.1",), expired: bool = False, with_root: bool = False) -> ssl.SSLContext:
    """A server's context that has, for any name a client sends, a certificate by `authority`, issued when it is first wanted.

    `with_root` sends the root as well, as inspecting proxies tend to: a verifier can then tell a foreign root from a missing link.
    """
    contexts: dict[str, ssl.SSLContext] = {}

    def choose(session: ssl.SSLObject | ssl.SSLSocket, name: str | None, _: ssl.SSLContext) -> int | None:
        try:
            if not name:
                return ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME
            if name not in contexts:
                contexts[name] = _certified(_blank(alpn), authority, name, expired=expired, with_root=with_root)
        except ValueError:  # a name that no certificate can hold
            return ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME
        session.context = contexts[name]
        return None

    front = _blank(alpn)
    front.sni_callback = choose
    return front


def _blank(alpn: tuple[str, ...]) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_alpn_protocols(list(alpn))
    return context


def _certified(context: ssl.SSLContext, authority: CA, name: str, *, expired: bool, with_root: bool) -> ssl.SSLContext:
    from trustme import Blob  # noqa: PLC0415

    now = datetime.now(UTC)
    leaf = authority.issue_cert(name, not_before=now - 90 * _DAY, not_after=now - _DAY if expired else now + 365 * _DAY)
    pem = leaf.private_key_and_cert_chain_pem.bytes() + (authority.cert_pem.bytes() if with_root else b"")
    with Blob(pem).tempfile() as path:  # OpenSSL reads a key from a file only
        context.load_cert_chain(path)
    return context
