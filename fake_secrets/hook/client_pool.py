"""A pool of clients: while a rotation function is checked, the clients that it makes are given out again as new.

Making a client takes 1.5 ms with a session that is used before and 50 ms with a new one, and a check invokes the
function hundreds of times.
"""

from __future__ import annotations

import contextlib
import copy
import inspect
import os
import sys
import types
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Self

import botocore
import botocore.config
import botocore.credentials
import botocore.handlers
import botocore.hooks
import botocore.loaders
import botocore.session

from fake_secrets.hook.client_state import ClientState
from fake_secrets.hook.clients import handlers_in
from fake_secrets.hook.parts import is_usual, package_of
from fake_secrets.hook.seams import Seam, is_of_our_copy
from fake_secrets.observe.entry import rotation_step

__all__ = ["ClientPool"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

# How many sets of arguments are known, and how many clients are kept for each. Some may be held by others, too.
_DIFFERENT = 16
_ALIKE = 8
# Whose handlers and components in a session are alike from one session to the next.
_TRUSTED = frozenset({"aws_lambda_powertools", "boto3", "botocore", "fake_secrets", "moto"})
_SIGNATURE = inspect.signature(botocore.session.Session.create_client)
_PLAIN = frozenset({str, bytes, int, float, bool, types.NoneType})
# An emitter replaces its cache whenever a handler is registered or unregistered, so what is known of its
# handlers is kept there, with this key.
_KNOWN = "fake_secrets: handlers of a session"
_CREDENTIALS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")


class ClientPool:
    """Gives clients that a rotation function has made and dropped to its later invocations. A context manager.

    A client is given out again if its arguments, the session's settings and handlers, and the environment are
    the same, and if nobody holds it any more. It is as new then: its handlers, attributes, retry quota and send
    rate are those of its creation. Clients with handlers, components or credentials of the user's own are made as
    ever, as is any client that is made outside of a rotation function.

    `made` and `reused` count the clients.
    """

    def __init__(self) -> None:
        self.made = 0
        self.reused = 0
        self._entries: dict[Any, deque[_Entry]] = {}
        self._template: _Template | None = None
        self._read: dict[tuple[str, ...], dict[Any, Any]] = {}
        session = botocore.session.Session
        self._seams = [
            Seam(session, "create_client", self._around_create),
            Seam(session, "_register_builtin_handlers", self._around_register),
        ]

    def __enter__(self) -> Self:
        """Begin to pool clients."""
        try:
            # Without these, nobody can tell whether a client is held.
            if sys.implementation.name == "cpython" and getattr(sys, "_is_gil_enabled", lambda: True)():
                for seam in self._seams:
                    seam.put_up()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *exception: object) -> None:
        """Drop the clients."""
        for seam in self._seams:
            seam.take_down()
        self._entries.clear()
        self._read.clear()

    def _around_create(self, wrapped: Callable[..., Any], session: Any, args: Any, kwargs: Any) -> Any:
        key = _key_of(session, args, kwargs) if _is_in_function() else None
        if key is None:
            return wrapped(*args, **kwargs)
        client = self._take(key)
        if client is not None:
            self.reused += 1
            _adopt(client, session)
            return client
        self.made += 1
        with self._read_files(session):
            client = wrapped(*args, **kwargs)
        if not _is_poolable(client):
            return client
        entry = _Entry(client)
        # From here on, only the entry holds it.
        del client
        entry.count_holders()
        self._keep(key, entry)
        return entry.client

    def _take(self, key: Any) -> Any:
        """Return a client that nobody holds, as new; None if there is none."""
        entries = self._entries.get(key)
        for _ in range(len(entries or ())):
            try:
                # No lock is needed: whoever takes an entry out is the only one who can give its client away.
                entry = entries.popleft()  # type: ignore[union-attr]  # there are entries
            except IndexError:
                break
            is_free = entry.is_free()
            client = entry.client
            if is_free:
                # In front, so that it is the next again: in one world, the fewer clients need a handler of ours.
                entries.appendleft(entry)  # type: ignore[union-attr]
                entry.state.restore()
                return client
            entries.append(entry)  # type: ignore[union-attr]
        return None

    def _keep(self, key: Any, entry: _Entry) -> None:
        if key not in self._entries and len(self._entries) >= _DIFFERENT:
            self._entries.pop(next(iter(self._entries), None), None)
        self._entries.setdefault(key, deque(maxlen=_ALIKE)).append(entry)

    @contextlib.contextmanager
    def _read_files(self, session: Any) -> Iterator[None]:
        """Let a session make a client without reading botocore's files again that another session has read."""
        loader: Any = session.get_component("data_loader")
        is_usual = type(loader) is botocore.loaders.Loader
        if not is_usual:
            yield
            return
        where = tuple(loader.search_paths)
        if not loader._cache:
            loader._cache.update(self._read.get(where, {}))
        yield
        self._read[where] = dict(loader._cache)

    def _around_register(self, wrapped: Callable[..., Any], _: Any, args: Any, kwargs: Any) -> Any:
        """Wrap `Session._register_builtin_handlers`, which takes most of the time that a new session takes."""
        emitter: Any = getattr(args[0], "_emitter", None) if len(args) == 1 else None
        is_usual = type(emitter) is botocore.hooks.HierarchicalEmitter
        if not is_usual or not _is_in_function():
            return wrapped(*args, **kwargs)
        if emitter._handlers._root["children"]:
            # The user's own, with handlers in it.
            return wrapped(*args, **kwargs)
        template = self._template
        if template is not None and template.is_current():
            template.fill(emitter)
        else:
            wrapped(*args, **kwargs)
            self._template = _Template(emitter)
        return None


