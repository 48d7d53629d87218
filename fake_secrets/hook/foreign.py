"""Calls of other services that a rotation function makes, for a check that lets them fail or answers them.

Each call of a client is one, so a paginator or a waiter makes several. A call that a client makes within another
isn't the function's: the look-up of a bucket's region, of an endpoint, or STS when credentials are refreshed.
aiobotocore's calls aren't seen, because rotation functions are synchronous.
"""

from __future__ import annotations

import contextlib
import functools
import re
import uuid
from collections.abc import Callable, Collection, Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from fake_secrets.errors import ServiceError
from fake_secrets.hook import calls
from fake_secrets.hook.credentials import key_pair_of
from fake_secrets.observe.entry import rotation_step

if TYPE_CHECKING:
    from botocore.client import BaseClient
    from botocore.exceptions import ClientError

__all__ = [
    "Around",
    "Failure",
    "ForeignCall",
    "answering",
    "client_error",
    "failure_of",
    "outage",
    "watching",
]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

# Called with the client, the operation's name, a function that makes the call, and the members of the request.
Around = Callable[["BaseClient", str, Callable[[], object], object], object]

# The modelled errors that say that a service has failed, the best first.
_FAILURES = (r"\w*Internal\w*", r"Service(Failure|Exception|Error)\w*", r"ServiceUnavailable\w*", r"Server\w*")
_SERVER_ERROR = 500
_NO_REQUEST = str(uuid.UUID(int=0))

# What answers in place of a service, by its name in botocore. The innermost is last.
_answers: dict[str, list[Callable[[ForeignCall], Mapping[str, Any]]]] = {}

_is_within: ContextVar[bool] = ContextVar("fake_secrets_foreign_call", default=False)


class Failure(NamedTuple):
    """How a service says that it has failed: an error code and an HTTP status."""

    code: str
    status: int


@dataclass(frozen=True, slots=True)
class ForeignCall:
    """A call of another service, for what answers in its place.

    Args:
        service: the service's name in botocore, such as ``iam``.
        operation: the operation, such as ``CreateAccessKey``.
        members: the members of the request.
        access_key_id: the access key id of the client; None if it is unknown.
        secret_access_key: the secret that goes with it; None if it is unknown.
    """

    service: str
    operation: str
    members: Mapping[str, Any] = field(repr=False)
    access_key_id: str | None
    secret_access_key: str | None = field(repr=False)


@contextlib.contextmanager
def answering(services: Collection[str], answer: Callable[[ForeignCall], Mapping[str, Any]]) -> Iterator[None]:
    """Answer the calls of some other services' clients, in all threads, while a world is active.

    Args:
        services: the services' names in botocore.
        answer: returns the members of a response. It raises a `ServiceError` for what the service refuses.
    """
    watch = functools.partial(_around_call, _ask)
    for service in services:
        _answers.setdefault(service, []).append(answer)
    calls.around_foreign.insert(0, watch)
    try:
        yield
    finally:
        calls.around_foreign.remove(watch)
        for service in services:
            _answers[service].remove(answer)


@contextlib.contextmanager
def watching(around: Around) -> Iterator[None]:
    """Take up the calls of other services' clients that rotation functions make, in all threads.

    While no world is active, nothing is taken up.

    Args:
        around: called in place of each call, with the client, the operation, a function that makes the call, and
            the members of the request. What it returns or raises, the function gets.
    """
    watch = functools.partial(_around_call, around)
    calls.around_foreign.append(watch)
    try:
        yield
    finally:
        calls.around_foreign.remove(watch)


