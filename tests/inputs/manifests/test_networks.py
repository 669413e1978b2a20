"""Networks that no installation could be made with, or in which it could not reach its proxy."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from preflight.inputs.manifests.networks import network
from tests.inputs.manifests.written import CLUSTER, DEDICATED, EXISTING, WHOLE, changed, lines, remarks

WIDE = changed((EXISTING, DEDICATED))


def test_subnets_lie_inside_of_their_vpc(tmp_path: Path) -> None:
    found = remarks(tmp_path, changed(("10.0.2.0/24", "10.4.2.0/24"), text=WIDE))
    assert lines(found) == [("input.cidr-outside", 11)]
    assert "10.0.0.0/16" in found[0].message
    assert lines(remarks(tmp_path, changed(("10.0.2.0/24", "10.0.0.0/15"), text=WIDE)))[0] == ("input.cidr-outside", 11)


@pytest.mark.parametrize(
    ("old", "new", "places"),
    [
        ("10.0.101.0/24", "10.0.2.128/25", ("12", "11")),
        ("10.0.101.0/24", "10.0.1.0/24", ("12", "11")),
        ("10.2.0.0/16", "10.0.2.0/24", ("20", "11")),
        ("10.1.0.0/16", "10.0.64.0/18", ("12", "21")),
    ],
)
def test_blocks_that_overlap_are_both_named(tmp_path: Path, old: str, new: str, places: tuple[str, str]) -> None:
    (found,) = remarks(tmp_path, changed((old, new), text=WIDE))
    assert found.code == "input.cidr-overlap"
    assert [part.partition(" ")[0].rstrip(":") for part in found.message.split("anthos-gke.yaml:")[1:]] == [*places]


def test_pods_may_lie_inside_of_the_vpc_and_two_clusters_may_share_a_range(tmp_path: Path) -> None:
    assert remarks(tmp_path, changed(("10.2.0.0/16", "10.0.128.0/17"), text=WIDE)) == []
    assert remarks(tmp_path, f"{WHOLE}---\n{changed(('cluster-0', 'cluster-1'), text=CLUSTER)}") == []


@pytest.mark.parametrize(("proxy", "line"), [("10.2.3.4:3128", 17), ("10.1.255.255:3128", 18)])
def test_a_proxy_inside_of_the_clusters_own_ranges_is_out_of_reach(tmp_path: Path, proxy: str, line: int) -> None:
    found = remarks(tmp_path, WHOLE, proxy)
    assert lines(found) == [("input.proxy-in-cluster", line)]
    assert proxy.partition(":")[0] in found[0].message


def test_a_proxy_by_name_or_outside_is_not_in_the_cluster(tmp_path: Path) -> None:
    for proxy in ("proxy.example.com:3128", "10.3.0.0:3128", "[2001:db8::1]:3128"):
        assert remarks(tmp_path, WHOLE, proxy) == []


@given(st.ip_addresses(v=4), st.integers(0, 32))
def test_a_network_is_read_whatever_stands_behind_its_prefix(address: object, length: int) -> None:
    found = network(f"{address}/{length}")
    assert found is not None
    assert found.prefixlen == length


@pytest.mark.parametrize("text", ["", "/", "10.0.0.0", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/٣", "10.0.0.0/16/16", "a/16", "/16", "10.0.0/16"])
def test_what_is_no_network(text: str) -> None:
    assert network(text) is None