class _Entry:
    """A client in the pool, and how it was when it was new.

    Args:
        client: the new client.
    """

    __slots__ = ("_held", "client", "state")

    def __init__(self, client: Any) -> None:
        self.client = client
        self.state = ClientState(client)
        self._held = (0, 0)

    def count_holders(self) -> None:
        """Count who holds the client while only the pool and the client's own parts do."""
        self._held = self._count()

    def is_free(self) -> bool:
        """Return whether nobody else holds the client, or its `meta`, which a user may hold without it."""
        return self._count() == self._held

    def _count(self) -> tuple[int, int]:
        # Not its events: a paginator that is no longer used holds them until the next garbage collection.
        return sys.getrefcount(self.client), sys.getrefcount(self.client.meta)


class _Template:
    """The event handlers that each new session gets.

    Args:
        emitter: the emitter of a new session, with nothing but these.
    """

    def __init__(self, emitter: Any) -> None:
        self._specified = list(botocore.handlers.BUILTIN_HANDLERS)
        self._emitter = copy.copy(emitter)

    def is_current(self) -> bool:
        """Return whether sessions still get these handlers. moto, for one, adds its own to the list."""
        return self._specified == botocore.handlers.BUILTIN_HANDLERS

    def fill(self, emitter: Any) -> None:
        """Give the handlers to the emitter of another session."""
        vars(emitter).update(vars(copy.copy(self._emitter)), _lookup_cache={})


class _UnlikeAnyError(Exception):
    """Something that nobody can compare with its like of another session."""


def _is_in_function() -> bool:
    running = rotation_step.get()
    return running is not None and not running.is_over


def _is_poolable(client: Any) -> bool:
    credentials = client._request_signer._credentials if is_of_our_copy(client) and is_usual(client) else ()
    return credentials is None or type(credentials) is botocore.credentials.Credentials


def _adopt(client: Any, session: Any) -> None:
    """Let a client belong to a session: clients of one session raise the same exceptions."""
    client._exceptions_factory = session._get_internal_component("exceptions_factory")
    client._exceptions = None
    session._last_client_region_used = client.meta.region_name


def _key_of(session: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Return what is the same for clients that are alike. None if a client can't be compared."""
    if type(session) is not botocore.session.Session:
        return None
    try:
        bound = _SIGNATURE.bind(session, *args, **kwargs)
        bound.apply_defaults()
        del bound.arguments["self"]
        key = (_comparable(bound.arguments), _of_session(session), tuple(sorted(os.environ.items())))
        hash(key)
    except (TypeError, _UnlikeAnyError):
        return None
    return key


def _of_session(session: Any) -> Any:
    """Return what a session's clients owe to it."""
    if session.session_var_map._store != session.SESSION_VARIABLES or session._auth_token is not None:
        raise _UnlikeAnyError
    components = {**session._components._components, **session._internal_components._components}
    store, loader = components["config_store"], components.get("data_loader")
    resolver = components.get("credential_provider")
    parts = [
        *components.values(),
        *store._mapping.values(),
        *getattr(resolver, "providers", ()),
    ]
    if not all(part is None or package_of(type(part)) == "botocore" for part in parts):
        raise _UnlikeAnyError
    return (
        _comparable(session._session_instance_vars),
        _comparable(store._overrides),
        _comparable(session.full_config),
        _of_credentials(session._credentials),
        _comparable(session._client_config),
        session.user_agent_name,
        session.user_agent_version,
        session.user_agent_extra,
        tuple(getattr(loader, "search_paths", ())),
        _of_handlers(session._events._emitter),
    )


def _of_credentials(credentials: Any) -> Any:
    if credentials is None:
        return None
    if type(credentials) is not botocore.credentials.Credentials:
        raise _UnlikeAnyError
    keys = (credentials.access_key, credentials.secret_key, credentials.token)
    if keys == tuple(map(os.environ.get, _CREDENTIALS)):
        # Those that a session without any would find.
        return None
    return _comparable(vars(credentials))


def _of_handlers(emitter: Any) -> Any:
    """Return the handlers of a session in a form in which sessions can be compared."""
    cache = emitter._lookup_cache
    known = cache.get(_KNOWN)
    if known is None:
        known = cache[_KNOWN] = tuple(map(_of_handler, handlers_in(emitter._handlers._root)))
    return known


def _of_handler(handler: Any) -> Any:
    if isinstance(handler, str):
        # Not a handler, but a part of the names of the events that follow.
        return handler
    if package_of(handler) not in _TRUSTED:
        raise _UnlikeAnyError
    if type(handler) is types.FunctionType and handler.__closure__:
        # boto3 makes such functions for each session, and what else is in their cells belongs to the session.
        cells = (cell.cell_contents for cell in handler.__closure__)
        return (handler.__code__, *(value for value in cells if isinstance(value, str)))
    return handler


def _comparable(value: Any) -> Any:
    """Return a value in a form that is equal for equal values, and that can be a key."""
    if isinstance(value, Mapping):
        return tuple(sorted((name, _comparable(inner)) for name, inner in value.items()))
    if isinstance(value, list | tuple):
        return tuple(map(_comparable, value))
    if isinstance(value, botocore.config.Config):
        return _comparable(vars(value))
    if type(value) in _PLAIN:
        # True isn't 1 here.
        return (type(value).__name__, value)
    if value is botocore.UNSIGNED:
        return "unsigned"
    raise _UnlikeAnyError
