"""Calls of other services, which no world answers: a note on their errors tells the author of the test."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from fake_secrets.beside_moto import is_active as is_moto_active
from fake_secrets.environment import FAKE_ACCESS_KEY_ID
from fake_secrets.errors import annotate, refusal_in
from fake_secrets.hook.credentials import key_pair_of
from fake_secrets.hook.requests import is_of_aws
from fake_secrets.world import stack

if TYPE_CHECKING:
    from botocore.client import BaseClient

__all__ = ["call_another_service"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

# What the services of AWS answer to keys that they don't know.
_REFUSED_KEYS = frozenset(
    {"AuthFailure", "InvalidAccessKeyId", "InvalidClientTokenId", "InvalidToken", "UnrecognizedClientException"}
)
# The exceptions of pytest-socket.
_BLOCKED = frozenset({"SocketBlockedError", "SocketConnectBlockedError"})


def call_another_service(wrapped: Callable[..., Any], client: BaseClient, args: Any, kwargs: Any) -> Any:
    """Make a call of another service. If it fails on its way to AWS in a world, its error has a note."""
    try:
        return wrapped(*args, **kwargs)
    except Exception as error:
        if stack.here() is not None and not is_moto_active() and is_of_aws(client.meta.endpoint_url):
            _tell(error, client)
        raise


def _tell(error: Exception, client: BaseClient) -> None:
    if _is_network_error(error):
        what = "this call was on its way to"
    elif refusal_in(error).get("Code") in _REFUSED_KEYS and key_pair_of(client)[0] == FAKE_ACCESS_KEY_ID:
        what = "this call was sent, with the fake credentials of the world, to"
    else:
        return
    service = client.meta.service_model.service_name
    annotate(
        error,
        f"fake_secrets: a world answers Secrets Manager only, and {what} the real {service}. Add moto's "
        "@mock_aws to the test, or stub the client: see 'Use moto for the other services' in the documentation.",
    )


def _is_network_error(error: Exception) -> bool:
    kinds = type(error).__mro__
    return any(
        kind.__name__ in _BLOCKED
        or (kind.__name__ == "ConnectionError" and kind.__module__.endswith("botocore.exceptions"))
        for kind in kinds
    )
