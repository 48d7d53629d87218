"""Readers of botocore's requests: the operation, the region that is called, and the caller's key."""

from __future__ import annotations

import re
from dataclasses import field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from fake_secrets.hook.answers import Target
from fake_secrets.hook.credentials import identity_of_key
from fake_secrets.hook.facts import SERVICE_NAME
from fake_secrets.slotted import slotted

if TYPE_CHECKING:
    from botocore.model import OperationModel

    from fake_secrets.world.world import World

__all__ = [
    "REQUEST_ARGUMENTS",
    "UNNAMED",
    "Sent",
    "asked",
    "caller_of",
    "destination_of",
    "is_of_aws",
    "key_sent",
    "operation_asked",
    "operation_sent",
    "target_of",
    "target_sent",
]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

# Those of `_make_api_call` and of `make_request`.
REQUEST_ARGUMENTS = 2
_TARGET_PREFIX = "secretsmanager."
# What a request without X-Amz-Target asks for.
UNNAMED = "a request without X-Amz-Target"
# Groups: access key id, region.
_CREDENTIAL_SCOPE = re.compile(r"Credential=([^/]+)/\d+/([^/]+)/")
_AWS = (".amazonaws.com", ".amazonaws.com.cn", ".api.aws")
_HOST = re.compile(r"//secretsmanager(?:-fips)?\.([a-z0-9-]+)\.")


@slotted
class Sent:
    """An HTTP request, as an HTTP session sends it."""

    url: str
    headers: Any = field(repr=False)
    body: bytes | str | None = field(repr=False)

    @property
    def is_ours(self) -> bool:
        """Whether the request is for Secrets Manager, even if a handler has removed the name of the operation."""
        return self.operation is not None or _HOST.search(self.url) is not None

    @property
    def user_agent(self) -> str | None:
        """The client's User-Agent, or None."""
        return _header(self.headers, "User-Agent") or None

    @property
    def operation(self) -> str | None:
        """The operation of Secrets Manager, or None for another service."""
        return operation_sent(self)


def asked(args: Any, kwargs: Any) -> tuple[OperationModel, Any]:
    """Return the operation's model and the request, from the arguments of `Endpoint.make_request`."""
    if len(args) == REQUEST_ARGUMENTS:
        return args  # type: ignore[no-any-return]  # botocore's arguments
    return kwargs["operation_model"], kwargs["request_dict"]


def operation_asked(args: Any, kwargs: Any) -> str | None:
    """Return the operation of a call of `Endpoint.make_request`, or None for another service."""
    model, _ = asked(args, kwargs)
    return model.name if model.service_model.service_name == SERVICE_NAME else None


def operation_sent(request: Any) -> str | None:
    """Return the operation of a prepared HTTP request, or None for another service."""
    target = target_sent(request)
    return target.removeprefix(_TARGET_PREFIX) if target.startswith(_TARGET_PREFIX) else None


def target_sent(request: Any) -> str:
    """Return what a prepared HTTP request of any service names as its operation; empty if it names none."""
    return _header(request.headers, "X-Amz-Target")


def key_sent(request: Any) -> str | None:
    """Return the access key id that has signed an HTTP request, or None if it isn't signed."""
    scope = _scope_of(request)
    return None if scope is None else scope[1]


def is_of_aws(url: str) -> bool:
    """Return whether a URL is that of an endpoint of AWS."""
    return str(urlsplit(url).hostname).endswith(_AWS)


def target_of(world: World, sent: Sent) -> Target:
    """Return the destination of an HTTP request, from its signature or else from its URL."""
    target = Target(world, *destination_of(world, sent))
    target.user_agent = sent.user_agent
    return target


def destination_of(world: World, sent: Sent) -> tuple[str, str | None]:
    """Return the region that an HTTP request calls, and the account id or the ARN of its caller or None."""
    scope, host = _scope_of(sent), _HOST.search(sent.url)
    if scope is not None:
        return scope[2], caller_of(sent)
    return world.region if host is None else host[1], None


def caller_of(sent: Sent) -> str | None:
    """Return the account id or the ARN that the key which signed a request shows, or None."""
    key = key_sent(sent)
    return None if key is None else identity_of_key(key)


def _scope_of(sent: Any) -> re.Match[str] | None:
    return _CREDENTIAL_SCOPE.search(_header(sent.headers, "Authorization"))


def _header(headers: Any, name: str) -> str:
    header = headers.get(name) or b""
    return header.decode("ascii", "replace") if isinstance(header, bytes) else header
