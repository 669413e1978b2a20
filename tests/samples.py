"""Reports for every renderer's tests: one good, one denied, a dead proxy, an error, hostile bytes, interrupted, empty."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from msgspec.structs import replace

from preflight.model import Blame, Cause, CheckResult, Direct, Finding, Input, Phase, Proxy, Report, Route, Status, Step, Via
from preflight.untrusted import Json, Secret

STARTED: Final = datetime(2026, 3, 1, 12, 30, 45, 123456, tzinfo=UTC)
PROXY: Final = Proxy("http", "10.0.1.20", 3128, Secret("installer"), Secret("planted-secret-1"))
BY_PROXY: Final = Via(PROXY, "httpsProxy, and no noProxy entry matches")
HOSTS: Final = (
    "gkeconnect.googleapis.com",
    "gkehub.googleapis.com",
    "oauth2.googleapis.com",
    "storage.googleapis.com",
    "www.googleapis.com",
    "gcr.io",
    "k8s.gcr.io",
)
HOSTILE: Final = (
    "\x1b[31m]]><script>alert(1)</script>\x00\u202e\u200b\ud800\ufffe::error::x ##vso[task]##[error]|`@team ``"
    "https://evil.example/ \\|[[ATTACHMENT|/etc/passwd]] #1 <b>&amp;\r\n::warning::y"
)


def step(phase: Phase, ms: float, code: str | None = None, **facts: Json) -> Step:
    """A step that took `ms` milliseconds."""
    return Step(phase, ms / 1000, code, facts)


def passed(name: str, *, kind: str = "https", group: str = "core", target: str | None = None, route: Route = BY_PROXY) -> CheckResult:
    """A check that saw the real thing."""
    target = target or f"{name}:443"
    steps = (step(Phase.TCP, 1.2, peer="10.0.1.20:3128"), step(Phase.PROXY, 3.4, status=200), step(Phase.TLS, 20.5), step(Phase.HTTP, 16.25, status=404))
    proof = Finding("ok", Status.PASS, Blame.NOBODY, f"{target} answered as itself", evidence={"proof": "google-api", "status": 404})
    return CheckResult(name, kind, group, "", True, (proof,), steps, target, route, (), 1, STARTED, 0.041350)


def skipped(name: str, *, blocker: str) -> CheckResult:
    """A check that could not be run, because of another."""
    why = Finding("internal.blocked", Status.SKIP, Blame.UNKNOWN, f"not tried: {blocker} did not pass")
    return CheckResult(name, "https", "core", "", True, (why,), (), f"{name}:443", BY_PROXY, (blocker,), 0, None, 0.0)


def failed(name: str, code: str, message: str, hint: str, *, status: Status = Status.FAIL, blame: Blame = Blame.PROXY, required: bool = True) -> CheckResult:
    """A check that the proxy's answer ended."""
    finding = Finding(code, status, blame, message, hint, {"reply": message, "via": ["1.1 squid"]})
    steps = (step(Phase.TCP, 1.2, peer="10.0.1.20:3128"), step(Phase.PROXY, 5.1, code, status=403))
    return CheckResult(name, "https", "core", "GKE Connect", required, (finding,), steps, f"{name}:443", BY_PROXY, (), 2, STARTED, 0.0063)


def report(*results: CheckResult, causes: tuple[Cause, ...] = (), strict: bool = False) -> Report:
    """A finished run with these results."""
    inputs = (
        Input("proxy", "http://10.0.1.20:3128", "proxy.json"),
        Input("no_proxy", ["169.254.169.254", "10.0.0.0/16"], "proxy.json"),
        Input("region", "us-east-1", "--region"),
    )
    return Report(results, causes, inputs, STARTED, 1.2345678, "1.2.3", "checks.yaml", "bastion-1", strict)


