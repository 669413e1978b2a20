"""Which command gives machines addresses of the IP family that they lack."""

from __future__ import annotations

from preflight.aws.remedy import Command


def second_family(vpc: str, subnet: str, version: int, region: str) -> tuple[Command, str]:
    """The command for this subnet, or for the VPC as a whole where `subnet` is empty, and what the person has to choose or do besides."""
    if version == 4:  # noqa: PLR2004 - IPv4
        made = Command("ec2", "CreateSubnet", {"VpcId": vpc, "CidrBlock": "IPV4_CIDR_BLOCK"}, region)
        return made, "An IPv6-only subnet gets no IPv4 block: make another one for the nodes, with a free block of the VPC in place of IPV4_CIDR_BLOCK."
    if not subnet:
        whole = Command("ec2", "AssociateVpcCidrBlock", {"VpcId": vpc, "AmazonProvidedIpv6CidrBlock": True}, region)
        return whole, "Give the nodes' subnets a part of that block, or give the proxy an IPv4 address."
    made = Command("ec2", "AssociateSubnetCidrBlock", {"SubnetId": subnet, "Ipv6CidrBlock": "IPV6_CIDR_BLOCK"}, region)
    return made, "Put a free IPv6 block of the VPC in place of IPV6_CIDR_BLOCK, or give the proxy an IPv4 address."
