"""Trust, handshakes, and what a certificate says. Certificates are parsed by `cryptography`, and only where a handshake failed."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from preflight.real.ahead import system_store
from preflight.real.tls_stream import TlsStream
from preflight.untrusted import Json, Redactor

if TYPE_CHECKING:
    from cryptography import x509

ANCHOR_DIRECTORIES: Final = (
    Path("/usr/local/share/ca-certificates"),
    Path("/etc/pki/ca-trust/source/anchors"),
    Path("/etc/ca-certificates/trust-source/anchors"),
)
"""Where an administrator adds a root to the system's store (Debian, Red Hat, Arch)."""
_CRITICAL_NAMES: Final = 20


class Trust:
    """The operating system's trust store, and what was added to it. Opened once a run."""

    def __init__(
        self,
        ca_file: Path | None = None,
        *,
        store: Callable[[], ssl.SSLContext] = system_store,
        anchors: Sequence[Path] = ANCHOR_DIRECTORIES,
    ) -> None:
        """`store` gives a context that trusts what the system trusts; `ca_file` is trusted in addition."""
        self._ca_file = ca_file
        self._store = store
        self._anchors = anchors
        self._now: tuple[Sequence[str], bool] | None = None

    def context(self, alpn: Sequence[str] = (), *, strict: bool = True) -> ssl.SSLContext:
        """A context that verifies as Python 3.13 does (`strict`), or as curl and Go do, and offers `alpn`.

        It is one and the same, set anew: OpenSSL copies both settings when a connection begins, so begin one before you ask for the next.
        """
        if self._now != (alpn, strict):
            flags = self._opened.verify_flags & ~ssl.VERIFY_X509_STRICT
            self._opened.verify_flags = flags | ssl.VERIFY_X509_STRICT if strict else flags
            self._opened.set_alpn_protocols(list(alpn))
            self._now = (alpn, strict)
        return self._opened

    @cached_property
    def _opened(self) -> ssl.SSLContext:
        context = self._store()
        if self._ca_file:
            self._shipped = set(context.get_ca_certs(binary_form=True))
            context.load_verify_locations(self._ca_file)
        return context

    @cached_property
    def empty(self) -> bool:
        """Whether there is nothing to trust, as in an image without CA certificates: every certificate would look forged."""
        paths = ssl.get_default_verify_paths()
        hashed = (file for folder in (paths.capath or "").split(":") if folder for file in Path(folder).glob("*.[0-9]"))
        return not self._opened.cert_store_stats()["x509_ca"] and next(hashed, None) is None

    @cached_property
    def blind(self) -> ssl.SSLContext:
        """A context that verifies nothing, to look at a chain that was refused. Nothing is ever sent over it."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context

    def added(self, stream: TlsStream) -> str | None:
        """Where the root of a verified chain was added from, if it is not one that the system came with."""
        if not self._local_roots:
            return None
        chain = _chain(stream, "get_verified_chain")
        return self._local_roots.get(chain[-1]) if chain else None

    @cached_property
    def _local_roots(self) -> Mapping[bytes, str]:
        """Roots by their DER bytes, with the file each came from."""
        roots: dict[bytes, str] = {}
        for directory in self._anchors:
            for file in sorted(directory.glob("**/*.[cp][re][tm]")) if directory.is_dir() else ():
                roots |= dict.fromkeys(_certificates(file), str(file))
        if self._ca_file:
            given = dict.fromkeys(_certificates(self._ca_file), "--ca-file")
            shipped = self._shipped | _hashed_directory(given)
            roots |= {root: where for root, where in given.items() if root not in shipped}
        return roots


def holds_certificates(file: Path) -> bool:
    """Whether OpenSSL can read CA certificates from the file."""
    return bool(_certificates(file))


def _certificates(file: Path) -> list[bytes]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        context.load_verify_locations(file)
    except (OSError, ssl.SSLError):
        return []
    return context.get_ca_certs(binary_form=True)


def _hashed_directory(wanted: Mapping[bytes, str]) -> set[bytes]:
    """Those of `wanted` that the system's hashed directory holds: OpenSSL reads it lazily, so a context does not list them."""
    paths = ssl.get_default_verify_paths()
    if not wanted or not paths.capath:
        return set()
    return {root for file in Path(paths.capath).glob("*.[0-9]") for root in _certificates(file)} & set(wanted)


