"""Worlds in which the first hop is not reached, or only by some of its addresses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tests.worlds.words import QUICK, Scenario, at_proxy, direct

FIRST_IS_DEAD: Final = ("127.0.0.9", "127.0.0.1")

WORLDS: Final[Mapping[str, Scenario]] = {
    "proxy-port-closed": Scenario(rule="TCP refused", expected=at_proxy("tcp.refused"), port="closed"),
    "proxy-swallows-syn": Scenario(rule="TCP blackhole", expected=at_proxy("tcp.timeout"), port="silent", timeout=QUICK),
    "proxy-has-a-dead-address": Scenario(
        rule="several A, one dead",
        expected={"proxy-https": ("ok", "tcp.partial"), "api": "ok"},
        exit_code=0,
        addresses=FIRST_IS_DEAD,
        hint={"proxy-https": "127.0.0.9"},
    ),
    "proxy-has-only-dead-addresses": Scenario(rule="several A, all dead", expected=at_proxy("tcp.refused"), port="closed", addresses=FIRST_IS_DEAD),
    "target-port-closed": Scenario(rule="TCP refused, without a proxy", proxy=None, expected=direct("tcp.refused"), port="closed"),
    "target-swallows-syn": Scenario(rule="TCP blackhole, without a proxy", proxy=None, expected=direct("tcp.timeout"), port="silent", timeout=QUICK),
    "target-has-a-dead-address": Scenario(
        rule="several A, one dead, without a proxy", proxy=None, expected=direct("ok", "tcp.partial"), exit_code=0, addresses=FIRST_IS_DEAD
    ),
    "plain-port-closed": Scenario(rule="TCP refused, of a tcp check", proxy=None, expected={"tcp": "tcp.refused"}, port="closed"),
    "plain-port-open": Scenario(rule="a port that answers", proxy=None, expected={"tcp": "ok"}, exit_code=0),
    "plain-port-has-a-dead-address": Scenario(
        rule="several A, one dead, of a tcp check", proxy=None, expected={"tcp": ("ok", "tcp.partial")}, exit_code=0, addresses=FIRST_IS_DEAD
    ),
    "name-is-sunk": Scenario(
        rule="sinkhole: the address is this very host, and something answers there",
        proxy=None,
        expected={"direct": "dns.sinkhole", "dns": "dns.sinkhole"},
        addresses=("0.0.0.0",),
    ),
}
