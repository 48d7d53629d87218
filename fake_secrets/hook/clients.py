"""Clients that tests share: what a test changes on one must not reach the next test."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from botocore.client import BaseClient

__all__ = ["SharedClient", "handlers_in"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

_PARTS = ("_endpoint", "_request_signer", "_serializer", "_response_parser", "meta", "exceptions")
# These containers fill with use.
_CACHES = frozenset({"_cache"})
_RETRIES = "botocore.retries."
_OURS = "fake_secrets."


class SharedClient:
    """A client that tests share, and how it was when it was new.

    Args:
        client: the new client.
    """

    def __init__(self, client: BaseClient) -> None:
        self.client = client
        parts = [getattr(client, name, None) for name in _PARTS]
        credentials = getattr(parts[1], "_credentials", None)
        inner = [getattr(parts[0], "http_session", None), client.meta.config, credentials]
        # Looking at `vars` later costs no copy: containers that may be changed in place are copied here.
        self._attributes = [
            (part, _copied(vars(part))) for part in (client, *parts, *inner) if hasattr(part, "__dict__")
        ]
        self._methods = dict(vars(type(client)))
        self._handlers = list(handlers_in(self._root))
        self._seen = _copied(self._root)
        owners = (getattr(handler, "__self__", None) for handler in self._handlers)
        self._retrying = [owner for owner in owners if type(owner).__module__.startswith(_RETRIES)]
        self._retries = self._count_retries()

    def is_as_new(self) -> bool:
        """Return whether the client still has the methods, handlers, settings and retry quota of a new one."""
        return (
            all(vars(part) == attributes for part, attributes in self._attributes)
            and vars(type(self.client)) == self._methods
            and self._has_its_handlers()
            and self._count_retries() == self._retries
        )

    @property
    def _root(self) -> Any:
        events: Any = self.client.meta.events
        return events._emitter._handlers._root

    def _has_its_handlers(self) -> bool:
        root = self._root
        if root == self._seen:
            return True
        # Our own handlers may be among them: those of a world that several tests share.
        if list(handlers_in(root)) != self._handlers:
            return False
        self._seen = _copied(root)
        return True

    def _count_retries(self) -> Any:
        return [_counts_of(owner) for owner in self._retrying]


def _copied(value: Any) -> Any:
    """Copy plain containers, but not the objects in them."""
    if type(value) is dict:
        return {key: inner if key in _CACHES else _copied(inner) for key, inner in value.items()}
    if isinstance(value, tuple) and any(type(inner) is list for inner in value):
        return tuple(map(_copied, value))
    return list(value) if type(value) is list else value


def handlers_in(node: Any) -> Iterator[Any]:
    """Yield the handlers in an emitter's tree of the parts of event names, each part before its handlers."""
    for section in node["values"] or ():
        yield from (
            handler for handler in section if not (getattr(handler, "__module__", None) or "").startswith(_OURS)
        )
    for part, child in node["children"].items():
        inner = list(handlers_in(child))
        if inner:
            yield part
            yield from inner


def _counts_of(owner: Any) -> Any:
    """Return the numbers of an object that decides about retries, and those of its parts."""
    if type(owner).__module__.startswith(_RETRIES):
        return [_counts_of(value) for value in vars(owner).values()]
    return owner if isinstance(owner, int | float) else None
