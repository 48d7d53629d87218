"""The state of the objects that a function's modules lead to, and how they get it back."""

from __future__ import annotations

import collections
import functools
import logging
import random
import sys
import types
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Any

from fake_secrets.contract.locks_of_function import renew_locks
from fake_secrets.contract.saved_contents import (
    BY_PYTHON,
    MISSING,
    MappingContent,
    SequenceContent,
    content_of,
    ids_of,
    restore_bytes,
    restore_cell,
    restore_class,
    restore_set,
    restore_slots,
    slots_of,
    value_of,
)
from fake_secrets.hook.client_state import ClientState
from fake_secrets.hook.parts import is_usual
from fake_secrets.hook.seams import is_of_our_copy

__all__ = ["ObjectStates", "logger_state"]

__tracebackhide__ = True  # the values may be secret

Restore = Callable[[], None]

_LRU_CACHE: Any = type(functools.lru_cache(len))


class ObjectStates:
    """The state of all objects that can be reached from modules, without leaving a function's own code.

    These objects are looked into: containers of Python's own; classes, functions and instances of these modules;
    caches of `functools`, loggers, random generators; and clients of botocore, which get back their attributes,
    handlers and what they have learned. No other object of a foreign class is touched.

    Args:
        spared: classes that aren't touched, nor their instances.
        is_in_step: whether the state is taken in the middle of a step. Clients, one of which may be at work then,
            aren't touched.
        clears_caches: whether caches of `functools` are cleared. Otherwise they aren't touched.
    """

    def __init__(
        self, spared: Collection[type] = (), *, is_in_step: bool = False, clears_caches: bool = True
    ) -> None:
        self._names: set[str] = set()
        self._spared = tuple(spared)
        self._is_in_step = is_in_step
        self._clears_caches = clears_caches
        self._restores: list[Restore] = []
        # The dicts, classes and cells that hold the function's own objects.
        self._places: list[Any] = []
        # The objects are kept, so that no other one gets the same id.
        self._seen: dict[int, Any] = {}

    def add(self, modules: Collection[types.ModuleType], *roots: Any) -> None:
        """Take the state of a function's own modules and of other objects, and of all that they lead to."""
        self._names.update(module.__name__ for module in modules)
        ahead: list[Any] = [*modules, *roots]
        while ahead:
            found = ahead.pop()
            if id(found) not in self._seen:
                self._seen[id(found)] = found
                ahead += self._look_into(found)

    def skip(self, found: object) -> None:
        """Leave one object alone, and what only that leads to."""
        self._seen[id(found)] = found

    def restore(self) -> None:
        """Give all of them back their state."""
        for restore in self._restores:
            restore()

    def renew_locks(self) -> None:
        """Replace the locks that they hold by new ones."""
        renew_locks(self._places)

    def _look_into(self, found: Any) -> Iterable[Any]:
        """Take the state of one object, and return what it leads to."""
        if self._is_spared(found):
            return ()
        for kind, look in self._looks():
            if isinstance(found, kind):
                return look(found)
        return self._of_instance(found)

    def _looks(self) -> Iterator[tuple[Any, Callable[[Any], Iterable[Any]]]]:
        yield types.ModuleType, self._of_module
        yield type, self._of_class
        yield types.FunctionType, self._of_function
        yield _LRU_CACHE, self._of_cache
        yield types.MethodType, lambda method: [method.__self__, method.__func__]
        yield functools.partial, lambda partial: [partial.func, partial.args, partial.keywords]
        yield staticmethod | classmethod, lambda method: [method.__func__]
        yield property, lambda found: [found.fget, found.fset, found.fdel]
        yield functools.cached_property, lambda found: [found.func]
        yield logging.Logger, self._of_logger
        yield tuple | frozenset, list

    def _is_spared(self, found: Any) -> bool:
        return isinstance(found, self._spared) or (isinstance(found, type) and issubclass(found, self._spared))

    def _of_module(self, module: types.ModuleType) -> Iterable[Any]:
        if module.__name__ not in self._names:
            return ()
        attributes, content = vars(module), MappingContent(vars(module))
        self._places.append(attributes)

        def restore() -> None:
            for name in attributes.keys() - content.saved.keys():
                # A submodule that was imported meanwhile stays imported, so its package has to know it.
                if sys.modules.get(f"{module.__name__}.{name}", MISSING) is attributes[name]:
                    content.adopt(name)
            content.restore()

        self._restores.append(restore)
        return [value for name, value in attributes.items() if not name.startswith("__")]

    def _of_class(self, kind: Any) -> Iterable[Any]:
        if kind.__module__ not in self._names or _is_test(kind):
            return ()
        saved = {name: value for name, value in vars(kind).items() if name not in BY_PYTHON}
        self._restores.append(functools.partial(restore_class, kind, saved, ids_of(saved.values())))
        self._places.append(kind)
        return [*kind.__bases__, *saved.values()]

    def _of_function(self, function: Any) -> Iterable[Any]:
        if function.__globals__.get("__name__") not in self._names:
            # A foreign decorator may lead to a function of these modules. What else it has is its own.
            inner = [*map(content_of, function.__closure__ or ()), *function.__dict__.values()]
            return [found for found in inner if isinstance(found, types.FunctionType)]
        contents = []
        for cell in function.__closure__ or ():
            content = content_of(cell)
            if id(cell) not in self._seen:
                self._seen[id(cell)] = cell
                self._restores.append(functools.partial(restore_cell, cell, content))
                self._places.append(cell)
            contents.append(content)
        self._restores.append(MappingContent(function.__dict__).restore)
        return [*contents, function.__defaults__, function.__kwdefaults__, *function.__dict__.values()]

    def _of_cache(self, cached: Any) -> Iterable[Any]:
        home = sys.modules.get(cached.__module__)
        # Another module's own cache is left alone, even if it is imported by name.
        is_own = cached.__module__ in self._names or getattr(home, cached.__name__, None) is not cached
        if is_own and self._clears_caches:
            self._restores.append(cached.cache_clear)
        return [cached.__wrapped__]

    def _of_logger(self, logger: logging.Logger) -> Iterable[Any]:
        self._restores.append(logger_state(logger))
        return ()

    def _of_instance(self, found: Any) -> Iterable[Any]:
        kind = type(found)
        leads_to: list[Any] = []
        is_own = kind.__module__ in self._names and not _is_test(kind)
        if is_own or kind.__module__ in {"builtins", "collections"}:
            leads_to += self._of_content(found)
        if is_own or kind is types.SimpleNamespace:
            leads_to += self._of_attributes(found)
        elif kind is random.Random:
            self._restores.append(functools.partial(found.setstate, found.getstate()))
        elif not self._is_in_step and is_of_our_copy(found) and is_usual(found):
            self._restores.append(ClientState(found).restore)
        return leads_to

    def _of_content(self, found: Any) -> Iterable[Any]:
        if isinstance(found, dict):
            self._restores.append(MappingContent(found).restore)
            self._places.append(found)
            return found.values()
        if isinstance(found, list | collections.deque):
            self._restores.append(SequenceContent(found).restore)
            return found
        if isinstance(found, set):
            self._restores.append(functools.partial(restore_set, found, found.copy()))
            return found
        if isinstance(found, bytearray):
            self._restores.append(functools.partial(restore_bytes, found, bytes(found)))
        return ()

    def _of_attributes(self, found: Any) -> Iterable[Any]:
        leads_to: list[Any] = [type(found)]
        if hasattr(found, "__dict__"):
            attributes = vars(found)
            self._restores.append(MappingContent(attributes).restore)
            self._places.append(attributes)
            leads_to += attributes.values()
        slots = [slot for slot in slots_of(type(found)) if not isinstance(slot, property)]
        saved = [value_of(slot, found) for slot in slots]
        if slots:
            self._restores.append(functools.partial(restore_slots, found, slots, saved))
        return [*leads_to, *saved]