APT: Final = passed("us-east-1.ec2.archive.ubuntu.com", kind="http", target="http://us-east-1.ec2.archive.ubuntu.com/ubuntu/", route=Via(PROXY, "httpProxy"))
CONFIGURED: Final = CheckResult(
    "proxy-config", "proxy-config", "core", "", True, (Finding("ok", Status.PASS, Blame.NOBODY, "proxy.json is sound"),), attempts=1, started=STARTED
)
DIRECT: Final = passed("sts.us-east-1.amazonaws.com", group="aws", route=Direct("noProxy entry .amazonaws.com"))
ALL_PASS: Final = report(CONFIGURED, passed("proxy-https", kind="proxy", target="10.0.1.20:3128"), *map(passed, HOSTS), APT, DIRECT)
DENIED: Final = report(
    CONFIGURED,
    passed(HOSTS[0]),
    failed(
        HOSTS[1],
        "proxy.denied",
        "http://10.0.1.20:3128 forbids gkehub.googleapis.com:443: 403 Forbidden",
        "Ask the proxy's administrator to allow gkehub.googleapis.com on port 443.",
    ),
    replace(
        failed(
            "registry.k8s.io",
            "proxy.denied",
            "http://10.0.1.20:3128 forbids registry.k8s.io:443: 403 Forbidden",
            "Ask the proxy's administrator to allow registry.k8s.io on port 443.",
            required=False,
        ),
        group="recommended",
    ),
)
DEAD: Final = replace(
    failed(
        "proxy-https",
        "tcp.refused",
        "10.0.1.20:3128 refused the connection",
        "Start the proxy, or correct its port in proxy.json.",
        blame=Blame.UNKNOWN,
    ),
    kind="proxy",
    about="the proxy for https",
    target="10.0.1.20:3128",
    route=Direct("it is the proxy itself"),
    steps=(step(Phase.TCP, 0.4, "tcp.refused", peer="10.0.1.20:3128"),),
)
DEAD_PROXY: Final = report(
    CONFIGURED,
    DEAD,
    *(skipped(host, blocker="proxy-https") for host in (*HOSTS, "registry.k8s.io")),
    causes=(
        Cause(
            "tcp.refused",
            "The proxy http://10.0.1.20:3128 does not answer",
            Blame.PROXY,
            "Start the proxy, or correct its port in proxy.json.",
            ("proxy-https", *HOSTS, "registry.k8s.io"),
        ),
    ),
)
UNDECIDED: Final = report(
    passed(HOSTS[0]),
    CheckResult(
        "endpoint/kms",
        "vpc-endpoint",
        "aws",
        "",
        True,
        (Finding("aws.access-denied", Status.ERROR, Blame.AWS, "not allowed to call ec2:DescribeVpcEndpoints", "Allow ec2:DescribeVpcEndpoints."),),
        attempts=1,
        started=STARTED,
        seconds=0.2,
    ),
)
POISONED: Final = report(
    CheckResult(
        f"name {HOSTILE}",
        "https",
        f"group {HOSTILE}",
        HOSTILE,
        True,
        (
            Finding(f"plugin.{HOSTILE}", Status.FAIL, Blame.ORIGIN, HOSTILE, HOSTILE, {HOSTILE: [HOSTILE, {"deep": HOSTILE}, float("nan")]}),
            Finding("proxy.denied", Status.FAIL, Blame.PROXY, HOSTILE, HOSTILE),
        ),
        (Step(Phase.PROXY, float("nan"), HOSTILE, {"reason": HOSTILE}),),
        f"{HOSTILE}$(id)",
        Via(replace(PROXY, host=HOSTILE), HOSTILE),
        (HOSTILE,),
        1,
        STARTED,
        float("inf"),
    ),
    causes=(Cause(HOSTILE, HOSTILE, Blame.MIDDLEBOX, HOSTILE, (HOSTILE,)),),
)
INTERRUPTED: Final = replace(report(passed(HOSTS[0])), interrupted_by=2, complete=False)
EMPTY: Final = report()
STRICT: Final = report(
    passed(HOSTS[0]), failed(HOSTS[1], "proxy.dishonest", "says yes to names that do not exist", "Ask why.", status=Status.WARN), strict=True
)
SAMPLES: Final = {
    "all-pass": ALL_PASS,
    "denied": DENIED,
    "dead-proxy": DEAD_PROXY,
    "undecided": UNDECIDED,
    "hostile": POISONED,
    "interrupted": INTERRUPTED,
    "empty": EMPTY,
    "strict": STRICT,
}
