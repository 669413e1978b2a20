"""What a walk's trace says in words: one finding for the step that failed, and remarks about a way that works but is not sound."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from preflight import codes, dates
from preflight.model import Blame, Direct, Finding, Phase, Target, Via, authority
from preflight.proof import Answer
from preflight.untrusted import Json
from preflight.world import Trace

EXPIRES_SOON: Final = timedelta(days=14)
_BEHIND: Final = frozenset({Phase.TUNNEL, Phase.TLS, Phase.HTTP})


def diagnose(trace: Trace) -> Finding | None:
    """Why the walk ended early; None if it did not."""
    step = trace.failed
    if step is None or step.code is None:
        return None
    return explain(step.code, trace, step.facts)


def explain(code: str, trace: Trace, facts: object = None) -> Finding:
    """A finding with this code about this walk, its texts filled from the trace and the step's facts."""
    known = {**_fields(trace), **(facts if isinstance(facts, dict) else {})}
    blame = codes.find(code).blame
    direct = isinstance(trace.route, Direct) and blame in {Blame.PROXY, Blame.MIDDLEBOX}
    evidence = {key: value for key, value in known.items() if isinstance(facts, dict) and key in facts}
    return codes.finding(code, fields=known, blame=Blame.ORIGIN if direct and codes.find(code).phase in _BEHIND else blame, evidence=evidence)


def remarks(trace: Trace, now: datetime, *, hop: bool = False) -> Iterator[Finding]:
    """What is worth a warning about a walk. `hop`: the walk is about the proxy itself, whose dead addresses are then its own."""
    tcp, tls = trace.step(Phase.TCP), trace.step(Phase.TLS)
    if tcp and tcp.facts.get("dead") and (hop or isinstance(trace.route, Direct)):
        dead = tcp.facts["dead"]
        names = ", ".join(f"{address} ({code})" for address, code in dead.items()) if isinstance(dead, dict) else str(dead)
        yield explain("tcp.partial", trace, {"dead": names})
    if tls is None or not tls.ok:
        return
    not_after = dates.of_certificate(str(tls.facts.get("not_after", "")))
    if not_after and not_after - now < EXPIRES_SOON:
        yield explain("tls.expires-soon", trace, {"not_after": f"{not_after:%Y-%m-%d %H:%M} UTC"})
    if tls.facts.get("strict"):
        yield explain("tls.strict-ca", trace, {"reason": tls.facts["strict"], "issuer": tls.facts.get("issuer")})
    if tls.facts.get("added"):
        yield explain("tls.intercepted-trusted", trace, {"issuer": tls.facts.get("issuer"), "reason": f"trusted by {tls.facts['added']}"})


def allow_line(target: Target, server: str) -> str:
    """The line that a proxy's allow-list lacks, in the syntax of the product that answered if it is known."""
    port = "" if target.port in {80, 443} else f", and port {target.port} to the ports it allows"
    if "squid" in server.lower() or "ERR_" in server:
        return f": add the line `{target.host}` to the dstdomain list that `http_access allow` uses{port}"
    if "tinyproxy" in server.lower():
        return f": add the line `^{re.escape(target.host)}$` to the Filter file{port}"
    return f": add the line `{target.host}` to its allow-list{port}"


def _fields(trace: Trace) -> dict[str, Json]:
    target = trace.target
    proxy = trace.route.proxy if isinstance(trace.route, Via) else None
    step = trace.failed
    facts = step.facts if step else {}
    tcp = trace.step(Phase.TCP)
    hop = proxy.url if proxy else target.authority
    address = authority(proxy.host, proxy.port) if proxy else target.authority
    return {
        "target": str(target),
        "host": target.host,
        "port": target.port,
        "url": target.url,
        "proxy": proxy.url if proxy else "no proxy",
        "proxy_address": address,
        "name": proxy.host if proxy else target.host,
        "peer": str(target) if step and step.phase in _BEHIND else f"the proxy {address}" if proxy else address,
        "through": f"through {hop}" if proxy else "directly",
        "addresses": str(tcp.facts.get("address", "")) if tcp else "",
        "after": f"{step.seconds:.0f} s" if step else "no time",
        **dict.fromkeys(("names", "status", "reply", "server", "location", "offers"), "none"),
        **dict.fromkeys(("issuer", "subject", "not_before", "not_after", "reason", "resolver", "guess", "first_bytes"), "unknown"),
        "allow_line": allow_line(target, f"{facts.get('server', '')} {facts.get('reply', '')} {facts.get('via', '')}"),
    }


def answered(trace: Trace) -> Answer:
    """The answer of a walk that did not fail. Raises ValueError if there is none, which is a bug of the caller."""
    if trace.answer is None:
        raise ValueError("this walk was not asked for an answer")
    return trace.answer
