"""The process environment: overlays that set variables, and restore them exactly in any order."""

from __future__ import annotations

import os
import threading
from collections.abc import Collection, Mapping

from fake_secrets.locks import shared_lock

__all__ = [
    "ENDPOINT_VARIABLE",
    "FAKE_ACCESS_KEY_ID",
    "FAKE_SECRET_ACCESS_KEY",
    "FAKE_SESSION_TOKEN",
    "Overlay",
    "adopt_overlays",
    "default_region",
    "endpoint_of",
    "has_stray_fakes",
    "is_inherited",
    "settle",
    "without_proxies",
    "world_environment",
]

FAKE_ACCESS_KEY_ID = "FAKESECRETSACCESSKEY"
FAKE_SECRET_ACCESS_KEY = "fake-secrets-secret-access-key"  # noqa: S105 -- not a secret
FAKE_SESSION_TOKEN = "fake-secrets-session-token"  # noqa: S105 -- not a secret

# AWS's rotation templates fail without this variable.
ENDPOINT_VARIABLE = "SECRETS_MANAGER_ENDPOINT"

_FALLBACK_REGION = "us-east-1"
# What clients call this machine.
_LOCAL_HOSTS = ("127.0.0.1", "localhost")


class Overlay:
    """A set of variables that is laid over the process environment.

    Args:
        variables: the variables to set; None hides a variable.
    """

    def __init__(self, variables: Mapping[str, str | None]) -> None:
        self._variables = variables
        self._saved: dict[str, str | None] = {}
        self._thread = threading.get_ident()

    def __enter__(self) -> None:
        """Set the variables, as `apply` does."""
        self.apply()

    def __exit__(self, *exception: object) -> None:
        """Restore the variables, as `undo` does."""
        self.undo()

    def found(self, name: str) -> str | None:
        """Return the value that a variable had before; None if it had none, or if the overlay doesn't set it."""
        return self._saved.get(name)

    def left(self, name: str) -> str | None:
        """Return what the next overlay has found in a variable, or its value now if this overlay is the last."""
        with _lock:
            later = _applied[_applied.index(self) + 1 :] if self in _applied else []
            return later[0].found(name) if later and later[0].sets(name) else _get(name)

    @property
    def is_lowest(self) -> bool:
        """Whether no earlier overlay is applied, so that this one has found what no world has set."""
        return _applied[:1] == [self]

    def sets(self, name: str) -> bool:
        """Return whether the overlay is applied and sets a variable."""
        return name in self._saved

    def apply(self) -> None:
        """Set all the variables and remember their old values. If one can't be set, set none."""
        with _lock:
            try:
                # Each change is noted before it is made, so that `undo` can restore a part of them too.
                _applied.append(self)
                for name, value in self._variables.items():
                    found = self._saved[name] = _get(name)
                    if found != value:
                        _set(name, value)
            except BaseException:
                self.undo()
                raise

    def undo(self) -> None:
        """Restore the variables. Nothing happens if that was done before, and what was interrupted is completed.

        If a later overlay is still applied, the environment doesn't change yet. That overlay takes
        over the values that this one found, and restores them when it is undone.
        """
        with _lock:
            if self not in _applied:
                return
            later = _applied[_applied.index(self) + 1 :]
            if later:
                later[0]._saved.update(self._saved)
            else:
                for name, value in self._saved.items():
                    _set(name, value)
            _applied.remove(self)
            self._saved = {}


# Global, because the process has one environment: the overlays in the order they were applied.
_applied: list[Overlay] = []
_lock = shared_lock()
# Whether this process was started inside a world.
_began_with_fakes = os.environ.get("AWS_ACCESS_KEY_ID") == FAKE_ACCESS_KEY_ID


def adopt_overlays(lasting: Collection[Overlay]) -> None:
    """Let go of the overlays of other threads. After a fork, those threads don't exist.

    The environment doesn't change yet. The overlay below takes over what it has to restore.

    Args:
        lasting: the overlays that are undone later, whichever thread has applied them.
    """
    with _lock:
        for overlay in list(_applied):
            if overlay in lasting or overlay._thread == threading.get_ident():
                continue
            position = _applied.index(overlay)
            if position == 0:
                overlay.undo()
            else:
                below = _applied[position - 1]
                below._saved = {**overlay._saved, **below._saved}
                del _applied[position]


def settle(kept: Collection[Overlay], living: Collection[int]) -> None:
    """Undo the overlays that an interrupted thread has left.

    Args:
        kept: overlays that stay.
        living: the other threads that are still alive. Their overlays stay, too.
    """
    for overlay in reversed(list(_applied)):
        if overlay not in kept and overlay._thread not in living:
            overlay.undo()


def default_region() -> str:
    """Return the region in AWS_DEFAULT_REGION or AWS_REGION, or us-east-1 if neither is set."""
    # Another thread's world may end meanwhile, and take its variables with it.
    with _lock:
        return _get("AWS_DEFAULT_REGION") or _get("AWS_REGION") or _FALLBACK_REGION


def has_stray_fakes() -> bool:
    """Return whether the fake credentials are set, although no world of this process is active.

    They are of a world of the parent's, or of one that is over: what was entered in it has put them back later.
    """
    with _lock:
        return not _applied and _get("AWS_ACCESS_KEY_ID") == FAKE_ACCESS_KEY_ID


def is_inherited() -> bool:
    """Return whether the fake credentials are set by no world of this process, but by one of its parent's."""
    return _began_with_fakes and has_stray_fakes()


def world_environment(region: str) -> dict[str, str | None]:
    """Return the variables that keep a test away from real accounts; None hides a variable.

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
    if ENDPOINT_VARIABLE not in os.environ:
        variables[ENDPOINT_VARIABLE] = endpoint_of(region)
    return variables


def endpoint_of(region: str) -> str:
    """Return the URL at which clients reach the Secrets Manager of a region."""
    return f"https://secretsmanager.{region}.amazonaws.com"


def without_proxies(surroundings: Mapping[str, str]) -> dict[str, str | None]:
    """Return the variables that keep clients from asking a proxy for something on this machine.

    Args:
        surroundings: the environment as it is.
    """
    variables: dict[str, str | None] = {}
    for name in "NO_PROXY", "no_proxy":
        found = surroundings.get(name) or surroundings.get("no_proxy") or surroundings.get("NO_PROXY")
        variables[name] = _with_local_hosts(found or "")
    return variables


def _with_local_hosts(hosts: str) -> str:
    named = [host.strip() for host in hosts.split(",")]
    # An asterisk stands for every host only where nothing else is named.
    if named == ["*"]:
        return "*"
    return ",".join([*filter(None, named), *(host for host in _LOCAL_HOSTS if host not in named)])


def _get(name: str) -> str | None:
    # For a missing variable, this takes half as long as `get`. No `except` here: in Python 3.11, an interrupt in
    # it would leave the KeyError as the exception that the thread handles.
    return os.environ[name] if name in os.environ else None  # noqa: SIM401


def _set(name: str, value: str | None) -> None:
    if value is not None:
        os.environ[name] = value
    elif name in os.environ:
        del os.environ[name]
