"""P7, P8, P9: what it costs to ask AWS, against the SDK alone."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any, Final

from benchmarks.aws_pages import VPC, Pages, Size
from benchmarks.cost import Broken, Ran, interleaved, measured
from benchmarks.stage import AWS_NAME, AWS_PORT, Stage
from benchmarks.table import Row

_REGION: Final = "us-west-1"
_SUBJECTS: Final = Path(__file__).parent
_DEFAULT: Final = ("--disable", "recommended")
_BARE: Final = 'import boto3; boto3.client("ec2")'
_DELAY: Final = 0.1
_CALLS: Final = 8
_PARTS: Final = frozenset({"network", "endpoints", "groups", "routes", "acls"})
"""`_CALLS` questions, if the VPC is known and has no stranger in it: the VPC, two of its attributes, and five lists."""
_GATEWAY: Final = ", type: Gateway"
_SERVICES: Final = ("autoscaling", "ec2", "elasticloadbalancing", "kms", "s3", "sts")


def whole(stage: Stage, rounds: int) -> Iterator[Row]:
    """P7, and the calls of P9: the whole program on an account of moto's, through the proxy and TLS as everything else."""
    with _moto() as aws:
        folder = _installation(stage, aws)
        seen = interleaved(
            rounds,
            {
                "with": lambda: _run(stage, folder, *_DEFAULT),
                "without": lambda: _run(stage, folder, *_DEFAULT, "--no-aws"),
                "sdk": lambda: measured([sys.executable, "-c", _BARE], _environment(stage), folder),
            },
        )
        asked, both, bare = _cpu(seen["with"]), _cpu(seen["with"]) - _cpu(seen["without"]), _cpu(seen["sdk"])
        spread = max(run.cpu for run in seen["with"]) - min(run.cpu for run in seen["with"])
        aside = f"{asked * 1000:.0f} ms, spread {spread * 1000:.0f}; ÷ python -c '{_BARE}' ({bare * 1000:.0f} ms): {both / bare:.2f}"
        yield Row("P7", "CPU of a run with AWS, 6 endpoints, minus the same with --no-aws", 500, 300, both * 1000, "ms", aside)
        few, many = (_calls(stage, folder, aws, copies) for copies in (1, 20))
        aside = f"{few} calls for 2 checks, {many} for 121"
        yield Row("P9", "API calls that 121 checks make more than 2", 0, value=many - few, unit="", aside=aside)


def many(stage: Stage, rounds: int) -> Iterator[Row]:
    """P8: much to read, from somebody who has it ready."""
    size = Size(endpoints=500, groups=1000)
    with Pages(size).serving() as url:
        asked = _asking(stage, url, {"parts": ["endpoints", "groups"], **_counts(size)})
        seen = interleaved(rounds, {"ours": lambda: asked("aws_read.py"), "bare": lambda: asked("aws_bare.py")})
    ours, theirs = (median(told["seconds"] for told in seen[name]) for name in ("ours", "bare"))
    least = min(told["seconds"] for told in seen["ours"]) / min(told["seconds"] for told in seen["bare"])
    cpu = median(told["cpu"] for told in seen["ours"]) / median(told["cpu"] for told in seen["bare"])
    aside = f"{ours * 1000:.0f} ms against {theirs * 1000:.0f} ms; of the minima {least:.2f}, of CPU {cpu:.2f}"
    yield Row("P8", "500 endpoints, 1000 groups ÷ bare boto3 paginators in threads", 1.2, 1.05, ours / theirs, aside=aside)


def delayed(stage: Stage, rounds: int) -> Iterator[Row]:
    """P9: as whoever is asked sees it, from the first call that comes to the last answer that goes."""
    size, pages = Size(endpoints=6, groups=10), Pages(Size(endpoints=6, groups=10), _DELAY)
    with pages.serving() as url:
        task = {"parts": sorted(_PARTS), "warm": True, **_counts(size)}
        seen = interleaved(rounds, {name: _timed(pages, _asking(stage, url, task), f"aws_{name}.py") for name in ("read", "bare")})
    spans = {name: median(span for span, _ in found) for name, found in seen.items()}
    took = {name: median(seconds for _, seconds in found) for name, found in seen.items()}
    aside = f"least {min(span for span, _ in seen['read']):.2f}; bare boto3 in threads {spans['bare']:.2f}"
    aside += f"; from the open client to the facts {took['read'] * 1000:.0f} ms, boto3 {took['bare'] * 1000:.0f} ms"
    yield Row("P9", f"8 AWS calls of {_DELAY * 1000:.0f} ms each, first to come to last answered ÷ the slowest", 1.3, value=spans["read"], aside=aside)


