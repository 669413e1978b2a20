"""The programs that a user would run instead."""

from __future__ import annotations

import base64
import contextlib
import json
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote

from benchmarks.cost import Broken, Ran, cpu_of, measured
from benchmarks.stage import Stage, hosts
from tests.interop.lab import USER
from tests.interop.process import Missing, free_port, program, running

CONCURRENCY: Final = 16


@dataclass(frozen=True, slots=True)
class Curl:
    """`curl -Z`: all URLs in one process, each verified with `store`."""

    stage: Stage
    store: Path
    far: bool = False

    def common(self) -> list[str]:
        """Flags without URLs: the same proxy, credentials and protocol as everybody."""
        return ["-sS", "--http1.1", "--cacert", str(self.store), "--proxy", self.stage.proxy(far=self.far)]

    def parallel(self, urls: Sequence[str]) -> Ran:
        """Ask them all at once."""
        config = self.stage.home / f"curl-{len(urls)}.conf"
        if not config.exists():
            config.write_text("".join(f'url = "{url}"\noutput = "/dev/null"\n' for url in urls))
        command = [program("curl"), "-Z", "--parallel-max", str(CONCURRENCY), *self.common(), "-K", str(config)]
        return measured(command, self.stage.environment(), self.stage.home)

    def loop(self, urls: Sequence[str]) -> Ran:
        """What people write first: one curl after the other."""
        script = 'for url do curl -sS --http1.1 --cacert "$STORE" --proxy "$PROXY" -o /dev/null "$url" || exit 1; done'
        flags = {"STORE": str(self.store), "PROXY": self.stage.proxy(far=self.far)}
        return measured(["sh", "-c", script, "sh", *urls], {**self.stage.environment(), **flags}, self.stage.home)


@dataclass(frozen=True, slots=True)
class Blackbox:
    """A running blackbox_exporter with two modules: `roots` trusts the system's store, `file` names the same bundle as its ca_file."""

    stage: Stage
    port: int
    pid: int

    def cpu(self, count: int, module: str) -> float:
        """CPU seconds of the exporter alone for so many probes, asked for by curl. Raises Broken unless all succeed."""
        urls = self.stage.home / f"blackbox-{module}-{count}.conf"
        if not urls.exists():
            asked = (quote(f"https://{host}/v2/", safe="") for host in hosts(count))
            urls.write_text("".join(f'url = "http://127.0.0.1:{self.port}/probe?module={module}&target={each}"\n' for each in asked))
        before = cpu_of(self.pid)
        command = [program("curl"), "-sS", "-Z", "--parallel-max", str(CONCURRENCY), "-K", str(urls)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        good = done.stdout.count("probe_success 1\n")
        if good != count:
            raise Broken(f"{good} of {count} probes of blackbox_exporter succeeded")
        return cpu_of(self.pid) - before


@contextlib.contextmanager
def blackbox(stage: Stage) -> Iterator[Blackbox]:
    """One exporter for all rounds. Raises Missing."""
    exporter = program("prometheus-blackbox-exporter")
    http = {
        "valid_status_codes": [200],
        "proxy_url": stage.proxy(),
        "skip_resolve_phase_with_proxy": True,
        "preferred_ip_protocol": "ip4",
        "enable_http2": False,
    }
    with_file = {**http, "tls_config": {"ca_file": str(stage.bundle)}}
    modules = {name: {"prober": "http", "timeout": "10s", "http": how} for name, how in (("roots", http), ("file", with_file))}
    config = stage.home / "blackbox.yml"
    config.write_text(json.dumps({"modules": modules}))  # YAML is a superset of JSON
    port = free_port()
    argv: list[str | Path] = ["/usr/bin/env", "-i", *(f"{name}={value}" for name, value in stage.environment().items()), exporter]
    argv += [f"--config.file={config}", f"--web.listen-address=127.0.0.1:{port}", "--log.level=error"]
    with running("blackbox", argv, stage.home, "127.0.0.1", port) as server:
        yield Blackbox(stage, port, server.child.pid)


@dataclass(frozen=True, slots=True)
class Floor:
    """The same walks in C: one context, sixteen threads."""

    stage: Stage
    binary: Path

    @classmethod
    def built(cls, stage: Stage) -> Floor:
        """Compile it. Raises Missing."""
        binary = stage.home / "floor"
        source = Path(__file__).with_name("floor.c")
        done = subprocess.run([program("cc"), "-O2", "-o", binary, source, "-lssl", "-lcrypto", "-lpthread"], capture_output=True, text=True, check=False)
        if done.returncode:
            raise Missing("OpenSSL's headers (libssl-dev)")
        return cls(stage, binary)

    def walk(self, count: int) -> Ran:
        """So many walks."""
        names = self.stage.home / f"hosts-{count}"
        names.write_text("".join(f"{host}\n" for host in hosts(count)))
        basic = base64.b64encode(":".join(USER).encode()).decode()
        script = 'exec "$0" "$@" <"$NAMES"'
        command = ["sh", "-c", script, str(self.binary), "127.0.0.1", str(self.stage.port), basic, str(self.stage.lab.trusted), str(CONCURRENCY)]
        return measured(command, {**self.stage.environment(), "NAMES": str(names)}, self.stage.home)
