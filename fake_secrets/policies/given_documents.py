"""Documents of policies that a user gives beside a template: dicts, JSON text, or paths of JSON files."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from fake_secrets.policies.policy_text import parsed_policy
from fake_secrets.policies.refusals import refusal
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
        return parsed_policy(given, name, "")
    if isinstance(given, (str, os.PathLike)):
        document, source = read_json(given)
        if isinstance(document, dict):
            return document
        raise refusal(source, "", "it isn't a JSON object, and so no policy")
    msg = f"{name} is of type {type(given).__name__}; a policy is a dict, JSON text or the path of a JSON file"
    raise TypeError(msg)
