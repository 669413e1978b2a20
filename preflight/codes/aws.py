"""What can be wrong with asking AWS."""

from __future__ import annotations

from preflight.codes.code import Code

CODES: tuple[Code, ...] = ()
