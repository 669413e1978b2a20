"""The SDK, opened for one run: region, credentials, trust, and clients that take the declared route and no other.

One boto3 session, over a botocore session whose settings, models and trust are ours.
"""

from __future__ import annotations

import os
import ssl
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

import msgspec

from preflight import __version__
from preflight.aws.facts import Unread
from preflight.declared import Declared
from preflight.model import Proxy, Route, Target, Via, authority
from preflight.real.aws.errors import Misdirected
from preflight.real.aws.models import quicken
from preflight.real.aws.partitions import Partition, Partitions
from preflight.real.aws.trust import read_once
from preflight.untrusted import Secret

if TYPE_CHECKING:
    from botocore.config import Config  # type: ignore[import-untyped]

CONNECTIONS: Final = 16
"""Calls of one client at the same time."""
_TRIED: Final = (
    "tried: the environment (AWS_ACCESS_KEY_ID), the profile {profile} of the shared credentials and config files, container credentials,"
    " and the instance's metadata service{switched}"
)


class Session:
    """What the SDK found. Everything here may block, so it belongs into a thread."""

    def __init__(self, region: str, declared: Declared, ca_file: Path | None) -> None:
        """Raises what the SDK raises where its files cannot be used."""
        import boto3.session  # type: ignore[import-untyped]  # noqa: PLC0415 - 300 ms, only for who asks AWS
        import botocore.session  # type: ignore[import-untyped]  # noqa: PLC0415

        self._declared = declared
        self._core = botocore.session.Session()
        quicken(self._core.get_component("data_loader"))
        self._boto3 = boto3.session.Session(botocore_session=self._core)
        self._context: ssl.SSLContext | None = None
        self._made: dict[tuple[str, str], Any] = {}
        self._bundle: Path | None = None
        self.partitions = Partitions(self._core)
        self.region = region or self._core.get_config_variable("region") or os.environ.get("AWS_REGION", "")
        for name, value in (("metadata_service_timeout", 1), ("metadata_service_num_attempts", 1), ("sts_regional_endpoints", "regional")):
            self._core.set_config_variable(name, value)
        if trusted := None if self._core.get_config_variable("ca_bundle") else self._trusted(ca_file):
            self._core.set_config_variable("ca_bundle", str(trusted))
        self.sts = self.host("sts") if self.partition else None
        """What providers of credentials ask themselves, for a role's."""

    @property
    def partition(self) -> Partition | None:
        """The region's partition; None where no region is known, or none of that name."""
        return self.partitions.of(self.region)

    def unusable_region(self) -> Unread | None:
        """Why nothing can be asked, as far as the region is to blame."""
        if self.partition:
            return None
        if not self.region:
            return Unread("", "aws.no-region", "neither the manifests nor --region nor AWS_REGION nor the AWS profile names one")
        like = self.partitions.like(self.region)
        meant = f"; did you mean {like[0]}?" if like else ""
        return Unread("", "aws.no-region", f"the AWS SDK of this installation knows no region {self.region!r}{meant}")

    def missing(self) -> Unread | None:
        """Why there are no credentials. Whom a role's have to be asked of is not asked yet, and the proxy is sent none of its own."""
        self._take(barred=True)
        if self._core.get_credentials():
            return None
        off = os.environ.get("AWS_EC2_METADATA_DISABLED", "").lower() == "true"
        switched = " (switched off by AWS_EC2_METADATA_DISABLED)" if off else ""
        return Unread("", "aws.no-credentials", _TRIED.format(profile=repr(self._core.profile or "default"), switched=switched))

    def credentials(self, *, barred: bool = False) -> tuple[str, tuple[Secret, ...]] | Unread:
        """Where the credentials were found, and what of them must never be shown; asks for a role's first, if they are one's.

        `barred`: the proxy has refused its own credentials, and is not sent them again.
        """
        if missing := self.missing():
            return missing
        self._take(barred=barred)
        found = self._core.get_credentials()
        frozen = found.get_frozen_credentials()
        return str(found.method or ""), tuple(Secret(each) for each in (frozen.access_key, frozen.secret_key, frozen.token) if each)

    def _take(self, *, barred: bool) -> None:
        """The route of those who ask for a role's credentials; they read it when they ask."""
        if self.sts:
            route = self._declared.route(self.sts)
            if barred and isinstance(route, Via):
                route = Via(msgspec.structs.replace(route.proxy, user=None, password=None), route.because)
            self._core.set_default_client_config(self._config(route))

    def client(self, service: str, region: str = "") -> Any:  # noqa: ANN401 - botocore has no types
        """The client of that service, made once. Its requests take the declared route of the host that it asks."""
        where = (service, region or self.region)
        if where not in self._made:
            route = self._declared.route(self.host(*where))
            made = self._boto3.client(service, region_name=where[1], config=self._config(route))
            asked = Target.parse(made.meta.endpoint_url)
            if self._declared.route(asked) != route:  # a variant of the host (FIPS, dual stack) with a route of its own
                made = self._boto3.client(service, region_name=where[1], config=self._config(self._declared.route(asked)))
            self._context = read_once(made, self._context)
            self._made[where] = made
        return self._made[where]

    def host(self, service: str, region: str = "") -> Target:
        """What a client of that service asks, as the client says once it is made; before that AWS_ENDPOINT_URL, or the service's public host."""
        where = (service, region or self.region)
        if where in self._made:
            return Target.parse(self._made[where].meta.endpoint_url)
        configured = self._endpoint_url(service)
        return _asked(configured, service) if configured else Target("https", self.partitions.service(*where).host, 443)

    def _endpoint_url(self, service: str) -> str:
        """The URL that the environment or the AWS profile gives for that service, by the SDK's own rules."""
        from botocore.configprovider import ConfiguredEndpointProvider  # type: ignore[import-untyped]  # noqa: PLC0415

        if self._core.get_config_variable("ignore_configured_endpoint_urls"):
            return ""
        found = ConfiguredEndpointProvider(full_config=self._core.full_config, scoped_config=self._core.get_scoped_config(), client_name=service)
        return str(found.provide() or "")

    def close(self) -> None:
        """Remove what was made for this run."""
        if self._bundle:
            self._bundle.unlink(missing_ok=True)
            self._bundle = None

    def _config(self, route: Route) -> Config:
        from botocore.config import Config  # noqa: PLC0415

        return Config(
            retries={"mode": "standard", "total_max_attempts": 3},
            connect_timeout=4,
            read_timeout=8,
            max_pool_connections=CONNECTIONS,
            user_agent_extra=f"preflight/{__version__}",
            proxies=_proxies(route),
        )

    def _trusted(self, ca_file: Path | None) -> Path | None:
        """The operating system's CAs with `ca_file` besides, in one file, since the SDK takes one. None: the system has none where OpenSSL looks."""
        paths = ssl.get_default_verify_paths()
        hashed = sorted({file.resolve() for folder in (paths.capath or "").split(":") if folder for file in Path(folder).glob("*.[0-9]")})
        system = [Path(paths.cafile)] if paths.cafile else hashed
        files = [*system, *([ca_file] if ca_file else [])]
        if len(files) <= 1:
            return files[0] if files else None
        descriptor, name = tempfile.mkstemp(prefix="preflight-", suffix=".pem")
        self._bundle = Path(name)
        with os.fdopen(descriptor, "wb") as bundle:
            for file in files:
                bundle.write(file.read_bytes() + b"\n")
        return self._bundle


def _asked(configured: str, service: str) -> Target:
    """Whom a configured URL asks. Raises Misdirected."""
    try:
        target = Target.parse(configured)
        if target.scheme in {"http", "https"} and "://" in configured:
            return target
    except ValueError:  # its text quotes the value
        pass
    own = f"AWS_ENDPOINT_URL_{service.upper().replace('-', '_')}"
    setting = next((name for name in (own, "AWS_ENDPOINT_URL") if os.environ.get(name)), "endpoint_url of the AWS profile")
    raise Misdirected(f"{setting} is no URL that can be asked (http or https, a host and a port, no credentials): correct or remove it")


def _proxies(route: Route) -> Mapping[str, str]:
    """The SDK's setting for that route. An empty one switches the proxies of the environment off (measured)."""
    if not isinstance(route, Via):
        return {}
    return dict.fromkeys(("http", "https"), _with_credentials(route.proxy))


def _with_credentials(proxy: Proxy) -> str:
    if proxy.user is None:
        return proxy.url
    words = [quote(each.reveal(), safe="") for each in (proxy.user, proxy.password) if each is not None]
    return f"{proxy.scheme}://{':'.join(words)}@{authority(proxy.host, proxy.port)}"
