"""Debian's docker-registry, holding one tiny image that was pushed to it over its own HTTP interface."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path

from .process import Server, free_port, program, running

_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
_CONFIG = """
version: 0.1
log: {{level: info, accesslog: {{disabled: false}}}}
storage:
  filesystem: {{rootdirectory: {home}/registry}}
  redirect: {{disable: true}}
http: {{addr: "{address}:{port}", secret: throw-away}}
"""


def _digest(blob: bytes) -> str:
    return "sha256:" + hashlib.sha256(blob).hexdigest()


def _layer() -> bytes:
    """A gzipped tar archive with one small file."""
    content = b"a file in a layer of the lab's image\n"
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w") as archive:
        entry = tarfile.TarInfo("lab.txt")
        entry.size = len(content)
        archive.addfile(entry, io.BytesIO(content))
    return gzip.compress(plain.getvalue(), mtime=0)


def _send(registry: HTTPConnection, method: str, path: str, body: bytes, kind: str) -> str:
    """Send one request, which must be accepted; gives back the Location it names."""
    registry.request(method, path, body, {"Content-Type": kind})
    reply = registry.getresponse()
    reply.read()
    if reply.status not in {201, 202}:
        raise RuntimeError(f"docker-registry answered {reply.status} to {method} {path}")
    return reply.getheader("Location", "")


def push(authority: str, name: str = "lab/tiny", tag: str = "latest") -> None:
    """Push the image: two blobs, then the manifest (OCI distribution specification, `Pushing blobs monolithically`)."""
    layer = _layer()
    config = json.dumps({"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": [_digest(gzip.decompress(layer))]}}).encode()
    registry = HTTPConnection(authority, timeout=60)
    with contextlib.closing(registry):
        for blob in (config, layer):
            upload = _send(registry, "POST", f"/v2/{name}/blobs/uploads/", b"", "application/octet-stream")
            path = "/" + upload.split("/", 3)[3]
            _send(registry, "PUT", f"{path}&digest={_digest(blob)}", blob, "application/octet-stream")
        manifest = {
            "schemaVersion": 2,
            "mediaType": _MANIFEST,
            "config": {"mediaType": "application/vnd.docker.container.image.v1+json", "size": len(config), "digest": _digest(config)},
            "layers": [{"mediaType": "application/vnd.docker.image.rootfs.diff.tar.gzip", "size": len(layer), "digest": _digest(layer)}],
        }
        _send(registry, "PUT", f"/v2/{name}/manifests/{tag}", json.dumps(manifest).encode(), _MANIFEST)


@contextlib.contextmanager
def docker_registry(home: Path) -> Iterator[Server]:
    """A registry in clear on loopback, with `lab/tiny:latest` in it."""
    address, port = "127.0.0.1", free_port()
    config = home / "registry.yml"
    config.write_text(_CONFIG.format(home=home, address=address, port=port))
    with running("docker-registry", [program("docker-registry"), "serve", config], home, address, port) as server:
        push(server.authority)
        yield server
