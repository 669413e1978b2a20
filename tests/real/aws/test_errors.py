"""One table says what an error of AWS, of the SDK or of the way to AWS means."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import botocore.exceptions as raised  # type: ignore[import-untyped]
import pytest

from preflight import codes
from preflight.real.aws.errors import absent, unread
from preflight.untrusted import Redactor

NOON = datetime(2026, 5, 17, 12, 0, tzinfo=UTC)
SAME = "Sun, 17 May 2026 12:00:30 GMT"
EARLIER = "Sun, 17 May 2026 11:00:00 GMT"
CLEAN = Redactor().clean


def said(code: str, message: str = "", date: str = SAME, operation: str = "DescribeVpcs") -> Any:
    return raised.ClientError({"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPHeaders": {"date": date}}}, operation)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (said("UnauthorizedOperation"), "aws.access-denied"),
        (said("AccessDenied"), "aws.access-denied"),
        (said("AccessDeniedException"), "aws.access-denied"),
        (said("Client.UnauthorizedOperation"), "aws.access-denied"),
        (said("ExpiredToken"), "aws.expired"),
        (said("ExpiredTokenException"), "aws.expired"),
        (said("RequestExpired"), "aws.expired"),
        (said("RequestExpired", date=EARLIER), "aws.clock"),
        (said("RequestExpired", date=""), "aws.expired"),
        (said("RequestExpired", date="yesterday"), "aws.expired"),
        (said("RequestTimeTooSkewed"), "aws.clock"),
        (said("SignatureDoesNotMatch", "Signature not yet current: 20260517T130000Z is still later than"), "aws.clock"),
        (said("SignatureDoesNotMatch", "Signature expired: 20260517T100000Z is now earlier than"), "aws.clock"),
        (said("SignatureDoesNotMatch", "The request signature we calculated does not match"), "aws.refused"),
        (said("AuthFailure"), "aws.refused"),
        (said("AuthFailure", date=EARLIER), "aws.clock"),
        (said("UnauthorizedOperation", date=EARLIER), "aws.access-denied"),
        (said("InvalidClientTokenId"), "aws.refused"),
        (said("UnrecognizedClientException"), "aws.refused"),
        (said("OptInRequired"), "aws.region-disabled"),
        (said("RequestLimitExceeded"), "aws.throttled"),
        (said("Throttling"), "aws.throttled"),
        (said("ThrottlingException"), "aws.throttled"),
        (said("TooManyRequestsException"), "aws.throttled"),
        (said("ServiceUnavailable"), "aws.unreachable"),
        (said("Whatever", "nobody has heard of it"), "aws.refused"),
        (raised.NoCredentialsError(), "aws.no-credentials"),
        (raised.PartialCredentialsError(provider="env", cred_var="AWS_SECRET_ACCESS_KEY"), "aws.no-credentials"),
        (raised.ProfileNotFound(profile="x"), "aws.no-credentials"),
        (raised.CredentialRetrievalError(provider="process", error_msg="x"), "aws.no-credentials"),
        (raised.SSOTokenLoadError(error_msg="x"), "aws.expired"),
        (raised.UnauthorizedSSOTokenError(), "aws.expired"),
        (raised.TokenRetrievalError(provider="sso", error_msg="x"), "aws.expired"),
        (raised.EndpointConnectionError(endpoint_url="https://x", error="y"), "aws.unreachable"),
        (raised.ConnectTimeoutError(endpoint_url="https://x", error="y"), "aws.unreachable"),
        (raised.ReadTimeoutError(endpoint_url="https://x", error="y"), "aws.unreachable"),
        (raised.ProxyConnectionError(proxy_url="http://x", error="y"), "aws.unreachable"),
        (raised.SSLError(endpoint_url="https://x", error="y"), "aws.unreachable"),
        (raised.ConnectionClosedError(endpoint_url="https://x", error="y"), "aws.unreachable"),
        (raised.NoRegionError(), "aws.no-region"),
        (raised.InvalidRegionError(region_name="x y"), "aws.no-region"),
        (ConnectionResetError(), "aws.unreachable"),
        (raised.ParamValidationError(report="x"), "aws.refused"),
        (KeyError("planted"), "internal.crashed"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_every_error_has_a_code_of_the_table(error: Exception, code: str) -> None:
    found = unread("ec2:DescribeVpcs", error, NOON, CLEAN)
    assert found.code == code
    assert found.code in codes.TABLE
    assert found.action == "ec2:DescribeVpcs"
    assert found.reason
    assert "planted" not in found.reason


def test_a_clock_that_is_off_is_said_with_its_direction() -> None:
    assert "3600 s ahead" in unread("x", said("RequestExpired", date=EARLIER), NOON, CLEAN).reason


def test_a_role_that_may_not_be_assumed_is_named() -> None:
    found = unread("ec2:DescribeVpcs", said("AccessDenied", operation="AssumeRole"), NOON, CLEAN)
    assert (found.action, found.code) == ("sts:AssumeRole", "aws.access-denied")


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("InvalidVpcID.NotFound", True),
        ("InvalidSubnetID.NotFound", True),
        ("InvalidGroupId.Malformed", True),
        ("InvalidVpcID.Malformed", True),
        ("NotFoundException", True),
        ("InvalidArnException", True),
        ("UnauthorizedOperation", False),
        ("AuthFailure", False),
        ("InvalidParameterValue", False),
    ],
)
def test_only_what_says_that_it_is_not_there_is_absent(code: str, expected: bool) -> None:
    assert absent(said(code)) is expected