def client_error(client: BaseClient, operation: str, code: str, message: str, status: int) -> ClientError:
    """Return an error as a client raises it: of the modelled class, if its service models the code.

    Args:
        client: the client.
        operation: the operation, such as ``PutObject``.
        code: the error code.
        message: the service's message.
        status: the HTTP status.
    """
    response: Any = {
        "Error": {"Message": message, "Code": code},
        "ResponseMetadata": {
            "RequestId": _NO_REQUEST,
            "HTTPStatusCode": status,
            "HTTPHeaders": {},
            "RetryAttempts": 0,
        },
    }
    shape = client.meta.service_model.shape_for_error_code(code)  # type: ignore[arg-type]  # a string
    # botocore's parser copies the members of a modelled error to the top level.
    response.update((name, message) for name in getattr(shape, "members", ()) if name.lower() == "message")
    kind: Any = client.exceptions.from_code(code)
    error: ClientError = kind(response, operation)
    return error


def outage(client: BaseClient, operation: str) -> ClientError:
    """Return the error that a client raises if its service has failed."""
    code, status = failure_of(client, operation)
    return client_error(client, operation, code, "The service has failed.", status)


def failure_of(client: BaseClient, operation: str) -> Failure:
    """Return how a client's service says that it has failed.

    It is an error that the model has for the operation, or else for the service; without one, it is the common
    ``InternalFailure``.
    """
    model: Any = client.meta.service_model
    for shapes in (model.operation_model(operation).error_shapes, model.error_shapes):
        for pattern in _FAILURES:
            for shape in sorted(shapes, key=lambda shape: shape.name):
                status = shape.metadata.get("error", {}).get("httpStatusCode", _SERVER_ERROR)
                if re.fullmatch(pattern, shape.name) and status >= _SERVER_ERROR:
                    return Failure(shape.error_code, status)
    return Failure("InternalFailure", _SERVER_ERROR)


def _around_call(around: Around, wrapped: Callable[..., Any], client: BaseClient, args: Any, kwargs: Any) -> Any:
    step = rotation_step.get()
    if step is None or step.is_over or _is_within.get() or calls.ongoing() is not None:
        return _real(wrapped, client, args, kwargs)
    operation, members = _request_in(args, kwargs)
    return around(client, operation, functools.partial(_call, wrapped, client, args, kwargs), members)


def _ask(client: BaseClient, operation: str, ask: Callable[[], object], members: object) -> object:  # noqa: ARG001
    return ask()


def _call(wrapped: Callable[..., Any], client: BaseClient, args: Any, kwargs: Any) -> object:
    outer = _is_within.get()
    _is_within.set(True)
    try:
        return _real(wrapped, client, args, kwargs)
    finally:
        _is_within.set(outer)


def _real(wrapped: Callable[..., Any], client: BaseClient, args: Any, kwargs: Any) -> object:
    """Make a call, or let it be answered by what stands in for its service."""
    answers = _answers.get(client.meta.service_model.service_name)
    if not answers:
        return wrapped(*args, **kwargs)
    operation, members = _request_in(args, kwargs)
    _validate(client, operation, members)
    call = ForeignCall(client.meta.service_model.service_name, operation, members, *key_pair_of(client))
    try:
        content = answers[-1](call)
    except ServiceError as error:
        raise client_error(client, operation, error.code, error.message, error.status) from None
    metadata = {"RequestId": _NO_REQUEST, "HTTPStatusCode": 200, "HTTPHeaders": {}, "RetryAttempts": 0}
    return {**content, "ResponseMetadata": metadata}


def _request_in(args: Any, kwargs: Any) -> tuple[str, Mapping[str, Any]]:
    operation = args[0] if args else kwargs["operation_name"]
    members = args[1] if len(args) > 1 else kwargs.get("api_params")
    return operation, members or {}


def _validate(client: BaseClient, operation: str, members: Mapping[str, Any]) -> None:
    """Validate the members of a request as botocore does.

    Raises:
        botocore.exceptions.ParamValidationError: if they don't fit the model.
    """
    from botocore.exceptions import ParamValidationError  # noqa: PLC0415 -- botocore is imported by its client
    from botocore.validate import ParamValidator  # noqa: PLC0415

    shape = client.meta.service_model.operation_model(operation).input_shape
    report = None if shape is None else ParamValidator().validate(members, shape)
    if report is not None and report.has_errors():
        raise ParamValidationError(report=report.generate_report())
