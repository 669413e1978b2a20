"""AWS on loopback: moto's server behind a layer that counts calls, refuses, delays and cuts answers into pages."""

from __future__ import annotations

import io
import re
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final
from urllib.parse import parse_qs
from xml.etree import ElementTree as ET

import botocore.session  # type: ignore[import-untyped]
import msgspec
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

ENVIRON: Final[Mapping[str, str]] = {
    "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    "AWS_SESSION_TOKEN": "FwoGZXIvYXdzEPlantedSessionToken/9876543210+abcdef",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": "/dev/null",
    "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
}
"""Credentials that moto takes, and nothing of this machine."""
_SETS: Final = {"DescribeVpcEndpoints": "vpcEndpointSet", "DescribeSecurityGroups": "securityGroupInfo"}


class Refusal(msgspec.Struct, frozen=True):
    """An error of AWS's in place of an answer."""

    code: str
    message: str = "as the test asked for"
    status: int = 400


class Lab:
    """The server. Change `faults`, `delays`, `paged` and `calls` as you go; keys are IAM actions, or `*` for all."""

    def __init__(self) -> None:
        self.faults: dict[str, Refusal] = {}
        self.delays: dict[str, float] = {}
        self.paged: set[str] = set()
        self.calls: list[str] = []
        self.times: list[tuple[float, float]] = []
        self.hold = 0
        """Answer nothing before so many calls have come; those that waited in vain are in `kept`."""
        self.kept: list[str] = []
        self._came = threading.Condition()
        self.through: list[tuple[str, str]] = []
        """The URL and the Proxy-Authorization of each request that came as a proxy would be asked."""
        self._moto = DomainDispatcherApplication(create_backend_app)
        self._server = make_server("127.0.0.1", 0, self._answer, threaded=True)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self.port = int(self._server.server_port)

    def __call__(self, service: str, region: str = "us-west-1") -> Any:
        """A client to build a world with."""
        keys = {"aws_access_key_id": "AKIAIOSFODNN7EXAMPLE", "aws_secret_access_key": "x" * 40}
        return botocore.session.Session().create_client(service, region_name=region, endpoint_url=self.url, **keys)

    def clear(self) -> None:
        """Forget every fault and every call."""
        self.let_go()
        for each in (self.faults, self.delays, self.paged, self.calls, self.times, self.through, self.kept):
            each.clear()

    def let_go(self) -> None:
        """Answer what was held."""
        with self._came:
            self.hold = 0
            self._came.notify_all()

    @contextmanager
    def running(self) -> Iterator[Lab]:
        """The server, in a thread."""
        thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()
            thread.join()

    def _answer(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        began = time.monotonic()
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = io.BytesIO(body)
        action = _action(environ, body)
        with self._came:
            self.calls.append(action)
            self._came.notify_all()
            if not self._came.wait_for(lambda: len(self.calls) >= self.hold, timeout=6):
                self.kept.append(action)
        if environ.get("RAW_URI", environ.get("REQUEST_URI", "")).startswith("http://"):
            self.through.append((environ["REQUEST_URI"], environ.get("HTTP_PROXY_AUTHORIZATION", "")))
            environ["HTTP_HOST"] = f"127.0.0.1:{self.port}"
        time.sleep(self.delays.get(action, self.delays.get("*", 0)))
        refusal = self.faults.get(action, self.faults.get("*"))
        answer = self._refused(action, refusal, start) if refusal else self._from_moto(action, environ, body, start)
        self.times.append((began, time.monotonic()))
        return answer

    def _refused(self, action: str, refusal: Refusal, start: Callable[..., Any]) -> Iterable[bytes]:
        json = action.startswith("kms:")
        start(f"{refusal.status} Refused", [("Content-Type", "application/json" if json else "text/xml")])
        if json:
            return [msgspec.json.encode({"__type": refusal.code, "message": refusal.message})]
        error = f"<Error><Code>{refusal.code}</Code><Message>{refusal.message}</Message></Error>"
        if action.startswith("sts:"):
            return [f"<ErrorResponse>{error}<RequestId>1</RequestId></ErrorResponse>".encode()]
        return [f"<Response><Errors>{error}</Errors><RequestID>1</RequestID></Response>".encode()]

    def _from_moto(self, action: str, environ: dict[str, Any], body: bytes, start: Callable[..., Any]) -> Iterable[bytes]:
        heads: list[Any] = []
        answer = b"".join(self._moto(environ, lambda *given: heads.extend(given)))
        operation = action.partition(":")[2]
        if action in self.paged:
            answer = _page(answer, _SETS[operation], int(parse_qs(body.decode()).get("NextToken", ["0"])[0]))
        start(heads[0], [(name, value) for name, value in heads[1] if name.lower() != "content-length"] + [("Content-Length", str(len(answer)))])
        return [answer]


def _action(environ: Mapping[str, Any], body: bytes) -> str:
    scope = re.search(r"Credential=[^/]+/\d+/[^/]+/([^/]+)/", environ.get("HTTP_AUTHORIZATION", ""))
    target = environ.get("HTTP_X_AMZ_TARGET", "").rpartition(".")[2]
    return f"{scope[1] if scope else '?'}:{target or parse_qs(body.decode('latin-1')).get('Action', ['?'])[0]}"


def _page(answer: bytes, name: str, number: int) -> bytes:
    """The answer with one item of its set, and the token of the next."""
    root = ET.fromstring(answer)  # noqa: S314 - our own server wrote it
    space = re.match(r"\{.*\}", root.tag)
    prefix = space[0] if space else ""
    items = root.find(f"{prefix}{name}")
    assert items is not None
    for place, item in enumerate(list(items)):
        if place != number:
            items.remove(item)
        else:
            more = ET.SubElement(root, f"{prefix}nextToken")
            more.text = str(number + 1)
    return ET.tostring(root)


class Account(msgspec.Struct, frozen=True):
    """The ids of what stands in the account."""

    vpc: str
    subnet: str
    nodes: str
    """The group of the nodes."""
    proxy: str
    """The group of the proxy, in the other VPC."""
    proxy_vpc: str
    peering: str
    endpoint: str
    prefix_list: str
    key: str
    address: str = "10.9.1.77"


def build(lab: Lab) -> Account:
    """A VPC with nodes, one endpoint of six, and a proxy in a VPC of its own behind a peering."""
    ec2 = lab("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    other = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"]
    far = ec2.create_subnet(VpcId=other, CidrBlock="10.9.1.0/24")["Subnet"]["SubnetId"]
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
    nodes = ec2.create_security_group(GroupName="nodes", Description="-", VpcId=vpc)["GroupId"]
    proxy = ec2.create_security_group(GroupName="proxy", Description="-", VpcId=other)["GroupId"]
    ec2.create_network_interface(SubnetId=far, PrivateIpAddress="10.9.1.77", Groups=[proxy])
    listed = ec2.create_managed_prefix_list(PrefixListName="p", MaxEntries=5, AddressFamily="IPv4", Entries=[{"Cidr": "10.9.1.77/32"}])
    prefix_list = listed["PrefixList"]["PrefixListId"]
    allowed = {
        "IpProtocol": "tcp",
        "FromPort": 3128,
        "ToPort": 3128,
        "PrefixListIds": [{"PrefixListId": prefix_list}],
        "UserIdGroupPairs": [{"GroupId": proxy}],
    }
    ec2.authorize_security_group_egress(GroupId=nodes, IpPermissions=[allowed])
    peering = ec2.create_vpc_peering_connection(VpcId=vpc, PeerVpcId=other)["VpcPeeringConnection"]["VpcPeeringConnectionId"]
    ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=peering)
    table = ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["RouteTables"][0]["RouteTableId"]
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="10.9.0.0/16", VpcPeeringConnectionId=peering)
    ec2.create_route(RouteTableId=table, DestinationPrefixListId=prefix_list, VpcPeeringConnectionId=peering)
    made = ec2.create_vpc_endpoint(
        VpcId=vpc,
        ServiceName="com.amazonaws.us-west-1.kms",
        VpcEndpointType="Interface",
        SubnetIds=[subnet],
        SecurityGroupIds=[nodes],
        PrivateDnsEnabled=True,
    )
    ec2.create_vpc_endpoint(VpcId=vpc, ServiceName="com.amazonaws.us-west-1.ec2messages", VpcEndpointType="Interface", SubnetIds=[subnet])
    key = lab("kms").create_key()["KeyMetadata"]["Arn"]
    return Account(vpc, subnet, nodes, proxy, other, peering, made["VpcEndpoint"]["VpcEndpointId"], prefix_list, key)
