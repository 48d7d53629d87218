"""The world's answers in botocore's forms: parsed for the fast lane, raw for the wire lane."""

from __future__ import annotations

import functools
import http.client
import io
import json
import urllib.parse
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import botocore.awsrequest
import botocore.utils
import urllib3.response

from fake_secrets import clock
from fake_secrets.arns import partition_of
from fake_secrets.errors import CommonError, ServiceError
from fake_secrets.hook.encoding import encode, headers_of
from fake_secrets.hook.facts import installed_facts
from fake_secrets.service.state.request_model import Request
from fake_secrets.service.transport import Loss, Transport

if TYPE_CHECKING:
    from botocore.model import OperationModel

    from fake_secrets.hook.facts import ModelFacts, OperationFacts
    from fake_secrets.options import RotationErrors
    from fake_secrets.rotation.rotation import Rotation
    from fake_secrets.service.transport import Answer
    from fake_secrets.world.world import World

__all__ = [
    "NOTHING_AUTOMATIC",
    "OK",
    "Response",
    "Target",
    "Unsent",
    "answer_parsed",
    "answer_raw",
    "errors_of",
    "raw_error",
]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

_decoder: Any = json.JSONDecoder()
_from_json, _scan_json = _decoder.decode, _decoder.scan_once

# The headers of a response, or what `headers_of` makes them of.
Headers = dict[str, str] | tuple[str, int, float]

OK = 200
NOTHING_AUTOMATIC: Mapping[str, str] = MappingProxyType({})


class Unsent:
    """The part of an HTTP response that replaces what the network would provide.

    Args:
        url: the URL of the request.
        status_code: the HTTP status.
        headers: the headers, or the arguments of `headers_of`, which makes them when somebody reads them.
        content: the body, or its members, which are encoded when somebody reads it.

    `loss` says how the connection fails instead; it is None if the response arrives.
    """

    loss: Loss | None = None

    def __init__(self, url: str, status_code: int, headers: Headers, content: bytes | dict[str, Any]) -> None:
        self.url = url
        self.status_code = status_code
        self._headers = headers
        self._body = content

    @property
    def plain_headers(self) -> dict[str, str]:
        """The headers, as a plain dict."""
        if isinstance(self._headers, tuple):
            self._headers = headers_of(*self._headers)
        return self._headers

    @property
    def _content(self) -> bytes:
        # What botocore calls the body.
        if not isinstance(self._body, bytes):
            self._body = encode(self._body)
        return self._body

    # Not that of functools: before Python 3.12 it has a lock, which another thread may hold during a fork.
    @botocore.utils.CachedProperty
    def headers(self) -> Any:
        """The headers, as a case-insensitive mapping."""
        return botocore.awsrequest.HeadersDict(self.plain_headers)

    @botocore.utils.CachedProperty
    def raw(self) -> Any:
        """The response as the HTTP library has it after the body was read, as botocore reads it at once."""
        received = self.as_received()
        received.read()
        return received

    def as_received(self) -> urllib3.response.HTTPResponse:
        """Return the response as urllib3 returns it, with the body unread."""
        received = urllib3.response.HTTPResponse(
            body=io.BytesIO(self._content),
            headers=self.plain_headers,
            status=self.status_code,
            reason=http.client.responses.get(self.status_code),
            preload_content=False,
            decode_content=False,
            request_method="POST",
            request_url=urllib.parse.urlsplit(self.url).path or "/",
            version=11,
        )
        # urllib3 1.26 doesn't take it as an argument.
        received.version_string = "HTTP/1.1"
        return received


class Response(Unsent, botocore.awsrequest.AWSResponse):
    """An HTTP response that was never sent."""


class Target:
    """The destination of a call: a world and a region.

    Args:
        world: the world that answers.
        region: the region that is called.
        identity: the account id or the ARN that the client's credentials show, or None.

    `automatic` maps members to the tokens of a seeded world, which replace the random tokens that
    botocore filled in. `response_type` is the client's type of HTTP response. `rotations` has the rotations
    that the call has claimed, and that its maker has to run. A call that is repeated may claim more than one.
    `attempts` counts the attempts so far, and `request_id` is that of the latest. `user_agent` is the User-Agent
    that the client sends; None if it isn't known. `facts` are those of the client's service model; None stands for
    those of the installed botocore.
    """

    facts: ModelFacts | None = None

    def __init__(self, world: World, region: str, identity: str | None = None) -> None:
        self.world = world
        self.region = region
        self.partition = partition_of(region)
        self.identity = identity
        self.automatic = NOTHING_AUTOMATIC
        self.response_type: type[Any] = Response
        self.rotations: list[Rotation] = []
        self.attempts = 0
        self.request_id = ""
        self.user_agent: str | None = None


def answer_raw(target: Target, operation: str, body: bytes | str | None, url: str) -> Unsent:
    """Answer a request with an HTTP response that botocore parses.

    Args:
        target: the destination of the call.
        operation: the operation's name.
        body: the JSON body.
        url: the URL.

    Returns:
        The response.
    """
    facts = (installed_facts() if target.facts is None else target.facts).find(operation)
    ask = functools.partial(target.world.answer_attempt, target)
    content, error, now, transport = _ask(target, operation, body, facts and facts.shape, ask)
    encoded = encode(content)
    status = OK if error is None else error.status
    if transport is not None:
        encoded = encoded if transport.body is None else transport.body
        status = transport.status or status
    headers = headers_of(target.request_id, len(encoded), now)
    response: Unsent = target.response_type(url, status, headers, encoded)
    if transport is not None:
        headers.update(transport.headers)
        response.loss = transport.loss
    return response


