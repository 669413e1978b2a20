"""A stand-in for EC2 that has its pages ready: one thread, no parsing beyond the action, so that what is measured is the client."""

from __future__ import annotations

import contextlib
import json
import re
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final, NamedTuple

VPC: Final = "vpc-0bench00000000001"
_PAGE: Final = 500
_SPACE: Final = "http://ec2.amazonaws.com/doc/2016-11-15/"
_POLICY: Final = json.dumps({"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}]}).replace('"', "&quot;")


class Size(NamedTuple):
    """How much there is."""

    endpoints: int
    groups: int


def _group(number: int) -> str:
    ranges = "".join(f"<item><cidrIp>10.{number % 256}.{each}.0/24</cidrIp></item>" for each in range(3))
    peers = f"<item><userId>123456789012</userId><groupId>sg-{number // 2:017x}</groupId></item>"
    rule = f"<item><ipProtocol>tcp</ipProtocol><fromPort>443</fromPort><toPort>443</toPort><groups>{peers}</groups><ipRanges>{ranges}</ipRanges></item>"
    anywhere = "<item><ipProtocol>-1</ipProtocol><ipRanges><item><cidrIp>0.0.0.0/0</cidrIp></item></ipRanges></item>"
    named = f"<groupId>sg-{number:017x}</groupId><groupName>group-{number}</groupName><groupDescription>-</groupDescription><ownerId>123456789012</ownerId>"
    return f"<item>{named}<vpcId>{VPC}</vpcId><ipPermissions>{rule * 3}</ipPermissions><ipPermissionsEgress>{anywhere}</ipPermissionsEgress></item>"


def _endpoint(number: int) -> str:
    subnets = "".join(f"<item>subnet-{each:017x}</item>" for each in range(3))
    groups = f"<item><groupId>sg-{number % 6:017x}</groupId><groupName>group-{number % 6}</groupName></item>"
    names = "".join(f"<item><dnsName>vpce-{number:017x}-{each}.example.vpce.amazonaws.com</dnsName><hostedZoneId>Z1</hostedZoneId></item>" for each in range(4))
    return (
        f"<item><vpcEndpointId>vpce-{number:017x}</vpcEndpointId><vpcEndpointType>Interface</vpcEndpointType><vpcId>{VPC}</vpcId>"
        f"<serviceName>com.amazonaws.us-west-1.service{number}</serviceName><state>available</state><policyDocument>{_POLICY}</policyDocument>"
        f"<privateDnsEnabled>true</privateDnsEnabled><subnetIdSet>{subnets}</subnetIdSet><groupSet>{groups}</groupSet><dnsEntrySet>{names}</dnsEntrySet></item>"
    )


def _pages(action: str, name: str, items: list[str]) -> dict[tuple[str, str], bytes]:
    """Every page of a list, by action and token."""
    found = {}
    for start in range(0, max(1, len(items)), _PAGE):
        more = f"<nextToken>{start + _PAGE}</nextToken>" if start + _PAGE < len(items) else ""
        body = f"<requestId>1</requestId><{name}>{''.join(items[start : start + _PAGE])}</{name}>{more}"
        found[action, str(start) if start else ""] = f'<{action}Response xmlns="{_SPACE}">{body}</{action}Response>'.encode()
    return found


def answers(size: Size) -> dict[tuple[str, str], bytes]:
    """What it says to each action and token."""
    vpc = f"<item><vpcId>{VPC}</vpcId><ownerId>123456789012</ownerId><state>available</state><cidrBlock>10.0.0.0/8</cidrBlock></item>"
    on = "<enableDnsSupport><value>true</value></enableDnsSupport><enableDnsHostnames><value>true</value></enableDnsHostnames>"
    attribute = f'<DescribeVpcAttributeResponse xmlns="{_SPACE}"><vpcId>{VPC}</vpcId>{on}</DescribeVpcAttributeResponse>'.encode()
    return {
        ("DescribeVpcAttribute", ""): attribute,
        **_pages("DescribeVpcs", "vpcSet", [vpc]),
        **_pages("DescribeSubnets", "subnetSet", []),
        **_pages("DescribeRouteTables", "routeTableSet", []),
        **_pages("DescribeNetworkAcls", "networkAclSet", []),
        **_pages("DescribeVpcEndpoints", "vpcEndpointSet", [_endpoint(number) for number in range(size.endpoints)]),
        **_pages("DescribeSecurityGroups", "securityGroupInfo", [_group(number) for number in range(size.groups)]),
    }


class Pages:
    """The server; each answer comes after `delay` seconds."""

    def __init__(self, size: Size, delay: float = 0.0) -> None:
        self._answers = answers(size)
        self._delay = delay
        self.times: list[tuple[float, float]] = []
        """When each call had come, and when its answer went."""

    @contextlib.contextmanager
    def serving(self) -> Iterator[str]:
        """Its URL, while the block lasts."""
        ready, delay, times = self._answers, self._delay, self.times

        class Answering(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True
            wbufsize = -1

            def do_POST(self) -> None:
                came = time.monotonic()
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                action, token = (found[1] if (found := re.search(rf"(?:^|&){name}=([^&]*)", body)) else "" for name in ("Action", "NextToken"))
                time.sleep(delay)
                answer = ready[action, token]
                self.send_response(200)
                self.send_header("Content-Type", "text/xml")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)
                times.append((came, time.monotonic()))

            def log_message(self, *_: object) -> None:
                """Nobody reads it."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            server.server_close()
            thread.join()
