"""Throw-away certificates, sound and broken, as contexts that a server can use. Everything is made once per process."""

from __future__ import annotations

import atexit
import datetime as dt
import shutil
import ssl
import tempfile
import warnings
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final, TypeAlias

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import AuthorityInformationAccessOID, NameOID

Key: TypeAlias = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey

DAY: Final = dt.timedelta(days=1)
NOW: Final = dt.datetime.now(dt.UTC).replace(microsecond=0)


@dataclass(frozen=True, slots=True)
class Signer:
    """A certificate authority."""

    certificate: x509.Certificate
    key: Key

    @property
    def pem(self) -> bytes:
        """Its certificate."""
        return self.certificate.public_bytes(serialization.Encoding.PEM)


@dataclass(frozen=True, slots=True)
class Leaf:
    """What is peculiar about one server's certificate."""

    names: tuple[str, ...]
    not_before: dt.datetime = NOW - DAY
    not_after: dt.datetime = NOW + 90 * DAY
    issuer: str = "Lab Root"
    bits: int = 0
    """RSA of that size instead of P-256."""
    aia: bool = False
    sends: tuple[str, ...] = ()
    """The authorities whose certificates are sent after the leaf."""
    subject: str = "leaf"


def new_key(bits: int = 0) -> Key:
    """RSA of that size, or P-256."""
    return rsa.generate_private_key(65537, bits) if bits else ec.generate_private_key(ec.SECP256R1())


@cache
def signer(name: str, parent: str = "", *, lax: bool = False) -> Signer:
    """The authority of that name: a root, or an intermediate of `parent`. `lax` leaves out what RFC 5280 demands of it."""
    key = new_key()
    subject = x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, name)])
    above = signer(parent) if parent else None
    issuer, by = (above.certificate.subject, above.key) if above else (subject, key)
    builder = x509.CertificateBuilder(issuer, subject, key.public_key(), x509.random_serial_number(), NOW - 900 * DAY, NOW + 900 * DAY)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=not lax)
    if not lax:
        usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
        builder = builder.add_extension(usage, critical=True).add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        builder = builder.add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(by.public_key()), critical=False)
    return Signer(builder.sign(by, hashes.SHA256()), key)


@cache
def _files(leaf: Leaf) -> tuple[Path, Path]:
    key = new_key(leaf.bits)
    itself = leaf.issuer == ""
    subject = x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, leaf.subject)])
    by = Signer(_blank(subject, key), key) if itself else signer(leaf.issuer, **_authority(leaf.issuer))
    builder = x509.CertificateBuilder(by.certificate.subject, subject, key.public_key(), x509.random_serial_number(), leaf.not_before, leaf.not_after)
    builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in leaf.names]), critical=False)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    if leaf.issuer != "Lax Root":
        builder = builder.add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(by.key.public_key()), critical=False)
    if leaf.aia:
        where = x509.UniformResourceIdentifier("http://aia.invalid/ca.crt")
        builder = builder.add_extension(
            x509.AuthorityInformationAccess([x509.AccessDescription(AuthorityInformationAccessOID.CA_ISSUERS, where)]), critical=False
        )
    home = Path(tempfile.mkdtemp(prefix="preflight-identity-"))
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    chain = [builder.sign(by.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM), *(signer(name, **_authority(name)).pem for name in leaf.sends)]
    (home / "chain.pem").write_bytes(b"".join(chain))
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (home / "key.pem").write_bytes(pem)
    return home / "chain.pem", home / "key.pem"


def _authority(name: str) -> dict[str, str | bool]:
    special: dict[str, dict[str, str | bool]] = {"Lab Intermediate": {"parent": "Lab Root"}, "Lax Root": {"lax": True}}
    return special.get(name, {})


def _blank(subject: x509.Name, key: Key) -> x509.Certificate:
    return x509.CertificateBuilder(subject, subject, key.public_key(), 1, NOW - DAY, NOW + DAY).sign(key, hashes.SHA256())


@cache
def serving(leaf: Leaf, *, alpn: tuple[str, ...] = (), client: bool = False, newest: ssl.TLSVersion | None = None) -> ssl.SSLContext:
    """A server's context. `client`: it wants a certificate of the client; `newest`: the newest version that it speaks."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    old = newest is not None and newest < ssl.TLSVersion.TLSv1_2
    if leaf.bits or old:
        context.set_ciphers("ALL:@SECLEVEL=0")
    if newest:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # that old versions are deprecated is the point
            context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED if old else ssl.TLSVersion.TLSv1_2
            context.maximum_version = newest
    context.load_cert_chain(*_files(leaf))
    if alpn:
        context.set_alpn_protocols(list(alpn))
    if client:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(cadata=signer("Lab Root").pem.decode())
    return context


def store(*names: str) -> ssl.SSLContext:
    """A client's context that trusts the lab's root and nothing else, as a system's store would; the named roots on top."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    for name in ("Lab Root", *names):
        context.load_verify_locations(cadata=signer(name, **_authority(name)).pem.decode())
    return context
