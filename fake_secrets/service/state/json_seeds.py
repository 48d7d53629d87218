"""Seeds as JSON: `mock_stages`'s form, with a form for binary values, which JSON doesn't have."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any

from fake_secrets.errors import SeedError
from fake_secrets.service.state.seed_forms import is_label_map

__all__ = ["secrets_of_json", "secrets_of_text", "without_twins"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

# The only member of the object that stands for a binary value, as in the request of the API.
_BINARY = "SecretBinary"


def secrets_of_text(text: str | bytes) -> dict[str, Any]:
    """Return the secrets of a JSON text, as `mock_stages` takes them.

    Args:
        text: a JSON object from secret name to value.

    Raises:
        SeedError: if it isn't one, if a name or a label stands in it twice, or if a value has another form. No
            message shows a value.
    """
    try:
        content = json.loads(text, object_pairs_hook=without_twins)
    except json.JSONDecodeError as error:
        msg = f"isn't JSON: {error.msg} at line {error.lineno}, column {error.colno}"
        raise SeedError(msg) from None
    except UnicodeDecodeError:
        msg = "isn't JSON: it isn't UTF-8"
        raise SeedError(msg) from None
    except RecursionError:
        msg = "is nested too deeply"
        raise SeedError(msg) from None
    except SeedError:
        raise
    except ValueError:
        msg = "isn't JSON: a number in it is too long"
        raise SeedError(msg) from None
    return secrets_of_json(content)


def secrets_of_json(content: Any) -> dict[str, Any]:
    """Return the secrets of a JSON value, as `mock_stages` takes them.

    A value is a text, an object, which becomes a SecretString of JSON, an object of staging labels, or
    ``{"SecretBinary": "<base64>"}``.

    Raises:
        SeedError: if it isn't an object from name to value.
    """
    if not isinstance(content, dict):
        msg = "isn't a JSON object from secret name to value"
        raise SeedError(msg)
    return {name: _value(f"secret {name!r}", value) for name, value in content.items()}


def _value(what: str, value: Any) -> Any:
    if isinstance(value, Mapping) and is_label_map(value):
        return {label: _plain(f"{what}, label {label!r}", one) for label, one in value.items()}
    return _plain(what, value)


def _plain(what: str, value: Any) -> Any:
    if isinstance(value, dict) and value.keys() == {_BINARY}:
        return _binary(what, value[_BINARY])
    if value is not None and not isinstance(value, str | dict):
        kind = "a list" if isinstance(value, list) else "true or false" if isinstance(value, bool) else "a number"
        msg = f"{what} has {kind} for its value. Write a text, or an object"
        raise SeedError(msg)
    return value


def _binary(what: str, text: Any) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (TypeError, ValueError, binascii.Error):
        msg = f"{what} has a SecretBinary that isn't base64"
        raise SeedError(msg) from None


def without_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object of JSON, given its members. `json` takes it as ``object_pairs_hook``.

    Raises:
        SeedError: if a name stands in it twice.
    """
    content = dict(pairs)
    if len(content) < len(pairs):
        names = [name for name, _ in pairs]
        twin = next(name for name in names if names.count(name) > 1)
        msg = f"has {twin!r} twice in one object"
        raise SeedError(msg)
    return content
