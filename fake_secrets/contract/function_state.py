"""The state of a rotation function: its handler is loaded once, and begins each scenario as if it were new."""

from __future__ import annotations

import importlib
import os
import re
import sys
import types
from collections.abc import Callable, Collection, Mapping
from typing import Any, Self

from fake_secrets.contract.object_states import ObjectStates
from fake_secrets.contract.own_modules import OwnModules
from fake_secrets.contract.process_state import ProcessState
from fake_secrets.environment import Overlay

__all__ = ["FunctionState", "loaded"]

__tracebackhide__ = True  # the values may be secret

_NAME = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*(\.[^\W\d]\w*)*")
_EXAMPLE = "rotation.function:lambda_handler"


class FunctionState:
    """What a rotation function keeps from one invocation to the next, and what it changes in the process.

    These get back their state: the globals of its own modules, with the containers, classes, instances, functions
    and caches that they lead to; the environment; the root's logger and those of these modules; `random`, the
    filters of warnings, `sys.path` and the current folder. Clients of botocore among the globals get back their
    attributes, event handlers, retry quota and send rate. No other object of a foreign class is touched.

    Args:
        handler: the function, which may be wrapped.
        others: other functions of the code under test.
        spared: classes that aren't touched, nor their instances: the service double's, for one.

    `modules` are the function's own: the one that defines it, and those of the same package or folder that are
    imported, without tests. A module that a scenario imports stays imported, and gets back the state that it
    had after its import. `end` has to be called, or the object used as a context manager.
    """

    def __init__(
        self, handler: Callable[..., Any], *others: Callable[..., Any], spared: Collection[type] = ()
    ) -> None:
        self._functions = (handler, *others)
        self._own = OwnModules(*self._functions)
        self._spared = tuple(spared)
        self._objects = ObjectStates(self._spared)
        self._process: ProcessState | None = None
        self.double: object = None
        """The service double that is in use. It isn't the function's, whatever holds it."""
        self._modules = self._own.loaded()

    @property
    def modules(self) -> tuple[types.ModuleType, ...]:
        """The function's own modules that are imported. There may be more of them later."""
        return tuple(self._modules)

    def __enter__(self) -> Self:
        """Take the state, as `begin` does."""
        self.begin()
        return self

    def __exit__(self, *exception: object) -> None:
        """Put it back a last time, as `end` does."""
        self.end()

    def begin(self) -> None:
        """Take the state, before the first scenario. Taken once, it stays the same."""
        if self._process is not None:
            return
        self._modules = self._own.loaded()
        self._objects.add(self._modules, *self._functions)
        self._process = ProcessState(module.__name__.partition(".")[0] for module in self._modules)
        self._own.watch_imports(self._welcome)

    def restore(self) -> None:
        """Put the state back, before each scenario."""
        if self._process is not None:
            self._process.restore()
            self._objects.restore()

    def snapshot(self, *, clears_caches: bool = True) -> Callable[[], None]:
        """Return a function that gives the function's own objects the state that they have now, during a step.

        Clients, and what the function changes in the process, aren't among them.

        Args:
            clears_caches: whether it clears the caches of `functools`, whose content can't be read.
        """
        return self._taken(clears_caches=clears_caches).restore

    def renew_locks(self) -> None:
        """Give the function new locks, as in another execution environment."""
        self._taken(clears_caches=False).renew_locks()

    def _taken(self, *, clears_caches: bool) -> ObjectStates:
        """Return the state that the function's own objects have now, during a step."""
        states = ObjectStates(self._spared, is_in_step=True, clears_caches=clears_caches)
        states.skip(self.double)
        states.add(self._modules, *self._functions)
        return states

    def cold_start(self, spared: type) -> Callable[[], None]:
        """Return a function that gives the function the state that it has now, as in a new execution environment.

        What the check itself changes for the length of a scenario stays: how loggers are set up, for one.

        Args:
            spared: the class of the service double, which isn't touched.
        """
        objects, process = ObjectStates([*self._spared, spared]), ProcessState(())
        objects.add(self._modules, *self._functions)

        def restore() -> None:
            process.restore_environment()
            objects.restore()

        return restore

    def end(self) -> None:
        """Put the state back after the last scenario, and watch imports no more."""
        try:
            self.restore()
        except KeyboardInterrupt:
            # It may have come in the middle.
            self.restore()
            raise
        finally:
            self._own.stop_watching()

    def _welcome(self, module: types.ModuleType) -> None:
        self._modules.append(module)
        self._objects.add([module])


def loaded(name: str, environment: Mapping[str, str] | None = None) -> Callable[..., Any]:
    """Import a rotation function. The current folder can be imported from, now and later.

    Args:
        name: the module and the function in it, as in `rotation.function:lambda_handler`.
        environment: environment variables that are set during the import.

    Returns:
        The function.

    Raises:
        TypeError: if `name` is no str, or names something that can't be called.
        ValueError: if `name` doesn't have this form, or the module has no such function.
        ImportError: if the module can't be imported.
    """
    given: object = name
    if not isinstance(given, str):
        msg = f"the handler's name is a str such as {_EXAMPLE!r}, not {type(given).__name__}"
        raise TypeError(msg)
    if _NAME.fullmatch(name) is None:
        msg = f"{name!r} doesn't name a module and a function in it, as {_EXAMPLE!r} does"
        raise ValueError(msg)
    module_name, _, attributes = name.partition(":")
    found: Any = _imported(module_name, environment or {})
    module = found
    for attribute in attributes.split("."):
        if not hasattr(found, attribute):
            available = "".join(f"\n- {module_name}:{other}" for other in _functions_in(module)) or "\n- none"
            msg = f"module {module_name!r} has no {attributes!r}. Functions that it defines:{available}"
            raise ValueError(msg)
        found = getattr(found, attribute)
    if not callable(found):
        msg = f"{name!r} is of type {type(found).__name__}, which can't be called as handler(event, context)"
        raise TypeError(msg)
    handler: Callable[..., Any] = found
    return handler


def _imported(name: str, environment: Mapping[str, str]) -> types.ModuleType:
    here = os.getcwd()  # noqa: PTH109 -- as a str, which sys.path has
    if here not in sys.path and "" not in sys.path:
        sys.path.insert(0, here)
    try:
        with Overlay(environment):
            return importlib.import_module(name)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        missing = error.name if isinstance(error, ModuleNotFoundError) else None
        if missing is not None and f"{name}.".startswith(f"{missing}."):
            why = f"there is no module {missing!r}. Modules are looked for in:"
            why += "".join(f"\n- {folder or here}" for folder in sys.path)
        else:
            why = f"its import raised {type(error).__name__}: {error}"
            if isinstance(error, KeyError):
                why += ". If that is an environment variable, set it by environment="
            if missing is not None:
                why += f". Install it, or let a module {missing}.py of yours stand in for it"
        msg = f"the rotation function's module {name!r} can't be imported: {why}"
        raise ImportError(msg, name=name) from error


def _functions_in(module: types.ModuleType) -> list[str]:
    return [
        name
        for name, value in vars(module).items()
        if callable(value) and getattr(value, "__module__", None) == module.__name__ and not name.startswith("_")
    ]
