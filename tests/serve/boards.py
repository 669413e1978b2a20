"""Boards for the tests of pages, metrics and health, and a past that no database remembers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from msgspec.structs import replace

from preflight.model import Blame, CheckResult, Finding, Phase, Report, Status
from preflight.serve.board import Board, Counters, Stand, Standing
from preflight.serve.damping import LIKE
from preflight.serve.history import PastResult, PastRun
from preflight.untrusted import Json
from tests.samples import ALL_PASS, DEAD_PROXY, DENIED, POISONED, passed, report, step

NOW: Final = datetime(2026, 3, 1, 2, 14, 30, tzinfo=UTC)


class Past:
    """A history that counts how often it is asked."""

    def __init__(self, statuses: Sequence[Status] = (), *, code: str = "proxy.denied") -> None:
        self.statuses, self.code, self.asked = statuses, code, 0

    def runs(self, limit: int) -> Sequence[PastRun]:
        self.asked += 1
        moments = [NOW - timedelta(minutes=number) for number in range(len(self.statuses))]
        past = enumerate(zip(moments, self.statuses, strict=True))
        return [PastRun(1000 - number, at, 1.2, status, 0 if status.good_enough else 1, True, ()) for number, (at, status) in past][:limit]

    def check(self, name: str, limit: int) -> Sequence[PastResult]:
        code = {Status.PASS: "ok"}
        return [PastResult(run.id, run.started, run.status, code.get(run.status, self.code), 0.04) for run in self.runs(limit)]

    def latencies(self, name: str, limit: int) -> Mapping[Phase, Sequence[float]]:
        wave = [0.020 + 0.001 * (number * 7 % 11) for number in range(len(self.statuses))][:limit]
        return {phase: [each / share for each in wave] for share, phase in enumerate((Phase.HTTP, Phase.TLS, Phase.PROXY, Phase.TCP), 1)}


def board(made: Report | None, standing: Standing | None = None, **fields: Any) -> Board:
    """A board after a run that ended 20 seconds ago with this report."""
    stands = {
        result.name: Stand(result.name, standing or LIKE[status], NOW - timedelta(minutes=37), result, NOW - timedelta(seconds=20), 180.0)
        for result in (made.results if made else ())
        if made and (status := made.counted[result.name]) in LIKE
    }
    fresh = Board(version="1.2.3", profile="checks.yaml", vantage="bastion-1", started=NOW - timedelta(days=2), stale_after=180.0)
    if made is None:
        return replace(fresh, next_run=NOW + timedelta(seconds=4), **fields)
    done = replace(
        fresh,
        report=made,
        stands=stands,
        standing=standing or LIKE.get(made.status, Standing.UNKNOWN),
        since=NOW - timedelta(minutes=37),
        last_run=NOW - timedelta(seconds=20),
        next_run=NOW + timedelta(seconds=40),
        last_success=NOW - timedelta(minutes=38),
        counters=Counters(runs=2880, late=2, by_status={Status.PASS: 2843, Status.FAIL: 37}, notifications=3),
    )
    return replace(done, **fields)


def looked(name: str, *findings: Finding, group: str = "aws", required: bool = True) -> CheckResult:
    """A check that asked AWS and walked nowhere."""
    return CheckResult(name, name.partition("/")[0], group, "", required, findings, attempts=1, started=NOW, seconds=0.18)


def _finding(code: str, status: Status, message: str, hint: str, **evidence: Json) -> Finding:
    return Finding(code, status, Blame.AWS if status is not Status.PASS else Blame.NOBODY, message, hint, evidence)


AWS: Final = report(
    passed("proxy-https", kind="proxy", target="10.0.1.20:3128"),
    replace(
        passed("gcr.io"),
        steps=(
            step(Phase.TCP, 1.2),
            step(Phase.PROXY, 3.4),
            step(Phase.TLS, 20.5, not_after="Mar 20 08:25:33 2027 GMT", version="TLSv1.3"),
            step(Phase.HTTP, 16.25),
        ),
    ),
    looked(
        "endpoint/ec2",
        _finding("ok", Status.PASS, "vpce-0a1b for com.amazonaws.us-east-1.ec2 is available, private DNS is on, interfaces in subnet-1, subnet-2", ""),
    ),
    looked(
        "endpoint/kms",
        _finding(
            "endpoint.private-dns-off",
            Status.FAIL,
            "vpce-0c2d for com.amazonaws.us-east-1.kms has private DNS off",
            "Turn private DNS on: `aws ec2 modify-vpc-endpoint --vpc-endpoint-id vpce-0c2d --private-dns-enabled`.",
            command="aws ec2 modify-vpc-endpoint --vpc-endpoint-id vpce-0c2d --private-dns-enabled",
        ),
        _finding(
            "endpoint.subnet-uncovered",
            Status.WARN,
            "subnet-0f3e in us-east-1c has no interface of vpce-0c2d",
            "Add the subnet: `aws ec2 modify-vpc-endpoint --vpc-endpoint-id vpce-0c2d --add-subnet-ids subnet-0f3e`.",
            subnets=["subnet-0f3e"],
        ),
    ),
    looked(
        "egress/control-plane",
        _finding(
            "aws.access-denied",
            Status.ERROR,
            "not allowed to call ec2:DescribeSecurityGroupRules",
            "Allow ec2:DescribeSecurityGroupRules to the role that runs this.",
            action="ec2:DescribeSecurityGroupRules",
        ),
    ),
    looked(
        "kms-key",
        _finding(
            "endpoint.policy",
            Status.WARN,
            "the policy of vpce-0c2d does not allow kms:Decrypt to everyone",
            "Read the policy.",
        ),
        required=False,
    ),
)
STEADY: Final = [Status.PASS] * 61 + [Status.FAIL] * 2 + [Status.PASS] * 20 + [Status.WARN] + [Status.PASS] * 30
FALLEN: Final = [Status.FAIL] * 37 + [Status.PASS] * 60
BOARDS: Final[Mapping[str, tuple[Board, Past]]] = {
    "good": (board(ALL_PASS, last_success=NOW - timedelta(seconds=20)), Past(STEADY)),
    "denied": (board(DENIED), Past(FALLEN)),
    "dead-proxy": (board(DEAD_PROXY), Past(FALLEN, code="tcp.refused")),
    "aws": (board(AWS, running=True), Past(FALLEN, code="endpoint.private-dns-off")),
    "never-run": (board(None, running=True), Past()),
    "stale": (
        board(ALL_PASS, last_run=NOW - timedelta(minutes=12), history="no space left on device", config="checks.yaml:12: unknown key `intervall`"),
        Past(STEADY),
    ),
    "isolated": (board(DEAD_PROXY, standing=Standing.UNKNOWN, isolated="not even 127.0.0.1 answers"), Past(FALLEN)),
    "hostile": (board(POISONED, vantage="<script>alert(1)</script>", profile='"><img onerror=x>'), Past(FALLEN)),
}
