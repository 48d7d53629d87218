"""The parts of a client, and whether somebody has patched or replaced what runs after `before-call`."""

from __future__ import annotations

import functools
import operator
import types
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import botocore.auth
import botocore.parsers
import botocore.retries.standard
import botocore.retryhandler

from fake_secrets.hook.seams import found_below

__all__ = ["BOTOCORE", "Parts", "is_usual", "package_of"]

BOTOCORE = frozenset({"aiobotocore", "botocore"})
# Methods that run between `before-call` and `after-call`, of a client and of the objects that it consists of.
_CLIENT_METHODS = ("_make_request",)
_ENDPOINT_METHODS = (
    "make_request",
    "_send_request",
    "create_request",
    "prepare_request",
    "_get_response",
    "_do_get_response",
    "_needs_retry",
    "_send",
)
_SIGNER_METHODS = ("sign", "get_auth_instance")


def is_usual(client: Any) -> bool:
    """Return whether a client consists of botocore's own objects, so that `Parts` can look at them."""
    endpoint = getattr(client, "_endpoint", None)
    parts = (endpoint, getattr(endpoint, "http_session", None), getattr(client, "_request_signer", None))
    return all(package_of(type(part)) in BOTOCORE and hasattr(part, "__dict__") for part in parts)


class Parts:
    """What a client consists of: its endpoint, its HTTP session and its signer.

    Args:
        client: the client, which is usual. No reference to it is kept, and none to its endpoint, whose handlers
            may refer to it.
    """

    __slots__ = ("_methods", "_of_session", "_of_signer", "_session", "_signer", "_size", "_type_of_endpoint")

    def __init__(self, client: Any) -> None:
        endpoint = client._endpoint
        self._type_of_endpoint = type(endpoint)
        self._session, self._signer = endpoint.http_session, client._request_signer
        self._of_session, self._of_signer = vars(self._session), vars(self._signer)
        self._methods = _methods_of(*map(type, (endpoint, self._session, self._signer)))
        # How many attributes the client and its parts have while none of them is a patch.
        self._size = -1

    def are_altered(self, client: Any, of_client: Mapping[str, Any]) -> bool:
        """Return whether a method of the client's or its parts' is patched, or a part replaced.

        This is asked before every call, so what is seldom needed is in other methods.

        Args:
            client: the client.
            of_client: its attributes.
        """
        kind, methods = type(client), self._methods
        if methods.read(kind) != methods.untouched and methods.are_patched(kind):
            return True
        endpoint: Any = of_client.get("_endpoint")
        if (
            type(endpoint) is not self._type_of_endpoint
            or endpoint.http_session is not self._session
            or of_client.get("_request_signer") is not self._signer
            or endpoint._response_parser_factory._defaults
        ):
            return True
        size = len(of_client) + len(endpoint.__dict__) + len(self._of_session) + len(self._of_signer)
        return size != self._size and self._have_patches_of_their_own(client, size)

    def _have_patches_of_their_own(self, client: Any, size: int) -> bool:
        """Return whether a method of this client or its parts is patched, and not only of their classes."""
        of_objects = (
            (client, _CLIENT_METHODS),
            (client._endpoint, _ENDPOINT_METHODS),
            (self._session, _session_methods(type(self._session))),
            (self._signer, _SIGNER_METHODS),
        )
        if any(not vars(part).keys().isdisjoint(names) for part, names in of_objects):
            return True
        self._size = size
        return False


