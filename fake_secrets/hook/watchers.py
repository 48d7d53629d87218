"""Who watches a call: whether anybody could tell that it skips what botocore does after `before-call`.

The fast lane skips signing, HTTP, logs, parsing and retries. A call takes it only while nobody watches:
no user's handler, no debug log, no patched method, no recorder of botocore's history.
"""

from __future__ import annotations

import itertools
import logging
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

import botocore.history
from botocore.retryhandler import RetryHandler

from fake_secrets.hook.parts import BOTOCORE, Parts, package_of

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
# Their handlers do what a real call needs; moto's stands aside for us, and that of Powertools, which it adds to
# every session, only names itself in the User-Agent.
_NOT_WATCHING = BOTOCORE | {"aws_lambda_powertools", "boto3", "fake_secrets"}
# An emitter replaces its cache whenever a handler is registered or unregistered, so what is known of its
# handlers is kept there, with this key: for each operation, whether a user's handler hears of it.
_HEARD = "fake_secrets: heard"
# The id under which botocore registers the handler that decides about retries.
_RETRIES = "retry-config-secrets-manager"
# The name of the service in botocore's events.
_SERVICE = "secrets-manager"
# `logging` empties its caches whenever a level changes, so our verdict is kept in one of them, with this key.
_IS_DEBUG_LOGGED: Any = object()
_verdicts: dict[Any, bool] = logging.root._cache  # type: ignore[attr-defined]  # a seam

_history: Any = botocore.history.get_global_history_recorder()


class Watchers:
    """Those who could tell which lane the calls of one client take.

    Args:
        client: the client, which is usual. No reference to it is kept, and none to its endpoint, whose handlers
            may refer to it.
    """

    __slots__ = ("_parts",)

    def __init__(self, client: Any) -> None:
        self._parts = Parts(client)

    def see(self, client: Any, operation: str) -> bool:
        """Return whether anybody watches a call of the client.

        This is asked before every call, so what is seldom needed is in other methods.
        """
        verdict = _verdicts.get(_IS_DEBUG_LOGGED)
        if (_is_debug_logged() if verdict is None else verdict) or _history._enabled:
            return True
        # Not as attributes: a client has a `__getattr__`, which makes every look-up of an attribute slow.
        of_client = client.__dict__
        if self._parts.are_altered(client, of_client):
            return True
        emitter = of_client["meta"].events._emitter
        heard = emitter._lookup_cache.get(_HEARD)
        is_heard: bool | None = None if heard is None else heard.get(operation)
        return _is_heard(client, emitter, operation) if is_heard is None else is_heard


def _is_heard(client: Any, emitter: Any, operation: str) -> bool:
    """Return whether a user's handler hears of an event that the fast lane skips, and remember it."""
    # Before the look, so that a handler that is registered meanwhile isn't missed.
    cache = emitter._lookup_cache
    heard = cache.get(_HEARD)
    if heard is None and _is_as_made(emitter):
        # Tests make many clients, and add handlers to few of them.
        cache[_HEARD] = dict.fromkeys(client.meta.service_model.operation_names, False)
        return False
    is_heard = _has_listener(emitter, operation)
    cache.setdefault(_HEARD, {})[operation] = is_heard
    return is_heard


def _is_as_made(emitter: Any) -> bool:
    """Return whether none but handlers that don't watch can hear of a call, whatever its operation is."""
    events = emitter._handlers._root["children"]
    own = emitter._unique_id_handlers.get(_RETRIES, {}).get("handler")
    return "*" not in events and all(
        _is_no_listener(handler) and (handler is own or not isinstance(handler, RetryHandler))
        for event in (*BETWEEN, "before-call")
        if event in events
        for handler in _of_service(events[event])
    )


def _of_service(node: Any) -> Iterator[Callable[..., Any]]:
    """Yield the handlers in an event's node of botocore's tree, but not those of other services."""
    children = [child for name in (_SERVICE, "*") if (child := node["children"].get(name)) is not None]
    return _in_nodes({**node, "children": {}}, *children)


def _in_nodes(*nodes: Any) -> Iterator[Callable[..., Any]]:
    for node in nodes:
        yield from itertools.chain.from_iterable(node["values"] or ())
        # A copy, since another thread may register a handler.
        yield from _in_nodes(*node["children"].values())


def _has_listener(emitter: Any, operation: str) -> bool:
    for event in BETWEEN:
        if not all(map(_is_no_listener, _handlers(emitter, event, operation))):
            return True
    # A handler of the user's may consist of botocore's classes, so only the client's own may be one of them.
    own = emitter._unique_id_handlers.get(_RETRIES, {}).get("handler")
    for handler in _handlers(emitter, "needs-retry", operation):
        if isinstance(handler, RetryHandler) and handler is not own:
            return True
    # Handlers for the service run before ours. botocore stops at ours, so those for all services wouldn't run.
    handlers = list(_handlers(emitter, "before-call", operation))
    after_ours = next((at for at, handler in enumerate(handlers) if package_of(handler) == "fake_secrets"), 0)
    return not all(map(_is_no_listener, handlers[after_ours:]))


def _handlers(emitter: Any, event: str, operation: str) -> deque[Callable[..., Any]]:
    found: deque[Callable[..., Any]] = emitter._handlers.prefix_search(f"{event}.{_SERVICE}.{operation}")
    return found


def _is_no_listener(handler: Callable[..., Any]) -> bool:
    package = package_of(handler)
    return package in _NOT_WATCHING or (package == "moto" and type(handler).__name__ == "BotocoreStubber")


def _is_debug_logged() -> bool:
    """Return whether a logger of any copy of botocore is enabled for DEBUG, and remember it.

    A logger's `disabled` isn't asked for, since no cache is emptied when it changes.
    """
    with logging._lock:  # type: ignore[attr-defined]  # no level may change between look and note
        loggers = list(logging.root.manager.loggerDict.items())
        verdict = logging.root.manager.disable < logging.DEBUG and any(
            isinstance(logger, logging.Logger)
            and not BOTOCORE.isdisjoint(name.split("."))
            and logger.getEffectiveLevel() <= logging.DEBUG
            for name, logger in loggers
        )
        _verdicts[_IS_DEBUG_LOGGED] = verdict
    return verdict
