"""Names to addresses. The operating system's resolver decides, as it does for the product; dnspython only explains a failure."""

from __future__ import annotations

import ipaddress
import socket
import threading
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Final, Protocol

import anyio
from anyio.lowlevel import current_token

from preflight.model import Phase, Step
from preflight.untrusted import Json, Redactor
from preflight.world import Clock

EXPLANATION_SECONDS: Final = 3.0
HOSTS: Final = Path("/etc/hosts")


class LookUp(Protocol):
    """The signature of `socket.getaddrinfo`, as far as it is used."""

    def __call__(self, host: str, port: int | None, *, type: int) -> list[tuple[object, object, object, object, tuple[object, ...]]]:  # noqa: A002
        """Addresses as (family, type, protocol, canonical name, socket address). Raises OSError."""
        ...


class Unresolved(Exception):
    """The name gave no address that can be used: the code, and what was learned."""

    def __init__(self, code: str, facts: Mapping[str, Json] | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.facts: Mapping[str, Json] = facts or {}


class RealDns:
    """Asks this host's resolver."""

    def __init__(
        self,
        clock: Clock,
        redactor: Redactor,
        *,
        getaddrinfo: LookUp = socket.getaddrinfo,  # type: ignore[assignment]
        nameservers: tuple[tuple[str, int], ...] = (),
    ) -> None:
        """`nameservers` (address, port) replace those of resolv.conf, for the explanation only."""
        self._clock = clock
        self._redactor = redactor
        self._getaddrinfo = getaddrinfo
        self._nameservers = nameservers

    async def addresses(self, host: str) -> tuple[str, ...]:
        """The addresses of `host`, in the resolver's order. Raises Unresolved."""
        if literal := _literal(host):
            return (literal,)
        found = await _in_daemon(lambda: _ask(self._getaddrinfo, host))
        if isinstance(found, OSError):
            raise await self._explained(host, found)
        if not found:
            raise Unresolved("dns.no-address")
        if host.rstrip(".").lower().rpartition(".")[2] != "localhost" and (sunk := [each for each in found if _is_sinkhole(each, host)]):
            raise Unresolved("dns.sinkhole", {"addresses": ", ".join(sunk)})
        return found

    async def resolve(self, host: str, *, timeout: float) -> Step:  # noqa: ASYNC109
        """The `dns` step for that name."""
        start = self._clock.monotonic()
        code: str | None = "dns.timeout"
        facts: Mapping[str, Json] = {"name": host, "after": f"{timeout:g} s"}
        with anyio.move_on_after(timeout):
            try:
                addresses = await self.addresses(host)
                code, facts = None, {"name": host, "addresses": list(addresses)}
            except Unresolved as error:
                code, facts = error.code, {"name": host, **error.facts}
        return Step(Phase.DNS, self._clock.monotonic() - start, code, facts)

    async def _explained(self, host: str, error: OSError) -> Unresolved:
        """What the name server itself says, since getaddrinfo has one answer for SERVFAIL, REFUSED, silence and no data."""
        import dns.asyncresolver  # noqa: PLC0415 - 40 ms, only on failure
        import dns.exception  # noqa: PLC0415
        import dns.resolver  # noqa: PLC0415

        plain = "dns.nxdomain" if error.errno == socket.EAI_NONAME else "dns.no-address" if error.errno == socket.EAI_NODATA else "dns.servfail"
        facts: dict[str, Json] = {"reason": self._redactor.clean(error.strerror or "no answer")}
        try:
            resolver = dns.asyncresolver.Resolver(configure=not self._nameservers)
            if self._nameservers:
                resolver.nameservers = [dns.nameserver.Do53Nameserver(*each) for each in self._nameservers]
            facts["resolver"] = ", ".join(str(each) for each in resolver.nameservers)
            await resolver.resolve(host, "A", lifetime=EXPLANATION_SECONDS, search=False)
        except dns.resolver.NXDOMAIN:
            return Unresolved("dns.nxdomain", facts)
        except dns.resolver.NoAnswer:
            return Unresolved("dns.no-address", facts)
        except dns.exception.Timeout:
            return Unresolved("dns.timeout", facts | {"after": f"{EXPLANATION_SECONDS:g} s"})
        except dns.resolver.NoNameservers as refused:
            said = str(refused)
            code = "dns.bad-chain" if "CNAME chain" in said else "dns.refused" if "REFUSED" in said else "dns.servfail" if "SERVFAIL" in said else plain
            return Unresolved(code, facts)
        except (dns.exception.DNSException, OSError) as other:
            return Unresolved("dns.bad-chain" if "chain" in str(other).lower() else plain, facts)
        return Unresolved(plain, facts)


@lru_cache(maxsize=64)
def _literal(host: str) -> str | None:
    try:
        return str(ipaddress.ip_address(host.partition("%")[0])) + ("%" + host.partition("%")[2] if "%" in host else "")
    except ValueError:
        return None


def _ask(getaddrinfo: LookUp, host: str) -> tuple[str, ...] | OSError:
    try:
        found = getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except UnicodeError:
        return socket.gaierror(socket.EAI_NONAME, "the name cannot be written in DNS")
    except OSError as error:
        return error
    return tuple(dict.fromkeys(str(each[4][0]) for each in found))


def _is_sinkhole(address: str, host: str) -> bool:
    """0.0.0.0 is this host, never the peer; a loopback address is a sinkhole unless the administrator wrote it into the hosts file."""
    parsed = ipaddress.ip_address(address.partition("%")[0])
    return parsed.is_unspecified or (parsed.is_loopback and not _in_hosts_file(host))


def _in_hosts_file(host: str) -> bool:
    try:
        lines = HOSTS.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return False
    wanted = host.rstrip(".").lower()
    return any(wanted in line.partition("#")[0].lower().split()[1:] for line in lines)


async def _in_daemon(ask: Callable[[], tuple[str, ...] | OSError]) -> tuple[str, ...] | OSError:
    """The result of a blocking call in a daemon thread, so that a resolver that hangs delays neither a deadline nor the end of the process."""
    done = anyio.Event()
    token = current_token()
    box: list[tuple[str, ...] | OSError] = []

    def work() -> None:
        box.append(ask())
        try:
            anyio.from_thread.run_sync(done.set, token=token)
        except (RuntimeError, anyio.RunFinishedError):
            return  # the run ended before the resolver did; nobody waits any more

    threading.Thread(target=work, daemon=True, name="resolve").start()
    await done.wait()
    return box[0]
