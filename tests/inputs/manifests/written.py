"""A whole, sound set of manifests for tests, and what the readers remark when pieces of it are changed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from preflight.inputs.options import Options
from preflight.inputs.select import Loaded, load
from preflight.model import Finding
from tests.inputs.kinds import KINDS

MANAGEMENT = """\
kind: AWSManagementService
metadata: {name: management}
spec:
  version: aws-1.14.1-gke.0
  region: us-west-1
  kmsKeyARN: arn:aws:kms:us-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab
  proxy: proxy.json
  securityGroupIDs: [sg-0aaaaaaaaaaaaaaa1]
  existingVPC: {subnetID: subnet-0aaaaaaaaaaaaaa01}
"""
CLUSTER = """\
kind: AWSCluster
metadata: {name: cluster-0}
spec:
  region: us-west-1
  networking:
    vpcID: vpc-0aaaaaaaaaaaaaaa1
    podAddressCIDRBlocks: [10.2.0.0/16]
    serviceAddressCIDRBlocks: [10.1.0.0/16]
  controlPlane:
    version: 1.25.5-gke.2100
    securityGroupIDs: [sg-0aaaaaaaaaaaaaaa2, sg-0aaaaaaaaaaaaaaa1]
    subnetIDs: [subnet-0aaaaaaaaaaaaaa01, subnet-0aaaaaaaaaaaaaa02]
    proxySecretName: proxy-settings
"""
POOL = """\
kind: AWSNodePool
metadata: {name: pool-0}
spec:
  clusterName: cluster-0
  region: us-west-1
  version: 1.25.5-gke.2100
  subnetID: subnet-0aaaaaaaaaaaaaa02
  securityGroupIDs: [sg-0aaaaaaaaaaaaaaa1]
  proxySecretName: proxy-settings
"""
WHOLE = f"{MANAGEMENT}---\n{CLUSTER}---\n{POOL}"
DEDICATED = """\
  dedicatedVPC:
    vpcCIDRBlock: 10.0.0.0/16
    privateSubnetCIDRBlocks: [10.0.1.0/24, 10.0.2.0/24]
    publicSubnetCIDRBlocks: [10.0.101.0/24]
"""
EXISTING = "  existingVPC: {subnetID: subnet-0aaaaaaaaaaaaaa01}\n"


def changed(*pairs: tuple[str, str], text: str = WHOLE) -> str:
    """The text with each first string replaced by the second, once; one that is not there is a mistake in the test."""
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new, 1)
    return text


def loaded(folder: Path, text: str, proxy: str = "10.9.0.254:3128", **options: Any) -> Loaded:
    """What `load` makes of that manifest, the proxy file beside it."""
    (folder / "checks.yaml").write_text("checks:\n- {kind: ping, name: one, target: x}\n")
    (folder / "anthos-gke.yaml").write_text(text)
    (folder / "proxy.json").write_text(json.dumps({"httpProxy": f"http://{proxy}"}))
    return load(Options(**options), {}, folder, KINDS)


def remarks(folder: Path, text: str, proxy: str = "10.9.0.254:3128", **options: Any) -> list[Finding]:
    """What the check of the manifests would report."""
    return list(loaded(folder, text, proxy, **options).declared.lints.get("manifest", ()))


def lines(findings: list[Finding]) -> list[tuple[str, int]]:
    """The code and the line of each finding."""
    return [(finding.code, int(str(finding.evidence["where"]).rpartition(":")[2])) for finding in findings]
