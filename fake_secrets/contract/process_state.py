"""The state of the process that a rotation function may change: environment, logging, randomness and others."""

from __future__ import annotations

import contextlib
import logging
import os
import random
import sys
import warnings
from collections.abc import Iterable
from typing import Any

from fake_secrets.contract.object_states import logger_state

__all__ = ["ProcessState"]

__tracebackhide__ = True  # the environment may hold secret values

# pytest says with it what it does, and changes it itself.
_PYTESTS = "PYTEST_"


class ProcessState:
    """The environment, the loggers, the random generator, the filters of warnings, `sys.path`, the folder.

    Args:
        packages: loggers whose names begin with one of these are restored, as is the root's.
    """

    def __init__(self, packages: Iterable[str]) -> None:
        self._packages = frozenset(packages)
        self._environment = _environment()
        self._loggers = {name: logger_state(logger) for name, logger in self._own_loggers().items()}
        self._root = logger_state(logging.root)
        self._disabled = logging.root.manager.disable
        self._random = random.getstate()
        self._filters = list(warnings.filters)
        self._path = list(sys.path)
        self._folder = _folder()

    def restore(self) -> None:
        """Put everything back."""
        self.restore_environment()
        self._restore_loggers()
        if random.getstate() != self._random:
            random.setstate(self._random)
        if list(warnings.filters) != self._filters:
            filters: Any = warnings.filters
            filters[:] = self._filters
            # Without this, warnings that were shown once would be judged by the filters of that time.
            getattr(warnings, "_filters_mutated", lambda: None)()
        if sys.path != self._path:
            sys.path[:] = self._path
        if self._folder is not None and _folder() != self._folder:
            with contextlib.suppress(OSError):
                os.chdir(self._folder)

    def restore_environment(self) -> None:
        """Put the environment back."""
        now = _environment()
        if now != self._environment:
            for name in now.keys() - self._environment.keys():
                del os.environ[name]
            os.environ.update(self._environment)

    def _restore_loggers(self) -> None:
        self._root()
        if logging.root.manager.disable != self._disabled:
            logging.disable(self._disabled)
        for name, logger in self._own_loggers().items():
            restore = self._loggers.get(name)
            if restore is None:
                _make_new(logger)
            else:
                restore()

    def _own_loggers(self) -> dict[str, logging.Logger]:
        loggers = list(logging.root.manager.loggerDict.items())
        return {
            name: logger
            for name, logger in loggers
            if name.partition(".")[0] in self._packages and isinstance(logger, logging.Logger)
        }


def _make_new(logger: logging.Logger) -> None:
    """Make a logger as one that was never set up."""
    logger.setLevel(logging.NOTSET)
    logger.handlers.clear()
    logger.filters.clear()
    logger.disabled, logger.propagate = False, True


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(_PYTESTS)}


def _folder() -> str | None:
    try:
        # Not a Path, since the folder may be gone.
        return os.getcwd()  # noqa: PTH109
    except FileNotFoundError:
        return None
