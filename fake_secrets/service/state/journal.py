"""The journal: what the latest writes changed, so that a stale read can be answered from the state before them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field

from fake_secrets.service.state.model import RotationState, StoredSecret, StoredVersion
from fake_secrets.service.state.savepoint import VALUES_OF
from fake_secrets.slotted import slotted

__all__ = ["KEPT_WRITES", "LabelMove", "State", "Write", "secrets_of", "states_of", "time_of", "undo"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

# A store keeps this many writes.
KEPT_WRITES = 1_000

# The shortest form of a write: its time, the secret, and the secret's labels and LastChangedDate before it.
# UpdateSecretVersionStage is counted in instructions.
LabelMove = tuple[float, StoredSecret, Mapping[str, str], float]


class State:
    """A secret as it is now, apart from its versions.

    Args:
        secret: the secret.
        versions: those of its versions that are about to be changed or removed.
    """

    __slots__ = ("_rotation", "_values", "_versions", "secret")

    def __init__(self, secret: StoredSecret, versions: Iterable[StoredVersion] = ()) -> None:
        self.secret = secret
        self._values = VALUES_OF[StoredSecret](secret)
        self._rotation = None if secret.rotation is None else VALUES_OF[RotationState](secret.rotation)
        self._versions = [VALUES_OF[StoredVersion](version) for version in versions]

    def copy(self, later: StoredSecret) -> StoredSecret:
        """Return a copy of the secret as it was.

        Args:
            later: the secret, or a copy of it, as it was after the write.
        """
        copied = StoredSecret(*self._values)
        kept = [version for version in later.versions.values() if version.serial < copied.version_count]
        versions = {version.id: _copy(version) for version in kept}
        versions |= {version.id: version for version in (StoredVersion(*values) for values in self._versions)}
        copied.versions = {one.id: one for one in sorted(versions.values(), key=lambda one: one.serial)}
        copied.rotation = None if self._rotation is None else RotationState(*self._rotation)
        return copied


@slotted
class Write:
    """A write, from the moment before it.

    Args:
        time: when it happened, epoch seconds.
        states: the secrets that it changes, as they were.
        added: the secrets that it adds.
        removed: the secrets that it removes.
    """

    time: float
    states: list[State]
    added: list[StoredSecret] = field(default_factory=list)
    removed: list[StoredSecret] = field(default_factory=list)


def states_of(secret: StoredSecret, versions: Iterable[StoredVersion]) -> list[State]:
    """Return a secret and its replicas, which follow it, as they are now.

    Args:
        secret: the secret.
        versions: those of its versions that are about to be changed or removed.
    """
    return [State(secret, versions), *(State(one, one.versions.values()) for one in secret.followers)]


def time_of(write: Write | LabelMove) -> float:
    """Return when a write happened, in epoch seconds."""
    return write[0] if isinstance(write, tuple) else write.time


def secrets_of(write: Write | LabelMove) -> Iterator[StoredSecret]:
    """Yield the secrets that a write changed, added or removed."""
    if isinstance(write, tuple):
        yield write[1]
    else:
        yield from (state.secret for state in write.states)
        yield from write.added
        yield from write.removed


def undo(write: Write | LabelMove, copies: dict[int, StoredSecret]) -> None:
    """Undo a write in copies of the secrets, by the ids of the objects. Copies that are lacking are made."""
    if not isinstance(write, tuple):
        for state in write.states:
            secret = state.secret
            copies[id(secret)] = state.copy(copies.get(id(secret), secret))
        return
    _, secret, labels, changed = write
    copied = copies[id(secret)] = State(secret).copy(secret) if id(secret) not in copies else copies[id(secret)]
    copied.labels, copied.changed = labels, changed


def _copy(version: StoredVersion) -> StoredVersion:
    return StoredVersion(*VALUES_OF[StoredVersion](version))
