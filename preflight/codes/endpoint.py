"""What can be wrong with the VPC endpoints."""

from __future__ import annotations

from preflight.codes.code import Code
from preflight.model import Blame, Status

_WHO = "Whoever administers the VPC."
_SHOW = "aws ec2 describe-vpc-endpoints --region {region} --filters Name=vpc-id,Values={vpc} Name=service-name,Values={service}"
_ATTRIBUTE = "aws ec2 describe-vpc-attribute --region {region} --vpc-id {vpc} --attribute {what}"

CODES: tuple[Code, ...] = (
    Code(
        "endpoint.elsewhere",
        Status.WARN,
        Blame.AWS,
        says="{vpc} has no endpoint for {service}, but {host} answers at {addresses}: an endpoint in another VPC, by the look of it",
        means="The service's public name leads to private addresses, and what answers there proved to be the service. Whether the nodes reach it from their"
        " subnets, and whether its groups let them in, is not seen from here.",
        told="AWS lists no endpoint in the VPC, or none with private DNS; our own direct walk to the service's name met private addresses only (RFC 1918,"
        " 6598, 4193), and TLS verified.",
        who="Whoever administers the VPC with the central endpoints.",
        do="Have the endpoint's owner confirm that its groups admit TCP 443 from the nodes' subnets. Or make an endpoint here: `{command}`.",
        reproduce=_SHOW,
    ),
    Code(
        "endpoint.missing",
        Status.FAIL,
        Blame.AWS,
        says="{vpc} has no endpoint for {service}",
        means="The nodes call this service by its public name. Without an endpoint the name leads to the Internet, where they cannot go.",
        told="AWS answered with the VPC's endpoints, and none has exactly this service's name, apart from deleted ones.",
        who=_WHO,
        do="Create it: `{command}`.",
        reproduce=_SHOW,
    ),
    Code(
        "endpoint.no-ingress",
        Status.FAIL,
        Blame.AWS,
        says="{group} of {endpoint} ({service}) does not let TCP 443 in from {nodes}",
        means="The endpoint is there, but its security groups drop what the nodes send.",
        told="No ingress rule of any of the endpoint's groups covers the nodes' subnets (the VPC, where no subnet is declared) or refers to a group of theirs.",
        who=_WHO,
        do="Let them in: `{command}`.",
        reproduce="aws ec2 describe-security-groups --region {region} --group-ids {group}",
    ),
    Code(
        "endpoint.no-route",
        Status.FAIL,
        Blame.AWS,
        says="{subnet} cannot reach {endpoint} ({service}): {table} has no route to it",
        means="A gateway endpoint is reached by routes. It puts them into the route tables that are attached to it, and into no other.",
        told="The table that serves the subnet, its own or else the VPC's main one, is not among the gateway's.",
        who=_WHO,
        do="Attach the route tables: `{command}`.",
        reproduce=_SHOW,
    ),
    Code(
        "endpoint.not-available",
        Status.FAIL,
        Blame.AWS,
        says="{endpoint} ({service}) is {state}",
        means="The endpoint is listed, but it does not work, or not everywhere, and waiting does not mend it.",
        told="AWS's word for its state is deleting, rejected, failed, expired or partial; or it is available but has no subnet.",
        who=_WHO,
        do="Make a new one: `{command}`.",
        reproduce=_SHOW,
    ),
    Code(
        "endpoint.pending",
        Status.ERROR,
        Blame.AWS,
        says="{endpoint} ({service}) is {state}",
        means="The endpoint is being made. Whether it will work cannot be told yet.",
        told="AWS's word for its state is pending or pendingAcceptance.",
        who=_WHO,
        do="Wait until it is available, and run this again. Its state: `{command}`.",
        reproduce=_SHOW,
    ),
    Code(
        "endpoint.policy",
        Status.WARN,
        Blame.AWS,
        says="the policy of {endpoint} ({service}) {why}",
        means="The endpoint refuses what its policy does not allow, even to those whose own permissions are right. Policies are not evaluated here.",
        told="The policy is other than the one that AWS gives every endpoint, which allows everything to everybody.",
        who=_WHO,
        do="Check that it allows what the nodes' roles do. Back to full access: `{command}`.",
        reproduce=_SHOW,
    ),
    Code(
        "endpoint.private-dns-off",
        Status.FAIL,
        Blame.AWS,
        says="private DNS of {endpoint} ({service}) is off, so {host} does not lead to it",
        means="The nodes use the service's public name. Without private DNS it leads to the service's public addresses, past the endpoint.",
        told="The endpoint is available and PrivateDnsEnabled is false, no other endpoint of the service in the VPC serves its name, and no"
        " walk of ours met private addresses at it.",
        who=_WHO,
        do="Switch it on: `{command}`.",
        reproduce=_SHOW,
    ),
    Code(
        "endpoint.subnet-uncovered",
        Status.WARN,
        Blame.AWS,
        says="{endpoint} ({service}) has no interface in the zone of {subnet}",
        means="Nodes there reach the endpoint across zones. That works, but it costs, and it ends when the endpoint's own zone fails.",
        told="The zone of a declared subnet is none of those of the endpoint's subnets.",
        who=_WHO,
        do="Add a subnet in each such zone: `{command}`.",
        reproduce=_SHOW,
    ),
    Code(
        "endpoint.unknown",
        Status.ERROR,
        Blame.AWS,
        says="whether the nodes can use {endpoint} ({service}) cannot be told: {why}",
        means="AWS answered, but its answer does not settle the question.",
        told="The message names what is missing: where the nodes will stand, the groups that they will carry, what AWS shows to the VPC's owner only, IPv4,"
        " or a word of AWS's that is not known.",
        who="You; whoever administers the VPC.",
        do="Have a look yourself: `{command}`.",
        reproduce=_SHOW,
    ),
    Code(
        "endpoint.vpc-dns-off",
        Status.FAIL,
        Blame.AWS,
        says="{what} of {vpc} is off, so {host} does not lead to {endpoint}",
        means="The names of endpoints are answered by the VPC's own resolver, which needs both enableDnsSupport and enableDnsHostnames.",
        told="DescribeVpcAttribute answered false.",
        who=_WHO,
        do="Switch it on: `{command}`.",
        reproduce=_ATTRIBUTE,
    ),
    Code(
        "endpoint.wrong-type",
        Status.FAIL,
        Blame.AWS,
        says="{endpoint} ({service}) is of type {type}, and the nodes need {needed}",
        means="A gateway endpoint catches what goes to the service's public addresses, by routes. An interface endpoint has addresses and names of its own.",
        told="The VPC has endpoints for the service, and none of the type that the profile asks for.",
        who=_WHO,
        do="Create one of type {needed}: `{command}`.",
        reproduce=_SHOW,
    ),
)
