"""Folders into which pages of tests are written, and the names of the pages."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest

__all__ = ["file_name", "folder", "relative"]

# Names of files are short enough for every file system, and have no character that one of them refuses.
_UNSAFE = re.compile(r"[^A-Za-z0-9_.-]+")
_LENGTH = 100


def folder(config: pytest.Config, name: str) -> Path | None:
    """Return the folder of an ini option, or of the option on the command line that has the same name; or None.

    A relative path of the option begins in the working directory, one of the ini option beside the file.

    Raises:
        UsageError: if it is a file.
    """
    option, ini = config.getoption(name), config.getini(name)
    if not (option or ini):
        return None
    beside = config.rootpath if config.inipath is None else config.inipath.parent
    path: Path = config.invocation_params.dir / option if option else beside / ini
    if path.exists() and not path.is_dir():
        shown = f"--{name.replace('_', '-')}" if option else name
        msg = f"{shown} must be a folder, not the file {option or ini!r}"
        raise pytest.UsageError(msg)
    return path


def file_name(node_id: str, suffix: str = "") -> str:
    """Return the name of a test's page, which no other test has, and which is the same in each run.

    Args:
        node_id: the test's id.
        suffix: what tells this page from others of the test.
    """
    name = _UNSAFE.sub("-", node_id)[:_LENGTH].strip("-.")
    digest = hashlib.sha256(node_id.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"{name}-{digest}{suffix}.html"


def relative(path: Path, config: pytest.Config) -> str:
    """Return a path as a reader in the working directory can use it."""
    here = config.invocation_params.dir
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)
