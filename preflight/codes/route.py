"""What can be wrong with the routes and network ACLs on the way to the proxy."""

from __future__ import annotations

from preflight.codes.code import Code

CODES: tuple[Code, ...] = ()
