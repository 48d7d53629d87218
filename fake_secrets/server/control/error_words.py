"""The words of the handle's errors for whoever has only HTTP: without advice that is about Python."""

from __future__ import annotations

from fake_secrets.errors import FunctionCrash, RequestRefusedError, UnknownSecretError

__all__ = ["class_of", "status_of", "words_of"]

_NOT_FOUND, _REFUSED, _FAILED = 404, 400, 500


def class_of(error: BaseException) -> str:
    """Return the name of the class of a rotation's error. A planned crash is told from other failures."""
    crash = error.__cause__
    return type(crash if isinstance(crash, FunctionCrash) else error).__name__


def status_of(error: Exception) -> int:
    """Return the HTTP status for an error of the handle."""
    if isinstance(error, RequestRefusedError) and error.code == "InternalServiceError":
        # The state file can't be written.
        return _FAILED
    return _NOT_FOUND if isinstance(error, UnknownSecretError) else _REFUSED


def words_of(error: Exception) -> str:
    """Return what to say of an error of the handle."""
    if isinstance(error, RequestRefusedError):
        return f"{error.operation} was refused with {error.code}: {error.message}"
    if isinstance(error, UnknownSecretError):
        # The rest of its text is advice.
        return str(error).rpartition("\n")[0]
    return str(error)
