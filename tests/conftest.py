"""What every test has."""

from __future__ import annotations

import os

import pytest
from hypothesis import settings

os.environ |= {"AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
"""Whatever a test makes of the AWS SDK, it finds no credentials of this machine, and asks nobody for some."""

settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


@pytest.fixture
def anyio_backend() -> str:
    """The event loop of this program."""
    return "asyncio"
