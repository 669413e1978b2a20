"""What can go wrong in a tunnel that the proxy has granted, before the other end says its first word."""

from preflight.codes.code import Code
from preflight.model import Blame, Status

_CONNECT = "curl -v -o /dev/null --proxy {proxy} --proxy-user USER {url}"

CODES = (
    Code(
        "tunnel.closed",
        Status.FAIL,
        Blame.PROXY,
        says="{proxy} granted the tunnel to {target} and closed it before the other end said anything",
        means="A yes that was not meant: the proxy says 200 before it has reached the target, or something behind it filters by the name in the ClientHello.",
        told="2xx to CONNECT, then end of stream without one byte of TLS. A reset is tunnel.reset; a close after the handshake began is tls.closed.",
        who="The proxy's administrator.",
        do="Ask the proxy's administrator what its log says about {target}: it could not reach the target, or a rule (SNI filter, TLS inspection) cut it off.",
        reproduce=_CONNECT,
        heals=True,
    ),
    Code(
        "tunnel.reset",
        Status.FAIL,
        Blame.PROXY,
        says="{proxy} granted the tunnel to {target} and the connection was then reset",
        means="The proxy or a firewall tore the tunnel down, often because of the server name in the ClientHello.",
        told="2xx to CONNECT, then RST without one byte of TLS.",
        who="The proxy's administrator; the network team, if its log shows nothing.",
        do="Ask the proxy's administrator what its log says about {target}. If the proxy did not end the tunnel, the network team has to look at the firewall"
        " beside it.",
        reproduce=_CONNECT,
        heals=True,
    ),
    Code(
        "tunnel.timeout",
        Status.FAIL,
        Blame.PROXY,
        says="{proxy} granted the tunnel to {target} and then nothing came for {after}",
        means="The proxy says yes before it has reached the target, or something behind it drops the ClientHello.",
        told="2xx to CONNECT, our ClientHello sent, silence until the deadline. Silence before the 2xx is proxy.no-reply.",
        who="The proxy's administrator.",
        do="Ask the proxy's administrator to try {target} from the proxy itself and to look for a filter that drops by server name.",
        reproduce=_CONNECT,
        heals=True,
    ),
    Code(
        "tunnel.unexpected-bytes",
        Status.FAIL,
        Blame.MIDDLEBOX,
        says="{proxy} granted the tunnel to {target}, and what came through it is not TLS: {first_bytes}",
        means="Something answers in clear where only the target's TLS may come: a block page, a sign-in page, or a proxy that adds a body to its 200.",
        told="Bytes that are no TLS record. curl shows the same as `wrong version number`.",
        who="The proxy's administrator.",
        do="Read the quoted bytes: they often name the product that speaks. Ask the proxy's administrator to let {target} through as it is.",
        reproduce=_CONNECT,
    ),
)
