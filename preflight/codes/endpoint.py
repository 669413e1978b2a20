"""What can be wrong with the VPC endpoints."""

from __future__ import annotations

from preflight.codes.code import Code

CODES: tuple[Code, ...] = ()
