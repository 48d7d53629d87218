"""Calls of other services that a rotation function makes, for a check that lets them fail.

Each call of a client is one, so a paginator or a waiter makes several. A call that a client makes within another
isn't the function's: the look-up of a bucket's region, of an endpoint, or STS when credentials are refreshed.
aiobotocore's calls aren't seen, because rotation functions are synchronous.
"""

from __future__ import annotations

import contextlib
import functools
import re
import uuid
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, NamedTuple

from fake_secrets.hook import calls
from fake_secrets.observe.ledger import rotation_step

if TYPE_CHECKING:
    from botocore.client import BaseClient
    from botocore.exceptions import ClientError

__all__ = ["Around", "Failure", "client_error", "failure_of", "outage", "watching"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

# Called with the client, the operation's name, a function that makes the call, and the members of the request.
Around = Callable[["BaseClient", str, Callable[[], object], object], object]

# The modelled errors that say that a service has failed, the best first.
_FAILURES = (r"\w*Internal\w*", r"Service(Failure|Exception|Error)\w*", r"ServiceUnavailable\w*", r"Server\w*")
_SERVER_ERROR = 500

_is_within: ContextVar[bool] = ContextVar("fake_secrets_foreign_call", default=False)


class Failure(NamedTuple):
    """How a service says that it has failed: an error code and an HTTP status."""

    code: str
    status: int


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
            "RequestId": str(uuid.UUID(int=0)),
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
        return wrapped(*args, **kwargs)
    operation = args[0] if args else kwargs["operation_name"]
    members = args[1] if len(args) > 1 else kwargs.get("api_params")
    return around(client, operation, functools.partial(_call, wrapped, args, kwargs), members)


def _call(wrapped: Callable[..., Any], args: Any, kwargs: Any) -> object:
    outer = _is_within.get()
    _is_within.set(True)
    try:
        return wrapped(*args, **kwargs)
    finally:
        _is_within.set(outer)
