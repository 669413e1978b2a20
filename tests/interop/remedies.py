"""A remedy as somebody would type it, read back and sent."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Sequence
from typing import Any

from botocore import xform_name  # type: ignore[import-untyped]

from tests.real.aws.moto_server import Lab as Aws

from .account import REGION, client
from .command import Object


def commands(result: Object) -> list[str]:
    """The commands that a result's findings name, each also in its hint."""
    said = [(str(finding["evidence"]["command"]), finding["hint"]) for finding in result["findings"] if "command" in finding["evidence"]]
    lines = [(line, hint) for text, hint in said for line in text.split(" && ")]
    assert all(line in hint for line, hint in lines)
    return [line for line, _ in lines]


def run(aws: Aws, line: str) -> Any:
    """What AWS answers to that line. Raises where the SDK or AWS refuses it."""
    program, service, operation, *flags = shlex.split(line)
    assert program == "aws"
    given = dict(_flags(flags))
    assert given.pop("region") == [REGION]
    asked, method = client(aws, service), operation.replace("-", "_")
    members = asked.meta.service_model.operation_model(asked.meta.method_to_api_mapping[method]).input_shape.members
    flagged = {xform_name(name, "-"): (name, shape) for name, shape in members.items()}
    parameters = {flagged[_positive(flag)][0]: _value(flagged[_positive(flag)][1], flag, values) for flag, values in given.items()}
    return getattr(asked, method)(**parameters)


def _flags(words: Sequence[str]) -> Iterator[tuple[str, list[str]]]:
    flag = ""
    values: list[str] = []
    for word in words:
        if word.startswith("--"):
            if flag:
                yield flag, values
            flag, values = word[2:], []
        else:
            values.append(word)
    yield flag, values


def _positive(flag: str) -> str:
    return "egress" if flag == "ingress" else flag.removeprefix("no-")


def _value(shape: Any, flag: str, values: Sequence[str]) -> Any:
    """The words of a flag as the API takes them."""
    if shape.type_name == "boolean":
        assert not values
        return flag == _positive(flag)
    if shape.type_name == "list" and shape.member.type_name == "string":
        return list(values)
    [word] = values
    if shape.type_name in {"list", "structure"}:
        return json.loads(word)
    return int(word) if shape.type_name == "integer" else word
