"""A real squid: Basic authentication, a deny list, TLS inspection, and a resolver that never leaves loopback."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from .authority import Authority
from .process import Missing, Server, free_port, program, running

_HELPERS = Path("/usr/lib/squid")
_MOMENT, _LOOKS, _STILL = 0.1, 600, 10
_CONFIG = """
http_port 127.0.0.1:{port}{bumping}
visible_hostname proxy.lab.test
pid_filename none
hosts_file none
dns_nameservers {resolver}
dns_timeout 30 seconds
positive_dns_ttl 1 second
negative_dns_ttl 1 second
connect_timeout {connect_timeout}
forward_timeout 60 seconds
shutdown_lifetime 0 seconds
max_filedescriptors 4096
pinger_enable off
netdb_filename none
coredump_dir none
cache deny all
cache_mem 0
icp_port 0
logfile_rotate 0
cache_log {home}/cache.log
cache_store_log none
logformat lab %>Hs %Ss %rm %ru credentials=%{{Proxy-Authorization}}>h
access_log stdio:{home}/access.log logformat=lab
buffered_logs off
tls_outgoing_options cafile={trusted}
{authentication}
acl SSL_ports port 443
acl Safe_ports port 80 443
http_access deny !Safe_ports
http_access deny CONNECT !SSL_ports
{known_users}
{denied}
{extra}
http_access allow all
"""
_AUTHENTICATION = """
auth_param basic program {helper} {home}/users
auth_param basic children 2 startup=1 idle=1
auth_param basic realm lab
acl known proxy_auth REQUIRED
"""
_BUMPING = """ ssl-bump generate-host-certificates=on dynamic_cert_mem_cache_size=4MB tls-cert={certificate}
sslcrtd_program {helper} -s {home}/certificates -M 4MB
sslcrtd_children 2 startup=1 idle=1
acl first_step at_step SslBump1
ssl_bump peek first_step
ssl_bump bump all"""


@dataclass(slots=True)
class Squid:
    """One running squid and its logs."""

    server: Server
    home: Path

    @property
    def port(self) -> int:
        """Where it listens on 127.0.0.1."""
        return self.server.port

    def requests(self, at_least: int = 0) -> list[str]:
        """One line a request: status, squid's own result, method, URL, and the Proxy-Authorization that came with it (`-` if none).

        Connections that ended without a request are left out: the lab makes one to see whether squid listens. Squid writes a tunnel's line only once it has
        seen its end, which is a moment after the client has: so wait, within bounds, for the lines that must come, and until none has come for a while.
        """
        return self._settled(lambda _line: True, at_least)

    def _settled(self, wanted: Callable[[str], bool], at_least: int) -> list[str]:
        seen, still = self._logged(), 0
        for _ in range(_LOOKS):
            found = [line for line in seen if wanted(line)]
            if len(found) >= at_least and still >= _STILL:
                break
            time.sleep(_MOMENT)
            before, seen = seen, self._logged()
            still = still + 1 if seen == before else 0
        return found

    def _logged(self) -> list[str]:
        log = self.home / "access.log"
        lines = log.read_text().splitlines() if log.exists() else []
        return [line for line in lines if "error:transaction-end-before-headers" not in line]

    def with_credentials(self, at_least: int = 1) -> list[str]:
        """The requests that carried credentials; waits as `requests` does."""
        return self._settled(lambda line: not line.endswith("credentials=-"), at_least)

    def stop(self) -> None:
        """End it before its block does."""
        self.server.stop()


def _helper(name: str) -> Path:
    path = _HELPERS / name
    if not path.exists():
        raise Missing(name)
    return path


def _users(home: Path, user: str, word: str) -> None:
    hashed = subprocess.run([program("openssl"), "passwd", "-apr1", "-stdin"], input=word, capture_output=True, text=True, check=True).stdout
    (home / "users").write_text(f"{user}:{hashed}")


def _bumping(home: Path, authority: Authority) -> str:
    helper = _helper("security_file_certgen")
    subprocess.run([str(helper), "-c", "-s", str(home / "certificates"), "-M", "4MB"], check=True, capture_output=True)
    for path in (home / "certificates", *(home / "certificates").rglob("*")):
        shutil.chown(path, "proxy", "proxy")
    return _BUMPING.format(certificate=authority.with_key(), helper=helper, home=home)


@contextlib.contextmanager
def squid(
    resolver: str,
    trusted: Path,
    *,
    auth: tuple[str, str] | None = None,
    deny: Sequence[str] = (),
    bump: Authority | None = None,
    connect_timeout: str = "3 seconds",
    extra: str = "",
) -> Iterator[Squid]:
    """A squid on loopback. `auth` makes Basic credentials required, `deny` are dstdomains, `bump` signs what it makes up, `trusted` verifies origins."""
    with tempfile.TemporaryDirectory(prefix="preflight-squid-") as name:
        home = Path(name)
        home.chmod(0o755)  # squid drops to user proxy and opens its files as that
        shutil.chown(home, "proxy", "proxy")
        if auth:
            _users(home, *auth)
        port = free_port()
        config = home / "squid.conf"
        config.write_text(
            _CONFIG.format(
                port=port,
                home=home,
                resolver=resolver,
                trusted=trusted,
                connect_timeout=connect_timeout,
                extra=extra,
                bumping=_bumping(home, bump) if bump else "",
                authentication=_AUTHENTICATION.format(helper=_helper("basic_ncsa_auth"), home=home) if auth else "",
                known_users="http_access deny !known" if auth else "",
                denied=f"acl denied dstdomain {' '.join(deny)}\nhttp_access deny denied" if deny else "",
            )
        )
        argv: list[str | Path] = [program("squid"), "-N", "-n", f"lab{port}", "-f", config]
        with running("squid", argv, home, "127.0.0.1", port) as server:
            yield Squid(server, home)
