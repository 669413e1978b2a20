"""Somebody's working directory with the manifests of all three kinds, the account that they install into, and the command to look at both."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

import msgspec

from tests.real.aws.moto_server import ENVIRON
from tests.real.aws.moto_server import Lab as Aws

from .account import Account, build
from .command import Verdict, run_preflight, verdict
from .lab import Lab
from .page import manifests, with_proxy

ENDPOINTS: Final = tuple(f"endpoint/{name}" for name in ("autoscaling", "ec2", "elasticloadbalancing", "kms", "s3", "sts"))
EGRESS: Final = ("egress/management", "egress/control-plane", "egress/node-pool")
CHECKS: Final = ("aws", *ENDPOINTS, *EGRESS, "network-acl", "route", "kms-key")
"""Everything that the default profile asks AWS."""
WITHOUT_NETWORK: Final = tuple(word for name in ("aws", "endpoint/*", "egress/*", "network-acl", "route", "kms-key") for word in ("--only", name))


class Installation(msgspec.Struct, frozen=True):
    """Where somebody stands who is about to install."""

    lab: Lab
    account: Account
    folder: Path

    def environ(self, changes: Mapping[str, str | None] | None = None) -> dict[str, str]:
        """What leads to the account; a change to None takes a variable away."""
        whole = {**ENVIRON, "AWS_ENDPOINT_URL": self.account.aws.url, **(changes or {})}
        return {name: value for name, value in whole.items() if value is not None}

    def verdict(self, *args: str, env: Mapping[str, str | None] | None = None) -> Verdict:
        """`preflight run ARGS`."""
        return verdict(self.lab, self.folder, *args, env=self.environ(env), aws=True)

    def command(self, *args: str, env: Mapping[str, str | None] | None = None) -> subprocess.CompletedProcess[str]:
        """`preflight ARGS`."""
        return run_preflight(self.lab, args, self.folder, self.environ(env))

    def declare(self, pools: Iterable[str]) -> None:
        """Write the manifests anew, with these node pools."""
        (self.folder / "anthos-gke.yaml").write_text(manifests(self.account, pools))

    def change(self, old: str, new: str) -> None:
        """Put something else into the manifests, once."""
        where = self.folder / "anthos-gke.yaml"
        text = where.read_text()
        assert old in text
        where.write_text(text.replace(old, new, 1))


def install(lab: Lab, aws: Aws, port: int, folder: Path) -> Installation:
    """An account in which everything is right for a proxy on this port, and the files for it."""
    account = build(aws, port)
    found = Installation(lab, account, with_proxy(folder, port))
    found.declare(["pool-0"])
    return found
