"""Documents of policies that a user gives beside a template: dicts, JSON text, or paths of JSON files."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any

from fake_secrets.errors import PolicyError
from fake_secrets.policies.template_files import read_json

__all__ = ["GivenDocument", "GivenDocuments", "documents_of"]

__tracebackhide__ = True  # a traceback ends at the caller's mistake

Document = Mapping[str, Any]
GivenDocument = Document | str | os.PathLike[str]
GivenDocuments = Mapping[str, GivenDocument]


def documents_of(given: Any, argument: str) -> dict[str, Document]:
    """Return name to document.

    Args:
        given: what the user gives, `GivenDocuments` or None.
        argument: the name of the argument, for messages.

    Raises:
        PolicyError: if a file can't be read, or if what it has isn't a JSON object.
        TypeError: if something can't be a policy.
    """
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        msg = (
            f"{argument} is of type {type(given).__name__}, and not a mapping from a policy's name to its document"
        )
        raise TypeError(msg)
    return {name: _document(one, f"{argument}[{name!r}]") for name, one in given.items()}


def _document(given: Any, name: str) -> Document:
    if isinstance(given, Mapping):
        return given
    if isinstance(given, str) and given.lstrip().startswith("{"):
        return _checked(_parsed(given), name)
    if isinstance(given, (str, os.PathLike)):
        document, source = read_json(given)
        return _checked(document, f"{name}, {source}")
    msg = f"{name} is of type {type(given).__name__}; a policy is a dict, JSON text or the path of a JSON file"
    raise TypeError(msg)


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _checked(document: Any, name: str) -> Document:
    if not isinstance(document, dict):
        msg = f"{name}: it isn't a JSON object, and so no policy."
        raise PolicyError(msg)
    return document
