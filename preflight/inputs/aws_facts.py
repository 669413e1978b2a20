"""What a file of saved AWS facts holds (`--aws-facts`), read strictly: whatever does not fit is no fact."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any, Final

import msgspec

from preflight.aws.facts import SCHEMA, Facts, Unread, Vpc
from preflight.aws.scope import Part, Scope
from preflight.inputs.files import read
from preflight.inputs.options import Options
from preflight.inputs.problem import InputError, Problem, Remarks, Where
from preflight.untrusted import Redactor

LARGEST: Final = 32 << 20
"""Bytes. A thousand groups of ten rules each take three million."""
LONGEST: Final = 500
"""Characters of one text; ARNs are the longest, and AWS bounds them well below."""
MOST: Final = 5_000
"""Entries of one list: AWS bounds the groups of a region, the rules of a group and the entries of a prefix list below."""
_AGAIN: Final = "record it again with this profile and these manifests: --save-aws-facts FILE"
_NOT_ASKED: Final = "aws.not-asked"


def saved_facts(options: Options, secrets: Redactor, remarks: Remarks) -> Facts | None:
    """The facts of the file that the flags name, every text clean. Notes flags that contradict each other, and whatever is wrong with the file."""
    flags = {"--no-aws": options.no_aws, "--aws-facts": options.aws_facts, "--save-aws-facts": options.save_aws_facts}
    given = [flag for flag, value in flags.items() if value]
    if len(given) > 1:
        remarks.problem("input.conflict", Where(given[-1]), f"{' and '.join(given)} contradict each other", "give one of them")
    if options.aws_facts is None:
        return None
    try:
        return read_facts(options.aws_facts, secrets)
    except InputError as error:
        remarks.problems += error.problems
        return None


def read_facts(path: Path, secrets: Redactor) -> Facts:
    """The facts in that file. Raises InputError."""
    label = str(path)
    raw = _json(read(path, largest=LARGEST).text, label, secrets)
    if _longest(raw) > MOST:
        raise _wrong(label, f"a list in it has more than {MOST:,} entries", "give what --save-aws-facts wrote for one VPC")
    found = raw.get("schema") if isinstance(raw, Mapping) else None
    if not isinstance(found, str) or not found.startswith(SCHEMA.rpartition("/")[0]):
        raise _wrong(label, "it is no file of saved AWS facts", "give what --save-aws-facts wrote")
    if found != SCHEMA:
        raise _wrong(label, f"it is {found}, and this version reads {SCHEMA} only", _AGAIN)
    try:
        facts = msgspec.convert(raw, Facts)
        _fit(facts)
    except (msgspec.ValidationError, ValueError) as error:
        raise _wrong(label, secrets.clean(str(error)), _AGAIN) from None
    if unknown := next(_unknown(raw, msgspec.to_builtins(facts), "$"), None):
        raise _wrong(label, f"nobody knows what `{unknown}` is", _AGAIN, "input.unknown-field")
    return facts


def fitted(facts: Facts, scope: Scope, label: str) -> Facts:
    """The facts as an answer to what this run asks; what the file lacks is `aws.not-asked`. Raises InputError where it is about another place."""
    for name, declared, saved in (("region", scope.region, facts.scope.region), ("VPC", scope.vpc, facts.vpc_id)):
        if declared and saved and declared != saved:
            message = f"it was recorded for the {name} {saved}, and the inputs name {declared}"
            raise _wrong(label, message, "give the file that belongs to these inputs, or change them", "input.conflict")
    lacking = Unread("", _NOT_ASKED, f"{label} holds nothing about it; {_AGAIN}")
    fields: dict[str, Any] = {name: lacking for name in facts.__struct_fields__ if _not_asked(getattr(facts, name))}
    for field, asked, before in (("subnets", scope.subnets, facts.scope.subnets), ("groups", scope.groups, facts.scope.groups)):
        known = getattr(facts, field)
        there = {each.id for each in known} if isinstance(known, tuple) else set(asked)
        if missing := [each for each in asked if each not in there and each not in before]:
            fields[field] = _recorded_without(label, missing)
    if Part.ENDPOINTS in scope.parts and (missing := [each for each in scope.services if each not in facts.services]):
        fields["endpoints"] = _recorded_without(label, missing)
    if Part.KEY in scope.parts:
        fields["keys"] = dict.fromkeys(scope.keys, lacking) | dict(facts.keys)
    if Part.PROXY in scope.parts:
        fields["proxies"] = dict.fromkeys(scope.proxies, lacking) | dict(facts.proxies)
        if missing := [each for each in scope.proxies if each not in facts.proxies]:
            fields["interfaces"] = _recorded_without(label, missing)
    return msgspec.structs.replace(facts, **fields)


def _recorded_without(label: str, missing: Iterable[str]) -> Unread:
    return Unread("", _NOT_ASKED, f"{label} was recorded without {', '.join(missing)}; {_AGAIN}")


def _not_asked(part: object) -> bool:
    return isinstance(part, Unread) and part.code == _NOT_ASKED


def _json(text: str, label: str, secrets: Redactor) -> Any:  # noqa: ANN401 - JSON
    """The JSON value, every text in it clean, no key twice, and no number that JSON does not have.

    The file is machine-made and large, so the standard library reads it.
    """

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            raise _wrong(label, "a key stands in it twice", _AGAIN, "input.duplicate-key")
        return found

    def refuse(word: str) -> Any:  # noqa: ANN401
        raise _wrong(label, f"JSON has no {word}", _AGAIN, "input.json-syntax")

    try:
        return _clean(json.loads(text, object_pairs_hook=once, parse_constant=refuse), secrets)
    except json.JSONDecodeError as error:
        raise InputError(Problem("input.json-syntax", Where(label, error.lineno, error.colno), f"it is not JSON: {error.msg}", _AGAIN)) from None
    except RecursionError:
        raise _wrong(label, "it is nested too deep", _AGAIN, "input.too-deep") from None
    except ValueError:  # a number of thousands of digits
        raise _wrong(label, "a number in it is too large", _AGAIN, "input.json-syntax") from None


def _clean(raw: Any, secrets: Redactor) -> Any:  # noqa: ANN401
    if isinstance(raw, str):
        return secrets.clean(raw, LONGEST)
    if isinstance(raw, Mapping):
        return {secrets.clean(key): _clean(value, secrets) for key, value in raw.items()}
    return [_clean(item, secrets) for item in raw] if isinstance(raw, list) else raw


def _longest(raw: Any) -> int:  # noqa: ANN401
    """Entries of the longest list or mapping."""
    inner = raw.values() if isinstance(raw, Mapping) else raw if isinstance(raw, list) else None
    return 0 if inner is None else max(len(inner), max(map(_longest, inner), default=0))


def _fit(facts: Facts) -> None:
    """Raise ValueError where a value cannot be what its place says."""
    for network in _networks(facts):
        ip_network(network, strict=False)
    for address in _addresses(facts):
        ip_address(address)
    for table in _items(facts.route_tables):
        if any(bool(hop.cidr) == bool(hop.prefix_list) for hop in table.hops):
            raise ValueError(f"a route of {table.id} does not have exactly one of `cidr` and `prefix_list`")
    if facts.read:
        datetime.strptime(facts.read, "%Y-%m-%dT%H:%M:%SZ")  # noqa: DTZ007 - it only has to be a date


def _networks(facts: Facts) -> Iterator[str]:
    """Every text that has to be a network."""
    yield from facts.vpc.cidrs if isinstance(facts.vpc, Vpc) else ()
    yield from (cidr for each in _items(facts.subnets) for cidr in each.cidrs)
    yield from (cidr for each in _items(facts.groups) for rule in (*each.egress, *each.ingress) for cidr in rule.cidrs)
    yield from (hop.cidr for each in _items(facts.route_tables) for hop in each.hops if hop.cidr)
    yield from (rule.cidr for each in _items(facts.acls) for rule in each.rules)
    yield from (cidr for each in facts.prefix_lists.values() for cidr in _items(each))


def _addresses(facts: Facts) -> Iterator[str]:
    """Every text that has to be an address."""
    yield from (address for each in _items(facts.interfaces) for address in each.addresses)
    yield from (address for each in facts.proxies.values() for address in _items(each))


def _items(part: object) -> tuple[Any, ...]:
    return part if isinstance(part, tuple) else ()


def _unknown(raw: Any, known: Any, path: str) -> Iterator[str]:  # noqa: ANN401
    """The places of the file that no fact was made of."""
    if isinstance(raw, Mapping):
        for key, value in raw.items():
            if key not in known:
                yield f"{path}.{key}"
            else:
                yield from _unknown(value, known[key], f"{path}.{key}")
    elif isinstance(raw, list) and isinstance(known, list | tuple):
        for number, (value, other) in enumerate(zip(raw, known, strict=False)):
            yield from _unknown(value, other, f"{path}[{number}]")


def _wrong(label: str, message: str, hint: str, code: str = "input.value") -> InputError:
    return InputError(Problem(code, Where(label), message, hint))
