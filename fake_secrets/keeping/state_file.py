"""A state file: keeps a world over restarts of its server."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from fake_secrets import clock
from fake_secrets.keeping.documents import Document, SavedSecret, check_settings, fill, linked
from fake_secrets.keeping.kept_store import KeptStore
from fake_secrets.keeping.lines import Record
from fake_secrets.keeping.record_file import RecordFile
from fake_secrets.keeping.state_file_error import StateFileError
from fake_secrets.service.operations.following import resume_across_accounts
from fake_secrets.service.state.model import StartedRotation, StoredSecret

if TYPE_CHECKING:
    from fake_secrets.world.world import World

__all__ = ["StateFile", "open_state", "replayed"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

_WHY_BROKEN_OFF = "the server ended during the rotation"


def _tell(sentence: str) -> None:
    sys.stderr.write(f"fake-secrets: {sentence}\n")
    sys.stderr.flush()


def open_state(path: str | os.PathLike[str], *, tell: Callable[[str], None] = _tell) -> StateFile:
    """Open a state file, or make one with nothing in it yet.

    Args:
        path: the file.
        tell: called with a sentence whenever the file can't be written. By default it is printed to stderr.

    Raises:
        StateFileError: if the file can't be used, with the reason in one sentence. The file is as it was.
    """
    file = RecordFile(path)
    try:
        return StateFile(file, tell)
    except BaseException:
        file.close()
        raise


class StateFile:
    """An open state file. No other server can use the file until this is closed or the process ends.

    Args:
        file: the file.
        tell: called with a sentence whenever the file can't be written.
    """

    def __init__(self, file: RecordFile, tell: Callable[[str], None]) -> None:
        self._file = file
        self._tell = tell
        self._world: World | None = None
        self._settings: Document = {}
        self._secrets: list[StoredSecret] = []
        self.has_contents = bool(file.changes)
        if self.has_contents:
            try:
                self._settings, saved = replayed(file.changes)
                check_settings(self._settings)
                self._secrets = linked(saved)
            except (AttributeError, KeyError, TypeError, ValueError) as error:
                raise StateFileError(file.path, "is damaged: it lacks what belongs to a state") from error
            file.changes = []

    @property
    def path(self) -> str:
        """The path of the file, absolute and without symbolic links."""
        return self._file.path

    def attach(self, world: World) -> None:
        """Load what is in the file into a world, instead of its seed, or write the seed; then keep every change.

        Rotation functions may be registered before or after. What the world has had before is forgotten if there
        is something to load. The clock goes on where it was, unless the world is ahead of that already.

        Raises:
            StateFileError: if the file can't be written.
        """
        if self._file.was_cut_off:
            self._tell(f"the state file {self.path!r} ends in a change that isn't whole, which is left out")
        if self.has_contents:
            world.start_over_with(lambda: self._load(world))
        keeper = KeptStore(self._file, lambda: world.store, lambda: clock.passed_time(world))
        if world.keep_with(keeper) is not None:
            world.stop_keeping()
            raise StateFileError(self._file.path, f"can't be written: {keeper.failure}")
        keeper.tell = self._tell
        self._world = world

    def close(self) -> None:
        """Write what isn't written yet, keep nothing more, and let other servers use the file.

        Raises:
            StateFileError: if it can't be written. What the file lacks is lost.
        """
        world, self._world = self._world, None
        failure = None
        if world is not None:
            failure = world.keep()
            world.stop_keeping()
        self._file.close()
        if failure is not None:
            raise StateFileError(self._file.path, "lacks the latest changes, because it can't be written")

    def _load(self, world: World) -> None:
        self._set_clock(world)
        fill(world.store, self._settings, self._secrets)
        for secret in self._secrets:
            world.ledger.record_change(secret, "loaded")
            rotation = secret.rotation
            if rotation is not None and rotation.running_token is not None:
                token = rotation.running_token
                started = StartedRotation(
                    secret, token, rotation.lambda_arn, rotation.rotation_token or "", rotation.is_test
                )
                world.runner.register(started)
        living = {thread.ident for thread in threading.enumerate() if thread.ident is not None}
        world.runner.forget_threads_but(living, _WHY_BROKEN_OFF)
        # A fault held them back, and is gone.
        resume_across_accounts(world.store)
        self._secrets = []

    def _set_clock(self, world: World) -> None:
        """Go on at the time of the file, unless the world was set to a later one."""
        lead, saved = clock.passed_time(world), self._settings["lead"]
        if saved > lead or not lead:
            clock.pass_time(saved - lead, world)


def replayed(changes: list[list[Record]]) -> tuple[Document, dict[int, SavedSecret]]:
    """Return the settings and the secrets that a file's changes end with."""
    settings: Document = {}
    secrets: dict[int, SavedSecret] = {}
    for change in changes:
        for record in change:
            settings |= record.get("settings", {})
            for name, changed in record.get("secrets", {}).items():
                serial = int(name)
                if changed is None:
                    # It may be gone already: after an interrupt, a change is written once more.
                    secrets.pop(serial, None)
                    continue
                secret = secrets.setdefault(serial, SavedSecret())
                secret.document = changed.get("secret", secret.document)
                for number, version in changed.get("versions", {}).items():
                    if version is None:
                        secret.versions.pop(int(number), None)
                    else:
                        secret.versions[int(number)] = version
    return settings, secrets
