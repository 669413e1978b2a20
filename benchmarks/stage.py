"""Where the measurements happen: the lab of real servers, one trust store for all, and this program as a user has it installed."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from benchmarks.cost import Ran, measured
from benchmarks.wire import FAR, NEAR, wire
from tests.interop.lab import USER, Lab, laboratory
from tests.interop.origins import GOOGLE_NAMES, MIRROR
from tests.interop.process import Missing

RTT: Final = 0.1
"""Seconds that the long wire adds to every round trip."""
WIRE_PORT: Final = 3128
SUFFIX: Final = "many.test"
AWS_NAME: Final = "aws.test"
AWS_PORT: Final = 5000
"""Where a stand-in for AWS may listen on loopback, to be found behind TLS as `https://AWS_NAME`."""
_ROOT: Final = Path(__file__).parent.parent
_SYSTEM_BUNDLES: Final = (Path("/etc/ssl/certs/ca-certificates.crt"), Path("/etc/pki/tls/certs/ca-bundle.crt"))
_PATHS: Final = dict(zip(GOOGLE_NAMES, ("/", "/", "/", "/storage/v1/b", "/discovery/v1/apis", "/v2/", "/v2/"), strict=True))
URLS: Final = (*(f"https://{name}{path}" for name, path in _PATHS.items()), f"http://{MIRROR}/ubuntu/dists/jammy/InRelease")
"""What the eight required checks of the default profile ask."""


@dataclass(slots=True)
class Stage:
    """One lab with one squid, reachable at once and, if the wire could be laid, over it."""

    home: Path
    lab: Lab
    port: int
    wired: str
    """Empty, or why there is no wire with a round-trip time."""
    bundle: Path
    """The system's roots and the lab's: the trust store of every peer, unless a row says otherwise."""
    installed: Path
    _folders: dict[str, Path] = field(default_factory=dict)

    def proxy(self, *, far: bool = False) -> str:
        """The proxy as a URL with credentials; `far` is over the wire."""
        return f"http://{USER[0]}:{USER[1]}@{FAR if far else '127.0.0.1'}:{WIRE_PORT if far else self.port}"

    def environment(self) -> dict[str, str]:
        """A small environment in which this program is the installed one, and the bundle is the system's."""
        empty = self.home / "no-certificates"
        empty.mkdir(exist_ok=True)
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "LANG": "C.UTF-8",
            "PYTHONPATH": str(self.installed),
            "SSL_CERT_FILE": str(self.bundle),
            "SSL_CERT_DIR": str(empty),
        }

    def folder(self, profile: str = "", *, far: bool = False) -> Path:
        """A working directory with a proxy file and, if given, a profile."""
        key = f"{far}{profile}"
        if key not in self._folders:
            folder = self._folders[key] = self.home / f"work{len(self._folders)}"
            folder.mkdir()
            proxy = self.proxy(far=far)
            (folder / "proxy.json").write_text(json.dumps({"httpProxy": proxy, "httpsProxy": proxy, "noProxy": "169.254.169.254"}))
            (folder / "proxy.json").chmod(0o600)
            if profile:
                (folder / "checks.yaml").write_text(profile)
        return self._folders[key]

    def run(self, folder: Path, *flags: str, asyncio: bool = False, codes: Sequence[int] = (0,)) -> Ran:
        """`preflight run` in that folder, to its end; `asyncio` keeps it from taking uvloop."""
        program = [sys.executable, Path(__file__).with_name("plain_loop.py")] if asyncio else [self.installed / "bin" / "preflight"]
        command = [*program, "run", "--no-aws", "--proxy-file", "proxy.json", "--region", "us-west-1", *flags]
        return measured(command, self.environment(), folder, codes=codes)


def hosts(count: int) -> list[str]:
    """So many names that all lead to one origin with a sound certificate."""
    return [f"n{number}.{SUFFIX}" for number in range(count)]


def many(count: int, *, proxy_first: bool = False) -> str:
    """A profile of so many https checks; `proxy_first`: behind the check of their proxy."""
    first = ["- {kind: proxy, name: proxy-https, scheme: https}"] if proxy_first else []
    checks = (f"- {{kind: https, name: {host}, target: {host}, path: /v2/, proof: {{body: ^lab$}}}}" for host in hosts(count))
    return "\n".join(["profile: many", "checks:", *first, *checks, ""])


@contextlib.contextmanager
def stage() -> Iterator[Stage]:
    """Build everything. Raises Missing for what nothing can be measured without."""
    bundles = [path for path in _SYSTEM_BUNDLES if path.exists()]
    if not bundles:
        raise Missing("ca-certificates")
    with contextlib.ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="preflight-bench-")))
        home.chmod(0o755)
        aws = f"    location / {{ proxy_pass http://127.0.0.1:{AWS_PORT}; }}\n"
        lab = stack.enter_context(laboratory({f"*.{SUFFIX}": "    location / { return 200 'lab'; }\n", AWS_NAME: aws}))
        wired = ""
        try:
            stack.enter_context(wire(RTT))
        except Missing as missing:
            wired = f"needs {missing}"
        squid = stack.enter_context(lab.squid(auth=USER, extra="" if wired else f"http_port {NEAR}:{WIRE_PORT}"))
        bundle = home / "bundle.pem"
        bundle.write_bytes(bundles[0].read_bytes() + b"\n" + lab.trusted.read_bytes())
        yield Stage(home, lab, squid.port, wired, bundle, _install(home))


def _install(home: Path) -> Path:
    """This program from its wheel, not from the working tree, and every module compiled, its dependencies' too."""
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "--no-input"]
    target = home / "installed"
    subprocess.run([*pip, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", home, _ROOT], check=True)
    subprocess.run([*pip, "install", "--no-deps", "--no-index", "--target", target, *home.glob("*.whl")], check=True)
    for folder in (target, sysconfig.get_path("purelib")):
        subprocess.run([sys.executable, "-m", "compileall", "-q", str(folder)], check=False, stdout=subprocess.DEVNULL)
    return target
