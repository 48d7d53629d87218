"""The state of a client of botocore, and how the client gets it back."""

from __future__ import annotations

import collections
import contextlib
import copy
from typing import Any

from fake_secrets.hook import calls, lessons
from fake_secrets.hook.clients import handlers_in

__all__ = ["ClientState"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

_PARTS = ("_endpoint", "_request_signer", "_serializer", "_response_parser", "meta")
# Attributes that fill with use, and that a user doesn't see.
_CACHES = ("_cache", "_exceptions", "_exceptions_factory")
# What `lessons` replaces while a world is active, and puts back itself.
_REPLACED = frozenset({"_acquire", "_clock"})
# How many forms of an emitter's handlers are remembered that differ in ours only.
_FORMS = 4


class ClientState:
    """The state of a client: its attributes, methods and event handlers, and what it has learned for its retries.

    Args:
        client: the client, of our copy of botocore and of its own classes.
    """

    def __init__(self, client: Any) -> None:
        self._client = client
        parts = [vars(client)[name] for name in _PARTS]
        inner = [parts[0].http_session, client.meta.config, parts[1]._credentials]
        self._attributes = [
            (vars(part), _copied(vars(part))) for part in (client, *parts, *inner) if part is not None
        ]
        self._methods = dict(vars(type(client)))
        self._retries = [(vars(part), _numbers_of(part)) for part in lessons._parts_of(parts[0])]
        emitter = client.meta.events._emitter
        self._handlers = copy.copy(emitter._handlers)
        with contextlib.suppress(ValueError):
            # Our own handler comes and goes with the worlds.
            self._handlers.remove_item(*calls._HANDLER)
        self._forms = collections.deque([self._handlers._root], _FORMS)
        self._unique = _copied(emitter._unique_id_handlers)
        # An emitter replaces its cache whenever a handler is registered or unregistered, so this key in it shows
        # that its handlers were found to be these.
        self._as_new = object()

    def restore(self) -> None:
        """Give the client back its state. What hasn't changed isn't touched."""
        for now, attributes in self._attributes:
            for name in _CACHES:
                if name in now:
                    attributes[name] = now[name]
            if now != attributes:
                now.clear()
                now.update(_copied(attributes))
        kind: Any = type(self._client)
        if vars(kind) != self._methods:
            _set_methods(kind, self._methods)
        for now, numbers in self._retries:
            now.update(numbers)
        emitter = self._client.meta.events._emitter
        if self._as_new not in emitter._lookup_cache:
            if not self._has_its_handlers(emitter._handlers._root):
                self._restore_handlers(self._client.meta.events)
            emitter._lookup_cache[self._as_new] = True

    def _has_its_handlers(self, root: Any) -> bool:
        if any(root == form for form in self._forms):
            return True
        if list(handlers_in(root)) != list(handlers_in(self._handlers._root)):
            return False
        self._forms.append(_copied(root))
        return True

    def _restore_handlers(self, events: Any) -> None:
        emitter = events._emitter
        with calls._lock:
            emitter._handlers = copy.copy(self._handlers)
            emitter._unique_id_handlers = _copied(self._unique)
            emitter._lookup_cache = {}
            if self._client in calls._equipped:
                events.register_last(*calls._HANDLER)


def _set_methods(kind: Any, methods: dict[str, Any]) -> None:
    for name in vars(kind).keys() - methods.keys():
        delattr(kind, name)
    for name, method in methods.items():
        if vars(kind).get(name) is not method:
            setattr(kind, name, method)


def _copied(value: Any) -> Any:
    """Copy plain containers, but not the objects in them."""
    if type(value) is dict:
        return {key: _copied(inner) for key, inner in value.items()}
    if isinstance(value, tuple) and any(type(inner) is list for inner in value):
        return tuple(map(_copied, value))
    return [_copied(inner) for inner in value] if type(value) is list else value


def _numbers_of(part: Any) -> dict[str, Any]:
    return {name: value for name, value in lessons._state_of(part).items() if name not in _REPLACED}
