"""A rotation function's own modules: the one that defines its handler, and those of the same package or folder."""

from __future__ import annotations

import functools
import importlib.abc
import sys
import sysconfig
import types
from collections.abc import Callable, Iterable, Iterator, Sequence
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import Any

from fake_secrets.hook.standins import StandIn

__all__ = ["OwnModules"]

# The folders of installed packages, and the paths of Python's own modules.
_INSTALLED = frozenset({"site-packages", "dist-packages"})
_LIBRARY = tuple({sysconfig.get_path("stdlib") + "/", sysconfig.get_path("platstdlib") + "/"})
_OURS = "fake_secrets"


class OwnModules:
    """The own modules of a rotation function.

    Args:
        handlers: the function, which may be wrapped, and other functions of the code under test.

    If a test module defines the handler, that is the only one: what else is in its folder are tests.
    """

    def __init__(self, *handlers: Any) -> None:
        functions = [function for handler in handlers for function in functions_of(handler)]
        found = dict.fromkeys(name for function in functions for name in _modules_of(function))
        homes = [sys.modules[name] for name in found if name in sys.modules and _is_own(sys.modules[name])]
        self._homes = homes
        related = [home for home in homes if not is_test_module(home.__name__)]
        self._packages = {home.__name__.partition(".")[0] for home in related if home.__package__}
        self._folders = {folder for home in related if (folder := _folder_of(home)) is not None}
        self._finder: _Finder | None = None

    def loaded(self) -> list[types.ModuleType]:
        """Return those that are imported now."""
        related = [module for name, module in list(sys.modules.items()) if self._is_related(name, module)]
        return [*self._homes, *(module for module in related if module not in self._homes)]

    def watch_imports(self, tell: Callable[[types.ModuleType], None]) -> None:
        """Call a function with each of them that is imported from now on, after it is executed."""
        self._finder = _Finder(self._may_be_related, lambda module: self._tell(tell, module))
        sys.meta_path.insert(0, self._finder)

    def stop_watching(self) -> None:
        """Watch imports no more."""
        if self._finder in sys.meta_path:
            sys.meta_path.remove(self._finder)

    def _tell(self, tell: Callable[[types.ModuleType], None], module: types.ModuleType) -> None:
        if self._is_related(module.__name__, module):
            tell(module)

    def _is_related(self, name: str, module: Any) -> bool:
        if not isinstance(module, types.ModuleType) or not self._may_be_related(name):
            return False
        is_near = name.partition(".")[0] in self._packages or _folder_of(module) in self._folders
        return is_near and _is_own(module)

    def _may_be_related(self, name: str) -> bool:
        return bool(self._folders or self._packages) and not is_test_module(name)


def functions_of(handler: Any) -> Iterator[Any]:
    """Yield a handler and what it wraps: functions, and classes with `__call__`."""
    ahead, seen = [handler], set()
    while ahead:
        found = ahead.pop(0)
        if id(found) in seen:
            continue
        seen.add(id(found))
        if isinstance(found, functools.partial):
            ahead += [found.func, *_callables_in([*found.args, *found.keywords.values()])]
        elif isinstance(found, types.MethodType):
            # The method may be that of a library's class, and the object of the user's subclass.
            ahead += [found.__func__, found.__self__ if callable(found.__self__) else type(found.__self__)]
        elif isinstance(found, types.FunctionType):
            yield found
            # A decorator may keep the function in a cell, without `functools.wraps`, and a library its steps.
            ahead += _callables_in([_content_of(cell) for cell in found.__closure__ or ()])
        elif isinstance(found, type):
            yield found
        elif callable(found):
            yield type(found)
        if not isinstance(found, type) and "__wrapped__" in getattr(found, "__dict__", ()):
            ahead.append(found.__dict__["__wrapped__"])


def _callables_in(values: Iterable[Any]) -> list[Any]:
    """Return what can be called of some values, also in the lists, tuples and dicts among them."""
    found: list[Any] = []
    for value in values:
        inner = (
            value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else (value,)
        )
        found += [one for one in list(inner) if callable(one)]
    return found


def is_test_module(name: str) -> bool:
    """Return whether a module of that name has tests, or fixtures for them."""
    last = name.rpartition(".")[2]
    return last.startswith("test_") or last.endswith("_test") or last in {"conftest", "tests"}


def _modules_of(function: Any) -> Iterator[str]:
    """Yield the names of the modules that define a function, or a class and its bases."""
    if isinstance(function, type):
        yield from (base.__module__ for base in function.__mro__)
    else:
        # `functools.wraps` copies a function's `__module__`, so that is no evidence.
        yield str(function.__globals__.get("__name__"))


def _is_own(module: types.ModuleType) -> bool:
    if module.__name__.partition(".")[0] == _OURS or module.__name__ in sys.builtin_module_names:
        return False
    file = getattr(module, "__file__", None)
    if file is None:
        return module.__name__.partition(".")[0] not in sys.stdlib_module_names
    path = Path(file)
    return _INSTALLED.isdisjoint(path.parts) and not str(file).startswith(_LIBRARY)


def _folder_of(module: types.ModuleType) -> str | None:
    file = getattr(module, "__file__", None)
    return file.replace("\\", "/").rpartition("/")[0] if isinstance(file, str) else None


def _content_of(cell: types.CellType) -> Any:
    try:
        return cell.cell_contents
    except ValueError:
        # It is empty.
        return None


class _Finder(importlib.abc.MetaPathFinder):
    """Tells of modules after they are executed.

    Args:
        may_be: returns whether a module of a name is wanted.
        tell: called with each of these modules.
    """

    def __init__(self, may_be: Callable[[str], bool], tell: Callable[[types.ModuleType], None]) -> None:
        self._may_be = may_be
        self._tell = tell

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: types.ModuleType | None = None
    ) -> ModuleSpec | None:
        """Find a module as the other finders do."""
        if name.partition(".")[0] in sys.stdlib_module_names or not self._may_be(name):
            return None
        for finder in list(sys.meta_path):
            find = None if finder is self else getattr(finder, "find_spec", None)
            spec: ModuleSpec | None = None if find is None else find(name, path, target)
            if spec is not None:
                if hasattr(spec.loader, "exec_module"):
                    spec.loader = _Loader(spec.loader, self._tell)
                return spec
        return None


class _Loader(StandIn, importlib.abc.Loader):
    """Loads a module as its loader does, and then tells of it.

    Args:
        loader: the module's loader.
        tell: called with the module.
    """

    def __init__(self, loader: Any, tell: Callable[[types.ModuleType], None]) -> None:
        super().__init__(loader)
        self._tell = tell

    def create_module(self, spec: ModuleSpec) -> types.ModuleType | None:
        """Create the module."""
        module: types.ModuleType | None = self._real.create_module(spec)
        return module

    def exec_module(self, module: types.ModuleType) -> None:
        """Execute the module, with its own loader in its attributes, and tell of it."""
        spec = module.__spec__
        module.__loader__ = self._real
        if spec is not None:
            spec.loader = self._real
        self._real.exec_module(module)
        self._tell(module)
