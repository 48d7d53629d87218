"""The seams: the parts of botocore that we wrap or read, and how wrappers are put up and taken down.

`__init__`, `guard` and `pausing` list the methods that we wrap. We replace the cached credentials of boto3's
default session, and `lessons` replaces the clock of a client's rate limiter. We only read
`Endpoint._send_request`, the credentials of a client's signer, and what `watchers` and `clients` look at. Nearly
all of these are private, and each has a canary test.
"""

from __future__ import annotations

import functools
import inspect
import sys
import types
import weakref
from collections.abc import Callable
from typing import Any

import botocore
import botocore.client
import botocore.credentials

from fake_secrets.environment import FAKE_ACCESS_KEY_ID, FAKE_SECRET_ACCESS_KEY, FAKE_SESSION_TOKEN

__all__ = [
    "Around",
    "DefaultSession",
    "Seam",
    "found_below",
    "is_of_our_copy",
    "region_of_default_session",
    "unsigned_mark",
    "would_sign_offline",
]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

Around = Callable[[Callable[..., Any], Any, tuple[Any, ...], dict[str, Any]], Any]


# Not looked up later: a module that is reloaded has another.
_BaseClient = botocore.client.BaseClient
# Every living wrapper that we made, with its seam and the function that it wraps.
_made: weakref.WeakKeyDictionary[Any, tuple[Any, Any]] = weakref.WeakKeyDictionary()
_NOTHING = (None, None)


class Seam:
    """A method that we wrap while a world is active.

    Args:
        owner: the class.
        name: the method's name.
        around: the wrapper. It is called with the wrapped method, the instance, args and kwargs.
    """

    def __init__(self, owner: type, name: str, around: Around) -> None:
        # Weakly, because a copy of botocore may go out of use.
        self._owner = weakref.ref(owner)
        self._name = name
        self._around = around
        self._found: Any = None
        self._ours: Any = None

    @property
    def owner(self) -> type | None:
        """The class, or None if it is gone."""
        return self._owner()

    def put_up(self) -> None:
        """Wrap the method, unless our wrapper is still on top."""
        owner = self._owner()
        if owner is None:
            return
        found = owner.__dict__[self._name]
        if found is self._ours:
            return
        found = self._below(found)
        if found is not self._found:
            ours = self._wrapper_of(found)
            _made[ours] = (self, found)
            self._found, self._ours = found, ours
        setattr(owner, self._name, self._ours)

    def take_down(self, *, forget: bool = False) -> None:
        """Restore the method.

        If another patch has wrapped our wrapper, ours stays and does nothing. It is removed when a
        later world takes it down after that patch was undone.

        Args:
            forget: drop the method and the wrapper, which keep the class alive. `put_up` makes another.
        """
        owner = self._owner()
        if owner is None:
            return
        found = owner.__dict__[self._name]
        below = self._found if found is self._ours else self._below(found)
        if below is not found:
            setattr(owner, self._name, below)
            if forget:
                self._found = self._ours = None

    def _below(self, found: Any) -> Any:
        """Return what our wrappers wrap. The class attribute itself tells whether it is one of them."""
        # A patch that has been undone since may have restored a wrapper of an earlier world.
        while type(found) is types.FunctionType and _made.get(found, _NOTHING)[0] is self:
            found = _made[found][1]
        return found

    def _wrapper_of(self, found: Any) -> Any:
        around, bind = self._around, _binder_of(found)

        if inspect.iscoroutinefunction(found):

            @functools.wraps(found)
            async def async_wrapper(instance: Any, *args: Any, **kwargs: Any) -> Any:
                return await around(bind(instance), instance, args, kwargs)

            return async_wrapper

        # A plain function, as the method is. A library that unwraps its own wrapper through the class,
        # such as OpenTelemetry, then finds this same object again.
        @functools.wraps(found)
        def wrapper(instance: Any, *args: Any, **kwargs: Any) -> Any:
            return around(bind(instance), instance, args, kwargs)

        return wrapper


class DefaultSession:
    """boto3's default session, which gets fake credentials while a world is active."""

    def __init__(self) -> None:
        self._shielded: Any = None
        self._found: Any = None
        self._fake: Any = None

    def put_up(self) -> None:
        """Give fake credentials to the default session, if there is one."""
        # After an interrupt, an earlier session may still have them.
        self._restore()
        self._shielded = _default_session()
        if self._shielded is not None:
            self._found = self._shielded._credentials
            self._fake = botocore.credentials.Credentials(
                FAKE_ACCESS_KEY_ID, FAKE_SECRET_ACCESS_KEY, FAKE_SESSION_TOKEN
            )
            self._shielded._credentials = self._fake

    def take_down(self) -> None:
        """Restore the session's credentials, and clear fake ones that a newer session has cached."""
        self._restore()
        made_since = _default_session()
        if made_since is not None and made_since is not self._shielded:
            cached = made_since._credentials
            # Only plain credentials: reading the key of refreshable ones would use the network.
            is_plain = type(cached) is botocore.credentials.Credentials
            if is_plain and cached.access_key == FAKE_ACCESS_KEY_ID:
                made_since._credentials = None
        self._shielded = self._found = self._fake = None

    def _restore(self) -> None:
        if self._shielded is not None and self._shielded._credentials is self._fake:
            self._shielded._credentials = self._found


def found_below(method: Any) -> Any:
    """Return the method that our wrappers wrap, or the method itself if it is none of ours."""
    while type(method) is types.FunctionType and method in _made:
        method = _made[method][1]
    return method


def is_of_our_copy(client: Any) -> bool:
    """Return whether a client belongs to the copy of botocore that we imported, and not to another or a reload."""
    return isinstance(client, _BaseClient)


def would_sign_offline(signer: Any) -> bool:
    """Return whether a signer has credentials that it can use without asking anybody for them."""
    credentials = getattr(signer, "_credentials", None)
    needs_refresh = getattr(credentials, "refresh_needed", None)
    if needs_refresh is not None:
        return not needs_refresh()
    # Static credentials, aiobotocore's too, store the key in an attribute. Others compute it.
    return bool(vars(credentials).get("access_key")) if hasattr(credentials, "__dict__") else False


def unsigned_mark(signer: Any) -> Any:
    """Return `botocore.UNSIGNED`, of the copy of botocore that a signer belongs to."""
    package = type(signer).__init__.__globals__.get("botocore", botocore)
    return getattr(package, "UNSIGNED", botocore.UNSIGNED)


def _binder_of(found: Any) -> Callable[[Any], Any]:
    """Return a function that binds a class attribute to an instance, as attribute access does."""
    if type(found) is types.FunctionType:
        return functools.partial(types.MethodType, found)
    bind = getattr(type(found), "__get__", None)
    # A Mock isn't bound to an instance.
    return (lambda _: found) if bind is None else lambda instance: bind(found, instance, type(instance))


def region_of_default_session() -> str | None:
    """Return the region that boto3's default session was set up with, or None.

    A client made from that session calls this region, whatever the environment says.
    """
    session = _default_session()
    if session is None:
        return None
    variables: dict[str, Any] = getattr(session, "instance_variables", dict)()
    region = variables.get("region")
    return region if isinstance(region, str) else None


def _default_session() -> Any:
    boto3 = sys.modules.get("boto3")
    session = getattr(boto3, "DEFAULT_SESSION", None)
    return getattr(session, "_session", None)
