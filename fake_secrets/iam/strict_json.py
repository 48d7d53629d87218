"""JSON as IAM reads it: stricter than Python's, which takes duplicate members, NaN and lone surrogates."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

__all__ = ["loaded"]


def loaded(text: str) -> Any:
    """Return what a JSON text stands for.

    Raises:
        ValueError: if it isn't JSON, says a member twice, has a number that is none, has a lone surrogate, or is
            nested too deeply. The message says which.
    """
    try:
        document = json.loads(text, object_pairs_hook=_unique, parse_constant=_refuse_constant)
        # The encoder finds lone surrogates, and numbers that are too large for a float.
        json.dumps(document, ensure_ascii=False, allow_nan=False).encode()
    except RecursionError:
        msg = "The document is nested too deeply."
        raise ValueError(msg) from None
    except json.JSONDecodeError as error:
        msg = f"It isn't JSON: {error}."
        raise ValueError(msg) from None
    except UnicodeEncodeError:
        msg = "It has half of a surrogate pair."
        raise ValueError(msg) from None
    return document


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        (twice, _), *_ = Counter(name for name, _ in pairs).most_common(1)
        msg = f"{twice!r} stands twice in one object."
        raise ValueError(msg)
    return members


def _refuse_constant(name: str) -> Any:
    msg = f"{name} is no number in JSON."
    raise ValueError(msg)
