"""What the SDK raises, as `Unread`: the one table for errors of AWS and of the way to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from preflight import dates
from preflight.aws.facts import Unread

SKEW: Final = 300
"""Seconds by which a clock may be off before AWS refuses a signature (measured; AWS documents five minutes for most services)."""

_SAID: Final[Mapping[str, tuple[str, ...]]] = {
    "aws.access-denied": ("AccessDenied", "AccessDeniedException", "Client.UnauthorizedOperation", "UnauthorizedOperation"),
    "aws.clock": ("RequestInTheFuture", "RequestTimeTooSkewed"),
    "aws.expired": ("ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"),
    "aws.region-disabled": ("OptInRequired", "RegionDisabledException"),
    "aws.throttled": ("BandwidthLimitExceeded", "LimitExceededException", "RequestLimitExceeded", "SlowDown", "TooManyRequests", "TooManyRequestsException"),
    "aws.unreachable": ("InternalError", "InternalFailure", "KMSInternalException", "ServiceUnavailable", "Unavailable"),
}
"""Our code for what AWS calls it. What is not listed is `aws.refused`, in AWS's own words."""
_RAISED: Final[Mapping[str, str]] = {
    "ConfigNotFound": "aws.no-credentials",
    "ConfigParseError": "aws.no-credentials",
    "CredentialRetrievalError": "aws.no-credentials",
    "InfiniteLoopConfigError": "aws.no-credentials",
    "InvalidConfigError": "aws.no-credentials",
    "MetadataRetrievalError": "aws.no-credentials",
    "NoCredentialsError": "aws.no-credentials",
    "PartialCredentialsError": "aws.no-credentials",
    "ProfileNotFound": "aws.no-credentials",
    "UnknownCredentialError": "aws.no-credentials",
    "PendingAuthorizationExpiredError": "aws.expired",
    "SSOTokenLoadError": "aws.expired",
    "TokenRetrievalError": "aws.expired",
    "UnauthorizedSSOTokenError": "aws.expired",
    "InvalidRegionError": "aws.no-region",
    "NoRegionError": "aws.no-region",
    "ConnectionError": "aws.unreachable",
    "Endless": "aws.unreachable",
    "HTTPClientError": "aws.unreachable",
    "Misdirected": "aws.unreachable",
    "OSError": "aws.unreachable",
    "PaginationError": "aws.unreachable",
    "ResponseParserError": "aws.unreachable",
    "BotoCoreError": "aws.refused",
}
"""Our code by the name of the exception's class, or of the nearest class above it: so the SDK need not be imported to read the table."""
_SIGNED: Final = frozenset({"AuthFailure", "IncompleteSignature", "RequestExpired", "SignatureDoesNotMatch"})
"""Refusals that a wrong clock explains as well."""
_OF_TIME: Final = ("not yet current", "signature expired", "is now earlier than", "is now later than")
_WHO_ASKS: Final = {"AssumeRole": "sts", "AssumeRoleWithSAML": "sts", "AssumeRoleWithWebIdentity": "sts", "GetRoleCredentials": "sso"}
"""Calls that the SDK makes for credentials, on the way to the call that was asked for."""


class Endless(Exception):
    """An answer that goes on page after page."""


class Misdirected(Exception):
    """A setting of the SDK that sends its questions to what cannot be asked. Its text names the setting, never the value, which may hold credentials."""


def said(error: BaseException) -> str:
    """AWS's own name for the error, e.g. `UnauthorizedOperation`; empty where AWS did not answer."""
    return str(_answer(error).get("Error", {}).get("Code", ""))


def absent(error: BaseException) -> bool:
    """Whether AWS says that there is no such thing, or that there cannot be one of that name."""
    name = said(error)
    return name.endswith((".NotFound", ".Malformed", "NotFoundException", "InvalidArnException")) or name.startswith("InvalidGroupId.")


def unread(action: str, error: BaseException, now: datetime, clean: Callable[[str], str]) -> Unread:
    """Why that action could not be asked. What is no error of the SDK is our own bug, named by its type and place, never by its text."""
    name = said(error)
    operation = getattr(error, "operation_name", "")
    action = f"{_WHO_ASKS[operation]}:{operation}" if operation in _WHO_ASKS else action
    if name:
        message = str(_answer(error)["Error"].get("Message", ""))
        ahead = _ahead(error, now)
        code = _code(name, message, ahead)
        return Unread(action, code, clean(f"{name}: {message}" + (f" (this host's clock is {abs(ahead):.0f} s {_side(ahead)})" if code == "aws.clock" else "")))
    known = next((_RAISED[each.__name__] for each in type(error).__mro__ if each.__name__ in _RAISED), None)
    if known is None:
        return Unread(action, "internal.crashed", f"reading AWS crashed: {place(error)}")
    return Unread(action, known, clean(str(error) or type(error).__name__))


def place(error: BaseException) -> str:
    """An exception's type, and where it was raised."""
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    where = f"{trace.tb_frame.f_globals.get('__name__', '?')}:{trace.tb_lineno}" if trace else "?"
    return f"{type(error).__name__} at {where}"


def _answer(error: BaseException) -> Mapping[str, Any]:
    found = getattr(error, "response", None)
    return found if isinstance(found, Mapping) else {}


def _code(name: str, message: str, ahead: float) -> str:
    if name in _SIGNED and (abs(ahead) > SKEW or any(each in message.lower() for each in _OF_TIME)):
        return "aws.clock"
    if name.startswith("Throttl"):
        return "aws.throttled"
    return next((code for code, names in _SAID.items() if name in names), "aws.refused")


def _ahead(error: BaseException, now: datetime) -> float:
    """How many seconds this host's clock is ahead of the answer's `Date`; 0 where it has none."""
    headers = _answer(error).get("ResponseMetadata", {}).get("HTTPHeaders", {})
    date = dates.of_http(headers["date"]) if headers.get("date") else None
    return (now - date).total_seconds() if date else 0.0


def _side(ahead: float) -> str:
    return "behind" if ahead < 0 else "ahead"
