"""Reads the file of a template: JSON, or YAML with CloudFormation's short tags."""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from pathlib import Path
from typing import Any

from fake_secrets.errors import PolicyError
from fake_secrets.iam.identity_grammar import shortened
from fake_secrets.policies.generated import ANY, ONE
from fake_secrets.policies.refusals import refusal

__all__ = ["FilePath", "check_values", "read_json", "read_template"]

FilePath = str | os.PathLike[str]

# CloudFormation takes a template of a megabyte at most.
_LARGEST_TEMPLATE = 1_000_000
_LARGEST_PLAN = 50_000_000
_MOST_VALUES = 500_000
_DEEPEST = 100
# Keys are parts of the places in messages, so the time that they take grows with their length.
_LONGEST_KEY = 1000
# Half of a surrogate pair is no character.
_REFUSED_CHARACTERS = re.compile(f"[{ONE}{ANY}\ud800-\udfff]")


def read_template(path: FilePath) -> tuple[Any, str]:
    """Return what the file of a template holds, and the file's name for messages.

    Raises:
        PolicyError: it can't be read, or is larger or more deeply nested than any template.
    """
    source = _shown(path)
    text = _text(path, source, _LARGEST_TEMPLATE)
    if not text.strip():
        document = None
    elif text.lstrip().startswith("{"):
        document = _parsed_json(text, source)
    else:
        from fake_secrets.policies.short_tags import parse_yaml  # noqa: PLC0415 -- only YAML needs PyYAML

        document = parse_yaml(text, source)
    check_values(document, source)
    _check_characters(document, source)
    return document, source


def read_json(path: FilePath, *, fix: str = "") -> tuple[Any, str]:
    """Return what a JSON file of Terraform holds, and the file's name for messages; see `read_template`.

    Args:
        path: the file.
        fix: what to do if it isn't JSON.
    """
    source = _shown(path)
    return _parsed_json(_text(path, source, _LARGEST_PLAN, fix), source, fix), source


def _shown(path: FilePath) -> str:
    """Return a path that can be printed, though it may have bytes that aren't UTF-8."""
    return os.fsdecode(path).encode(errors="backslashreplace").decode()


def _text(path: FilePath, source: str, largest: int, fix: str = "") -> str:
    try:
        with Path(os.fsdecode(path)).open("rb") as file:
            content = file.read(largest + 1)
    except OSError as error:
        raise refusal(source, "", f"it can't be read: {error.strerror}") from None
    except ValueError:
        raise refusal(source, "", "it can't be read: no file has such a name") from None
    if len(content) > largest:
        raise refusal(source, "", f"it is larger than {largest:,} bytes")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise refusal(source, "", "it isn't UTF-8", fix) from None


def _parsed_json(text: str, source: str, fix: str = "") -> Any:
    try:
        return json.loads(text, object_pairs_hook=lambda pairs: _mapping(pairs, source))
    except RecursionError:
        raise refusal(source, "", "it is too deeply nested") from None
    except json.JSONDecodeError as error:
        raise refusal(source, f"line {error.lineno}", f"it is no JSON: {error.msg}", fix) from None
    except PolicyError:
        raise
    except ValueError:
        # Python refuses to convert the digits of very long ones.
        raise refusal(source, "", "it has a number of too many digits") from None


def _mapping(pairs: list[tuple[str, Any]], source: str) -> dict[str, Any]:
    mapping = dict(pairs)
    if len(mapping) != len(pairs):
        (twice, _), *_ = Counter(name for name, _ in pairs).most_common(1)
        raise refusal(source, "", f"an object has the key {shortened(repr(twice))} twice")
    return mapping


def check_values(document: Any, source: str, place: str = "") -> None:
    """Check that a document can be walked in bounded time. What YAML aliases repeat counts each time.

    Raises:
        PolicyError: it can't.
    """
    count, ahead = 0, [(document, 0)]
    while ahead:
        value, depth = ahead.pop()
        count += 1
        if count > _MOST_VALUES or depth > _DEEPEST:
            raise refusal(source, place, "it has too many values, or they are too deeply nested")
        if isinstance(value, dict):
            if any(len(key) > _LONGEST_KEY for key in value):
                raise refusal(source, place, f"it has a key of more than {_LONGEST_KEY:,} characters")
            ahead += [(one, depth + 1) for one in value.values()]
        elif isinstance(value, list):
            ahead += [(one, depth + 1) for one in value]


def _check_characters(document: Any, source: str) -> None:
    """Check that no text has characters that no template has, or that stand for others here."""
    ahead = [document]
    while ahead:
        value = ahead.pop()
        if isinstance(value, dict):
            ahead += [*value, *value.values()]
        elif isinstance(value, list):
            ahead += value
        elif isinstance(value, str) and (found := _REFUSED_CHARACTERS.search(value)):
            raise refusal(source, "", f"it has the character U+{ord(found[0]):04X}, which can't be read here")