class _Methods:
    """The methods of the classes of a client's parts, which somebody may patch.

    Args:
        endpoint: the class of its endpoint.
        session: the class of its HTTP session.
        signer: the class of its signer.
    """

    def __init__(self, endpoint: Any, session: Any, signer: Any) -> None:
        auth: Any = botocore.auth.SigV4Auth
        parser, policy, standard, legacy = _classes_of(package_of(endpoint))
        connect = operator.attrgetter(*_session_methods(session)[1:])
        # Written out, because it is called before every call: no loop in Python is as fast.
        self.read: Callable[[Any], tuple[Any, ...]] = lambda client: (
            client._make_request,
            endpoint.make_request,
            endpoint._send_request,
            endpoint.create_request,
            endpoint.prepare_request,
            endpoint._get_response,
            endpoint._do_get_response,
            endpoint._needs_retry,
            endpoint._send,
            session.send,
            connect(session),
            signer.sign,
            signer.get_auth_instance,
            auth.add_auth,
            parser.parse,
            policy.should_retry,
            standard.needs_retry,
            legacy.__call__,
        )
        self._of = (
            (endpoint, _ENDPOINT_METHODS),
            (session, _session_methods(session)),
            (signer, _SIGNER_METHODS),
            (auth, ("add_auth",)),
            (parser, ("parse",)),
            (policy, ("should_retry",)),
            (standard, ("needs_retry",)),
            (legacy, ("__call__",)),
        )
        self.untouched: tuple[Any, ...] | None = None

    def are_patched(self, client: type) -> bool:
        """Return whether one of the methods isn't botocore's own. If all are, they are `untouched`.

        Args:
            client: the class of the client.
        """
        seen = self.read(client)
        if all(_is_botocores_own(owner, name) for owner, names in self.of(client) for name in names):
            self.untouched = seen
            return False
        return True

    def of(self, client: type) -> Iterator[tuple[Any, tuple[str, ...]]]:
        """Yield the classes with the names of their methods that are read, for the class of a client."""
        yield client, _CLIENT_METHODS
        yield from self._of


def _classes_of(package: str) -> tuple[Any, Any, Any, Any]:
    """Return the classes of a package that parse JSON and that retry: two of standard mode, one of legacy mode."""
    if package == "aiobotocore":
        import aiobotocore.parsers  # noqa: PLC0415 -- the client's package, which is imported then
        import aiobotocore.retries.standard  # noqa: PLC0415
        import aiobotocore.retryhandler  # noqa: PLC0415

        aio, legacy = aiobotocore.retries.standard, aiobotocore.retryhandler.AioRetryHandler
        return aiobotocore.parsers.AioJSONParser, aio.AioRetryPolicy, aio.AioRetryHandler, legacy
    standard, legacy = botocore.retries.standard, botocore.retryhandler.RetryHandler
    return botocore.parsers.JSONParser, standard.RetryPolicy, standard.RetryHandler, legacy


def _session_methods(session: type) -> tuple[str, str]:
    """Return the names of the methods of an HTTP session that send, and that get what to send with."""
    return "send", "_get_connection_manager" if hasattr(session, "_get_connection_manager") else "_get_session"


@functools.lru_cache(maxsize=64)
def _methods_of(endpoint: Any, session: Any, signer: Any) -> _Methods:
    return _Methods(endpoint, session, signer)


def _definer(owner: type, name: str) -> type:
    """Return the class that defines a method of a class, or the class itself if none does."""
    return next((kind for kind in owner.__mro__ if name in vars(kind)), owner)


def _is_botocores_own(owner: type, name: str) -> bool:
    definer = _definer(owner, name)
    method = found_below(vars(definer).get(name))
    return (
        type(method) is types.FunctionType
        and method.__code__.co_name == name
        and method.__globals__.get("__name__") == definer.__module__
        and package_of(method) in BOTOCORE
    )


def package_of(handler: Any) -> str:
    """Return the top package of a class, or of the code that a handler runs."""
    while isinstance(handler, functools.partial):
        handler = handler.func
    function = getattr(handler, "__func__", handler)
    if isinstance(function, type):
        return function.__module__.partition(".")[0]
    # `functools.wraps` copies a function's `__module__`, so that is no evidence.
    if isinstance(function, types.FunctionType):
        module = function.__globals__.get("__name__", "")
    else:
        module = type(function).__module__
    return str(module).partition(".")[0]