def _timed(pages: Pages, asked: Callable[[str], Mapping[str, float]], program: str) -> Callable[[], tuple[float, float]]:
    """How to have it done once: the span of the calls ÷ the slowest of them, and the seconds that the reader tells. Raises Broken unless there were eight."""

    def once() -> tuple[float, float]:
        pages.times.clear()
        told = asked(program)
        if len(pages.times) != _CALLS:
            raise Broken(f"{program} made {len(pages.times)} calls")
        span = max(end for _, end in pages.times) - min(start for start, _ in pages.times)
        return span / max(end - start for start, end in pages.times), told["seconds"]

    return once


def _counts(size: Size) -> Mapping[str, Any]:
    return {"vpc": VPC, "endpoints": size.endpoints, "groups": size.groups}


def _asking(stage: Stage, url: str, task: Mapping[str, Any]) -> Callable[[str], Mapping[str, float]]:
    """How to have one of the two readers do the task, in a fresh process, and hear how long it took."""
    folder = stage.folder()

    def asked(program: str) -> Mapping[str, float]:
        env = {**_environment(stage), "AWS_ENDPOINT_URL": url}
        told: Mapping[str, float] = json.loads(measured([sys.executable, _SUBJECTS / program, json.dumps(task)], env, folder).output)
        return told

    return asked


def _environment(stage: Stage) -> dict[str, str]:
    """Credentials that mean nothing, nobody's configuration, and no question to a metadata service."""
    from tests.real.aws.moto_server import ENVIRON

    return {**stage.environment(), **ENVIRON, "AWS_ENDPOINT_URL": f"https://{AWS_NAME}", "AWS_DEFAULT_REGION": _REGION}


@contextlib.contextmanager
def _moto() -> Iterator[Any]:
    """An account of moto's in a thread of this process, whose CPU is nobody's; behind nginx it is https://AWS_NAME."""
    from werkzeug.serving import make_server

    from tests.real.aws.moto_server import Lab

    aws = Lab()
    aws._server.server_close()
    aws._server = make_server("127.0.0.1", AWS_PORT, aws._answer, threaded=True)
    aws.port, aws.url = AWS_PORT, f"http://127.0.0.1:{AWS_PORT}"
    with aws.running():
        yield aws


def _installation(stage: Stage, aws: Any) -> Path:  # noqa: ANN401
    """A directory with the manifests of an installation for which everything is right in the account."""
    import os

    from tests.interop.account import build
    from tests.interop.page import manifests
    from tests.real.aws.moto_server import ENVIRON

    os.environ.update(ENVIRON)  # for the clients that build the account, here
    folder = stage.folder("# with AWS\n")
    (folder / "checks.yaml").unlink()
    (folder / "anthos-gke.yaml").write_text(manifests(build(aws, stage.port)))
    return folder


def _run(stage: Stage, folder: Path, *flags: str) -> Ran:
    command: list[str | Path] = [stage.installed / "bin" / "preflight", "run", "--proxy-file", "proxy.json", "--region", _REGION, *flags]
    return measured(command, _environment(stage), folder)


def _calls(stage: Stage, folder: Path, aws: Any, copies: int) -> int:  # noqa: ANN401
    """How many calls a run makes with so many copies of the checks, all of which pass. The checks need the same parts."""
    services = ("s3",) if copies == 1 else _SERVICES
    endpoints = [
        f"{{kind: vpc-endpoint, name: {name}-{copy}, service: {name}{_GATEWAY if name == 's3' else ''}}}" for copy in range(copies) for name in services
    ]
    (folder / "checks.yaml").write_text("\n".join(["profile: calls", "checks:", "- {kind: aws, name: aws}", *(f"- {each}" for each in endpoints), ""]))
    aws.calls.clear()
    _run(stage, folder)
    (folder / "checks.yaml").unlink()
    return len(aws.calls)


def _cpu(runs: Sequence[Ran]) -> float:
    return median(run.cpu for run in runs)
