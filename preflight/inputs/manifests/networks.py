"""The networks that the manifests declare, held against each other and against the proxy's address."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Final, TypeAlias

import msgspec

from preflight.inputs.documents import Document, Spot, quoted, remark
from preflight.inputs.manifests.fields import CLUSTER
from preflight.inputs.problem import Remarks
from preflight.model import Proxy

Network: TypeAlias = IPv4Network | IPv6Network

_CLUSTER: Final = ("pod_cidr", "service_cidr")
_SUBNETS: Final = ("private_subnet", "public_subnet")


class Block(msgspec.Struct, frozen=True):
    """One network of a manifest."""

    document: Document
    spot: Spot
    network: Network

    def __str__(self) -> str:
        return f"`{self.spot.field}` ({self.network})"


def network(text: str) -> Network | None:
    """The network that a CIDR names, or None if it is none. Bits beyond the prefix do not matter; AWS drops them too."""
    _, slash, length = text.partition("/")
    if not slash or not (length.isascii() and length.isdecimal()):
        return None  # Python would also take an address alone, and a netmask
    try:
        return ip_network(text, strict=False)
    except ValueError:
        return None


def lint_networks(documents: Sequence[Document], proxies: Sequence[Proxy], remarks: Remarks) -> None:
    """Remark networks that are none, that overlap, that lie outside of their VPC, or in which the proxy could not be reached."""
    _malformed(documents, remarks)
    for document in documents:
        _outside(document, remarks)
    _overlaps([block for document in documents for block in _blocks(document, (*_CLUSTER, *_SUBNETS))], remarks)
    for document in documents:
        _holding(document, proxies, remarks)


def _blocks(document: Document, meanings: Iterable[str]) -> Iterator[Block]:
    for means in meanings:
        for spot in document.all(means):
            found = network(spot.text)
            if found:
                yield Block(document, spot, found)


def _malformed(documents: Iterable[Document], remarks: Remarks) -> None:
    for document in documents:
        for means in ("vpc_cidr", *_CLUSTER, *_SUBNETS):
            for spot in document.all(means):
                if network(spot.text) is None:
                    message = " ".join(filter(None, (f"`{spot.field}`", quoted(spot.text), "is not a network in CIDR notation")))
                    remark(remarks, "input.cidr", spot.where, message, "write an address and the length of its prefix, like 10.0.0.0/16")


def _outside(document: Document, remarks: Remarks) -> None:
    for vpc in _blocks(document, ("vpc_cidr",)):
        for subnet in _blocks(document, _SUBNETS):
            if not _within(subnet.network, vpc.network):
                message = f"{subnet} is not inside of {vpc}"
                remark(remarks, "input.cidr-outside", subnet.spot.where, message, f"choose a block of {vpc.network}, or widen that")


def _within(inner: Network, outer: Network) -> bool:
    return inner.version == outer.version and outer.prefixlen <= inner.prefixlen and inner.network_address in outer


def _overlaps(blocks: Iterable[Block], remarks: Remarks) -> None:
    """Of two blocks that overlap, one holds the other; sorted, the one that holds comes first, and only those around a block are looked at."""
    around: list[Block] = []
    for block in sorted(blocks, key=lambda each: (each.network.version, each.network.network_address.packed, each.network.prefixlen)):
        while around and not _within(block.network, around[-1].network):
            around.pop()
        other = next((each for each in reversed(around) if _compete(each, block)), None)
        if other:
            message = f"{block} overlaps {other} at {other.spot.where.source}"
            remark(remarks, "input.cidr-overlap", block.spot.where, message, "give each a range of its own, or traffic for one of them goes to the other")
        around.append(block)


def _compete(one: Block, other: Block) -> bool:
    """Whether two blocks must not overlap: those of one document, and a cluster's with the subnets. Two clusters may use the same ranges for their pods."""
    return one.document is other.document or (one.document.kind == CLUSTER) is not (other.document.kind == CLUSTER)


def _holding(document: Document, proxies: Sequence[Proxy], remarks: Remarks) -> None:
    for block in _blocks(document, _CLUSTER):
        for host in dict.fromkeys(proxy.host for proxy in proxies):
            if _address_within(host, block.network):
                message = f"the proxy's address {host} is inside of {block}"
                hint = "choose another range for the cluster: inside of it, packets for this address go to a pod or a service and never leave"
                remark(remarks, "input.proxy-in-cluster", block.spot.where, message, hint)


def _address_within(host: str, block: Network) -> bool:
    try:
        address = ip_address(host.strip("[]"))
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address) in block
