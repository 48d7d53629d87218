"""The exceptions of a driver for what the password database refuses."""

from __future__ import annotations

import contextlib
import importlib
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from fake_secrets.contract.services.base import StatementRefusedError

__all__ = [
    "ABORTED", "CIRCULAR", "CLOSED", "DENIED", "DEPENDENT", "DUPLICATE", "IN_USE", "LOCKED", "MISSING",
    "NOT_A_TIME", "NO_GRANT", "NO_HOST", "NO_LOGIN", "NO_SAVEPOINT", "SYNTAX", "UNREADABLE",
    "DriverErrors", "Refusal",
]  # fmt: skip

__tracebackhide__ = True  # the arguments in our frames may hold secret values


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a statement is refused.

    Args:
        state: PostgreSQL's SQLSTATE.
        number: the number of MySQL's error.
        mysql_state: MySQL's SQLSTATE.
    """

    state: str
    number: int = 1105
    mysql_state: str = "HY000"


# PostgreSQL: Appendix A of its documentation. MySQL: its Error Message Reference.
DENIED = Refusal("42501", 1227, "42000")
UNREADABLE = Refusal("42501", 1142, "42000")
DUPLICATE = Refusal("42710", 1396)
MISSING = Refusal("42704", 1396)
NO_GRANT = Refusal("42704", 1141, "42000")
SYNTAX = Refusal("42601", 1064, "42000")
NOT_A_TIME = Refusal("22007", 1525)
DEPENDENT = Refusal("2BP01")
IN_USE = Refusal("55006")
LOCKED = Refusal("55P03")
CIRCULAR = Refusal("0LP01")
ABORTED = Refusal("25P02")
NO_SAVEPOINT = Refusal("3B001", 1305, "42000")
NO_LOGIN = Refusal("28P01", 1045, "28000")
NO_HOST = Refusal("08006", 2003)
CLOSED = Refusal("08003", 0)

# The classes of DB-API 2.0 for the classes of SQLSTATE; OperationalError for others.
_CLASSES = {
    "0L": "InternalError", "22": "DataError", "25": "InternalError", "2B": "InternalError", "3B": "InternalError",
    "42": "ProgrammingError",
}  # fmt: skip
# Drivers of MySQL raise OperationalError for the numbers that aren't of one of their lists.
_PROGRAMMING = frozenset({1064})


class DriverErrors:
    """Makes the exceptions that a driver raises.

    Args:
        driver: the driver; None for exceptions of our own.
        is_mysql: whether it is one of MySQL.
    """

    def __init__(self, driver: ModuleType | None, *, is_mysql: bool) -> None:
        self._driver = driver
        self._is_mysql = is_mysql

    def class_named(self, name: str, default: type[Exception]) -> type[Exception]:
        """Return an exception class of the driver by its name in DB-API 2.0, or else another."""
        return _class_in(self._driver, name) or default

    def refusal(self, why: Refusal, message: str) -> Exception:
        """Return the exception for a statement that is refused: the driver's own class for it, if it has one."""
        if self._driver is None:
            return StatementRefusedError(message)
        return self._of_mysql(why, message) if self._is_mysql else self._of_postgresql(why, message)

    def failed(self, why: Refusal, message: str, name: str, default: type[Exception]) -> Exception:
        """Return the exception for a session that doesn't come about, or is over.

        Args:
            why: the reason.
            message: the message.
            name: the name of the class in DB-API 2.0. Drivers of PostgreSQL get no SQLSTATE there.
            default: the class without a driver.
        """
        if self._is_mysql:
            return self._of_mysql(why, message, self.class_named(name, default))
        return self.class_named(name, default)(message)

    def _of_postgresql(self, why: Refusal, message: str) -> Exception:
        lookup: Any = getattr(self._part("errors"), "lookup", None)
        found: Any = None
        if lookup is not None:
            with contextlib.suppress(KeyError):
                found = lookup(why.state)
        if found is None:
            usual = self.class_named("ProgrammingError", StatementRefusedError)
            found = self.class_named(_CLASSES.get(why.state[:2], "OperationalError"), usual)
        error: Exception = found(message)
        for name in ("sqlstate", "pgcode"):
            if name == "pgcode" and hasattr(error, name) and hasattr(error, "__setstate__"):
                # psycopg2 lets nobody write it.
                error.__setstate__({name: why.state, "pgerror": f"ERROR:  {message}\n"})
            elif getattr(error, name, None) != why.state:
                with contextlib.suppress(AttributeError):
                    setattr(error, name, why.state)
        return error

    def _of_mysql(self, why: Refusal, message: str, kind: type[Exception] | None = None) -> Exception:
        get_exception: Any = getattr(self._part("errors"), "get_mysql_exception", None)
        if get_exception is not None:  # MySQL Connector
            made: Exception = get_exception(why.number, msg=message, sqlstate=why.mysql_state)
            return made
        found: Any = kind or getattr(getattr(self._driver, "err", None), "error_map", {}).get(why.number)
        if found is None:
            name = "ProgrammingError" if why.number in _PROGRAMMING else "OperationalError"
            found = self.class_named(name, StatementRefusedError)
        error: Exception = found(why.number, message)
        return error

    def _part(self, name: str) -> ModuleType | None:
        """Return a module of the driver's; None if it has none of that name."""
        # A module that stands in for the driver has no parts that could be imported.
        if hasattr(self._driver, "__path__") and self._driver is not None:
            with contextlib.suppress(ImportError):
                return importlib.import_module(f"{self._driver.__name__}.{name}")
        return getattr(self._driver, name, None)


def _class_in(module: ModuleType | None, name: str) -> type[Exception] | None:
    found = getattr(module, name, None)
    return found if isinstance(found, type) and issubclass(found, Exception) else None
