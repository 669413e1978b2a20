"""Route tables that lead to the proxy, and route tables that do not: each broken in one way."""

from __future__ import annotations

from typing import Any

from preflight.aws.facts import Identity, Peering, RouteTable, Subnet, Unread, Vpc
from tests.aws.ways.networks import FAR, LOCAL, LOCAL_FAR, NEAR, ONPREM, PEERED, PUBLIC, A, P, hop, interface, listed, table

DENIED = Unread("ec2:GetManagedPrefixListEntries", "aws.access-denied", "not authorized")
NO_PEERINGS = Unread("ec2:DescribeVpcPeeringConnections", "aws.access-denied", "not authorized")
ACTIVE = Peering("pcx-1", "vpc-1", "vpc-2", "active")
IGW, NAT, TGW, PCX = hop("0.0.0.0/0", "igw-1"), hop("0.0.0.0/0", "nat-1"), hop("192.168.0.0/16", "tgw-1"), hop("10.8.0.0/16", "pcx-1")
EDGE = table(LOCAL, IGW, id="rtb-edge", subnets=["subnet-edge"])
HOME = table(LOCAL_FAR, hop("10.0.0.0/16", "pcx-1"), id="rtb-far", vpc="vpc-2", subnets=["subnet-far"])
TO_FAR: dict[str, Any] = {"interfaces": (interface(PEERED, FAR),), "peerings": (ACTIVE,)}
TO_NEAR: dict[str, Any] = {"interfaces": (interface(NEAR, P),)}
OF_OTHERS: dict[str, Any] = {
    "identity": Identity("444455556666", "arn:aws:iam::444455556666:user/u"),
    "vpc": Vpc("vpc-1", ("10.0.0.0/16",), True, True, owner="111122223333"),
}
V6 = Subnet("subnet-a", "vpc-1", "usw1-az1", ("10.0.1.0/24", "2001:db8:1::/64"))
ONLY_V6 = "2001:db8:ffff::4"

FINE: list[tuple[str, str, tuple[RouteTable, ...], dict[str, Any]]] = [
    ("in the VPC, by the table of its own", NEAR, (table(LOCAL),), {}),
    ("in the VPC, by the main table, which no association shows", NEAR, (table(LOCAL, main=True, subnets=()),), {}),
    ("the table of its own is asked, not the main one", NEAR, (table(id="rtb-main", main=True, subnets=()), table(LOCAL)), {}),
    ("on premises over a transit gateway", ONPREM, (table(LOCAL, TGW),), {}),
    ("public over a NAT gateway", PUBLIC, (table(LOCAL, NAT), EDGE), {}),
    ("a more specific route beats a black hole", ONPREM, (table(hop("192.168.0.0/16", "pcx-9", "blackhole"), hop("192.168.7.0/24", "tgw-1")),), {}),
    ("a black hole elsewhere", NEAR, (table(LOCAL, hop("172.16.0.0/12", "pcx-9", "blackhole")),), {}),
    ("a prefix list that holds it", ONPREM, (table(LOCAL, listed("pl-1", "tgw-1")),), {"prefix_lists": {"pl-1": ("192.168.7.0/24",)}}),
    (
        "a CIDR goes before a list of the same length",
        ONPREM,
        (table(TGW, listed("pl-1", "pcx-9", "blackhole")),),
        {"prefix_lists": {"pl-1": ("192.168.0.0/16",)}},
    ),
    ("an unread list that changes nothing", NEAR, (table(LOCAL, listed("pl-s3", "vpce-1")),), {"prefix_lists": {"pl-s3": DENIED}}),
    ("a local route goes before a propagated one", NEAR, (table(LOCAL, hop("10.0.9.0/24", "vgw-1", "blackhole")),), {}),
    ("peered, and back", PEERED, (table(LOCAL, PCX), HOME), TO_FAR),
    ("peered, the proxy's subnet known by its interface only", PEERED, (table(LOCAL, PCX), HOME), {**TO_FAR, "subnets": (A,)}),
    (
        "on premises, repeated in a stranger's VPC",
        ONPREM,
        (table(LOCAL, TGW), table(LOCAL_FAR, vpc="vpc-2", main=True)),
        {"interfaces": (interface(ONPREM, FAR),)},
    ),
    ("in the VPC, repeated in a stranger's", NEAR, (table(LOCAL),), {"interfaces": (interface(NEAR, FAR),)}),
    ("public over a NAT gateway of a shared VPC", PUBLIC, (table(LOCAL, NAT),), OF_OTHERS),
    ("in the VPC, and back", NEAR, (table(LOCAL, subnets=["subnet-a", "subnet-p"]),), TO_NEAR),
]

