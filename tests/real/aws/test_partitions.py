"""What a region's services are called, in every partition, by the SDK's data."""

from __future__ import annotations

import botocore.session  # type: ignore[import-untyped]
import pytest

from preflight.real.aws.partitions import Partitions

PARTITIONS = Partitions(botocore.session.Session())


@pytest.mark.parametrize(
    ("region", "name", "home", "host", "names"),
    [
        ("us-west-1", "aws", "us-east-1", "kms.us-west-1.amazonaws.com", ["com.amazonaws.us-west-1.kms"]),
        ("cn-north-1", "aws-cn", "cn-northwest-1", "kms.cn-north-1.amazonaws.com.cn", ["cn.com.amazonaws.cn-north-1.kms", "com.amazonaws.cn-north-1.kms"]),
        ("us-gov-west-1", "aws-us-gov", "us-gov-west-1", "kms.us-gov-west-1.amazonaws.com", ["com.amazonaws.us-gov-west-1.kms"]),
        (
            "eusc-de-east-1",
            "aws-eusc",
            "eusc-de-east-1",
            "kms.eusc-de-east-1.amazonaws.eu",
            ["eu.amazonaws.eusc-de-east-1.kms", "com.amazonaws.eusc-de-east-1.kms"],
        ),
        ("us-iso-east-1", "aws-iso", "us-iso-east-1", "kms.us-iso-east-1.c2s.ic.gov", ["gov.ic.c2s.us-iso-east-1.kms", "com.amazonaws.us-iso-east-1.kms"]),
        (
            "us-isob-east-1",
            "aws-iso-b",
            "us-isob-east-1",
            "kms.us-isob-east-1.sc2s.sgov.gov",
            ["gov.sgov.sc2s.us-isob-east-1.kms", "com.amazonaws.us-isob-east-1.kms"],
        ),
        (
            "eu-isoe-west-1",
            "aws-iso-e",
            "eu-isoe-west-1",
            "kms.eu-isoe-west-1.cloud.adc-e.uk",
            ["uk.adc-e.cloud.eu-isoe-west-1.kms", "com.amazonaws.eu-isoe-west-1.kms"],
        ),
        (
            "us-isof-south-1",
            "aws-iso-f",
            "us-isof-south-1",
            "kms.us-isof-south-1.csp.hci.ic.gov",
            ["gov.ic.hci.csp.us-isof-south-1.kms", "com.amazonaws.us-isof-south-1.kms"],
        ),
    ],
)
def test_names_in_each_partition(region: str, name: str, home: str, host: str, names: list[str]) -> None:
    partition = PARTITIONS.of(region)
    assert partition
    assert (partition.name, partition.home) == (name, home)
    service = PARTITIONS.service("kms", region)
    assert (service.host, list(service.names)) == (host, names)


def test_every_partition_of_the_sdk_is_in_the_table_above() -> None:
    known = set(botocore.session.Session().get_available_partitions())
    assert known == {"aws", "aws-cn", "aws-us-gov", "aws-eusc", "aws-iso", "aws-iso-b", "aws-iso-e", "aws-iso-f"}


@pytest.mark.parametrize("service", ["autoscaling", "ec2", "elasticloadbalancing", "kms", "s3", "sts"])
def test_every_service_that_the_product_needs_has_a_regional_host(service: str) -> None:
    assert PARTITIONS.service(service, "us-west-1").host == f"{service}.us-west-1.amazonaws.com"


@pytest.mark.parametrize("region", ["", "us-west-11", "aws-global", "aws-cn-global", "US-WEST-1", "us-west-1 ", "us-west-1a"])
def test_what_is_no_region_has_no_partition(region: str) -> None:
    assert PARTITIONS.of(region) is None


def test_a_misspelt_region_has_a_neighbour() -> None:
    assert PARTITIONS.like("us-wset-1") == ["us-west-1"]
    assert PARTITIONS.like("☃") == []
