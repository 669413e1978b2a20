"""The two files of the documentation page, as printed there and as somebody filled them in."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import quote

NO_PROXY = "localhost,127.0.0.1,169.254.169.254,10.0.0.0/16,example.com"

_PRINTED_MANIFEST = """apiVersion: multicloud.cluster.gke.io/v1
kind: AWSManagementService
metadata:
  name: management
spec:
  version: aws-1.14.1-gke.0
  proxy: PROXY_JSON_FILE
  securityGroupIDs:
  - SECURITY_GROUP_ID
  ...
"""
_PRINTED_PROXY = """{
  "httpProxy": "HTTP_PROXY",
  "httpsProxy": "HTTPS_PROXY",
  "noProxy": "NO_PROXY"
}
"""


def as_printed(directory: Path) -> Path:
    """Write both files exactly as the page prints them."""
    (directory / "anthos-gke.yaml").write_text(_PRINTED_MANIFEST)
    (directory / "proxy.json").write_text(_PRINTED_PROXY)
    return directory


def workdir(directory: Path, port: int, user: str = "user", word: str = "password", scheme: str = "http") -> Path:
    """Write both files filled in: region us-west-1, and a proxy on this port of loopback. Without a user or a word the proxy URL has none of it."""
    manifest = _PRINTED_MANIFEST.replace("  ...\n", "  region: us-west-1\n")
    manifest = manifest.replace("PROXY_JSON_FILE", "proxy.json").replace("SECURITY_GROUP_ID", "sg-12345678")
    (directory / "anthos-gke.yaml").write_text(manifest)
    userinfo = ":".join(quote(part, safe="") for part in (user, word) if user and part)
    url = f"{scheme}://{userinfo}{'@' if userinfo else ''}127.0.0.1:{port}"
    proxy = directory / "proxy.json"
    proxy.write_text(json.dumps({"httpProxy": url, "httpsProxy": url, "noProxy": NO_PROXY}, indent=2))
    proxy.chmod(0o600)
    return directory
