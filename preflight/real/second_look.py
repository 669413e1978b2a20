"""A walk that failed in the TLS handshake is looked at once more, to tell apart what one handshake cannot.

To the target the second connection sends nothing but a ClientHello, or not even that; only the lenient try repeats the request.
What it finds out changes the failed step's code or adds to its facts.
"""

from __future__ import annotations

import ssl
from typing import Final

import anyio
import msgspec

from preflight.model import Phase, Step
from preflight.real import errors, tls
from preflight.real.errand import Errand, Means, Trusting
from preflight.real.tls_stream import TlsStream
from preflight.real.walk import Walk

BOUND: Final = 3.0
"""Seconds for a second look at most."""
SILENCE: Final = 1.0
"""Seconds in which a proxy that closes every tunnel has closed this one too."""


async def look_again(means: Means, errand: Errand, first: Walk) -> Walk:
    """The walk to report: the first one, better explained, or the second where that is the truth."""
    if isinstance(first.error, ssl.SSLCertVerificationError):
        if first.steps[-1].code == "tls.strict-ca":
            return await _leniently(means, errand, first)
        await _read_chain(means, errand, first)
    elif first.steps[-1].code in {"tunnel.closed", "tunnel.reset"} and first.error is not None:
        await _without_hello(means, errand, first)
    return first


async def _leniently(means: Means, errand: Errand, first: Walk) -> Walk:
    """As curl and Go verify. What then passes is noted in the `tls` step: `strict` is what a strict verifier says."""
    async with Walk(means, msgspec.structs.replace(errand, trusting=Trusting.LENIENTLY)) as second:
        await second.go()
    if isinstance(second.error, ssl.SSLCertVerificationError):
        await _read_chain(means, errand, second)
        return second
    if second.error is None:
        reason = first.steps[-1].facts.get("reason")
        second.steps = [msgspec.structs.replace(step, facts={**step.facts, "strict": reason}) if step.phase is Phase.TLS else step for step in second.steps]
    return second


async def _read_chain(means: Means, errand: Errand, first: Walk) -> None:
    """Add what the refused chain says; a public leaf without its intermediate gets its own code."""
    step = first.steps[-1]
    bound = min(BOUND, errand.timeout)
    async with Walk(means, msgspec.structs.replace(errand, trusting=Trusting.BLINDLY, upto=Phase.TLS, timeout=bound)) as look:
        await look.go()
        if isinstance(look.stream, TlsStream) and look.error is None and look.steps[-1].ok:
            facts, lacks_intermediate = tls.chain_facts(look.stream, means.redactor, reason=str(step.facts.get("reason", "")))
            code = "tls.incomplete-chain" if lacks_intermediate and step.code == "tls.untrusted" else step.code
            first.steps[-1] = Step(step.phase, step.seconds, code, {**step.facts, **facts})


async def _without_hello(means: Means, errand: Errand, first: Walk) -> None:
    """Whether the tunnel closes by itself, or only once it has read whom we want: a filter on the server name."""
    async with Walk(means, msgspec.structs.replace(errand, upto=Phase.PROXY, timeout=min(BOUND, errand.timeout))) as look:
        await look.go()
        if look.stream is None or not look.steps[-1].ok:
            return
        with anyio.move_on_after(SILENCE) as scope:
            try:
                await look.stream.receive()
            except (anyio.EndOfStream, anyio.BrokenResourceError, ssl.SSLError):
                return
        if scope.cancelled_caught:
            step = first.steps[-1]
            reason = "reset" if first.error and errors.was_reset(first.error) else "closed"
            first.steps[-1] = Step(Phase.TLS, step.seconds, "tls.closed", {**step.facts, "reason": f"{reason} as soon as the server name was sent"})
