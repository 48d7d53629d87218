"""The part of libpq that rotation functions use by way of psycopg and psycopg2: it encrypts passwords."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any, Protocol

from fake_secrets.contract.services.composables import quoted_name, quoting_without_a_server, wherever_imported
from fake_secrets.contract.services.connection_info import Info
from fake_secrets.contract.services.verifiers import verifier_of

__all__ = ["PgConn", "doing_without_a_server"]

__tracebackhide__ = True  # the arguments in our frames are passwords

_DEFAULT = "scram-sha-256"
# libpq takes what servers call it by, too.
_ALGORITHMS = {"on": "md5", "off": "md5"}


class _Session(Protocol):
    """The part of a connection that this needs."""

    @property
    def info(self) -> Info:
        """What there is to know about the session."""

    def run_simply(self, statement: str) -> object:
        """Execute a statement without beginning a transaction."""


class PgConn:
    """What psycopg's connection has as ``pgconn``.

    Args:
        session: the connection.
        failure: psycopg's OperationalError.

    Whatever else is asked of it raises NotImplementedError.
    """

    __slots__ = ("_failure", "_session")

    def __init__(self, session: _Session, failure: type[Exception]) -> None:
        self._session = session
        self._failure = failure

    def __getattr__(self, name: str) -> Any:
        """Say what the double can do."""
        if name.startswith("__"):
            raise AttributeError(name)
        msg = (
            f"the double PasswordDatabase has no pgconn.{name}. Its pgconn has encrypt_password, change_password, "
            "status, transaction_status and server_version"
        )
        raise NotImplementedError(msg)

    @property
    def status(self) -> Any:
        """Whether the session is open."""
        return self._session.info.status

    @property
    def transaction_status(self) -> Any:
        """The state of the transaction."""
        return self._session.info.transaction_status

    @property
    def server_version(self) -> Any:
        """The version of the server as a number."""
        return self._session.info.server_version

    def encrypt_password(self, passwd: bytes, user: bytes, algorithm: bytes | None = None) -> bytes:
        """Return a verifier of a password.

        Raises:
            Exception: psycopg's OperationalError, if the session is closed or it is another algorithm.
            TypeError: if an argument isn't bytes.
        """
        self._check(passwd, user, *(() if algorithm is None else (algorithm,)))
        name = None if algorithm is None else algorithm.decode()
        try:
            return _encrypted(passwd.decode(), user.decode(), name).encode()
        except ValueError as error:
            raise self._failure(str(error)) from None

    def change_password(self, user: bytes, passwd: bytes) -> None:
        """Change a user's password: at once, unless a transaction is open.

        Raises:
            Exception: psycopg's OperationalError, if the session is closed or the server refuses it.
            TypeError: if an argument isn't bytes.
        """
        verifier = self.encrypt_password(passwd, user).decode()
        try:
            self._session.run_simply(f"ALTER USER {quoted_name(user.decode())} PASSWORD '{verifier}'")
        except Exception as error:
            # What the server says has a code, unlike a connection that is lost.
            if getattr(error, "sqlstate", None) is None:
                raise
            msg = f"failed to change password: {error}"
            raise self._failure(msg) from None

    def _check(self, *given: object) -> None:
        for one in given:
            if not isinstance(one, bytes):
                msg = f"expected bytes, {type(one).__name__} found"
                raise TypeError(msg)
        if self._session.info.status:
            msg = "password encryption failed: connection pointer is NULL"
            raise self._failure(msg)


def doing_without_a_server(driver: ModuleType) -> Iterator[tuple[object, str, object]]:
    """Yield what lets psycopg2's functions do without a real connection.

    Args:
        driver: psycopg2.

    Yields:
        An object, the name of one of its attributes, and what that is to be replaced with.
    """
    yield from quoting_without_a_server(driver.__name__)
    extensions = sys.modules.get(f"{driver.__name__}.extensions")
    real = getattr(extensions, "encrypt_password", None)
    if real is not None:
        yield from wherever_imported(extensions, "encrypt_password", _encrypting(real, driver))


def _encrypting(real: Callable[..., str], driver: ModuleType) -> Callable[..., str]:
    """Return psycopg2's ``encrypt_password``, which takes the connections of the double, too."""

    def encrypt_password(
        password: str | bytes, user: str | bytes, scope: object = None, algorithm: str | None = None
    ) -> str:
        if scope is None:
            return real(password, user, scope, algorithm)
        texts = [one.decode() if isinstance(one, bytes) else one for one in (password, user)]
        try:
            return _encrypted(texts[0], texts[1], algorithm)
        except ValueError as error:
            raise driver.ProgrammingError(str(error)) from None

    return encrypt_password


def _encrypted(password: str, user: str, algorithm: str | None) -> str:
    try:
        return verifier_of(password, user, _ALGORITHMS.get(algorithm or _DEFAULT, algorithm or _DEFAULT))
    except ValueError as error:
        msg = f"password encryption failed: {error}"
        raise ValueError(msg) from None
