"""What every test has."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings

os.environ |= {"AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
"""Whatever a test makes of the AWS SDK, it finds no credentials of this machine, and asks nobody for some."""

settings.register_profile("wandering", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("steady", settings.get_profile("wandering"), derandomize=True)
settings.load_profile("steady")
"""A tree passes or it does not: each run tries the same examples, whatever the clock says. `pytest --hypothesis-profile=wandering` looks for others."""


@pytest.fixture
def anyio_backend() -> str:
    """The event loop of this program."""
    return "asyncio"