def facts(stream: TlsStream) -> dict[str, Json]:
    """What a verified handshake agreed on and whom it met. Values come from a certificate that a trusted CA signed, yet are not clean."""
    certificate = stream.handle.getpeercert() or {}
    cipher = stream.handle.cipher()
    return {
        "version": stream.handle.version(),
        "cipher": cipher[0] if cipher else None,
        "alpn": stream.handle.selected_alpn_protocol(),
        "issuer": _name(certificate.get("issuer", ())),
        "not_after": str(certificate.get("notAfter", "")),
    }


def _name(name: Any) -> str:  # noqa: ANN401 - typeshed has no better type for getpeercert
    parts = {key: value for rdn in name for key, value in rdn}
    return ", ".join(str(parts[key]) for key in ("organizationName", "commonName") if key in parts)


def chain_facts(stream: TlsStream, redactor: Redactor, *, reason: str) -> tuple[dict[str, Json], bool]:
    """What an unverified chain says, and whether it looks like a public certificate whose intermediate was left out.

    Leaf only and with an AIA caIssuers address: a public CA's certificate. Without one, a private CA and a missing intermediate look the same.
    """
    from cryptography import x509  # noqa: PLC0415 - 100 ms, only on failure

    try:
        chain = [x509.load_der_x509_certificate(each) for each in _chain(stream, "get_unverified_chain")]
        leaf, top = chain[0], chain[-1]
        told = _told(leaf, top, redactor) | {"reason": reason, "chain": len(chain)}
        return told, len(chain) == 1 and leaf.issuer != leaf.subject and _has_issuer_address(leaf)
    except (IndexError, ValueError):  # no chain, or one that OpenSSL can read and cryptography cannot
        return {"reason": reason}, False


def _told(leaf: x509.Certificate, top: x509.Certificate, redactor: Redactor) -> dict[str, Json]:
    return {
        "subject": redactor.clean(leaf.subject.rfc4514_string()),
        "issuer": redactor.clean(top.issuer.rfc4514_string()),
        "names": redactor.clean(", ".join(_names(leaf)[:_CRITICAL_NAMES]) or "no name"),
        "not_before": leaf.not_valid_before_utc.strftime("%Y-%m-%d %H:%M UTC"),
        "not_after": leaf.not_valid_after_utc.strftime("%Y-%m-%d %H:%M UTC"),
    }


def _names(leaf: x509.Certificate) -> list[str]:
    from cryptography import x509  # noqa: PLC0415

    try:
        names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, ValueError):
        return []
    return [*names.get_values_for_type(x509.DNSName), *map(str, names.get_values_for_type(x509.IPAddress))]


def _has_issuer_address(leaf: x509.Certificate) -> bool:
    from cryptography import x509  # noqa: PLC0415
    from cryptography.x509.oid import AuthorityInformationAccessOID  # noqa: PLC0415

    try:
        access = leaf.extensions.get_extension_for_class(x509.AuthorityInformationAccess).value
    except (x509.ExtensionNotFound, ValueError):
        return False
    return any(each.access_method == AuthorityInformationAccessOID.CA_ISSUERS for each in access)


def _chain(stream: TlsStream, which: str) -> list[bytes]:
    """The peer's chain as DER. Public since Python 3.13; before that the same method stands on the C object."""
    handle: Any = stream.handle
    ask = getattr(handle, which, None) or getattr(handle._sslobj, which)  # noqa: SLF001
    return [each if isinstance(each, bytes) else each.public_bytes(ssl._ssl.ENCODING_DER) for each in ask() or ()]  # type: ignore[attr-defined]  # noqa: SLF001
