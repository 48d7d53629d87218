"""Facts from botocore's service model: the shapes of inputs and the reading of outputs."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import botocore.loaders
import botocore.model
import botocore.session
import botocore.utils

from fake_secrets.hook.outputs import reader_of
from fake_secrets.service.rules.constraints import Shape

if TYPE_CHECKING:
    from botocore.model import OperationModel

__all__ = ["KNOWN", "SERVICE_NAME", "OperationFacts", "facts_of", "is_region", "may_be_retried"]

SERVICE_NAME = "secretsmanager"

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

    `shape` is the shape against which the service checks the input. `read` reads a response of JSON values: see
    `reader_of`.
    """

    def __init__(self, model: OperationModel) -> None:
        self.shape = _input_shape(model.input_shape)
        self.read = reader_of(model.output_shape)


KNOWN: dict[str, OperationFacts] = {}
"""What `facts_of` has returned."""


def facts_of(operation: str, model: OperationModel | None = None) -> OperationFacts | None:
    """Return the facts of an operation, compiled once.

    Args:
        operation: the operation's name.
        model: the operation's model, by default that of the installed botocore.

    Returns:
        The facts, or None if botocore doesn't know the operation.
    """
    facts = KNOWN.get(operation)
    if facts is None:
        model = model or _installed_model(operation)
        if model is None:
            return None
        facts = KNOWN[operation] = OperationFacts(model)
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
