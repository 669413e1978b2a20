"""A throw-away certificate authority, and the leaf certificates of origins, sound and broken."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import AuthorityInformationAccessOID

_DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Leaf:
    """A certificate with the chain that its server sends, and its key, as PEM files."""

    chain: Path
    key: Path


@dataclass(slots=True)
class Authority:
    """A root made for one lab; everything it issues is ECDSA P-256 and lands in `home`."""

    home: Path
    organization: str = "Lab Trust Services"
    root: trustme.CA = field(init=False)

    def __post_init__(self) -> None:
        """Make the root and write it to `certificate`."""
        self.root = trustme.CA(organization_name=self.organization)
        self.root.cert_pem.write_to_path(str(self.certificate))

    @property
    def certificate(self) -> Path:
        """The root certificate, the file that plays a trust store."""
        return self.home / "ca.pem"

    def with_key(self) -> Path:
        """One file with the root's certificate and key, as an inspecting proxy wants it."""
        path = self.home / "ca-with-key.pem"
        path.write_bytes(self.root.cert_pem.bytes() + self.root.private_key_pem.bytes())
        return path

    def leaf(self, *names: str) -> Leaf:
        """A sound certificate for these names."""
        return self._write(names[0], self.root.issue_cert(*names))

    def expired(self, name: str) -> Leaf:
        """A certificate that ended yesterday."""
        now = dt.datetime.now(dt.UTC)
        return self._write(name, self.root.issue_cert(name, not_before=now - 90 * _DAY, not_after=now - _DAY))

    def incomplete(self, name: str) -> Leaf:
        """A sound certificate by an intermediate that the server forgets to send; the leaf says where to fetch it (AIA)."""
        between = self.root.create_child_ca()
        signer = cast("ec.EllipticCurvePrivateKey", serialization.load_pem_private_key(between.private_key_pem.bytes(), None))
        issuer = x509.load_pem_x509_certificate(between.cert_pem.bytes())
        key = ec.generate_private_key(ec.SECP256R1())
        now = dt.datetime.now(dt.UTC)
        where = x509.UniformResourceIdentifier("http://aia.invalid/intermediate.crt")
        builder = (
            x509.CertificateBuilder(issuer.subject, x509.Name([]), key.public_key(), x509.random_serial_number(), now - _DAY, now + 30 * _DAY)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=True)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
            .add_extension(x509.AuthorityInformationAccess([x509.AccessDescription(AuthorityInformationAccessOID.CA_ISSUERS, where)]), critical=False)
        )
        leaf = self._paths(name)
        leaf.chain.write_bytes(builder.sign(signer, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
        leaf.key.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
        return leaf

    def _paths(self, name: str) -> Leaf:
        stem = name.replace("*", "any")
        return Leaf(self.home / f"{stem}.pem", self.home / f"{stem}.key")

    def _write(self, name: str, issued: trustme.LeafCert) -> Leaf:
        leaf = self._paths(name)
        leaf.chain.write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
        issued.private_key_pem.write_to_path(str(leaf.key))
        return leaf
