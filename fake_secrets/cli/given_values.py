"""Reads the values that are given on the command line. No error shows a value, because it may be a secret one."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from fake_secrets.cli.command_error import CommandError

__all__ = ["pairs_of", "policy_of", "secret_texts", "value_of"]


def value_of(option: str, text: str) -> Any:
    """Return the secret value that an option gives: JSON, ``@file`` or, for the standard input, ``@-``.

    Args:
        option: the option, such as ``--secret``.
        text: what is given.

    Returns:
        A dict for a JSON object, a str for a JSON string, None for null; the text itself for other JSON.

    Raises:
        CommandError: if the file can't be read, or if the text isn't JSON.
    """
    if text == "...":
        msg = (
            f"{option} ... stands for a secret value, which the replay line of a report doesn't show. Write the "
            "value in its place, or give a file: @file"
        )
        raise CommandError(msg)
    source = text.removeprefix("@")
    where = option if source == text else f"{option} {text}"
    if source != text:
        text = _read(where, source)
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        at = f"line {error.lineno}, column {error.colno}"
        msg = f"{where} isn't JSON: {error.msg} at {at}. Any other text is written as a JSON string: '\"text\"'"
        if source == text and _is_file(text):
            msg = f"{option} isn't JSON, but the name of a file. To read that, write {option} @{text}"
        raise CommandError(msg) from None
    except RecursionError:
        msg = f"{where} isn't JSON that can be read: it is nested too deeply"
        raise CommandError(msg) from None
    return value if isinstance(value, dict | str | None) else text


def policy_of(option: str, text: str) -> str | Path:
    """Return the policy that an option gives: JSON, a file with or without ``@``, or ``@-``.

    Args:
        option: the option.
        text: what is given.

    Returns:
        The JSON text, or the path of the file.

    Raises:
        CommandError: if there is no such file.
    """
    # No name of a policy's file begins so.
    if text.lstrip().startswith(("{", "[")):
        return text
    source = text.removeprefix("@")
    if source == "-" != text:
        return _read(f"{option} {text}", source)
    if not Path(source).is_file():
        msg = f"{option} names {source!r}, which is no file"
        raise CommandError(msg)
    return Path(source)


def _is_file(text: str) -> bool:
    try:
        return Path(text).is_file()
    except (OSError, ValueError):
        # It can't be a path.
        return False


def _read(where: str, source: str) -> str:
    try:
        # A byte order mark, which some editors write, isn't JSON.
        return (sys.stdin.read() if source == "-" else Path(source).read_text(encoding="utf-8-sig")).strip()
    except FileNotFoundError:
        why = "there is no such file"
    except UnicodeDecodeError:
        why = "the file isn't UTF-8"
    except OSError as error:
        why = str(error.strerror or type(error).__name__)
    msg = f"{where} can't be read: {why}"
    raise CommandError(msg)


def pairs_of(option: str, form: str, texts: Iterable[str]) -> dict[str, str]:
    """Return what an option gives that may be repeated, such as ``NAME=VALUE``.

    Args:
        option: the option.
        form: how each is written.
        texts: what is given.

    Raises:
        CommandError: if one isn't written like that, or if a name is given twice.
    """
    pairs: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name:
            msg = f"{option} is written as {option} {form}"
            raise CommandError(msg)
        if name in pairs:
            msg = f"{option} gives {name!r} twice"
            raise CommandError(msg)
        pairs[name] = value
    return pairs


def secret_texts(*values: object) -> set[str]:
    """Return the texts that secret values consist of, which no message may show."""
    return {text for value in values for text in _texts(value) if text}


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for part in value.values():
            yield from _texts(part)
    elif isinstance(value, list):
        for part in value:
            yield from _texts(part)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield str(value)
