"""The lab: proxy and origins on ports of 127.0.0.1, and the two files that a user would have."""

from __future__ import annotations

import json
import socket
from contextlib import AsyncExitStack
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Final, Self

import anyio
from anyio.abc import SocketAttribute, TaskGroup

from preflight.aws.facts import Facts
from preflight.aws.scope import Scope
from preflight.demo import account, origins
from preflight.demo.acts import Front
from preflight.demo.authority import MissingExtra, new_authority, serving, trusting
from preflight.demo.proxy import LOOPBACK, ForwardProxy, Ports
from preflight.demo.scenarios import FORMER_PASSWORD, INSPECTOR, PASSWORD, USER, Scenario
from preflight.demo.wire import forgiving
from preflight.model import Proxy, authority
from preflight.real.clock import RealClock
from preflight.real.tls import Trust
from preflight.untrusted import Secret
from preflight.world import Clock

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from anyio.abc import SocketStream
    from anyio.streams.stapled import MultiListener

__all__ = ["Lab", "MissingExtra"]

_MANIFEST: Final = f"""\
apiVersion: multicloud.cluster.gke.io/v1
kind: AWSManagementService
metadata:
  name: management
spec:
  version: aws-1.14.1-gke.0
  region: {account.REGION}
  kmsKeyARN: {account.KEY}
  proxy: proxy.json
  securityGroupIDs:
  - {account.NODE_GROUP}
  existingVPC:
    subnetID: {account.SUBNET}
---
apiVersion: multicloud.cluster.gke.io/v1
kind: AWSCluster
metadata:
  name: cluster-0
spec:
  region: {account.REGION}
  networking:
    vpcID: {account.VPC}
    serviceLoadBalancerSubnetIDs: [{account.SUBNET}]
  controlPlane:
    version: 1.25.5-gke.2100
    proxySecretName: proxy
    subnetIDs:
    - {account.SUBNET}
    securityGroupIDs:
    - {account.NODE_GROUP}
---
apiVersion: multicloud.cluster.gke.io/v1
kind: AWSNodePool
metadata:
  name: pool-0
spec:
  clusterName: cluster-0
  region: {account.REGION}
  version: 1.25.5-gke.2100
  proxySecretName: proxy
  subnetID: {account.SUBNET}
  securityGroupIDs:
  - {account.NODE_GROUP}
"""
_NO_PROXY: Final = f"localhost,127.0.0.1,169.254.169.254,{account.REGION}.amazonaws.com"


class Lab:
    """A whole world on loopback while its `async with` lasts. One instance opens once."""

    def __init__(self, scenario: Scenario, clock: Clock | None = None) -> None:
        """`clock` is this host's; the servers follow it as far behind as the scenario says. Raises MissingExtra."""
        self.scenario = scenario
        self.proxy_port = 0
        self._clock = clock or RealClock()
        self._authority = new_authority("preflight demo CA")
        self._inspector = new_authority(INSPECTOR)
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            group = await stack.enter_async_context(anyio.create_task_group())
            stack.callback(group.cancel_scope.cancel)
            await self._open(stack, group)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()  # what happened inside is not the servers' business: a task group would wrap it

    @property
    def ca_pem(self) -> bytes:
        """The root that plays the operating system's trust store."""
        return self._authority.cert_pem.bytes()

    @property
    def manifest(self) -> str:
        """The text of `anthos-gke.yaml`, which names the proxy file `proxy.json` beside it."""
        return _MANIFEST

    @property
    def proxy_json(self) -> str:
        """The text of the proxy file, credentials included."""
        where = f"{USER}:{self.scenario.password}@{authority(LOOPBACK, self.proxy_port)}"
        return json.dumps({"httpProxy": f"http://{where}", "httpsProxy": f"{self.scenario.https_scheme}://{where}", "noProxy": _NO_PROXY}, indent=2) + "\n"

    def facts(self, scope: Scope) -> Facts:
        """What AWS says of this world."""
        return self.scenario.account(account.recorded(scope, LOOPBACK, self.proxy_port))

    @property
    def redactions(self) -> tuple[tuple[Secret, Secret], ...]:
        """Every user name and password of the lab, for a `Redactor`."""
        return tuple((Secret(USER), Secret(password)) for password in (PASSWORD, FORMER_PASSWORD))

    def trust(self) -> Trust:
        """What to verify the lab's origins with: its own root stands for the whole system store, and nothing was added locally."""
        return Trust(store=lambda: trusting(self.ca_pem), anchors=())

    async def _open(self, stack: AsyncExitStack, group: TaskGroup) -> None:
        if not self.scenario.listening:
            reserved = stack.enter_context(socket.socket())
            reserved.bind((LOOPBACK, 0))  # bound and not listening: nobody else gets the port, and connecting is refused
            self.proxy_port = reserved.getsockname()[1]
            return
        contexts = {
            Front.GENUINE: serving(self._authority, alpn=("h2", "http/1.1")),  # h2 is agreed to and never spoken: some checks ask whether it gets through
            Front.EXPIRED: serving(self._authority, expired=True),
            Front.INSPECTED: serving(self._inspector, with_root=True),
            Front.FILTERED: serving(self._authority),
        }
        fronts = {}
        for front, context in contexts.items():
            says = origins.filtered if front is Front.FILTERED else origins.genuine
            tls = await _listen(group, partial(origins.over_tls, context=context, says=says, now=self._now))
            clear = await _listen(group, partial(origins.in_clear, says=says, now=self._now))
            fronts[front] = Ports(tls, clear)
        basic = Proxy("http", LOOPBACK, 0, Secret(USER), Secret(PASSWORD)).basic or Secret("")
        proxy = ForwardProxy(basic, self.scenario.rules, fronts, self._now)
        self.proxy_port = await _listen(group, proxy.serve)

    def _now(self) -> datetime:
        return self._clock.now() - self.scenario.behind


async def _listen(group: TaskGroup, serve: Callable[[SocketStream], Awaitable[None]]) -> int:
    """The port at which `serve` takes connections until the group ends."""
    listener = await anyio.create_tcp_listener(local_host=LOOPBACK, local_port=0)
    group.start_soon(_serve, listener, forgiving(serve))
    return listener.extra(SocketAttribute.local_port)  # noqa: S610 - no Django


async def _serve(listener: MultiListener[SocketStream], handle: Callable[[SocketStream], Awaitable[None]]) -> None:
    async with listener:
        await listener.serve(handle)
