"""Which fields of which manifest are read, and what they mean here.

Field names are those of the reference pages of Anthos clusters on AWS, previous generation (AWSManagementService, AWSCluster, AWSNodePool).
"""

from __future__ import annotations

from typing import Final

import msgspec

MANAGEMENT: Final = "AWSManagementService"
CLUSTER: Final = "AWSCluster"
NODE_POOL: Final = "AWSNodePool"


class Field(msgspec.Struct, frozen=True):
    """One field: the path of its keys (`*` is each item of a list) and what it means, whichever kind it stands in."""

    path: tuple[str, ...]
    means: str


def _fields(**paths: str) -> tuple[Field, ...]:
    return tuple(Field(tuple(path.split(".")), means) for means, several in paths.items() for path in several.split())


FIELDS: Final[dict[str, tuple[Field, ...]]] = {
    MANAGEMENT: _fields(
        region="spec.region",
        version="spec.version",
        proxy="spec.proxy",
        security_group="spec.securityGroupIDs.*",
        subnet="spec.existingVPC.subnetID",
        vpc_cidr="spec.dedicatedVPC.vpcCIDRBlock",
        kms_key="spec.kmsKeyARN",
    ),
    CLUSTER: _fields(
        region="spec.region",
        version="spec.controlPlane.version",
        vpc="spec.networking.vpcID",
        pod_cidr="spec.networking.podAddressCIDRBlocks.*",
        service_cidr="spec.networking.serviceAddressCIDRBlocks.*",
        security_group="spec.controlPlane.securityGroupIDs.*",
        subnet="spec.controlPlane.subnetIDs.*",
        load_balancer_subnet="spec.networking.serviceLoadBalancerSubnetIDs.*",
        logging="spec.controlPlane.cloudOperations.enableLogging",
        monitoring="spec.controlPlane.cloudOperations.enableMonitoring",
        workload_identity="spec.controlPlane.workloadIdentity.oidcDiscoveryGCSBucket",
        oidc_issuer="spec.authentication.oidc.*.issuerURI",
    ),
    NODE_POOL: _fields(
        region="spec.region",
        version="spec.version",
        subnet="spec.subnetID",
        security_group="spec.securityGroupIDs.*",
    ),
}
"""By kind: the fields that are read."""

NAMES: Final = frozenset(
    """
    adminIdentityARNs allowedSSHCIDRBlocks allowedSSHSecurityGroupIDs apiVersion authentication availabilityZones awsIAM bastionAllowedSSHCIDRBlocks
    bastionHost bootstrapS3Bucket certificateAuthorityData clientID clientSecret cloudOperations clusterName connectAgent controlPlane dataVolume
    databaseEncryption dedicatedVPC effect enableLogging enableMonitoring etcd existingVPC extraParams googleCloud groupPrefix groupsClaim hub iam
    iamInstanceProfile instanceType invokeManually iops issuerURI keyName kind kmsKeyARN kubectlRedirectURI labels location mainVolume
    managementService maxNodeCount maxPodsPerNode membershipName metadata minNodeCount networking node oidc oidcDiscoveryGCSBucket
    permissionsBoundary podAddressCIDRBlocks privateSubnetCIDRBlocks projectID proxy proxySecretName publicSubnetCIDRBlocks region rootVolume scopes
    securityGroupIDs serviceAccountKeys serviceAddressCIDRBlocks serviceLoadBalancerSubnetIDs sizeGiB spec stateGCSBucket subnetID subnetIDs tags
    taints terraform userClaim userPrefix version volumeType vpcCIDRBlock vpcID workloadIdentity
    """.split()  # noqa: SIM905 - a page of words reads better than a page of quotes
)
"""Every field name of the three schemas, for names that differ from one only in case."""

FREE: Final = frozenset({"tags", "labels", "annotations", "extraParams", "metadata"})
"""Fields whose keys and values are the user's own words."""
