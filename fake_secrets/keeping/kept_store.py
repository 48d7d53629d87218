"""Keeps a store in a state file: finds what has changed in it, and writes that."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from fake_secrets.errors import ServiceError
from fake_secrets.keeping.documents import Document, document_of, settings_of, version_document
from fake_secrets.keeping.lines import Record
from fake_secrets.keeping.record_file import RecordFile
from fake_secrets.service.state.model import StoredSecret, StoredVersion
from fake_secrets.service.state.savepoint import VALUES_OF
from fake_secrets.service.state.store import Store

__all__ = ["KeptStore"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

_Values = tuple[Any, ...]
_values_of = VALUES_OF[StoredVersion]


@dataclass(slots=True)
class _Written:
    """A secret as it was last written: its document as text, and the values of its versions by serial."""

    text: str = field(default="", repr=False)
    versions: dict[int, _Values] = field(default_factory=dict, repr=False)


class KeptStore:
    """Keeps a store in a file, as `Keeper` says.

    Args:
        file: the file.
        store: returns the store.
        lead: returns the seconds by which the world runs ahead of the clock.

    `failure` says why the file couldn't be written the last time; it is None if it could. `tell` is called with a
    sentence about that, if it is set.
    """

    def __init__(
        self,
        file: RecordFile,
        store: Callable[[], Store],
        lead: Callable[[], float],
    ) -> None:
        self.failure: str | None = None
        self.tell: Callable[[str], None] | None = None
        self._file = file
        self._lead = lead
        self._store = store
        self._noted: dict[int, StoredSecret] = {}
        self._written: dict[int, _Written] = {}
        self._settings: Document = {}
        self._wants_rewriting = True

    def begin(self) -> ServiceError | None:
        """Write everything that is in the store, instead of what the file has."""
        self._noted.clear()
        self._wants_rewriting = True
        return self.write()

    def note(self, secret: StoredSecret) -> None:
        """Take note that a secret may have changed."""
        self._noted[id(secret)] = secret

    def write(self) -> ServiceError | None:
        """Write what has changed and isn't written yet."""
        try:
            self._write(self._store())
        except OSError as error:
            before, self.failure = self.failure, str(error.strerror)
            # Once is enough: a server looks for due work all the time.
            if self.tell is not None and self.failure != before:
                self.tell(
                    f"the state file {self._file.path!r} can't be written ({self.failure}), so the call is "
                    "answered with InternalServiceError; the next call that succeeds writes what is missing"
                )
            return ServiceError("InternalServiceError", "An error occurred on the server side.", 500)
        self.failure = None
        return None

    def leave(self) -> None:
        """Close the file, which the parent of a fork goes on to write."""
        self._file.leave()

    def _write(self, store: Store) -> None:
        settings = settings_of(store, self._lead())
        written: dict[int, _Written | None] = {}
        if self._wants_rewriting or self._file.is_gone():
            self._file.rewrite(self._everything(store, settings, written))
            self._written.clear()
        elif record := self._changes(store, settings, written):
            self._file.append([record])
        self._wants_rewriting = False
        self._settings = settings
        self._noted.clear()
        for serial, one in written.items():
            if one is None:
                self._written.pop(serial, None)
            else:
                self._written[serial] = one
        if self._file.is_long():
            self._shorten(store, settings)

    def _shorten(self, store: Store, settings: Document) -> None:
        try:
            self._file.rewrite(self._everything(store, settings, {}))
        except OSError:
            # Everything is written. For a second file, there may be no room.
            self._file.put_off()

    def _everything(self, store: Store, settings: Document, written: dict[int, _Written | None]) -> list[Record]:
        """Return everything in the store, a record for each secret, and put it into `written`."""
        secrets = ((secret.serial, _changes_of(secret, _Written(), written)) for secret in store)
        return [*({"secrets": {str(serial): changes}} for serial, changes in secrets), {"settings": settings}]

    def _changes(self, store: Store, settings: Document, written: dict[int, _Written | None]) -> Record:
        """Return what has changed since it was written, and put it into `written`."""
        secrets: Document = {}
        for secret in self._concerned():
            known = self._written.get(secret.serial)
            if store.holds(secret):
                if changes := _changes_of(secret, known or _Written(), written):
                    secrets[str(secret.serial)] = changes
            elif known is not None:
                secrets[str(secret.serial)] = written[secret.serial] = None
        changed = {name: value for name, value in settings.items() if self._settings.get(name) != value}
        parts = {"secrets": secrets, "settings": changed}
        return {name: part for name, part in parts.items() if part}

    def _concerned(self) -> list[StoredSecret]:
        """Return the secrets that may have changed: those that were noted, their replicas and their primaries."""
        found: dict[int, StoredSecret] = {}
        for noted in self._noted.values():
            primary = noted.primary or noted
            for secret in (noted, primary, *primary.followers):
                found[id(secret)] = secret
        return list(found.values())


def _changes_of(secret: StoredSecret, before: _Written, written: dict[int, _Written | None]) -> Document:
    """Return what of a secret isn't as it was written; if there is something, put the secret into `written`."""
    document = document_of(secret)
    text = json.dumps(document)
    changes: Document = {} if text == before.text else {"secret": document}
    present = {version.serial: _values_of(version) for version in secret.versions.values()}
    # Their values aren't written.
    removed = {serial: (None, *_values_of(version)) for serial, version in secret.removed.items()}
    now: dict[int, _Values] = present | removed
    every = [*secret.versions.values(), *secret.removed.values()]
    versions: Document = {
        str(version.serial): version_document(version, is_removed=version.serial in removed)
        for version in every
        if before.versions.get(version.serial) != now[version.serial]
    }
    versions |= {str(serial): None for serial in before.versions.keys() - now.keys()}
    if versions:
        changes["versions"] = versions
    if changes:
        written[secret.serial] = _Written(text, now)
    return changes
