"""The two files of the documentation page, as printed there and as somebody filled them in."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import quote

from .account import Account

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
    return with_proxy(directory, port, user, word, scheme)


def with_proxy(directory: Path, port: int, user: str = "user", word: str = "password", scheme: str = "http", no_proxy: str = NO_PROXY) -> Path:
    """Write the proxy file alone."""
    userinfo = ":".join(quote(part, safe="") for part in (user, word) if user and part)
    url = f"{scheme}://{userinfo}{'@' if userinfo else ''}127.0.0.1:{port}"
    proxy = directory / "proxy.json"
    proxy.write_text(json.dumps({"httpProxy": url, "httpsProxy": url, "noProxy": no_proxy}, indent=2))
    proxy.chmod(0o600)
    return directory


def manifests(account: Account, pools: Iterable[str] = ("pool-0",)) -> str:
    """The manifests of all three kinds, filled in: what they install stands in this account, and nothing about them is remarkable."""
    first, second = account.subnets
    management = f"""\
kind: AWSManagementService
metadata: {{name: management}}
spec:
  version: aws-1.14.1-gke.0
  region: us-west-1
  kmsKeyARN: {account.key}
  proxy: proxy.json
  securityGroupIDs: [{account.nodes}]
  existingVPC: {{subnetID: {first}}}
"""
    cluster = f"""\
kind: AWSCluster
metadata: {{name: cluster-0}}
spec:
  region: us-west-1
  networking:
    vpcID: {account.vpc}
    podAddressCIDRBlocks: [10.2.0.0/16]
    serviceAddressCIDRBlocks: [10.1.0.0/16]
  controlPlane:
    version: 1.25.5-gke.2100
    securityGroupIDs: [{account.nodes}]
    subnetIDs: [{first}, {second}]
    proxySecretName: proxy-settings
"""
    pool = f"""\
kind: AWSNodePool
metadata: {{name: NAME}}
spec:
  clusterName: cluster-0
  region: us-west-1
  version: 1.25.5-gke.2100
  subnetID: {second}
  securityGroupIDs: [{account.nodes}]
  proxySecretName: proxy-settings
"""
    return "---\n".join((management, cluster, *(pool.replace("NAME", name) for name in pools)))