def raw_error(target: Target, error: ServiceError, url: str) -> Unsent:
    """Return an error instead of the answer to a request, as the HTTP response that botocore parses."""
    encoded = encode(_refusal(error))
    headers = headers_of(target.request_id, len(encoded), clock.now())
    response: Unsent = target.response_type(url, error.status, headers, encoded)
    return response


def answer_parsed(
    target: Target, model: OperationModel, facts: OperationFacts, params: Mapping[str, Any]
) -> tuple[Any, dict[str, Any]]:
    """Answer a request with a response in the form that botocore's parser returns.

    Args:
        target: the destination of the call.
        model: the operation's model.
        facts: its facts.
        params: the request, as botocore serialised it.

    Returns:
        The HTTP response and the parsed response.
    """
    target.user_agent = params["headers"].get("User-Agent")
    world = target.world
    ask = world.answer if world.intervention is None else functools.partial(world.answer_attempt, target)
    content, error, now, _ = _ask(target, model.name, params["body"], facts.shape, ask)
    if error is None:
        status = OK
        parsed, body, length = facts.read(content)
    else:
        status, parsed, body = error.status, _parsed_error(error, model), encode(content)
        length = len(body)
    request_id = target.request_id
    parsed["ResponseMetadata"] = {
        "RequestId": request_id,
        "HTTPStatusCode": status,
        "HTTPHeaders": headers_of(request_id, length, now),
        "RetryAttempts": 0,
    }
    # Headers of its own, which a handler may read after it has changed the others.
    return target.response_type(params["url"], status, (request_id, length, now), body), parsed


def errors_of(response: Any) -> RotationErrors | None:
    """Return how to handle the errors of rotations that follow a response, or None for the default.

    After a refusal they are only recorded, because the call has to raise the refusal itself.
    """
    return None if response.status_code == OK else "record"


def _ask(
    target: Target,
    operation: str,
    body: bytes | str | None,
    shape: Any,
    ask: Callable[[Request, list[Rotation]], Answer],
) -> tuple[dict[str, Any], ServiceError | None, float, Transport | None]:
    """Return the world's answer to a request.

    Returns:
        The members as JSON values, the error or None, the time of the answer, and what happens to it on its way.
    """
    world = target.world
    target.attempts += 1
    target.request_id = world.ids.request_id()
    unread: ServiceError | None = None
    try:
        try:
            members = _members(body)
        except ServiceError as error:
            members, unread = {}, error
        if target.automatic:
            members.update((name, token) for name, token in target.automatic.items() if name in members)
        caller = world.principals.caller(target.identity, target.partition)
        request = Request(
            operation,
            members,
            target.region,
            target.partition,
            caller.account_id,
            caller.arn,
            0.0,
            shape,
            target.attempts,
            target.request_id,
            target.user_agent,
        )
        answer = ask(request, target.rotations) if unread is None else world.refuse(request, unread)
    except ServiceError as error:
        return _refusal(error), error, clock.now(), None
    if answer.error is not None:
        return _refusal(answer.error), answer.error, request.now, answer.transport
    return answer.content, None, request.now, answer.transport


def _refusal(error: ServiceError) -> dict[str, Any]:
    # The key is in lower case in refusals by AWS's front end [C: wire-facts 3.2; D: api-facts 1], but for those of
    # a caller without permission [D: wire-facts 9]. Some refusals have no message at all [C: wire-facts 3.2].
    is_lower = isinstance(error, CommonError) or error.code in {"SerializationException", "ValidationException"}
    if is_lower and not error.message:
        return {"__type": error.code}
    key = "message" if is_lower and error.code != "AccessDeniedException" else "Message"
    return {"__type": error.code, key: error.message}


def _members(body: Any) -> dict[str, Any]:
    """Parse a request's body.

    Raises:
        SerializationException (400): the body isn't a JSON object, or is nested too deeply [D].
    """
    try:
        text = body.decode() if type(body) is bytes else _text_of(body)
        try:
            # botocore's JSON has no space around it, so looking for that would be in vain.
            members, end = _scan_json(text, 0)
        except StopIteration:
            end = -1
        if end != len(text):
            members = _from_json(text) if text else {}
        if "null" in text:
            members = _without_nulls(members)
    except (ValueError, RecursionError):
        members = None
    if not isinstance(members, dict):
        code, message = "SerializationException", "The request's body isn't a JSON object."
        raise ServiceError(code, message)
    return members


def _text_of(body: Any) -> str:
    """Return a body as text. A handler may have replaced it with any form that an HTTP library sends."""
    content = body.read() if hasattr(body, "read") else body
    return content.decode() if isinstance(content, bytes | bytearray) else content or ""


def _without_nulls(value: Any) -> Any:
    """Remove members that are null, because AWS treats them as absent."""
    if isinstance(value, dict):
        return {name: _without_nulls(member) for name, member in value.items() if member is not None}
    return [_without_nulls(item) for item in value] if isinstance(value, list) else value


def _parsed_error(error: ServiceError, model: OperationModel) -> dict[str, Any]:
    parsed: dict[str, Any] = {"Error": {"Message": error.message, "Code": error.code}, "ResponseMetadata": {}}
    modelled = model.service_model.shape_for_error_code(error.code)  # type: ignore[arg-type]  # a string
    if modelled is not None:
        # botocore's parser also copies the members of a modelled error to the top level.
        parsed["Message"] = error.message
    return parsed
