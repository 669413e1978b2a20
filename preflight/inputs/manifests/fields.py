"""Which fields of which manifest are read, and what they mean here.

Field names are those of the reference pages of Anthos clusters on AWS, previous generation (AWSManagementService, AWSCluster, AWSNodePool).
"""

from __future__ import annotations

from typing import Final

import msgspec

MANAGEMENT: Final = "AWSManagementService"
CLUSTER: Final = "AWSCluster"
NODE_POOL: Final = "AWSNodePool"

GROUP: Final = "multicloud.cluster.gke.io"
"""The API group of all three."""

KIND: Final = "manifest"
"""The kind of the check that reports what is remarked about manifests."""


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

LINTED: Final[dict[str, tuple[Field, ...]]] = {
    MANAGEMENT: _fields(
        private_subnet="spec.dedicatedVPC.privateSubnetCIDRBlocks.*",
        public_subnet="spec.dedicatedVPC.publicSubnetCIDRBlocks.*",
        ssh_group="spec.existingVPC.allowedSSHSecurityGroupIDs.*",
        key="spec.kmsKeyARN spec.databaseEncryption.kmsKeyARN spec.rootVolume.kmsKeyARN spec.dataVolume.kmsKeyARN spec.bastionHost.rootVolume.kmsKeyARN",
    ),
    CLUSTER: _fields(
        own_proxy="spec.controlPlane.proxySecretName",
        key="spec.controlPlane.databaseEncryption.kmsKeyARN spec.controlPlane.rootVolume.kmsKeyARN spec.controlPlane.etcd.mainVolume.kmsKeyARN",
    ),
    NODE_POOL: _fields(
        own_proxy="spec.proxySecretName",
        cluster="spec.clusterName",
        key="spec.rootVolume.kmsKeyARN",
    ),
}
"""By kind: the fields that are only remarked upon. A placeholder in one of them does not end the run."""


def _schema(text: str) -> dict[tuple[str, ...], frozenset[str]]:
    places: dict[tuple[str, ...], set[str]] = {(): {"apiVersion", "kind", "metadata", "spec", "status"}}
    place: tuple[str, ...] = ()
    for word in text.split():
        if word.endswith(":"):
            place = tuple(word[:-1].split("."))
        else:
            places.setdefault(place, set()).add(word)
    return {place: frozenset(names) for place, names in places.items()}


_VOLUME: Final = "sizeGiB volumeType iops kmsKeyARN"

SCHEMA: Final[dict[str, dict[tuple[str, ...], frozenset[str]]]] = {
    MANAGEMENT: _schema(f"""
        spec: version region authentication kmsKeyARN databaseEncryption securityGroupIDs googleCloud iam dedicatedVPC existingVPC rootVolume dataVolume tags
            bastionHost bootstrapS3Bucket proxy terraform
        spec.authentication: awsIAM
        spec.authentication.awsIAM: adminIdentityARNs
        spec.databaseEncryption: kmsKeyARN
        spec.googleCloud: projectID serviceAccountKeys
        spec.googleCloud.serviceAccountKeys: managementService connectAgent node
        spec.iam: permissionsBoundary path
        spec.dedicatedVPC: vpcCIDRBlock availabilityZones privateSubnetCIDRBlocks publicSubnetCIDRBlocks bastionAllowedSSHCIDRBlocks
        spec.existingVPC: subnetID allowedSSHSecurityGroupIDs
        spec.rootVolume: {_VOLUME}
        spec.dataVolume: {_VOLUME}
        spec.bastionHost: allowedSSHCIDRBlocks rootVolume
        spec.bastionHost.rootVolume: {_VOLUME}
        spec.terraform: invokeManually stateGCSBucket
    """),
    CLUSTER: _schema(f"""
        spec: region networking controlPlane authentication
        spec.networking: vpcID podAddressCIDRBlocks serviceAddressCIDRBlocks serviceLoadBalancerSubnetIDs
        spec.controlPlane: version instanceType keyName subnetIDs securityGroupIDs iamInstanceProfile databaseEncryption hub cloudOperations tags
            proxySecretName workloadIdentity rootVolume etcd
        spec.controlPlane.databaseEncryption: kmsKeyARN
        spec.controlPlane.hub: membershipName
        spec.controlPlane.cloudOperations: projectID location enableLogging enableMonitoring
        spec.controlPlane.workloadIdentity: oidcDiscoveryGCSBucket
        spec.controlPlane.rootVolume: {_VOLUME}
        spec.controlPlane.etcd: mainVolume
        spec.controlPlane.etcd.mainVolume: {_VOLUME}
        spec.authentication: awsIAM oidc
        spec.authentication.awsIAM: adminIdentityARNs
        spec.authentication.oidc: certificateAuthorityData clientID clientSecret extraParams groupsClaim groupPrefix issuerURI kubectlRedirectURI scopes
            userClaim userPrefix
    """),
    NODE_POOL: _schema(f"""
        spec: clusterName region version subnetID minNodeCount maxNodeCount maxPodsPerNode instanceType keyName iamInstanceProfile proxySecretName
            securityGroupIDs rootVolume labels taints tags
        spec.rootVolume: {_VOLUME}
        spec.taints: key value effect
    """),
}
"""By kind: the names of the fields in each place. Lists are no step of a place; what has no place here is not known."""

NAMES: Final = frozenset().union(*(names for places in SCHEMA.values() for names in places.values()))
"""Every field name of the three schemas, for names that differ from one only in case."""

FREE: Final = frozenset({"tags", "labels", "annotations", "extraParams", "metadata", "status"})
"""Fields whose keys and values are the user's own words, or the cluster's."""

SINGULAR: Final = frozenset(
    """
    cloudOperations networking podAddressCIDRBlocks proxy proxySecretName securityGroupIDs serviceAddressCIDRBlocks serviceLoadBalancerSubnetIDs subnetID
    subnetIDs vpcCIDRBlock vpcID workloadIdentity
    """.split()  # noqa: SIM905 - a page of words reads better than a page of quotes
)
"""Names that have one place in a schema and mean nothing elsewhere, so that one which stands elsewhere is a mistake."""


def homes(kind: str, name: str) -> tuple[str, ...]:
    """Where a field of that name belongs in a document of that kind, e.g. `spec.controlPlane.proxySecretName`."""
    return tuple(".".join((*place, name)) for place, names in SCHEMA[kind].items() if name in names)
