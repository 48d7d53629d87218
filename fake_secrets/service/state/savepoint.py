"""Savepoints: they undo a change of a secret that an interrupt has left half done."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any

from fake_secrets.service.state.events import EventLog
from fake_secrets.service.state.model import RotationState, StoredSecret, StoredVersion

__all__ = ["VALUES_OF", "Change", "Savepoint"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

_Fields = tuple[str, ...]
_FIELDS: Mapping[type, _Fields] = {
    kind: tuple(field.name for field in fields(kind)) for kind in (StoredSecret, StoredVersion, RotationState)
}
# Return the values of all fields of an object, in the order in which its class takes them.
VALUES_OF: Mapping[type, Callable[[Any], tuple[Any, ...]]] = {
    kind: operator.attrgetter(*names) for kind, names in _FIELDS.items()
}


class Savepoint:
    """Secrets as they are now, with their versions, their rotations, their replicas and the events so far.

    Args:
        events: the log of their store.
        changed: the secrets.
    """

    __slots__ = ("_count", "_events", "_objects", "_versions")

    def __init__(self, events: EventLog, *changed: StoredSecret) -> None:
        self._events, self._count = events, events.count
        secrets = [one for secret in changed for one in (secret, *secret.followers)]
        self._versions = [(one, dict(one.versions)) for one in secrets]
        versions = [version for one in secrets for version in one.versions.values()]
        rotations = [one.rotation for one in secrets if one.rotation is not None]
        self._objects = [(one, VALUES_OF[type(one)](one)) for one in (*secrets, *versions, *rotations)]

    def restore(self) -> None:
        """Undo every change since. It may be called again, if an interrupt has kept it from ending."""
        for one, values in self._objects:
            for name, value in zip(_FIELDS[type(one)], values, strict=True):
                setattr(one, name, value)
        for secret, versions in self._versions:
            secret.versions.clear()
            secret.versions.update(versions)
        self._events.cut(self._count)


class Change:
    """A change of a secret outside of a call: all of it is made, or nothing.

    Args:
        savepoint: the secret as it was.
        after: does what follows once the change is undone.
    """

    __slots__ = ("_after", "_savepoint")

    def __init__(self, savepoint: Savepoint, after: Callable[[], None]) -> None:
        self._savepoint, self._after = savepoint, after

    def __enter__(self) -> None:
        """Begin the change."""

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        """End the change, or undo it."""
        if error is not None:
            self._savepoint.restore()
            self._after()
