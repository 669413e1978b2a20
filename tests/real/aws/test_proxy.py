"""Whoever carries an address of the proxy is found, whichever kind of address it is."""

from __future__ import annotations

import pytest

from preflight.aws.facts import Interface, Unread
from preflight.real.aws.proxy import _filters, _joined

PRIVATE, PUBLIC, SIX = "addresses.private-ip-address", "association.public-ip", "ipv6-addresses.ipv6-address"
DENIED = Unread("ec2:DescribeNetworkInterfaces", "aws.access-denied", "no")


@pytest.mark.parametrize(
    ("addresses", "filters"),
    [
        ([], {}),
        (["10.0.0.254"], {PRIVATE: ["10.0.0.254"]}),
        (["100.64.0.1", "10.0.0.1"], {PRIVATE: ["100.64.0.1", "10.0.0.1"]}),
        (["8.8.8.8"], {PRIVATE: ["8.8.8.8"], PUBLIC: ["8.8.8.8"]}),
        (["2600:1f13::1", "10.0.0.1"], {PRIVATE: ["10.0.0.1"], SIX: ["2600:1f13::1"]}),
        (["fe80::1%eth0"], {SIX: ["fe80::1"]}),
    ],
)
def test_each_kind_of_address_has_its_filter(addresses: list[str], filters: dict[str, list[str]]) -> None:
    assert dict(_filters(addresses)) == filters


def test_an_interface_found_twice_is_one_and_a_refusal_hides_none() -> None:
    one, two = (Interface(name, "vpc-1", "subnet-1", ("10.0.0.1",)) for name in ("eni-1", "eni-2"))
    assert _joined([(two, one), (one,)]) == (one, two)
    assert _joined([]) == ()
    assert _joined([(one,), DENIED]) is DENIED