def logger_state(logger: logging.Logger) -> Restore:
    """Return a function that gives a logger back its level, handlers, filters and flags.

    Handlers of pytest's, which come and go with the phases of a test, aren't touched.
    """
    level, disabled, propagate = logger.level, logger.disabled, logger.propagate
    handlers, filters = [handler for handler in logger.handlers if not _is_pytests(handler)], list(logger.filters)
    levels = [handler.level for handler in handlers]

    def restore() -> None:
        if logger.level != level:
            logger.setLevel(level)
        logger.disabled, logger.propagate = disabled, propagate
        if [handler for handler in logger.handlers if not _is_pytests(handler)] != handlers:
            logger.handlers[:] = [*handlers, *filter(_is_pytests, logger.handlers)]
        for handler, its_level in zip(handlers, levels, strict=True):
            handler.level = its_level
        if logger.filters != filters:
            logger.filters[:] = filters

    return restore


def _is_pytests(handler: logging.Handler) -> bool:
    return type(handler).__module__.startswith("_pytest.")


def _is_test(kind: type) -> bool:
    """Return whether a class has tests: what it keeps belongs to them and not to the function."""
    return kind.__name__.startswith("Test") or any(
        base.__module__.partition(".")[0] in {"fake_secrets", "unittest"} for base in kind.__mro__
    )
