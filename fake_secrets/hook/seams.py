"""The seams of botocore that are private, and how our wrappers get in and out of them.

`BaseClient._make_api_call`, `Endpoint._send`, `Endpoint._send_request` (only looked at), the cached
credentials of boto3's default session, the parser defaults of a client's endpoint and the
credentials of its signer (both only looked at); beside them the public `Endpoint.make_request`.
Each has a canary test.
"""

from __future__ import annotations

import functools
import inspect
import sys
import types
import weakref
from collections.abc import Callable
from typing import Any

import botocore.credentials

from fake_secrets.environment import FAKE_ACCESS_KEY_ID, FAKE_SECRET_ACCESS_KEY, FAKE_SESSION_TOKEN

__all__ = [
    "DefaultSession",
    "Seam",
    "access_key_of",
    "parses_for_itself",
]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

Around = Callable[[Callable[..., Any], Any, tuple[Any, ...], dict[str, Any]], Any]


class Seam:
    """A method that we wrap while a world is active.

    Args:
        owner: the class.
        name: the method's name.
        around: called with the wrapped method, the instance, args and kwargs.
    """

    def __init__(self, owner: type, name: str, around: Around) -> None:
        self._owner = owner
        self._name = name
        self._around = around
        self._found: Any = None
        self._ours: Any = None
        # Each wrapper that we made and that still lives, with what it wraps.
        self._made: weakref.WeakKeyDictionary[Any, Any] = weakref.WeakKeyDictionary()

    def put_up(self) -> None:
        """Wrap the method, unless our wrapper is still on top."""
        found = self._owner.__dict__[self._name]
        if found is self._ours:
            return
        # One of an earlier world, which a patch that has gone since has put back.
        while type(found) is types.FunctionType and found in self._made:
            found = self._made[found]
        if found is not self._found:
            self._found, self._ours = found, self._wrapper_of(found)
            self._made[self._ours] = found
        setattr(self._owner, self._name, self._ours)

    def take_down(self) -> None:
        """Put the method back.

        Where somebody has wrapped over us, our wrapper stays and does nothing; it goes when
        they have gone and a later world takes it down.
        """
        if self._owner.__dict__[self._name] is self._ours:
            setattr(self._owner, self._name, self._found)

    def _wrapper_of(self, found: Any) -> Any:
        around, bind = self._around, _binder_of(found)

        if inspect.iscoroutinefunction(found):

            @functools.wraps(found)
            async def async_wrapper(instance: Any, *args: Any, **kwargs: Any) -> Any:
                return await around(bind(instance), instance, args, kwargs)

            return async_wrapper

        # A plain function, as the method is: whoever unwraps what he put over it, as
        # OpenTelemetry does by way of the class, then finds this very object again.
        @functools.wraps(found)
        def wrapper(instance: Any, *args: Any, **kwargs: Any) -> Any:
            return around(bind(instance), instance, args, kwargs)

        return wrapper


class DefaultSession:
    """boto3's default session, which has fake credentials while a world is active."""

    def __init__(self) -> None:
        self._shielded: Any = None
        self._found: Any = None
        self._fake: Any = None

    def put_up(self) -> None:
        """Give the default session fake credentials, if there is one."""
        self._shielded = _default_session()
        if self._shielded is not None:
            self._found = self._shielded._credentials
            self._fake = botocore.credentials.Credentials(
                FAKE_ACCESS_KEY_ID, FAKE_SECRET_ACCESS_KEY, FAKE_SESSION_TOKEN
            )
            self._shielded._credentials = self._fake

    def take_down(self) -> None:
        """Give back the credentials that were found, and forget fake ones found since."""
        if self._shielded is not None and self._shielded._credentials is self._fake:
            self._shielded._credentials = self._found
        made_since = _default_session()
        if made_since is not None and made_since is not self._shielded:
            cached = made_since._credentials
            # Of a kind that can be refreshed, the key would be asked for over the network.
            is_plain = type(cached) is botocore.credentials.Credentials
            if is_plain and cached.access_key == FAKE_ACCESS_KEY_ID:
                made_since._credentials = None
        self._shielded = self._found = self._fake = None


def access_key_of(client: Any) -> str | None:
    """Return the access key id of a client's plain static credentials, or None.

    Of credentials that can be refreshed, the key would be asked for over the network.
    """
    signer = getattr(client, "_request_signer", None)
    credentials = getattr(signer, "_credentials", None)
    # Static ones keep it as an attribute, aiobotocore's too; others compute it.
    return (
        vars(credentials).get("access_key") if isinstance(credentials, botocore.credentials.Credentials) else None
    )


def parses_for_itself(client: Any) -> bool:
    """Say whether a client's session has parsers of its own, as the AWS CLI's has for dates."""
    endpoint = getattr(client, "_endpoint", None)
    factory = getattr(endpoint, "_response_parser_factory", None)
    return bool(getattr(factory, "_defaults", None))


def _binder_of(found: Any) -> Callable[[Any], Any]:
    """Return what binds something that stands in a class to an instance, as attribute access does."""
    if type(found) is types.FunctionType:
        return functools.partial(types.MethodType, found)
    bind = getattr(type(found), "__get__", None)
    # A Mock binds to none.
    return (lambda _: found) if bind is None else lambda instance: bind(found, instance, type(instance))


def _default_session() -> Any:
    boto3 = sys.modules.get("boto3")
    session = getattr(boto3, "DEFAULT_SESSION", None)
    return getattr(session, "_session", None)
