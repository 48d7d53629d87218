"""An earlier state of a store: what a stale read sees."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from fake_secrets.service.state.journal import LabelMove, Write, secrets_of, time_of, undo
from fake_secrets.service.state.model import StoredSecret, StoredVersion
from fake_secrets.service.state.store import Store

__all__ = ["EarlierState", "last_write"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values


def last_write(
    store: Store, is_concerned: Callable[[StoredSecret], bool], since: float | None = None
) -> Write | LabelMove | None:
    """Return the last write that concerned one of some secrets, or None.

    Args:
        store: the store.
        is_concerned: returns whether a secret is one of them.
        since: a write before that time counts as none; epoch seconds. None if any counts.
    """
    for write in reversed(store.writes):
        if any(is_concerned(secret) for secret in secrets_of(write)):
            return write if since is None or time_of(write) >= since else None
    return None


class EarlierState:
    """The secrets of a region as they were before a write, in a store of their own.

    They are copies, so no read can change anything of the present. `keep_access` takes over the dates of access.

    Args:
        present: the store as it is.
        write: the write. All later writes are undone, too.
        region: the region.
    """

    def __init__(self, present: Store, write: Write | LabelMove, region: str) -> None:
        self._copies: dict[int, StoredSecret] = {}
        self._originals: dict[int, StoredSecret] = {}
        there = {id(secret): secret for secret in present if secret.region == region}
        for undoing in reversed(present.writes):
            undo(undoing, self._copies)
            if isinstance(undoing, Write):
                for secret in undoing.added:
                    there.pop(id(secret), None)
                there.update((id(secret), secret) for secret in undoing.removed if secret.region == region)
            for secret in secrets_of(undoing):
                self._originals[id(secret)] = secret
            if undoing is write:
                break
        self.store = present.holding(self._as_it_was(there))

    def original(self, secret: StoredSecret | None) -> StoredSecret | None:
        """Return the secret of the present store that one of this state stands for."""
        for number, copied in self._copies.items():
            if copied is secret:
                return self._originals[number]
        return secret

    def keep_access(self, present: Store) -> None:
        """Take over that secrets and versions were read."""
        for number, copied in self._copies.items():
            original = self._originals[number]
            if _was_read(copied, original):
                original.accessed = copied.accessed
                present.revision += 1
            present.note_change(original)
            for version in copied.versions.values():
                kept = original.versions.get(version.id)
                if kept is not None and kept.serial == version.serial and _was_read(version, kept):
                    kept.accessed = version.accessed

    def _as_it_was(self, secrets: dict[int, StoredSecret]) -> Iterator[StoredSecret]:
        for number, secret in sorted(secrets.items(), key=lambda item: item[1].serial):
            yield self._copies.get(number, secret)


def _was_read(copied: StoredSecret | StoredVersion, original: StoredSecret | StoredVersion) -> bool:
    return copied.accessed is not None and (original.accessed is None or original.accessed < copied.accessed)
