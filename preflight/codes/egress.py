"""What can be wrong with the security groups on the way to the proxy."""

from __future__ import annotations

from typing import Final

from preflight.codes.code import Code
from preflight.model import Blame, Status

_AWS_SIDE: Final = "Whoever administers the security groups in AWS."
_SHOW_GROUP: Final = "aws ec2 describe-security-groups --region {region} --group-ids {group}"

CODES: tuple[Code, ...] = (
    Code(
        "egress.blocked",
        Status.FAIL,
        Blame.AWS,
        says="{group} does not let {what} out to the proxy {proxy_address}: {why}",
        means="The groups have egress rules, and none fits the proxy's address and port. Packets to the proxy vanish, so a connection times out.",
        told="Security groups only allow, and all groups of a machine count together: no rule of any of them holds the protocol, the port and the address.",
        who=_AWS_SIDE,
        do="Add an egress rule to a group of {what}: TCP, the proxy's port, to the proxy's own security group or its address.",
        reproduce=_SHOW_GROUP,
    ),
    Code(
        "egress.family",
        Status.FAIL,
        Blame.AWS,
        says="{group} lets {what} out by the other IP family only, and the proxy is {proxy_address}: {why}",
        means="A rule for ::/0 says nothing about IPv4, and one for 0.0.0.0/0 nothing about IPv6. Machines whose subnet has no addresses of the proxy's family"
        " cannot try it at all, whatever the groups say.",
        told="The right port is allowed, and only for addresses of the other family; or the CIDRs of the subnets, else of the VPC, are of the other family.",
        who=_AWS_SIDE,
        do="Add the same egress rule for the proxy's own IP family to a group of {what}.",
        reproduce=_SHOW_GROUP,
    ),
    Code(
        "egress.installer",
        Status.WARN,
        Blame.AWS,
        says="only the group that the installer makes lets {what} out to the proxy {proxy_address}: {why}",
        means="The installer's own group is documented (for the management service and the control plane) to let TCP 80 and 443 out to 0.0.0.0/0, and no"
        " declared group lets the role out to the proxy. Documentation is no evidence, and the installer's group is not there to be read.",
        told="No rule of a declared group fits, the proxy has an IPv4 address and listens on port 80 or 443, and the role is not a node pool, for which nothing"
        " is documented.",
        who="You; whoever administers the security groups in AWS.",
        do="Declare a group for {what} that lets TCP out to the proxy.",
    ),
    Code(
        "egress.nobody",
        Status.ERROR,
        Blame.AWS,
        says="nobody answers {what} at the proxy {proxy_address}, as far as AWS shows: {why}",
        means="AWS lists no network interface with the proxy's address, which is one of the nodes' own VPC, so packets for it reach nobody. The address"
        " is mistyped, the instance was terminated, or the proxy stands in another VPC than the nodes. Addresses of a prefix that was delegated to an"
        " interface are the exception: they are not listed one by one.",
        told="All interfaces with the proxy's addresses were asked for, none has this one, and the VPC is the account's own, so none is hidden.",
        who="You, for the proxy's address; whoever administers the proxy's instance in AWS.",
        do="Check the proxy's address, and whether its instance is there and in this VPC.",
        reproduce="aws ec2 describe-network-interfaces --region {region} --filters Name=addresses.private-ip-address,Values={addresses}",
    ),
    Code(
        "egress.none",
        Status.FAIL,
        Blame.AWS,
        says="no egress rule lets {what} out to the proxy {proxy_address}: {why}",
        means="A group without egress rules lets nothing out. Either the rule that AWS adds to every new group (all traffic to 0.0.0.0/0) was"
        " revoked, or the role has no group of its own.",
        told="The list of egress rules was read and is empty for every declared group, or no group is declared.",
        who=_AWS_SIDE,
        do="Give {what} a group with an egress rule: TCP, the proxy's port, to the proxy's own security group or its address.",
    ),
    Code(
        "egress.partial",
        Status.FAIL,
        Blame.AWS,
        says="{group} lets {what} out to some of the proxy's addresses and ports, but not to {proxy_address}: {why}",
        means="The proxy's name has several addresses, or the two proxies several ports, and some are not allowed. Connections fail now and then.",
        told="A rule allows at least one address and port of the proxies, and no rule allows at least one other.",
        who=_AWS_SIDE,
        do="Add egress rules for the missing addresses and ports to a group of {what}.",
        reproduce=_SHOW_GROUP,
    ),
    Code(
        "egress.proxy-ingress",
        Status.FAIL,
        Blame.AWS,
        says="{group} at the proxy {proxy_address} does not let {what} in: {why}",
        means="The proxy's own network interface was found, and its groups admit neither the role's groups nor all of its subnets on the proxy's port.",
        told="All groups of the interface that carries the proxy's address, in the nodes' VPC or an actively peered one, were read. No ingress rule fits,"
        " and none refers to a group that the installer may have made.",
        who="The proxy's administrator, for the proxy's security group.",
        do="Add an ingress rule to the proxy's security group: TCP, the proxy's port, from the groups or the subnets of {what}.",
        reproduce=_SHOW_GROUP,
    ),
    Code(
        "egress.reference",
        Status.FAIL,
        Blame.AWS,
        says="{group} lets {what} out only to groups that the proxy {proxy_address} does not carry: {why}",
        means="A rule that names a group allows the private addresses of the interfaces that carry this group, in the same VPC or over an active peering."
        " The proxy's interface does not carry it, or is not there.",
        told="The right port is allowed, the destination is a group, and the interface with the proxy's address has other groups or cannot be referred to.",
        who=_AWS_SIDE,
        do="Attach the group that the rule names to the proxy's interface, or add an egress rule for the proxy's address to a group of {what}.",
        reproduce=_SHOW_GROUP,
    ),
    Code(
        "egress.unknown",
        Status.ERROR,
        Blame.AWS,
        says="it cannot be told whether {what} gets to the proxy {proxy_address}: {why}",
        means="A rule that might decide could not be resolved: a prefix list or the proxy's interface was not readable, the proxy's address is carried only in"
        " VPCs to which no active peering leads, so that it may be another's of the same address, the rule has an unknown shape, or it"
        " refers to a group that no manifest declares, which may be one that the installer attaches to the machines.",
        told="Nothing that was understood settles it, and something that was not understood might.",
        who="You; whoever grants permissions in AWS.",
        do="Allow {action} to the credentials of this run (`preflight iam-policy` prints the policy) and run again, or have an administrator settle it.",
    ),
)
