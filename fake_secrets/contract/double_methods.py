"""Which methods of a service double are public, and how they are wrapped on the object itself."""

from __future__ import annotations

import contextlib
import copy
import functools
import inspect
import sys
import types
from collections.abc import Callable
from typing import Any

import wrapt

__all__ = ["DECLARED", "Wrapper", "has_method", "is_mock", "is_set_up", "name_of", "wrap_methods"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

# Called with a method, the instance, args and kwargs.
Wrapper = Callable[[Callable[..., object], object, Any, Any], object]

# The attribute of a method that is only declared.
DECLARED = "_is_only_declared"

_MISSING = object()


def wrap_methods(found: Any, wrapper_of: Callable[[str], Wrapper]) -> contextlib.ExitStack:
    """Wrap the public methods of an object, on the object itself.

    Args:
        found: the object.
        wrapper_of: returns the wrapper of a method, by its name.

    Returns:
        What restores the methods when it is closed.

    Raises:
        TypeError: if the object's methods can't be replaced.
    """
    undo = contextlib.ExitStack()
    try:
        _wrap_public_methods(found, wrapper_of, undo)
        if is_mock(found):
            _wrap_later_children(found, wrapper_of, undo)
    except BaseException:
        undo.close()
        raise
    return undo


def has_method(found: Any, name: str) -> bool:
    """Return whether an object has a method.

    A mock only has it if a test has set it up. A method that is only declared, for subclasses, doesn't count.
    """
    if is_mock(found):
        child = vars(found).get(name) or found._mock_children.get(name)
        return callable(child) and (not is_mock(child) or is_set_up(child))
    method = _method(found, name)
    return method is not None and not getattr(method, DECLARED, False)


def is_mock(found: object) -> bool:
    """Return whether an object is one of unittest.mock's."""
    mocks = sys.modules.get("unittest.mock")
    return mocks is not None and isinstance(found, mocks.NonCallableMock)


def is_set_up(mock: Any) -> bool:
    """Return whether a test has said what a call of a mock does."""
    if not callable(mock):
        return False
    given = mock._mock_return_value
    # What a mock returns by itself is a mock that was made by calling it.
    is_made = is_mock(given) and given._mock_new_parent is mock and given._mock_new_name == "()"
    returns = given is not sys.modules["unittest.mock"].DEFAULT and not is_made
    return returns or mock.side_effect is not None or mock._mock_wraps is not None


def name_of(found: object) -> str:
    """Return the name of a double in messages: its class's, or a module's."""
    return found.__name__ if isinstance(found, types.ModuleType) else type(found).__name__


class _Copied:
    """Copies and pickles a wrapped method, which wrapt refuses: a double may keep copies of itself."""

    __slots__ = ()

    def __copy__(self: Any) -> Any:
        return self

    def __deepcopy__(self: Any, memo: dict[int, Any]) -> Any:
        owner = getattr(self.__wrapped__, "__self__", None)
        # With the whole object, its copy gets a method of its own.
        return copy.deepcopy(self.__wrapped__, memo) if id(owner) in memo else self

    def __reduce_ex__(self: Any, _: object) -> Any:
        return _itself, (self.__wrapped__,)


class _Bound(_Copied, wrapt.BoundFunctionWrapper):  # type: ignore[type-arg]
    """A wrapped method that was read from an instance."""


class _Wrapped(_Copied, wrapt.FunctionWrapper):  # type: ignore[type-arg]
    """A wrapped method, with the signature, code and attributes of the method."""

    __bound_function_wrapper__ = _Bound


def _itself(method: Any) -> Any:
    return method


def _wrap_public_methods(found: Any, wrapper_of: Callable[[str], Wrapper], undo: contextlib.ExitStack) -> None:
    attributes, on_class = _own_attributes(found), {}
    for name in _public_methods(found):
        wrapper = wrapper_of(name)
        if _is_slot(found, name):
            _set_slot(found, name, _Wrapped(getattr(found, name), wrapper), undo)
        elif attributes is not None:
            _set_item(attributes, name, _Wrapped(getattr(found, name), wrapper), undo)
        else:
            on_class[name] = _Wrapped(inspect.getattr_static(found, name), wrapper)
    if on_class:
        _change_class(found, on_class, undo)


def _public_methods(found: Any) -> list[str]:
    """Return the names of an object's public methods that a function may call as they are."""
    if is_mock(found):
        names = _names_of_mock(found)
    elif isinstance(found, types.ModuleType):
        names = _names_of_module(found)
    else:
        names = dir(found)
    return [
        name
        for name in names
        if not name.startswith("_") and callable(value := _method(found, name)) and not _is_awaited(value)
    ]


def _names_of_module(module: types.ModuleType) -> list[str]:
    """Return the names that a module exports, or else those of the functions that it defines."""
    exported = getattr(module, "__all__", None)
    if exported is not None:
        return list(exported)
    return [name for name, value in vars(module).items() if getattr(value, "__module__", None) == module.__name__]


def _names_of_mock(mock: Any) -> list[str]:
    """Return the names that a mock has by its specification or because a test has used them."""
    names = {*mock._mock_children, *vars(mock), *(mock._mock_methods or ())}
    return sorted(names - set(dir(sys.modules["unittest.mock"].AsyncMock)))


def _method(found: Any, name: str) -> Any:
    """Return what is called as a method of an object, or None. Properties aren't read to find out."""
    value = inspect.getattr_static(found, name, _MISSING)
    if value is _MISSING or _is_slot(found, name):
        # A slot, or the object delegates to another.
        value = getattr(found, name, None)
    if isinstance(value, classmethod | staticmethod):
        value = value.__func__
    elif isinstance(value, functools.partialmethod | functools.singledispatchmethod):
        value = value.func
    return value if callable(value) and not isinstance(value, type) else None


def _is_awaited(function: object) -> bool:
    if is_mock(function):
        # The mock of a function has flags that are mocks, too.
        return isinstance(function, sys.modules["unittest.mock"].AsyncMock)
    return inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function)


