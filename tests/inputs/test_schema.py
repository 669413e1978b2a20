from __future__ import annotations

import json

from preflight import checks
from preflight.inputs.schema import profile_schema

from .kinds import KINDS


def test_every_kind_has_its_own_strict_fields() -> None:
    schema = profile_schema(["ping", "aws"], KINDS)
    ping = schema["$defs"]["PingCheck"]
    assert ping["additionalProperties"] is False
    assert set(ping["required"]) == {"kind", "target", "name"}
    assert ping["properties"]["kind"] == {"const": "ping"}
    assert ping["properties"]["port"]["description"] == "a port from 1 to 65535"
    assert ping["description"] == "Whether the target answers."
    assert schema["properties"]["checks"]["items"]["properties"]["kind"]["enum"] == ["aws", "ping"]


def test_the_schema_of_our_own_kinds_is_json_and_describes_each() -> None:
    schema = json.loads(json.dumps(profile_schema()))
    assert len(schema["properties"]["checks"]["items"]["allOf"]) == len(checks.KINDS)
    assert all(definition["description"] for definition in schema["$defs"].values() if "kind" in definition.get("properties", {}))
