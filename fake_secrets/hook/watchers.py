"""Who watches a call: whether anybody could tell that it skips what botocore does after `before-call`.

The fast lane skips signing, HTTP, logs, parsing and retries. A call takes it only while nobody watches:
no user's handler, no debug log, no patched method, no recorder of botocore's history.
"""

from __future__ import annotations

import functools
import logging
import operator
import types
from collections import deque
from collections.abc import Callable
from typing import Any

import botocore.auth
import botocore.client
import botocore.history
import botocore.parsers
import botocore.retries.standard
import botocore.retryhandler

from fake_secrets.hook.seams import found_below

__all__ = ["BETWEEN", "Watchers"]

# botocore's events after `before-call` and before `after-call`.
BETWEEN = (
    "request-created",
    "choose-signer",
    "before-sign",
    "before-send",
    "before-parse",
    "response-received",
    "needs-retry",
)
_BOTOCORE = frozenset({"aiobotocore", "botocore"})
# Their handlers do what a real call needs; moto's stands aside for us, and that of Powertools, which it adds to
# every session, only names itself in the User-Agent.
_NOT_WATCHING = _BOTOCORE | {"aws_lambda_powertools", "boto3", "fake_secrets"}
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
# An emitter replaces its cache whenever a handler is registered or unregistered, so what is known of its
# handlers is kept there, with this key: for each operation, whether a user's handler hears of it.
_HEARD = "fake_secrets: heard"
# The id under which botocore registers the handler that decides about retries.
_RETRIES = "retry-config-secrets-manager"
# `logging` empties its caches whenever a level changes, so our verdict is kept in one of them, with this key.
_IS_DEBUG_LOGGED: Any = object()
_verdicts: dict[Any, bool] = logging.root._cache  # type: ignore[attr-defined]  # a seam

_history: Any = botocore.history.get_global_history_recorder()


def is_usual(client: Any) -> bool:
    """Return whether a client consists of botocore's own objects, so that `Watchers` can look at them."""
    endpoint = getattr(client, "_endpoint", None)
    parts = (endpoint, getattr(endpoint, "http_session", None), getattr(client, "_request_signer", None))
    return all(_package_of(type(part)) in _BOTOCORE and hasattr(part, "__dict__") for part in parts)


class Watchers:
    """Those who could tell which lane the calls of one client take.

    Args:
        client: the client, which is usual. No reference to it is kept, and none to its endpoint, whose handlers
            may refer to it.
    """

    __slots__ = ("_methods", "_parts", "_size")

    def __init__(self, client: Any) -> None:
        self._parts = parts = _Parts(client)
        definer: Any = _definer(type(client), "_make_request")
        self._methods = _methods_of(definer, *map(type, (client._endpoint, parts.session, parts.signer)))
        self._size = -1

    def see(self, client: Any, operation: str) -> bool:
        """Return whether anybody watches a call of the client.

        This is asked before every call, so what is seldom needed is in other methods.
        """
        verdict = _verdicts.get(_IS_DEBUG_LOGGED)
        if (_is_debug_logged() if verdict is None else verdict) or _history._enabled:
            return True
        methods = self._methods
        seen = methods.read()
        if seen != methods.untouched and methods.are_patched():
            return True
        parts, endpoint = self._parts, client._endpoint
        if (
            type(client)._make_request is not seen[0]
            or type(endpoint) is not parts.type_of_endpoint
            or endpoint.http_session is not parts.session
            or client._request_signer is not parts.signer
            or endpoint._response_parser_factory._defaults
        ):
            return True
        size = len(client.__dict__) + len(endpoint.__dict__) + len(parts.of_session) + len(parts.of_signer)
        if size != self._size and self._has_patch_of_its_own(client, size):
            return True
        emitter = client.meta.events._emitter
        heard = emitter._lookup_cache.get(_HEARD)
        is_heard: bool | None = None if heard is None else heard.get(operation)
        return _is_heard(emitter, operation) if is_heard is None else is_heard

    def _has_patch_of_its_own(self, client: Any, size: int) -> bool:
        """Return whether a method of this client or its parts is patched, and not only of their classes."""
        of_objects = (
            (client, _CLIENT_METHODS),
            (client._endpoint, _ENDPOINT_METHODS),
            (self._parts.session, _session_methods(type(self._parts.session))),
            (self._parts.signer, _SIGNER_METHODS),
        )
        if any(not vars(part).keys().isdisjoint(names) for part, names in of_objects):
            return True
        self._size = size
        return False


