"""Whether a command is one that AWS would take: its parameters against the SDK's own model of the API."""

from __future__ import annotations

from functools import cache

import botocore.session  # type: ignore[import-untyped]
from botocore.model import ServiceModel  # type: ignore[import-untyped]
from botocore.validate import validate_parameters  # type: ignore[import-untyped]

from preflight.aws.remedy import Command


@cache
def _model(service: str) -> ServiceModel:
    """The SDK's model of a service's API, from the files that it brings. Nothing is asked, and no credentials are looked for."""
    return botocore.session.get_session().get_service_model(service)


def validated(command: Command) -> None:
    """Raise ParamValidationError, or OperationNotFoundError, if the SDK would refuse the command."""
    shape = _model(command.service).operation_model(command.operation).input_shape
    validate_parameters(dict(command.parameters), shape)
