"""A file of records, to which changes are appended, each of them whole or not at all.

What was written is never written over, and a file that has grown too long is replaced whole, by a rename. So the
file has the old state or the new one at every moment, and it can be read without being touched.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Sequence
from pathlib import Path

from fake_secrets.keeping import drafts
from fake_secrets.keeping.lines import HEADING, Contents, DamageError, Record, lines_of, read
from fake_secrets.keeping.locking import lock
from fake_secrets.keeping.state_file_error import StateFileError

__all__ = ["RecordFile"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

_OWN = stat.S_IRUSR | stat.S_IWUSR
# Without O_NONBLOCK, opening a named pipe could wait for ever.
_FLAGS = os.O_RDWR | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)

# A file is written anew when it is longer than this and more than twice as long as when it was last written anew.
_LEAST_LENGTH = 1_000_000

_CHANGED = "another program has changed it; remove it to have it written anew"
_REPLACED = "another file is in its place; remove that to have it written anew"


class RecordFile:
    """An open file of records. No other server can use the file until it is closed or the process ends.

    Args:
        path: the file. It is made if there is none.

    `changes` has the changes that are in the file, each a list of records; there are none in an empty file.
    `was_cut_off` says whether another change begins after them, which a kill has kept from being written whole.

    Raises:
        StateFileError: if the file can't be used. It is as it was then.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = os.path.realpath(os.fspath(path))
        # Whether there was no file before.
        self._is_new = False
        # Whether something may follow the end, from a change that could not be written whole.
        self._is_torn = False
        self._is_closed = False
        self._descriptor = self._open()
        try:
            drafts.remove_left(self.path)
            with open(self._descriptor, "rb", closefd=False) as file:
                # The rest of a foreign file may be long.
                content = file.read(len(HEADING))
                content += file.read() if content == HEADING else b""
            found = self._read(content)
            self._is_torn = self.was_cut_off = found.end != len(content)
            # Where the last change ends, and the digest up to there. In one, because of interrupts.
            self._tail = found.end, found.digest
            # How long it was when it was last written anew.
            self._whole = 0
            self.changes = found.changes
        except BaseException:
            os.close(self._descriptor)
            raise

    def append(self, records: Sequence[Record]) -> None:
        """Append a change.

        Raises:
            OSError: if the file can't be written, or somebody else has changed it. Nothing is appended then.
        """
        end, digest = self._tail
        if self._is_torn:
            os.ftruncate(self._descriptor, end)
            self._is_torn = False
        if os.fstat(self._descriptor).st_size != end:
            raise OSError(None, _CHANGED)
        lines, digest = lines_of(records, digest)
        self._is_torn = True
        _write(self._descriptor, lines, end)
        self._tail = end + len(lines), digest
        self._is_torn = False

    def rewrite(self, records: Sequence[Record]) -> None:
        """Replace everything in the file by one change.

        Raises:
            OSError: if the file can't be written, or another one is in its place. It is as it was then.
        """
        if self.is_gone() and os.path.lexists(self.path):
            raise OSError(None, _REPLACED)
        lines, digest = lines_of(records)
        new = drafts.name_for(self.path)
        descriptor = os.open(new, _FLAGS | os.O_CREAT | os.O_EXCL, _OWN)
        try:
            os.fchmod(descriptor, _OWN)
            lock(descriptor)
            _write(descriptor, HEADING + lines, 0)
            os.fsync(descriptor)
            new.replace(self.path)
        except BaseException:
            os.close(descriptor)
            with contextlib.suppress(OSError):
                new.unlink()
            raise
        os.close(self._descriptor)
        self._descriptor = descriptor
        self._is_new = self._is_torn = False
        self._whole = len(HEADING) + len(lines)
        self._tail = self._whole, digest

    def is_gone(self) -> bool:
        """Return whether the file isn't at its place any more, or another one is."""
        return not _is_at(self.path, self._descriptor)

    def is_long(self) -> bool:
        """Return whether the file has grown so much that it should be written anew."""
        return self._tail[0] > max(_LEAST_LENGTH, 2 * self._whole)

    def put_off(self) -> None:
        """Leave the file as it is until it has grown as much again."""
        self._whole = self._tail[0]

    def close(self) -> None:
        """Close the file, and delete it if it is new and nothing was written to it."""
        if self._is_new and not self._is_closed and _is_at(self.path, self._descriptor):
            with contextlib.suppress(OSError):
                Path(self.path).unlink()
        self.leave()

    def leave(self) -> None:
        """Close the file in the child of a fork, whose parent goes on with it."""
        if not self._is_closed:
            self._is_closed = True
            os.close(self._descriptor)

    def _open(self) -> int:
        descriptor = self._open_once()
        try:
            self._claim(descriptor)
            # Another server may have written it anew before it was locked.
            is_there = _is_at(self.path, descriptor)
        except BaseException:
            os.close(descriptor)
            raise
        if is_there:
            return descriptor
        os.close(descriptor)
        return self._open()

    def _claim(self, descriptor: int) -> None:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise StateFileError(self.path, "isn't a regular file")
        if not lock(descriptor):
            raise StateFileError(self.path, "is in use by another server")

    def _open_once(self) -> int:
        try:
            with contextlib.suppress(FileNotFoundError):
                return os.open(self.path, _FLAGS)
            with contextlib.suppress(FileExistsError):
                descriptor = os.open(self.path, _FLAGS | os.O_CREAT | os.O_EXCL, _OWN)
                self._is_new = True
                return descriptor
            return os.open(self.path, _FLAGS)
        except OSError as error:
            raise StateFileError(self.path, f"can't be opened: {error.strerror}") from None

    def _read(self, content: bytes) -> Contents:
        try:
            return read(content) if content else Contents()
        except DamageError as error:
            raise StateFileError(self.path, str(error)) from None


def _write(descriptor: int, content: bytes, position: int) -> None:
    os.lseek(descriptor, position, os.SEEK_SET)
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def _is_at(path: str, descriptor: int) -> bool:
    """Return whether an open file is still at its path."""
    try:
        there, here = os.stat(path), os.fstat(descriptor)  # noqa: PTH116 -- before each call, so not by a Path
    except OSError:
        return False
    return os.path.samestat(there, here)
