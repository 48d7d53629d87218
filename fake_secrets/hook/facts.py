"""Facts from botocore's service model: the shapes of inputs and the parsing of outputs."""

from __future__ import annotations

import base64
import datetime
import functools
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import botocore.loaders
import botocore.model
import botocore.session
import botocore.utils

from fake_secrets.hook.encoding import keeping
from fake_secrets.service.rules.constraints import Shape

if TYPE_CHECKING:
    from botocore.model import OperationModel

__all__ = ["SERVICE_NAME", "OperationFacts", "facts_of", "is_region", "may_be_retried"]

SERVICE_NAME = "secretsmanager"
# More dates than a test meets.
_KEPT_TIMESTAMPS = 4096

Parse = Callable[[Any], Any]

# The errors that botocore retries in no mode. The tests ask botocore's retry handlers about them.
_NEVER_RETRIED = frozenset(
    {
        "AccessDeniedException",
        "DecryptionFailure",
        "EncryptionFailure",
        "InvalidNextTokenException",
        "InvalidParameterException",
        "InvalidRequestException",
        "MalformedPolicyDocumentException",
        "PreconditionNotMetException",
        "PublicPolicyException",
        "ResourceExistsException",
        "ResourceNotFoundException",
        "SerializationException",
        "ValidationException",
    }
)


class OperationFacts:
    """The facts of one operation.

    Args:
        model: botocore's model of the operation.

    `shape` is the shape against which the service checks the input. `parse` converts a response of
    JSON values, in place, to the values that botocore's parser returns.
    """

    def __init__(self, model: OperationModel) -> None:
        self.shape = _input_shape(model.input_shape)
        self.parse: Parse = _parser(model.output_shape) or (lambda response: response)
        # Before `parse`: what is kept of a response for whoever reads its body.
        self.keep = keeping(_lists_of(model.output_shape))


_facts: dict[str, OperationFacts] = {}


def facts_of(operation: str, model: OperationModel | None = None) -> OperationFacts | None:
    """Return the facts of an operation, compiled once.

    Args:
        operation: the operation's name.
        model: the operation's model, by default that of the installed botocore.

    Returns:
        The facts, or None if botocore doesn't know the operation.
    """
    facts = _facts.get(operation)
    if facts is None:
        model = model or _installed_model(operation)
        if model is None:
            return None
        facts = _facts[operation] = OperationFacts(model)
    return facts


def may_be_retried(refusal: Mapping[str, Any]) -> bool:
    """Return whether botocore might retry a call that was refused, in one of its modes.

    Args:
        refusal: the parsed response.
    """
    return refusal["Error"]["Code"] not in _NEVER_RETRIED


def is_region(region: str, partition: str) -> bool:
    """Return whether Secrets Manager is in a region of a partition, by the data of the installed botocore."""
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


def _lists_of(shape: Any) -> tuple[str, ...] | None:
    """Return the members that are lists of texts, or None if there are objects or other lists in the shape."""
    members = {} if shape is None else shape.members
    lists = {name: member.member for name, member in members.items() if member.type_name == "list"}
    has_objects = any(member.type_name in {"map", "structure"} for member in members.values())
    has_other_lists = any(member.type_name != "string" for member in lists.values())
    return None if has_objects or has_other_lists else tuple(lists)


def _parser(shape: Any) -> Parse | None:
    """Return a function that converts JSON values to parsed values, or None if they are the same."""
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
    known = frozenset(members)
    parsers = tuple((name, parse) for name, parse in members.items() if parse is not None)

    def run(values: dict[str, Any]) -> dict[str, Any]:
        if not known.issuperset(values):
            # The parser of an older model drops the members that only newer models have.
            for name in values.keys() - known:
                del values[name]
        for name, parse in parsers:
            if name in values:
                values[name] = parse(values[name])
        return values

    return run


# What botocore has made of numbers, with the class and the time zone that it made it for.
_timestamps: dict[float, tuple[type, tuple[str, str], Any]] = {}


def _parse_timestamp(value: float) -> Any:
    known = _timestamps.get(value)
    # Parsing depends on both.
    if known is not None and known[0] is datetime.datetime and known[1] is time.tzname:
        return known[2]
    if len(_timestamps) >= _KEPT_TIMESTAMPS:
        _timestamps.clear()
    parsed = botocore.utils.parse_timestamp(value)  # type: ignore[arg-type]  # takes numbers too
    _timestamps[value] = datetime.datetime, time.tzname, parsed
    return parsed