BROKEN: list[tuple[str, str, str, tuple[RouteTable, ...], dict[str, Any]]] = [
    ("nothing leads there", "route.none", ONPREM, (table(LOCAL),), {}),
    ("the main table is another VPC's", "route.unknown", NEAR, (table(LOCAL, vpc="vpc-2", main=True, subnets=()),), {}),
    ("no table was among those that were read", "route.unknown", NEAR, (), {}),
    ("its own table has no route, though the main one has", "route.none", ONPREM, (table(LOCAL), table(TGW, id="rtb-main", main=True, subnets=())), {}),
    ("a route for the other IP family only", "route.none", PUBLIC, (table(LOCAL, hop("::/0", "igw-1")),), {}),
    ("a black hole", "route.blackhole", ONPREM, (table(LOCAL, hop("192.168.0.0/16", "tgw-1", "blackhole")),), {}),
    ("a black hole more specific than a way that works", "route.blackhole", PUBLIC, (table(NAT, hop("198.51.100.0/24", "nat-2", "blackhole")), EDGE), {}),
    ("a black hole within the VPC", "route.blackhole", NEAR, (table(LOCAL, hop("10.0.9.0/24", "eni-1", "blackhole")),), {}),
    (
        "a black hole by a prefix list",
        "route.blackhole",
        ONPREM,
        (table(listed("pl-1", "tgw-1", "blackhole")),),
        {"prefix_lists": {"pl-1": ("192.168.7.4/32",)}},
    ),
    ("a state that nobody knows", "route.unknown", ONPREM, (table(LOCAL, hop("192.168.0.0/16", "tgw-1", "filtered")),), {}),
    ("a route to nothing", "route.unknown", ONPREM, (table(LOCAL, hop("192.168.0.0/16", "")),), {}),
    ("an unread list alone", "route.unknown", ONPREM, (table(LOCAL, listed("pl-1", "tgw-1")),), {"prefix_lists": {"pl-1": DENIED}}),
    ("a list that nobody read", "route.unknown", ONPREM, (table(LOCAL, listed("pl-1", "tgw-1")),), {}),
    (
        "an unread list that may be a black hole",
        "route.unknown",
        ONPREM,
        (table(TGW, listed("pl-1", "pcx-9", "blackhole")),),
        {"prefix_lists": {"pl-1": DENIED}},
    ),
    (
        "two lists of which AWS takes either",
        "route.unknown",
        ONPREM,
        (table(listed("pl-1", "tgw-1"), listed("pl-2", "tgw-2", "blackhole")),),
        {"prefix_lists": {"pl-1": ("192.168.7.0/24",), "pl-2": ("192.168.7.0/24",)}},
    ),
    ("a private address over the Internet", "route.none", ONPREM, (table(LOCAL, IGW),), {}),
    ("a private address over the Internet, by a route of its own", "route.none", ONPREM, (table(LOCAL, hop("192.168.7.4/32", "igw-1")),), {}),
    ("a private address over a NAT gateway beside the Internet", "route.none", ONPREM, (table(LOCAL, NAT), EDGE), {}),
    ("a private address over a NAT gateway, its table among others", "route.unknown", ONPREM, (table(LOCAL, NAT), table(TGW, id="rtb-2", subnets=())), {}),
    ("a private address over a NAT gateway of a shared VPC", "route.unknown", ONPREM, (table(LOCAL, NAT),), OF_OTHERS),
    ("a NAT gateway without a way on", "route.none", PUBLIC, (table(LOCAL, NAT),), {}),
    ("a public address, and none of one's own", "route.no-public-address", PUBLIC, (table(LOCAL, IGW),), {}),
    (
        "a peering that nobody accepted",
        "route.blackhole",
        PEERED,
        (table(LOCAL, PCX),),
        {"peerings": (Peering("pcx-1", "vpc-1", "vpc-2", "pending-acceptance"),)},
    ),
    ("a peering that was deleted", "route.blackhole", PEERED, (table(LOCAL, PCX),), {"peerings": (Peering("pcx-1", "vpc-1", "vpc-2", "deleted"),)}),
    ("a peering of which nothing is known", "route.unknown", PEERED, (table(LOCAL, PCX),), {}),
    ("peerings that may not be read", "route.unknown", PEERED, (table(LOCAL, PCX),), {"peerings": NO_PEERINGS}),
    (
        "a peering with another VPC than the proxy's",
        "route.none",
        PEERED,
        (table(LOCAL, PCX), table(hop("10.0.0.0/16", "pcx-2"), id="rtb-far", vpc="vpc-2", main=True)),
        {**TO_FAR, "peerings": (Peering("pcx-1", "vpc-3", "vpc-1", "active"), Peering("pcx-2", "vpc-2", "vpc-1", "active"))},
    ),
    (
        "a peering with another VPC than that which is known to have the address",
        "route.unknown",
        PEERED,
        (table(LOCAL, PCX),),
        {**TO_FAR, "peerings": (Peering("pcx-1", "vpc-3", "vpc-1", "active"),)},
    ),
    ("a VPC whose own network hides the proxy's", "route.unknown", PEERED, (table(hop("10.0.0.0/8", "local")),), TO_FAR),
    ("peered, no way back", "route.none", PEERED, (table(LOCAL, PCX), table(LOCAL_FAR, id="rtb-far", vpc="vpc-2", subnets=["subnet-far"])), TO_FAR),
    (
        "peered, the way back a black hole",
        "route.blackhole",
        PEERED,
        (table(PCX), table(hop("10.0.0.0/16", "pcx-0", "blackhole"), vpc="vpc-2", id="rtb-far", main=True)),
        TO_FAR,
    ),
    ("peered, the way back over the Internet", "route.none", PEERED, (table(PCX), table(IGW, vpc="vpc-2", id="rtb-far", main=True)), TO_FAR),
    ("peered, the way back over a NAT gateway", "route.none", PEERED, (table(PCX), table(NAT, vpc="vpc-2", id="rtb-far", main=True)), TO_FAR),
    (
        "peered, a way back for half of the subnet",
        "route.none",
        PEERED,
        (table(PCX), table(hop("10.0.1.0/25", "pcx-1"), vpc="vpc-2", id="rtb-far", main=True)),
        TO_FAR,
    ),
    ("peered, the proxy's tables unread", "route.unknown", PEERED, (table(LOCAL, PCX),), TO_FAR),
    (
        "in the VPC, no way back",
        "route.blackhole",
        NEAR,
        (table(LOCAL), table(LOCAL, hop("10.0.1.0/24", "eni-9", "blackhole"), id="rtb-p", subnets=["subnet-p"])),
        TO_NEAR,
    ),
    ("a proxy that has IPv6 only", "route.none", ONLY_V6, (table(LOCAL, hop("::/0", "eigw-1")),), {}),
]
