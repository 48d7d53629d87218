"""AWS's front end: what it says to a request before the service itself sees it."""

from __future__ import annotations

import json
import uuid
from typing import Any, NoReturn

from fake_secrets.errors import FakeSecretsError
from fake_secrets.observe.words import cut
from fake_secrets.server.foreign import refuse_foreign
from fake_secrets.server.messages import HttpAnswer, HttpRequest, Service
from fake_secrets.server.signatures import lacks_of, scope_of

__all__ = ["FrontEnd"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

_SERVICE = "secretsmanager"
_CONTENT_TYPE = "application/x-amz-json-1.1"
_TARGET_PREFIX = f"{_SERVICE}."
# Of what a client calls an operation, the log shows so many characters.
_WIDTH = 100
_BAD, _FORBIDDEN, _NOT_FOUND = 400, 403, 404
_NO_OPERATION = "Unable to determine service/operation name to be authorized"
_NO_TOKEN = "Missing Authentication Token"  # noqa: S105 -- AWS's words


def _refuse_constant(_: str) -> NoReturn:
    raise ValueError


# JSON has no NaN and no infinity.
_from_json = json.JSONDecoder(parse_constant=_refuse_constant).decode


class FrontEnd:
    """Refuses what AWS refuses before it looks at the operation, and passes everything else on.

    Args:
        service: answers the requests that are well-formed.
    """

    def __init__(self, service: Service) -> None:
        self._service = service

    def __call__(self, request: HttpRequest) -> HttpAnswer:
        """Answer a request to the API, whatever its path.

        A request that is signed for another service is refused first. The rest is in the order of Kinesis: method,
        content type and JSON, operation, credentials.

        Source: wire-facts 3.2 [C], of a kindred service. W10 there for other services [D].
        """
        operation = request.headers.get("X-Amz-Target", "").removeprefix(_TARGET_PREFIX)
        refusal = (
            _foreign(request) or _not_json(request) or self._not_known(operation, request) or _unsigned(request)
        )
        if refusal is not None:
            return refusal
        try:
            return self._service.answer(operation, request)
        except FakeSecretsError as error:
            # SDKs don't retry it: they know neither the code nor a reason to.
            return _refusal(type(error).__name__.removesuffix("Error"), str(error))

    def _not_known(self, operation: str, request: HttpRequest) -> HttpAnswer | None:
        if not request.headers.get("X-Amz-Target", "").startswith(_TARGET_PREFIX):
            return _refusal("UnknownOperationException")
        if self._service.knows(operation):
            return None
        lacks = f"the server's service model has no {cut(operation, _WIDTH)}"
        return _refusal("UnknownOperationException", note=lacks)


def _foreign(request: HttpRequest) -> HttpAnswer | None:
    scope = scope_of(request.headers)
    return None if scope is None or scope.service == _SERVICE else refuse_foreign(request, scope.service)


def _not_json(request: HttpRequest) -> HttpAnswer | None:
    if request.method != "POST":
        return _refuse_method(request)
    kind = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if kind != _CONTENT_TYPE:
        return _refuse_content_type(kind)
    return None if _is_object(request.body) else _refusal("SerializationException")


def _unsigned(request: HttpRequest) -> HttpAnswer | None:
    authorization = request.headers.get("Authorization")
    if authorization is None:
        return _refusal("MissingAuthenticationTokenException", _NO_TOKEN)
    lacks = lacks_of(authorization, request.headers)
    return _refusal("IncompleteSignatureException", lacks) if lacks else None


def _refuse_method(request: HttpRequest) -> HttpAnswer:
    if "Authorization" in request.headers:
        code, message = "AccessDeniedException", _NO_OPERATION
    else:
        code, message = "MissingAuthenticationTokenException", _NO_TOKEN
    body = f"<{code}>\n  <Message>{message}</Message>\n</{code}>\n"
    return HttpAnswer(_FORBIDDEN, _identified(), body.encode(), note=f"refused {_FORBIDDEN} {code}")


def _refuse_content_type(kind: str) -> HttpAnswer:
    headers = _identified()
    body = "<UnknownOperationException/>\n"
    if kind == "application/json":
        headers["Content-Type"] = kind
        body = '{"Output":{"__type":"com.amazon.coral.service#UnknownOperationException"},"Version":"1.0"}'
    return HttpAnswer(_NOT_FOUND, headers, body.encode(), note=f"refused {_NOT_FOUND} UnknownOperationException")


def _is_object(body: bytes) -> bool:
    try:
        return isinstance(_from_json(body.decode()), dict)
    except (ValueError, RecursionError):
        return False


def _refusal(code: str, message: str | None = None, *, note: str = "") -> HttpAnswer:
    content: dict[str, Any] = {"__type": code}
    if message is not None:
        content["message"] = message
    headers = {**_identified(), "Content-Type": _CONTENT_TYPE}
    body = json.dumps(content, separators=(",", ":")).encode()
    return HttpAnswer(_BAD, headers, body, note=f"refused {_BAD} {code}" + (note and f": {note}"))


def _identified() -> dict[str, str]:
    return {"x-amzn-RequestId": str(uuid.uuid4())}
