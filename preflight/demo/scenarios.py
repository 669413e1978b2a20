"""The broken worlds of `preflight demo --break NAME`: what is broken in each, and what its report teaches."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType
from typing import Final

from preflight.aws.facts import Facts
from preflight.demo import account
from preflight.demo.acts import CONNECT, GET, Front, HangUp, Lead, Reply, Rule, squid

USER: Final = "demo"
PASSWORD: Final = "demo-s3cret"  # noqa: S105 - the lab's own, and masked like any other
FORMER_PASSWORD: Final = "demo-s3cret-of-last-year"  # noqa: S105
INSPECTOR: Final = "Example Corp TLS Inspection CA"
PORTAL: Final = "http://portal.example.com/sign-in"


def unchanged(facts: Facts) -> Facts:
    """An AWS account in which all is well."""
    return facts


@dataclass(frozen=True, slots=True)
class Scenario:
    """One world: where it differs from the good one."""

    name: str
    story: str
    """One sentence: what is broken."""
    lesson: str
    """What to look for in the report."""
    rules: tuple[Rule, ...] = ()
    """What the proxy does instead of its duty; the first rule that covers a request decides."""
    password: str = PASSWORD
    """The password in the proxy file."""
    https_scheme: str = "http"
    """The scheme of httpsProxy in the proxy file."""
    listening: bool = True
    """Whether anything listens at the proxy's port."""
    behind: timedelta = timedelta(0)
    """How far the clocks of all servers are behind this host's."""
    enable: tuple[str, ...] = ()
    """The groups of checks to switch on, without which this world looks sound."""
    account: Callable[[Facts], Facts] = unchanged
    """What AWS says instead of what is right."""
    timeout: str | None = None
    """The `--timeout` with which this world is best seen; None is the usual one."""


GOOD: Final = Scenario(
    "good",
    "Nothing is broken: the proxy takes the credentials, and every origin answers as itself.",
    "Each pass quotes its proof: what the origin said that nobody else would say.",
)
_DENIED: Final = squid(403, "Forbidden", "ERR_ACCESS_DENIED 0")
_MIRRORS: Final = ("*.ec2.archive.ubuntu.com", "*.ubuntu.com")
_BROKEN: Final = (
    Scenario(
        "denied-domain",
        "The proxy's allow-list lacks gkehub.googleapis.com.",
        "One failure, blamed on the proxy's policy, with the line that its administrator has to add.",
        (Rule(_DENIED, ("gkehub.googleapis.com",)),),
    ),
    Scenario(
        "connect-only",
        "The proxy admits tunnels only, and refuses every plain http:// request.",
        "The seven Google names pass and apt's mirror fails: apt does not use CONNECT, so a test with curl https://… would have missed it.",
        (Rule(_DENIED, methods=(GET,)),),
    ),
    Scenario(
        "wrong-password",
        "The proxy's password was changed, and the proxy file holds the former one.",
        "One cause instead of ten failures; the refused credentials were sent once, so that no account is locked.",
        password=FORMER_PASSWORD,
    ),
    Scenario(
        "proxy-down",
        "Nothing listens at the proxy's address.",
        "One cause; every target is skipped and says what blocked it, because nothing is known about it.",
        listening=False,
    ),
    Scenario(
        "wrong-scheme",
        "The proxy file says https:// for a proxy that does not speak TLS itself.",
        "httpsProxy is the proxy for https, not a proxy over https; the hint says which word to change.",
        https_scheme="https",
    ),
    Scenario(
        "proxy-dns",
        "The proxy cannot resolve k8s.gcr.io.",
        "The failing resolver is the proxy's, not this host's, and the report says so.",
        (Rule(squid(503, "Service Unavailable", "ERR_DNS_FAIL 0"), ("k8s.gcr.io",)),),
    ),
    Scenario(
        "missing-blob-host",
        "The allow-list has docker.io and its registry, and forgot production.cloudflare.docker.com, where the layers lie.",
        "Every listed name passes and no image can be pulled: only a pull to its end finds the host that is missing.",
        (Rule(_DENIED, ("production.cloudflare.docker.com",)),),
        enable=("deep",),
    ),
    Scenario(
        "interception",
        f"The proxy opens every TLS session and signs with its own CA, {INSPECTOR}.",
        "One cause that names the issuer; CONNECT said 200 each time, which proves nothing.",
        (Rule(Lead(Front.INSPECTED), methods=(CONNECT,)),),
    ),
    Scenario(
        "captive-portal",
        "Something in front of the proxy sends every request to a sign-in page.",
        "A redirect is an answer, and yet not the answer of anyone who was asked.",
        (Rule(Reply(302, "Found", (("Location", PORTAL), ("Server", "portal")))),),
    ),
    Scenario(
        "block-page",
        "A web filter whose CA is trusted here answers for gcr.io and the Ubuntu mirrors: 200 OK, and a page.",
        "TLS verifies and the status is 200; only the content shows that somebody else answered.",
        (Rule(Lead(Front.FILTERED), ("gcr.io", *_MIRRORS)),),
    ),
    Scenario(
        "slow-proxy",
        "The proxy is overloaded and drips its replies byte by byte.",
        "The step that used the time up is named: the proxy was reached and had begun to answer.",
        (Rule(Reply(200, "Connection established", pause=0.3)),),
        timeout="2s",
    ),
    Scenario(
        "yes-man",
        "The proxy says 200 to every request before it has looked, and then closes.",
        "A name that cannot exist was promised as well, so its yes is worth nothing, and no target passes.",
        (Rule(Reply(200, "Connection established")),),
    ),
    Scenario(
        "expired-certificate",
        "The certificate of oauth2.googleapis.com ended yesterday.",
        "The path works and the origin is to blame; the others, judged by the same clock, are fine.",
        (Rule(Lead(Front.EXPIRED), ("oauth2.googleapis.com",), (CONNECT,)),),
    ),
    Scenario(
        "clock-skew",
        "This host's clock is twelve minutes ahead of everybody else's.",
        "Every target passes today; AWS would refuse this host's signatures.",
        behind=timedelta(minutes=12),
    ),
    Scenario(
        "flaky",
        "The proxy drops the first connection for storage.googleapis.com; the second works.",
        "It passes and is marked flaky, with the earlier failure kept in the evidence.",
        (Rule(HangUp(), ("storage.googleapis.com",), (CONNECT,), times=1),),
    ),
    Scenario(
        "missing-endpoint",
        "The VPC has no endpoint for KMS; one for kms-fips stands there instead.",
        "A name that only resembles the right one satisfies nothing, and the command that creates the endpoint stands ready.",
        account=account.missing_endpoint,
    ),
    Scenario(
        "private-dns-off",
        "The STS endpoint is there, and its private DNS is off.",
        "Everything looks fine in the console, yet sts.us-west-1.amazonaws.com would lead the nodes to a public address.",
        account=account.private_dns_off,
    ),
    Scenario(
        "egress-blocked",
        "The nodes' security group lets out 443 and not the proxy's port.",
        "This host reaches the proxy and the nodes would not: you are not standing where they will stand.",
        account=account.egress_blocked,
    ),
    Scenario(
        "access-denied",
        "The AWS credentials may not list VPC endpoints.",
        "What could not be looked at is an error, neither a pass nor a failure, and the report names the permission.",
        account=account.access_denied,
    ),
)
SCENARIOS: Final[Mapping[str, Scenario]] = MappingProxyType({scenario.name: scenario for scenario in _BROKEN})
"""By the name that `--break` takes."""
