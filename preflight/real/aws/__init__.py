"""What AWS says about everything that a run asks, read once, beside the network's checks."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC
from functools import partial
from pathlib import Path
from typing import Any, Final

import anyio
import msgspec

from preflight.aws.facts import Facts, Unread
from preflight.aws.scope import Part, Scope
from preflight.declared import Declared
from preflight.real.aws.api import Api, Bound
from preflight.real.aws.errors import place, unread
from preflight.real.aws.proxy import ProxyReading
from preflight.real.aws.reading import Reading
from preflight.real.aws.session import Session
from preflight.real.aws.shapes import Shapes
from preflight.real.aws.vpc import VpcReading
from preflight.real.aws.walks import SECONDS as WALK_SECONDS
from preflight.real.aws.walks import Walks
from preflight.real.daemon import in_daemon
from preflight.untrusted import EXCERPT, Redactor, Secret
from preflight.world import Clock, Dns, Net

SECONDS: Final = 20.0
"""For all that is read, our own walks included."""
CREDENTIALS_SECONDS: Final = 5.0
"""For finding out that there are none."""
LONGEST: Final = 300
"""Characters of what AWS says about a refusal; some of its answers carry kilobytes of encoded policy."""

_ASKED: Final = (
    (Part.IDENTITY, "identity", "sts:GetCallerIdentity"),
    (Part.NETWORK, "vpc", "ec2:DescribeVpcs"),
    (Part.NETWORK, "subnets", "ec2:DescribeSubnets"),
    (Part.ENDPOINTS, "endpoints", "ec2:DescribeVpcEndpoints"),
    (Part.GROUPS, "groups", "ec2:DescribeSecurityGroups"),
    (Part.ROUTES, "route_tables", "ec2:DescribeRouteTables"),
    (Part.ACLS, "acls", "ec2:DescribeNetworkAcls"),
    (Part.PROXY, "interfaces", "ec2:DescribeNetworkInterfaces"),
    (Part.PROXY, "peerings", "ec2:DescribeVpcPeeringConnections"),
)


class RealAws:
    """Asks AWS. Let `read` run beside the checks, which wait for it in `facts`."""

    def __init__(self, scope: Scope, declared: Declared, net: Net, dns: Dns, clock: Clock, redactor: Redactor, ca_file: Path | None = None) -> None:
        self._scope = scope
        self._declared = declared
        self._net = net
        self._dns = dns
        self._clock = clock
        self._redactor = redactor
        self._ca_file = ca_file
        self._begun = False
        self._ready = anyio.Event()
        self._facts = nothing(scope, Unread("", "internal.interrupted", "the run ended before AWS had answered"))

    async def facts(self) -> Facts:
        """See `world.Aws.facts`. Where nobody has begun to read, whoever asks first does."""
        await self.read()
        return self._facts

    async def read(self) -> None:
        """Read the whole scope, once. Never raises, and whatever becomes of it, nobody waits for it afterwards."""
        if self._begun:
            await self._ready.wait()
            return
        self._begun = True
        try:
            facts = await self._read()
            self._facts = msgspec.structs.replace(facts, read=self._clock.now().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))
        except Exception as error:  # noqa: BLE001 - a bug here must not take the network's checks along
            reason = f"reading AWS crashed: {place(_innermost(error))}"
            self._facts = nothing(self._scope, Unread("", "internal.crashed", reason))
        finally:
            self._ready.set()

    async def _read(self) -> Facts:
        scope, within = self._scope, Bound(self._clock.monotonic() + SECONDS - WALK_SECONDS, SECONDS - WALK_SECONDS)
        clean = partial(self._redactor.clean, limit=LONGEST)
        slow = f"the AWS SDK was not open within {within.seconds:g} s, and nobody was asked: this host's disk or processor is very busy"
        opened = Unread("", "internal.deadline", slow)
        session = await self._tried(lambda: Session(scope.region, self._declared, self._ca_file), clean, within.seconds, opened)
        if isinstance(session, Unread):
            return nothing(scope, session)
        walks = Walks(self._net, self._declared)
        try:
            scope = msgspec.structs.replace(scope, region=clean(session.region))
            facts = Facts(scope=scope)
            why: Any = session.unusable_region()
            if session.partition:
                facts = msgspec.structs.replace(facts, services={name: session.partitions.service(name, session.region) for name in scope.services})
                why = await self._credentials(session, walks, clean)
            if isinstance(why, Unread):
                return nothing(scope, why, facts)
            source, secrets = why
            return await self._asked(session, facts, walks, within, source, secrets)
        finally:
            session.close()

    async def _credentials(self, session: Session, walks: Walks, clean: Callable[[str], str]) -> Any:  # noqa: ANN401
        """What the SDK finds, within one bound. Where there is nothing to find, no walk to a proxy keeps anybody waiting."""
        with anyio.move_on_after(CREDENTIALS_SECONDS):
            missing = await self._tried(session.missing, clean, CREDENTIALS_SECONDS, _unfound())
            if missing:
                return missing
            barred = bool(session.sts and await walks.barred(session.sts))
            return await self._tried(lambda: session.credentials(barred=barred), clean, CREDENTIALS_SECONDS, _unfound())
        return _unfound()

    async def _asked(self, session: Session, facts: Facts, walks: Walks, within: Bound, source: str, secrets: tuple[Secret, ...]) -> Facts:
        own = Redactor(secrets)
        api = Api(session, self._clock, within, lambda text: self._redactor.clean(own.redact(text), LONGEST), walks)
        shapes = Shapes(_remembered(self._redactor, own))
        reading = Reading(api, facts, shapes, VpcReading(api, facts.scope, shapes), ProxyReading(api, self._dns, shapes), walks)
        partition = session.partition
        return await reading.all(partition.home if partition else session.region, source)

    async def _tried(self, work: Callable[[], Any], clean: Callable[[str], str], seconds: float, late: Unread) -> Any:  # noqa: ANN401
        """What opening the SDK or looking for credentials gave, or why it gave nothing; `late`, where it did not end in time."""
        try:
            with anyio.move_on_after(seconds):
                return await in_daemon(work, "aws session")
        except Exception as error:  # noqa: BLE001 - the SDK raises what it likes, and the table says what it means
            return unread("", error, self._clock.now(), clean)
        return late


class RecordedAws:
    """Facts that were read elsewhere or earlier: nobody is asked."""

    def __init__(self, facts: Facts) -> None:
        self._recorded = facts

    async def facts(self) -> Facts:
        """See `world.Aws.facts`."""
        return self._recorded


def nothing(scope: Scope, why: Unread, facts: Facts | None = None) -> Facts:
    """Facts in which everything that was to be asked could not be, for one and the same reason."""
    fields: dict[str, Any] = {field: Unread(why.action or action, why.code, why.reason) for part, field, action in _ASKED if part in scope.parts}
    if Part.KEY in scope.parts:
        fields["keys"] = dict.fromkeys(scope.keys, Unread(why.action or "kms:DescribeKey", why.code, why.reason))
    if Part.PROXY in scope.parts:
        fields["proxies"] = dict.fromkeys(scope.proxies, Unread(why.action, why.code, why.reason))
    return msgspec.structs.replace(facts or Facts(scope=scope), **fields)


def _unfound() -> Unread:
    """Why there are no credentials, where looking for them did not end."""
    within = f"no credentials were found within {CREDENTIALS_SECONDS:g} s"
    return Unread("", "aws.no-credentials", f"{within}, and the SDK was still looking: whoever it asks may be silent (a metadata service, STS, a process)")


def _remembered(redactor: Redactor, own: Redactor) -> Callable[[str], str]:
    """`clean` for the short texts of facts, most of which come many times."""
    known: dict[str, str] = {}

    def clean(text: str) -> str:
        found = known.get(text)
        if found is None:
            plain = len(text) <= EXCERPT and own.leaves(text) and redactor.leaves(text)
            found = known[text] = text if plain else redactor.clean(own.redact(text))
        return found

    return clean


def _innermost(error: BaseException) -> BaseException:
    """The one exception of a group, where a task group wrapped it."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
