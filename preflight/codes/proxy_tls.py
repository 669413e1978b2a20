"""What can go wrong in the TLS session with the proxy itself, where the proxy's URL says `https://`."""

from preflight.codes.code import Code
from preflight.model import Blame, Status

_SHOW = "openssl s_client -connect {proxy_address} -showcerts </dev/null"

CODES = (
    Code(
        "proxy-tls.expired",
        Status.FAIL,
        Blame.PROXY,
        says="the certificate of {proxy} is not valid today: {reason}",
        means="The proxy's own certificate has expired, or is not valid yet.",
        told="Verify error 10 or 9 on the session with the proxy. The origin's certificate is tls.expired; a wrong local clock shows as clock.skew as well.",
        who="The proxy's administrator.",
        do="Ask the proxy's administrator to renew the certificate. If clock.skew is reported too, set this host's clock first.",
        reproduce=_SHOW,
    ),
    Code(
        "proxy-tls.handshake",
        Status.FAIL,
        Blame.PROXY,
        says="the TLS handshake with {proxy} failed: {reason}",
        means="The port speaks TLS, or seems to, and no session came about: no common version or cipher, a client certificate wanted, closed or silent midway.",
        told="A TLS alert, a close or silence before the session with the proxy stood. A port that does not speak TLS at all is proxy-tls.not-tls.",
        who="The proxy's administrator.",
        do="Ask the proxy's administrator which TLS versions the listener takes and whether it wants a client certificate (the product cannot present one)."
        " If the port was meant for clear HTTP, write http:// in the proxy file yourself.",
        reproduce=_SHOW,
        heals=True,
    ),
    Code(
        "proxy-tls.hostname",
        Status.FAIL,
        Blame.PROXY,
        says="the certificate of {proxy} is for another name: {reason}",
        means="The proxy presents a certificate that does not name the host in the proxy's URL; an IP address must be in it as an IP address.",
        told="Verify error 62 or 64 on the session with the proxy. The origin's certificate is tls.hostname.",
        who="You, or the proxy's administrator.",
        do="Name the proxy in the proxy file as its certificate does, or ask the proxy's administrator for a certificate that covers {proxy_address}.",
        reproduce=_SHOW,
    ),
    Code(
        "proxy-tls.not-tls",
        Status.FAIL,
        Blame.CLIENT,
        says="{proxy_address} does not speak TLS, and the proxy URL says https://",
        means="`httpsProxy` is the proxy for https targets. The scheme of its URL says how to speak to the proxy itself, and that is nearly always http.",
        told="The answer to our ClientHello was no TLS record (WRONG_VERSION_NUMBER).",
        who="You.",
        do="Write http://{proxy_address} in the proxy file: traffic to https targets stays encrypted inside the tunnel.",
        reproduce="curl -v -o /dev/null --proxy http://{proxy_address} --proxy-user USER {url}",
    ),
    Code(
        "proxy-tls.untrusted",
        Status.FAIL,
        Blame.PROXY,
        says="this host does not trust the certificate of {proxy}: {reason}",
        means="The proxy's own certificate comes from a private CA, or the proxy does not send the intermediate certificate.",
        told="Verify error 18, 19, 20 or 21 on the session with the proxy. No origin was asked yet, so this says nothing about interception.",
        who="You, or the proxy's administrator.",
        do="If your company's CA issued it, pass that CA with --ca-file and install it on the nodes. Otherwise ask the proxy's administrator to"
        " send the whole chain.",
        reproduce=_SHOW,
    ),
)
