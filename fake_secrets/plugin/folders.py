"""Folders and files that a run writes, and the names of the pages of tests."""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path

import pytest

__all__ = ["add_path_option", "file_name", "folder", "output_file", "relative", "tell_outcome"]

# Names of files are short enough for every file system, and have no character that one of them refuses.
_UNSAFE = re.compile(r"[^A-Za-z0-9_.-]+")
_LENGTH = 100


def add_path_option(parser: pytest.Parser, name: str, metavar: str, what: str) -> None:
    """Add an ini option that is a path, and the option on the command line that has the same name.

    Args:
        parser: pytest's parser.
        name: the name of the ini option.
        metavar: what the help calls the path.
        what: what the path is, for the help.
    """
    parser.getgroup("fake_secrets").addoption(
        f"--{name.replace('_', '-')}", dest=name, default=None, metavar=metavar, help=f"{what} (ini option {name})"
    )
    parser.addini(name, what, default="")


def tell_outcome(reporter: pytest.TerminalReporter, outcome: str) -> None:
    """Tell at the end of a run what was written, if anything; in red if the sentence begins with ERROR."""
    if outcome:
        is_error = outcome.startswith("ERROR")
        reporter.write_line(outcome, red=is_error, bold=is_error)


def folder(config: pytest.Config, name: str) -> Path | None:
    """Return the folder of an ini option, or of the option on the command line that has the same name; or None.

    A relative path of the option begins in the working directory, one of the ini option beside the file.

    Raises:
        UsageError: if it is a file.
    """
    path, shown, given = _path(config, name)
    if path is not None and path.exists() and not path.is_dir():
        msg = f"{shown} must be a folder, not the file {given!r}"
        raise pytest.UsageError(msg)
    return path


def output_file(config: pytest.Config, name: str) -> Path | None:
    """Return the file of an ini option, or of the option with the same name, as `folder` does; or None.

    Raises:
        UsageError: if nothing can be written into it.
    """
    path, shown, given = _path(config, name)
    if path is None:
        return None
    if path.is_dir():
        msg = f"{shown} must be a file, not the folder {given!r}"
        raise pytest.UsageError(msg)
    if not path.parent.is_dir():
        msg = f"{shown}: {given!r} can't be written, because there is no folder {str(path.parent)!r}"
        raise pytest.UsageError(msg)
    if not os.access(path if path.exists() else path.parent, os.W_OK):
        msg = f"{shown}: {given!r} can't be written, because you don't have the permission"
        raise pytest.UsageError(msg)
    return path


def _path(config: pytest.Config, name: str) -> tuple[Path | None, str, str]:
    """Return what an option leads to, or None, and how the user has written the option and its value."""
    option, ini = config.getoption(name), config.getini(name)
    if option:
        return config.invocation_params.dir / option, f"--{name.replace('_', '-')}", option
    beside = config.rootpath if config.inipath is None else config.inipath.parent
    return (beside / ini if ini else None), name, ini


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
