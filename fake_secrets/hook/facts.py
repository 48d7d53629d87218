"""Plain facts from botocore's service model: input shapes, and what parsing makes of an output."""

from __future__ import annotations

import base64
import datetime
import functools
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import botocore.loaders
import botocore.model
import botocore.session
import botocore.utils

from fake_secrets.service.rules.constraints import Shape

if TYPE_CHECKING:
    from botocore.model import OperationModel

__all__ = ["SERVICE_NAME", "OperationFacts", "facts_of", "is_region"]

SERVICE_NAME = "secretsmanager"

Parse = Callable[[Any], Any]


class OperationFacts:
    """What one operation's model says.

    Args:
        model: botocore's model of the operation.

    `shape` is the input as the service checks it; `parse` turns a response of JSON values into
    what botocore's parser makes of it, in place.
    """

    def __init__(self, model: OperationModel) -> None:
        self.shape = _input_shape(model.input_shape)
        self.parse: Parse = _parser(model.output_shape) or (lambda response: response)


_facts: dict[str, OperationFacts] = {}


def facts_of(operation: str, model: OperationModel | None = None) -> OperationFacts | None:
    """Return the facts of an operation, compiled once.

    Args:
        operation: the operation's name.
        model: its model, where the caller has it; else that of the installed botocore.

    Returns:
        The facts, or None where botocore doesn't know the operation.
    """
    facts = _facts.get(operation)
    if facts is None:
        model = model or _installed_model(operation)
        if model is None:
            return None
        facts = _facts[operation] = OperationFacts(model)
    return facts


def is_region(region: str, partition: str) -> bool:
    """Say whether a partition has Secrets Manager in a region, as far as the installed botocore knows."""
    return region in _regions_of(partition)


@functools.cache
def _regions_of(partition: str) -> frozenset[str]:
    return frozenset(botocore.session.Session().get_available_regions(SERVICE_NAME, partition))


def _installed_model(operation: str) -> OperationModel | None:
    service = _installed_service()
    return service.operation_model(operation) if operation in service.operation_names else None


@functools.cache
def _installed_service() -> botocore.model.ServiceModel:
    description = botocore.loaders.Loader().load_service_model(SERVICE_NAME, "service-2")
    return botocore.model.ServiceModel(description, SERVICE_NAME)


def _input_shape(shape: Any) -> Shape:
    if shape is None:
        return Shape("structure")
    metadata = shape.metadata
    is_list = shape.type_name == "list"
    is_structure = shape.type_name == "structure"
    return Shape(
        kind=shape.type_name,
        minimum=metadata.get("min"),
        maximum=metadata.get("max"),
        pattern=metadata.get("pattern"),
        enum=tuple(metadata.get("enum", ())),
        is_sensitive=bool(metadata.get("sensitive")),
        element=_input_shape(shape.member) if is_list else None,
        members={name: _input_shape(member) for name, member in shape.members.items()} if is_structure else {},
        required=tuple(metadata.get("required", ())) if is_structure else (),
    )


def _parser(shape: Any) -> Parse | None:
    """Return what makes parsed values of JSON ones, or None where they are the same."""
    kind = None if shape is None else shape.type_name
    if kind == "timestamp":
        return _parse_timestamp
    if kind == "blob":
        return base64.b64decode
    if kind == "list":
        return _in_each(_parser(shape.member))
    if kind == "structure":
        return _in_members({name: _parser(member) for name, member in shape.members.items()})
    return None


def _in_each(parse: Parse | None) -> Parse | None:
    return None if parse is None else lambda values: [parse(value) for value in values]


def _in_members(members: dict[str, Parse | None]) -> Parse:
    known = members.keys()
    parsers = {name: parse for name, parse in members.items() if parse is not None}

    def run(values: dict[str, Any]) -> dict[str, Any]:
        if not values.keys() <= known:
            # An older model doesn't know what newer ones have, and its parser leaves that out.
            for name in values.keys() - known:
                del values[name]
        for name, parse in parsers.items():
            if name in values:
                values[name] = parse(values[name])
        return values

    return run


def _parse_timestamp(value: float) -> Any:
    return _cached_timestamp(value, datetime.datetime, time.tzname)


@functools.lru_cache(maxsize=4096)
def _cached_timestamp(value: float, kind: type, zone: tuple[str, str]) -> Any:  # noqa: ARG001 -- what parsing depends on
    return botocore.utils.parse_timestamp(value)  # type: ignore[arg-type]  # JSON has numbers
