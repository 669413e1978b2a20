"""What can go wrong while a connection is made to the first hop: the proxy, or a target reached directly."""

from preflight.codes.code import Code
from preflight.model import Blame, Status

_CONNECT = "curl -v --max-time 10 telnet://{peer}"

CODES = (
    Code(
        "tcp.denied-locally",
        Status.FAIL,
        Blame.CLIENT,
        says="this host itself does not let us connect to {peer}",
        means="The operating system refused before any packet left: a local firewall's OUTPUT rule, SELinux, AppArmor, seccomp or a sandbox.",
        told="EPERM or EACCES from connect(). What happens on the wire is tcp.refused, tcp.timeout, tcp.reset or tcp.unreachable.",
        who="You, on this host.",
        do="Look at this host's own rules (`nft list ruleset`, SELinux, the container's policy) and allow TCP to {peer}.",
        reproduce=_CONNECT,
    ),
    Code(
        "tcp.partial",
        Status.WARN,
        Blame.DNS,
        says="{peer} has addresses that do not answer: {dead}",
        means="The name has several addresses and some are dead. Clients that try only one of them fail now and then, others lose seconds each time.",
        told="Every address of the name was tried by itself: some connected and some did not. If none connects, the code is that of the failure.",
        who="The owner of the DNS name, or of the dead machines.",
        do="Ask the owner of the name to take {dead} out of DNS or to repair them. If they work for others, your security group or route lacks them.",
        reproduce=_CONNECT,
    ),
    Code(
        "tcp.refused",
        Status.FAIL,
        Blame.UNKNOWN,
        says="{peer} refused the connection (tried {addresses})",
        means="The address is reachable and nothing listens on that port, or a firewall on the way rejects with a reset.",
        told="RST in answer to SYN (ECONNREFUSED). Silence is tcp.timeout.",
        who="Whoever runs that machine; the network team, if it listens.",
        do="Check the port with whoever runs {peer} and have them start the service. If it listens, ask the network team which firewall rejects us.",
        reproduce=_CONNECT,
        heals=True,
    ),
    Code(
        "tcp.reset",
        Status.FAIL,
        Blame.UNKNOWN,
        says="the connection to {peer} was reset as soon as it was made",
        means="Something accepted the connection and tore it down before a byte was said: a load balancer with no healthy member, an access list.",
        told="ECONNRESET while connecting or at once afterwards. A refusal in answer to SYN is tcp.refused; a close after our request is proxy.closed.",
        who="Whoever runs that machine; the network team, if it is healthy.",
        do="Ask whoever runs {peer} whether its service is healthy and admits this host. If so, the network team has to find the firewall that resets.",
        reproduce=_CONNECT,
        heals=True,
    ),
    Code(
        "tcp.timeout",
        Status.FAIL,
        Blame.UNKNOWN,
        says="no answer from {peer} within {after} (tried {addresses})",
        means="The packets vanish, there or on the way back: machine down, security group, network ACL, missing route, or a firewall that drops.",
        told="No SYN-ACK, no reset and no ICMP error until the deadline.",
        who="You for the VPC; the network team or whoever runs that machine.",
        do="Check that the security groups and network ACLs let this subnet out to {peer} and the answers back in, and that a route leads there. If they do,"
        " ask whoever runs it whether it is up and admits this subnet.",
        reproduce=_CONNECT,
        heals=True,
    ),
    Code(
        "tcp.unreachable",
        Status.FAIL,
        Blame.UNKNOWN,
        says="{peer} is unreachable from here (tried {addresses})",
        means="This host or a router on the way says that there is no path: no route, or the machine does not answer on its own network.",
        told="ENETUNREACH or EHOSTUNREACH: a statement by a router or by this host, where tcp.timeout is silence.",
        who="You for the VPC; the network team beyond it.",
        do="Add the missing route (route table of the subnet, peering, transit gateway or VPN). If the route is there, check with the owner of {peer} that the"
        " machine is up.",
        reproduce=_CONNECT + "; ip route",
    ),
)
