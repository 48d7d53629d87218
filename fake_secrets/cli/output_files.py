"""Writes the files of a command: all of them or none, and none halfway."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from fake_secrets.cli.command_error import CommandError

__all__ = ["check_writable", "write_all"]

_DEVICES = "/dev/"


def check_writable(files: Mapping[str, str]) -> None:
    """Check that files can be written, before the work is done that they show.

    Args:
        files: option to path.

    Raises:
        CommandError: if one can't be written or is named ``-``, or if two are the same.
    """
    known: dict[Path, str] = {}
    for option, path in files.items():
        if path == "-":
            msg = f"{option} takes the name of a file; for the standard output, that is /dev/stdout"
            raise CommandError(msg)
        target = _target(path)
        if target in known:
            msg = f"{option} and {known[target]} name the same file, {path!r}"
            raise CommandError(msg)
        known[target] = option
        with _told(option, path):
            _check(target)


def _check(target: Path) -> None:
    if target.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if target.exists() and not os.access(target, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    if not _is_stream(target):
        draft = _draft(target)
        draft.open("xb").close()
        draft.unlink()


def write_all(contents: Mapping[str, tuple[str, str]]) -> None:
    """Write files.

    Args:
        contents: option to path and content.

    Raises:
        CommandError: if one can't be written. Then none has changed.
    """
    drafts: list[tuple[str, str, Path, Path]] = []
    try:
        for option, (path, content) in contents.items():
            target = _target(path)
            draft = target
            if not _is_stream(target):
                draft = _draft(target)
                drafts.append((option, path, draft, target))
            with (
                _told(option, path),
                draft.open("w", encoding="utf-8", errors="backslashreplace", newline="\n") as file,
            ):
                file.write(content)
        for option, path, draft, target in drafts:
            with _told(option, path):
                if target.exists():
                    draft.chmod(target.stat().st_mode)
                draft.replace(target)
    finally:
        for _, _, draft, _ in drafts:
            draft.unlink(missing_ok=True)


def _target(path: str) -> Path:
    # A link stays a link. /dev/stdout is one, too, but has to be opened by its own name.
    return Path(path) if path.startswith(_DEVICES) else Path(os.path.realpath(path))


def _is_stream(target: Path) -> bool:
    """Return whether something is no file, such as a pipe, so that it can't be replaced."""
    return str(target).startswith(_DEVICES) or (target.exists() and not target.is_file())


def _draft(target: Path) -> Path:
    return target.with_name(f".{target.name}.{os.getpid()}.draft")


@contextlib.contextmanager
def _told(option: str, path: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        missing = not Path(path).parent.is_dir()
        why = f"there is no folder {str(Path(path).parent)!r}" if missing else error.strerror or str(error)
        msg = f"{option} {path!r} can't be written: {why}"
        raise CommandError(msg) from None
