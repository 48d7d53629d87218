"""The names by which rotation functions connect, beside the ``connect`` of their driver."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from types import ModuleType
from typing import Any

from fake_secrets.contract.services.async_sessions import AsyncConnection
from fake_secrets.contract.services.sessions import Connection

__all__ = ["names_of"]

__tracebackhide__ = True  # the arguments in our frames hold passwords

# Classes of connections, which connect when they are called, and more names of ``connect``.
_NAMES: Mapping[str, tuple[str, ...]] = {
    "MySQLdb": ("Connect", "Connection", "connections.Connection"),
    "mysql.connector": (
        "Connect", "CMySQLConnection", "MySQLConnection", "connection.MySQLConnection",
        "connection_cext.CMySQLConnection",
    ),
    "psycopg2": ("extensions.connection",),
    "pymysql": ("Connect", "Connection", "connections.Connection"),
}  # fmt: skip

_Connect = Callable[..., Connection]


def names_of(driver: ModuleType, connect: _Connect) -> Iterator[tuple[object, str, object]]:
    """Yield what has to be replaced so that each of the names leads to a double.

    Args:
        driver: the driver.
        connect: logs in to the double.

    Yields:
        An object, the name of one of its attributes, and what that is to be replaced with.
    """
    for path in _NAMES.get(driver.__name__, ()):
        *parts, name = path.split(".")
        owner: object = driver
        for part in parts:
            owner = getattr(owner, part, None)
        real = getattr(owner, name, None)
        if real is not None:
            yield owner, name, _class_like(real, connect) if isinstance(real, type) else connect
    # psycopg has class methods, which its ``connect`` is one of.
    for kind, replacement in (("Connection", connect), ("AsyncConnection", _asynchronous(connect))):
        owner = getattr(driver, kind, None)
        if isinstance(owner, type) and isinstance(inspect.getattr_static(owner, "connect", None), classmethod):
            yield owner, "connect", replacement


def _asynchronous(connect: _Connect) -> Callable[..., Any]:
    async def connect_asynchronously(*args: Any, **options: Any) -> AsyncConnection:
        return AsyncConnection(connect(*args, **options))

    return connect_asynchronously


class _StandsIn(type):
    """The class of the classes that stand in for a driver's class of connections.

    They log in when they are called. For isinstance and in annotations, they are what the driver's class is.
    """

    real: type
    log_in: _Connect

    def __call__(cls, *args: Any, **options: Any) -> Connection:
        """Log in."""
        _check(cls.real, args, options)
        if not (args or options) or options.get("defer_connect"):
            msg = (
                f"the double PasswordDatabase logs in when {cls.real.__name__} is called: pass it the options of "
                "the login, or call connect() of the driver"
            )
            raise NotImplementedError(msg)
        return cls.log_in(*args, **options)

    def __instancecheck__(cls, instance: object) -> bool:
        """Return whether it is a connection, of the double or of the driver."""
        return isinstance(instance, (Connection, cls.real))

    def __subclasscheck__(cls, subclass: type) -> bool:
        """Return whether a class is the driver's, or derived from it."""
        return type.__subclasscheck__(cls, subclass) or issubclass(subclass, cls.real)

    def __getattr__(cls, name: str) -> Any:
        """Return an attribute of the driver's class."""
        return getattr(type.__getattribute__(cls, "real"), name)


def _class_like(real: type, connect: _Connect) -> type:
    """Return a class that stands in for a driver's, and logs in to the double."""
    attributes = {"real": real, "log_in": staticmethod(connect), "__module__": real.__module__}
    return _StandsIn(real.__name__, (), {**attributes, "__doc__": real.__doc__})


def _check(real: type, args: tuple[Any, ...], options: Mapping[str, Any]) -> None:
    """Check that a driver's class takes some arguments.

    Raises:
        TypeError: if it doesn't.
    """
    try:
        signature = inspect.signature(real)
    except ValueError:
        # psycopg2's class is written in C.
        return
    signature.bind(*args, **options)
