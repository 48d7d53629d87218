"""The process environment: what is laid over it, and undone exactly, in any order of undoing."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping

__all__ = [
    "FAKE_ACCESS_KEY_ID",
    "FAKE_SECRET_ACCESS_KEY",
    "FAKE_SESSION_TOKEN",
    "Overlay",
    "default_region",
    "world_environment",
]

FAKE_ACCESS_KEY_ID = "FAKESECRETSACCESSKEY"
FAKE_SECRET_ACCESS_KEY = "fake-secrets-secret-access-key"  # noqa: S105 -- not a secret
FAKE_SESSION_TOKEN = "fake-secrets-session-token"  # noqa: S105 -- not a secret

_FALLBACK_REGION = "us-east-1"


class Overlay:
    """A set of environment variables laid over the process environment.

    Args:
        variables: the variables to set; None hides a variable.
    """

    def __init__(self, variables: Mapping[str, str | None]) -> None:
        self._variables = variables
        self._saved: dict[str, str | None] = {}

    def apply(self) -> None:
        """Set the variables, all or none, remembering what they were."""
        with _lock:
            try:
                for name, value in self._variables.items():
                    found = _get(name)
                    if found != value:
                        _set(name, value)
                    self._saved[name] = found
            except BaseException:
                self._put_back()
                raise
            _applied.append(self)

    def undo(self) -> None:
        """Put the variables back.

        Where an overlay that was applied later still stands, the environment stays as it is, and
        that one puts back, in its turn, what this one found.
        """
        with _lock:
            position = _applied.index(self)
            del _applied[position]
            if position < len(_applied):
                _applied[position]._saved.update(self._saved)
                self._saved = {}
            else:
                self._put_back()

    def _put_back(self) -> None:
        for name, value in self._saved.items():
            _set(name, value)
        self._saved = {}


# There is one process environment, so that there is one order of what lies over it.
_applied: list[Overlay] = []
_lock = threading.RLock()


def default_region() -> str:
    """Return the region that AWS_DEFAULT_REGION or AWS_REGION names, else us-east-1."""
    return _get("AWS_DEFAULT_REGION") or _get("AWS_REGION") or _FALLBACK_REGION


def world_environment(region: str) -> dict[str, str | None]:
    """Return what shields real accounts while a world is active; None hides a variable.

    Args:
        region: the world's region.
    """
    variables: dict[str, str | None] = {
        "AWS_ACCESS_KEY_ID": FAKE_ACCESS_KEY_ID,
        "AWS_SECRET_ACCESS_KEY": FAKE_SECRET_ACCESS_KEY,
        "AWS_SESSION_TOKEN": FAKE_SESSION_TOKEN,
        "AWS_PROFILE": None,
        "AWS_DEFAULT_PROFILE": None,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_DEFAULT_REGION": region,
    }
    if "SECRETS_MANAGER_ENDPOINT" not in os.environ:
        # AWS's own rotation templates fail without it.
        variables["SECRETS_MANAGER_ENDPOINT"] = f"https://secretsmanager.{region}.amazonaws.com"
    return variables


def _get(name: str) -> str | None:
    # To look first takes half as long as `get`, where there is none.
    return os.environ[name] if name in os.environ else None  # noqa: SIM401


def _set(name: str, value: str | None) -> None:
    if value is not None:
        os.environ[name] = value
    elif name in os.environ:
        del os.environ[name]