class _Parts:
    """What a client consists of. None of it refers to the client, unlike its endpoint.

    Args:
        client: the client.
    """

    __slots__ = ("of_session", "of_signer", "session", "signer", "type_of_endpoint")

    def __init__(self, client: Any) -> None:
        self.type_of_endpoint = type(client._endpoint)
        self.session = client._endpoint.http_session
        self.signer = client._request_signer
        self.of_session = vars(self.session)
        self.of_signer = vars(self.signer)


class _Methods:
    """The methods of the classes of a client's parts, which somebody may patch.

    Args:
        client: the class that defines the client's methods.
        endpoint: the class of its endpoint.
        session: the class of its HTTP session.
        signer: the class of its signer.
    """

    def __init__(self, client: Any, endpoint: Any, session: Any, signer: Any) -> None:
        auth: Any = botocore.auth.SigV4Auth
        parser, policy, standard, legacy = _classes_of(_package_of(endpoint))
        connect = operator.attrgetter(*_session_methods(session)[1:])
        # Written out, because it is called before every call: no loop in Python is as fast.
        self.read: Callable[[], tuple[Any, ...]] = lambda: (
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
            (client, _CLIENT_METHODS),
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

    def are_patched(self) -> bool:
        """Return whether one of the methods isn't botocore's own. If all are, they are `untouched`."""
        seen = self.read()
        if all(_is_botocores_own(owner, name) for owner, names in self._of for name in names):
            self.untouched = seen
            return False
        return True


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
def _methods_of(client: Any, endpoint: Any, session: Any, signer: Any) -> _Methods:
    return _Methods(client, endpoint, session, signer)


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
        and _package_of(method) in _BOTOCORE
    )


def _is_heard(emitter: Any, operation: str) -> bool:
    """Return whether a user's handler hears of an event that the fast lane skips, and remember it."""
    # Before the look, so that a handler that is registered meanwhile isn't missed.
    cache = emitter._lookup_cache
    is_heard = _has_listener(emitter, operation)
    cache.setdefault(_HEARD, {})[operation] = is_heard
    return is_heard


def _has_listener(emitter: Any, operation: str) -> bool:
    for event in BETWEEN:
        if not all(map(_is_no_listener, _handlers(emitter, event, operation))):
            return True
    # A handler of the user's may consist of botocore's classes, so only the client's own may be one of them.
    own = emitter._unique_id_handlers.get(_RETRIES, {}).get("handler")
    for handler in _handlers(emitter, "needs-retry", operation):
        if isinstance(handler, botocore.retryhandler.RetryHandler) and handler is not own:
            return True
    # Handlers for the service run before ours. botocore stops at ours, so those for all services wouldn't run.
    handlers = list(_handlers(emitter, "before-call", operation))
    after_ours = next((at for at, handler in enumerate(handlers) if _package_of(handler) == "fake_secrets"), 0)
    return not all(map(_is_no_listener, handlers[after_ours:]))


def _handlers(emitter: Any, event: str, operation: str) -> deque[Callable[..., Any]]:
    found: deque[Callable[..., Any]] = emitter._handlers.prefix_search(f"{event}.secrets-manager.{operation}")
    return found


def _is_no_listener(handler: Callable[..., Any]) -> bool:
    package = _package_of(handler)
    return package in _NOT_WATCHING or (package == "moto" and type(handler).__name__ == "BotocoreStubber")


def _package_of(handler: Any) -> str:
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


def _is_debug_logged() -> bool:
    """Return whether a logger of any copy of botocore is enabled for DEBUG, and remember it.

    A logger's `disabled` isn't asked for, since no cache is emptied when it changes.
    """
    with logging._lock:  # type: ignore[attr-defined]  # no level may change between look and note
        loggers = list(logging.root.manager.loggerDict.items())
        verdict = logging.root.manager.disable < logging.DEBUG and any(
            isinstance(logger, logging.Logger)
            and not _BOTOCORE.isdisjoint(name.split("."))
            and logger.getEffectiveLevel() <= logging.DEBUG
            for name, logger in loggers
        )
        _verdicts[_IS_DEBUG_LOGGED] = verdict
    return verdict
