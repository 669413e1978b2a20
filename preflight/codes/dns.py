"""What can go wrong while a name becomes an address: the proxy's name, or that of a target reached directly."""

from preflight.codes.code import Code
from preflight.model import Blame, Status

_DIG = 'name={peer}; dig "${{name%:*}}"'

CODES = (
    Code(
        "dns.bad-chain",
        Status.FAIL,
        Blame.DNS,
        says="{name} is an alias that never ends at an address, says the resolver {resolver}",
        means="The zone's CNAME records lead in a circle, or the chain is longer than a resolver follows.",
        told="The resolver answered with CNAME records that repeat or do not end; a name that ends nowhere is dns.no-address.",
        who="The owner of the DNS zone.",
        do="Ask the owner of the zone to point the alias at a name that has an address record.",
        reproduce=_DIG,
    ),
    Code(
        "dns.no-address",
        Status.FAIL,
        Blame.DNS,
        says="{name} exists, but has no address that this host can use",
        means="The zone knows the name and holds no A record for it, or only IPv6 addresses while this host has no IPv6.",
        told="NOERROR with an empty answer (NODATA), or AAAA records only and no IPv6 route. A name that does not exist is dns.nxdomain.",
        who="The owner of the DNS zone; you, if the name is misspelt.",
        do="Check the name for a typing error, then ask the owner of the zone for an A record, or give this subnet an IPv6 route if IPv6 is meant.",
        reproduce=_DIG,
    ),
    Code(
        "dns.nxdomain",
        Status.FAIL,
        Blame.DNS,
        says="{name} does not exist, says the resolver {resolver}",
        means="The resolver was reached and is sure: there is no such name in the view of DNS that this host gets.",
        told="NXDOMAIN. A resolver that is broken, silent or unwilling answers differently: dns.servfail, dns.timeout, dns.refused.",
        who="You; the DNS administrator, if the name lives in a private zone.",
        do="Check the spelling and the search domain. If the name lives in a private zone, have the DNS administrator associate that zone with this VPC"
        " or forward it.",
        reproduce=_DIG,
    ),
    Code(
        "dns.refused",
        Status.FAIL,
        Blame.DNS,
        says="the resolver {resolver} refuses to look up {name}",
        means="The resolver is alive and its access list does not serve this host, or it is not responsible for this zone and does not recurse.",
        told="Response code REFUSED: an answer, unlike dns.timeout, and no statement about the name, unlike dns.nxdomain.",
        who="The DNS administrator.",
        do="Ask the DNS administrator to admit this subnet to {resolver}, or set the VPC's DHCP options to the resolver that serves it.",
        reproduce=_DIG,
    ),
    Code(
        "dns.servfail",
        Status.FAIL,
        Blame.DNS,
        says="the resolver {resolver} failed to look up {name}",
        means="The resolver answered that it could not find out. Nothing is known about the name.",
        told="Response code SERVFAIL: usually a forwarder or name server that is down, or a broken DNSSEC signature.",
        who="The DNS administrator.",
        do="Ask the DNS administrator why {resolver} answers SERVFAIL: forwarder down, or DNSSEC broken. `dig +cd` that works points to DNSSEC.",
        reproduce=_DIG,
        heals=True,
    ),
    Code(
        "dns.sinkhole",
        Status.FAIL,
        Blame.DNS,
        says="DNS sends {name} to {addresses}, which is this host itself and never {name}",
        means="DNS filtering: the answer is 0.0.0.0, :: or a loopback address, so a connection would end at this very host and prove nothing.",
        told="0.0.0.0 or ::, or a loopback address that /etc/hosts does not hold, for a name other than localhost. It fails even if something here accepts.",
        who="The DNS administrator; you, if /etc/hosts holds the entry.",
        do="Ask the DNS administrator to take {name} off the block list; if /etc/hosts sends it to 0.0.0.0, remove that line yourself.",
        reproduce='name={peer}; getent ahosts "${{name%:*}}"',
    ),
    Code(
        "dns.timeout",
        Status.FAIL,
        Blame.DNS,
        says="no resolver gave an address for {name} within {after}",
        means="No answer came from any resolver of this host: it is down, or port 53 to it is closed.",
        told="Silence until the deadline. Any answer at all, even SERVFAIL or REFUSED, has a code of its own.",
        who="The network team, or you for the VPC.",
        do="Open UDP and TCP 53 to the resolver (/etc/resolv.conf names it) in security group and network ACL, and check enableDnsSupport of the VPC."
        " If all that is so, the DNS administrator has to look at the resolver.",
        reproduce=_DIG,
        heals=True,
    ),
)
