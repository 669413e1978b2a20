"""The JSON Schema of a profile, for editors."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import msgspec

from preflight import checks
from preflight.inputs.entries import Kinds

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_DURATION: Final = {"type": "string", "pattern": r"^\d+(\.\d+)?(ms|s|m|h)$", "description": "A number with a unit: 500ms, 10s, 2m, 1h."}


def profile_schema(kinds: Iterable[str] | None = None, find: Kinds = checks.find) -> dict[str, Any]:
    """The schema of checks.yaml, every kind of check with its own fields."""
    names = sorted(checks.KINDS if kinds is None else kinds)
    models = {name: find(name) for name in names}
    _, definitions = msgspec.json.schema_components(list(models.values()), ref_template="#/$defs/{name}")
    branches = []
    for kind, model in models.items():
        _of_kind(definitions[model.__name__], kind, model)
        branches.append({"if": {"properties": {"kind": {"const": kind}}, "required": ["kind"]}, "then": {"$ref": f"#/$defs/{model.__name__}"}})
    item = {
        "type": "object",
        "required": ["kind", "name"],
        "properties": {"kind": {"enum": names, "description": "What is asked; `preflight explain KIND` says more."}},
        "allOf": branches,
    }
    properties = {**_head(), "checks": {"type": "array", "description": "The checks, in the order in which reports show them.", "items": item}}
    return {
        "$schema": DIALECT,
        "title": "preflight profile",
        "description": "Groups and checks that `preflight run --config FILE` runs.",
        "type": "object",
        "required": ["checks"],
        "additionalProperties": False,
        "properties": properties,
        "$defs": definitions,
    }


def _of_kind(definition: dict[str, Any], kind: str, model: type) -> None:
    definition["title"] = kind
    definition["description"] = (model.__doc__ or "").strip().partition("\n")[0]
    definition["properties"] = {"kind": {"const": kind}, **{key: value for key, value in definition["properties"].items() if key != "kind"}}
    definition["required"] = ["kind", *(name for name in definition.get("required", ()) if name != "kind")]


def _head() -> dict[str, Any]:
    scalar = {"type": ["string", "number", "boolean"]}
    attempts = {"type": "integer", "minimum": 1, "maximum": 10, "description": "How often a check that may heal is tried."}
    group = {
        "about": {"type": "string", "description": "What the group is for, in one sentence."},
        "enabled": {"enum": [True, False, "auto"], "description": "Whether it is on; auto (so where a feature is given): when the manifests switch that on."},
        "required": {"type": "boolean", "description": "false: its checks warn at most."},
        "feature": {"type": "string", "description": "The feature of the manifests that `enabled: auto` asks for."},
    }
    return {
        "profile": {"type": "string", "description": "The profile's name, as reports show it."},
        "variables": {"type": "object", "additionalProperties": scalar, "description": "What ${name} stands for, unless a flag says otherwise."},
        "defaults": _closed({"attempts": attempts, "timeout": _DURATION}, "For every check that does not say it itself."),
        "limits": _closed({"deadline": _DURATION, "concurrency": {"type": "integer", "minimum": 1, "maximum": 1000}}, "Of the whole run."),
        "groups": {"type": "object", "additionalProperties": _closed(group, "A group."), "description": "Checks that are switched together."},
    }


def _closed(properties: dict[str, Any], about: str) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": False, "properties": properties, "description": about}
