"""Facts from botocore's service model: the shapes of inputs and the reading of outputs."""

from __future__ import annotations

import functools
import os
from collections import deque
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import botocore.loaders
import botocore.model
import botocore.session
import botocore.utils
from botocore.exceptions import BotoCoreError

from fake_secrets.hook.outputs import reader_of
from fake_secrets.service.rules.constraints import Shape

if TYPE_CHECKING:
    from botocore.model import OperationModel, ServiceModel

__all__ = [
    "SENSITIVE",
    "SERVICE_NAME",
    "ModelFacts",
    "OperationFacts",
    "facts_in",
    "facts_of",
    "installed_facts",
    "is_region",
    "may_be_retried",
]

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

# The members of requests that hold secrets, whatever a model says of them. One that was edited may say nothing.
SENSITIVE = frozenset({"RotationToken", "SecretBinary", "SecretString"})
# The variables that decide where botocore finds service models: they name the folder, or files that may name it.
_GIVE_A_MODEL = (
    "AWS_DATA_PATH", "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_PROFILE", "AWS_DEFAULT_PROFILE",
    "HOME",
)  # fmt: skip
# More service models than a process has: that of the installed botocore, and those of copies and of users.
_MODELS = 8


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


class ModelFacts:
    """The facts of the operations of a service model, each compiled when it is first looked up.

    Args:
        model: botocore's service model.
        known: the facts that are compiled, by operation. All models of the same content have this in common.
    """

    __slots__ = ("known", "model")

    def __init__(self, model: ServiceModel, known: dict[str, OperationFacts]) -> None:
        self.model = model
        self.known = known

    def find(self, operation: str) -> OperationFacts | None:
        """Return the facts of an operation, or None if the model doesn't have it."""
        facts = self.known.get(operation)
        is_new = facts is None and operation in self.model.operation_names
        return self.compiled(self.model.operation_model(operation)) if is_new else facts

    def compiled(self, model: OperationModel) -> OperationFacts:
        """Compile the facts of an operation, by its model."""
        facts = self.known[model.name] = OperationFacts(model)
        return facts


class _Known:
    """The facts that are compiled for all models of the same content.

    It has no object of botocore, which would keep a copy of botocore alive that has gone out of use.

    Args:
        description: what botocore has read from the file of the model that was seen last.
    """

    def __init__(self, description: object) -> None:
        self.description = description
        self.facts: dict[str, OperationFacts] = {}


_known: deque[_Known] = deque(maxlen=_MODELS)


def facts_in(model: ServiceModel) -> ModelFacts:
    """Return the facts of a service model, compiled once for all models of the same content.

    Each client has a model of its own. Most have read the file of the installed botocore, but AWS_DATA_PATH, a
    session's loader and another copy of botocore may bring others.
    """
    description: Any = model._service_description  # type: ignore[attr-defined]  # a seam
    known = list(_known)
    # To compare two descriptions takes a while, but the clients of one session have the same.
    same = [one for one in known if one.description is description]
    same = same or [one for one in known if one.description == description]
    if not same:
        same = [_Known(description)]
        _known.append(same[0])
    same[0].description = description
    return ModelFacts(model, same[0].facts)


def installed_facts() -> ModelFacts:
    """Return the facts of the service model that a new client of the installed botocore would have.

    It is botocore's own, unless AWS_DATA_PATH or ``data_path`` in a file of configuration names a folder with
    another.
    """
    # Looked up anew each time, since the facts of clients may have been compiled again after many other models.
    return facts_in(_model_given(*map(os.environ.get, _GIVE_A_MODEL)))


@functools.lru_cache(maxsize=_MODELS)
def _model_given(*_: str | None) -> ServiceModel:
    """Return the service model that variables of the environment lead to. A session reads files, so it is kept."""
    try:
        loader = botocore.session.Session().get_component("data_loader")
    except BotoCoreError:
        # No client can be made with such a configuration. Those of other processes have another.
        loader = botocore.loaders.create_loader()
    description = loader.load_service_model(SERVICE_NAME, "service-2")
    return botocore.model.ServiceModel(description, SERVICE_NAME)


def facts_of(operation: str) -> OperationFacts | None:
    """Return the facts of an operation, or None if a new client wouldn't know it."""
    return installed_facts().find(operation)


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


def _input_shape(shape: Any, name: str = "") -> Shape:
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
        is_sensitive=bool(metadata.get("sensitive")) or name in SENSITIVE,
        element=_input_shape(shape.member) if is_list else None,
        members={of: _input_shape(member, of) for of, member in shape.members.items()} if is_structure else {},
        required=tuple(metadata.get("required", ())) if is_structure else (),
    )