def _is_slot(found: Any, name: str) -> bool:
    return isinstance(inspect.getattr_static(type(found), name, None), types.MemberDescriptorType)


def _own_attributes(found: Any) -> dict[str, Any] | None:
    """Return the attributes of an object itself; None if it has none besides its slots."""
    # Written to directly, because a frozen dataclass lets nobody set an attribute.
    attributes = getattr(found, "__dict__", None)
    return attributes if isinstance(attributes, dict) else None


def _set_item(attributes: dict[str, Any], name: str, value: object, undo: contextlib.ExitStack) -> None:
    if name in attributes:
        undo.callback(attributes.__setitem__, name, attributes[name])
    else:
        undo.callback(attributes.pop, name, None)
    attributes[name] = value


def _set_slot(found: Any, name: str, value: object, undo: contextlib.ExitStack) -> None:
    undo.callback(object.__setattr__, found, name, getattr(found, name))
    object.__setattr__(found, name, value)


def _change_class(found: Any, methods: dict[str, Any], undo: contextlib.ExitStack) -> None:
    """Give an object without attributes of its own a class in which its methods are wrapped."""
    kind: Any = type(found)
    described = {name: getattr(kind, name) for name in ("__doc__", "__module__", "__qualname__")}
    try:
        made = type(kind)(kind.__name__, (kind,), {**described, **methods, "__slots__": ()})
        object.__setattr__(found, "__class__", made)
    except Exception as error:
        msg = (
            f"the methods of a {kind.__name__} can't be wrapped: it takes no attributes, and its class can't be "
            "changed. Give a service double that is an object of a plain class."
        )
        raise TypeError(msg) from error
    undo.callback(object.__setattr__, found, "__class__", kind)


def _wrap_later_children(mock: Any, wrapper_of: Callable[[str], Wrapper], undo: contextlib.ExitStack) -> None:
    """Wrap the methods that a mock makes when they are first used."""
    make, made = mock._get_child_mock, []

    def make_child(**options: Any) -> Any:
        child, name = make(**options), options.get("name")
        if not name or not callable(child) or _is_awaited(child):
            return child
        made.append(name)
        return _Wrapped(child, wrapper_of(name))

    def unwrap() -> None:
        for name in made:
            child = mock._mock_children.get(name)
            # Not by its class: a wrapper claims that of the mock.
            if type(child) is _Wrapped:
                mock._mock_children[name] = child.__wrapped__

    undo.callback(unwrap)
    _set_item(vars(mock), "_get_child_mock", make_child, undo)
