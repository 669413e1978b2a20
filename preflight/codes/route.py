"""What can be wrong with the routes and network ACLs on the way to the proxy."""

from __future__ import annotations

from preflight.codes.code import Code
from preflight.model import Blame, Status

CODES: tuple[Code, ...] = (
    Code(
        "route.acl-out",
        Status.FAIL,
        Blame.AWS,
        says="{what} refuses connections to the proxy: {why}",
        means="A network ACL drops the packets that open a connection, on their way out of the nodes' subnet or into the proxy's. Connections"
        " time out, and security groups cannot make up for it.",
        told="The entry with the lowest number that matches TCP, the address and the port denies, or only the final * does.",
        who="Whoever administers the VPC's network ACLs.",
        do="Let the connections through before the entry that denies them: `{command}`.",
    ),
    Code(
        "route.acl-return",
        Status.FAIL,
        Blame.AWS,
        says="{what} refuses the proxy's answers: {why}",
        means="Network ACLs keep no state: answers come to the port that the node happened to choose, 32768 to 60999 on Linux, and each of these ports must be"
        " open. AWS advises 1024 to 65535. Where only some are refused, connections fail now and then.",
        told="Every port from 32768 to 60999 is looked at; the entry with the lowest number that matches decides for it.",
        who="Whoever administers the VPC's network ACLs.",
        do="Let the answers through before the entry that denies them: `{command}`.",
    ),
    Code(
        "route.blackhole",
        Status.FAIL,
        Blame.AWS,
        says="{what} sends packets for {addresses} into a black hole: {why}",
        means="The most specific route for the address leads to something that is gone or not active, such as a deleted NAT gateway or a peering that"
        " nobody accepted. AWS drops the packets; a wider route that works is not used instead.",
        told="AWS gives the route's state as blackhole, or the route leads to a peering whose state is not active.",
        who="Whoever administers the VPC's routes.",
        do="Mend or remove the dead route: `{command}`.",
    ),
    Code(
        "route.no-public-address",
        Status.WARN,
        Blame.AWS,
        says="{what} sends packets for {addresses} to an internet gateway, and the subnets give their machines no public address: {why}",
        means="An internet gateway drops what comes from a machine without a public IPv4 address. The way works only for machines that get one otherwise, such"
        " as an Elastic IP address, and the product attaches none.",
        told="The route leads to an internet gateway, the address is IPv4, and the subnet does not assign public addresses at launch.",
        who="Whoever administers the VPC's routes.",
        do="Lead the packets through a NAT gateway, or let the subnet give public addresses: `{command}`.",
    ),
    Code(
        "route.none",
        Status.FAIL,
        Blame.AWS,
        says="{what} has no route to {addresses}: {why}",
        means="No route leads there, or the one that does leads to a gateway that cannot carry such packets. AWS drops the packets without a word.",
        told="No route of the subnet's table, its own or the VPC's main one, contains the address; or the longest prefix leads to an internet gateway"
        " for a private address, to a NAT gateway that has no way on, or over a peering to another VPC than the proxy's.",
        who="Whoever administers the VPC's routes.",
        do="Add a route that leads there: `{command}`.",
    ),
    Code(
        "route.unknown",
        Status.ERROR,
        Blame.AWS,
        says="it cannot be told whether packets get to the proxy and back by {what}: {why}",
        means="Something that would decide could not be read or understood. Neither a pass nor a failure is shown.",
        told="A prefix list or a peering that may decide is unread, or what was read does not say what the subnet uses.",
        who="Whoever administers the account's permissions, or the VPC.",
        do="Look at what could not be read: `{command}`. Allow the named action, if one is missing, and run again.",
    ),
)
