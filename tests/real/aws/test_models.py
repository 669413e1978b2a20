"""The SDK's models say the same when we read them, and a trust store is read once and still verifies."""

from __future__ import annotations

import ssl
from types import SimpleNamespace

import pytest
from botocore.loaders import create_loader  # type: ignore[import-untyped]

from preflight.aws.scope import ACTIONS
from preflight.real.aws.models import quicken
from preflight.real.aws.trust import read_once


def test_models_say_what_the_sdk_reads_in_them() -> None:
    theirs, ours = create_loader(), create_loader()
    quicken(ours)
    for service in ("kms", "sts", "sso"):
        assert ours.load_service_model(service, "service-2") == theirs.load_service_model(service, "service-2")
        assert ours.load_service_model(service, "endpoint-rule-set-1") == theirs.load_service_model(service, "endpoint-rule-set-1")
    assert ours.load_service_model("ec2", "paginators-1") == theirs.load_service_model("ec2", "paginators-1")
    assert ours.load_data("partitions") == theirs.load_data("partitions")


def test_of_ec2_there_is_all_that_is_asked_and_nothing_else() -> None:
    theirs, ours = create_loader(), create_loader()
    quicken(ours)
    whole, kept = (each.load_service_model("ec2", "service-2") for each in (theirs, ours))
    asked = {action.partition(":")[2] for actions in ACTIONS.values() for action in actions if action.startswith("ec2:")}
    assert kept["operations"] == {name: whole["operations"][name] for name in sorted(asked)}
    assert kept["shapes"] == {name: whole["shapes"][name] for name in kept["shapes"]}
    assert {"DescribeVpcsRequest", "GroupIdentifier", "PrefixListEntry"} <= set(kept["shapes"])
    assert {key: value for key, value in kept.items() if key not in {"operations", "shapes"}} == {
        key: value for key, value in whole.items() if key not in {"operations", "shapes"}
    }


def test_a_service_that_there_is_not_is_refused_in_the_sdks_way() -> None:
    ours = create_loader()
    quicken(ours)
    with pytest.raises(Exception, match="Unknown service"):
        ours.load_service_model("no-such-service", "service-2")


def _client(context: ssl.SSLContext) -> SimpleNamespace:
    transport = SimpleNamespace(_get_ssl_context=lambda: context, _manager=SimpleNamespace(connection_pool_kw={}))
    return SimpleNamespace(_endpoint=SimpleNamespace(http_session=transport))


class _Counting(ssl.SSLContext):
    read: list[object]

    def load_verify_locations(self, cafile: object = None, capath: object = None, cadata: object = None) -> None:
        del capath, cadata
        self.read.append(cafile)
        if cafile == "missing":
            raise FileNotFoundError(cafile)


def test_all_clients_share_a_context_that_reads_a_bundle_once() -> None:
    context = _Counting(ssl.PROTOCOL_TLS_CLIENT)
    context.read = []
    first, second = _client(context), _client(_Counting(ssl.PROTOCOL_TLS_CLIENT))
    assert read_once(second, read_once(first, None)) is context
    transports = [each._endpoint.http_session for each in (first, second)]
    assert all(each._manager.connection_pool_kw == {"ssl_context": context} and each._get_ssl_context() is context for each in transports)
    for bundle in ("a", "a", "b", "a"):
        context.load_verify_locations(bundle)
    assert context.read == ["a", "b"]
    assert context.verify_mode is ssl.CERT_REQUIRED


def test_a_bundle_that_cannot_be_read_fails_every_time() -> None:
    context = _Counting(ssl.PROTOCOL_TLS_CLIENT)
    context.read = []
    read_once(_client(context), None)
    for _ in range(2):
        with pytest.raises(FileNotFoundError):
            context.load_verify_locations("missing")


def test_an_sdk_whose_insides_are_called_otherwise_is_left_alone() -> None:
    assert read_once(SimpleNamespace(), None) is None
