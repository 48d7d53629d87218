"""Common mistakes in resource policies that AWS doesn't accept."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

__all__ = ["mistake_in_policy"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values


def mistake_in_policy(text: str) -> str:
    """Return which mistake a policy has, of those that are common."""
    try:
        document = json.loads(text)
    except ValueError as error:
        return f"AWS takes only JSON, and this isn't: {error}."
    except RecursionError:
        return "AWS takes only JSON that isn't nested so deeply."
    if not isinstance(document, dict) or "Statement" not in document:
        return "A policy is a JSON object with Version and Statement; this has no Statement."
    return _mistake_in_statements(document["Statement"])


def _mistake_in_statements(stated: object) -> str:
    if stated == []:
        return "Statement is empty."
    for number, statement in enumerate(stated if isinstance(stated, list) else [stated], start=1):
        if not isinstance(statement, dict):
            return f"Statement {number} isn't a JSON object."
        missing = [name for name in ("Effect", "Principal", "Action", "Resource") if _lacks(statement, name)]
        if missing:
            return f"Statement {number} has no {' and no '.join(missing)}."
    return (
        "A policy has Version ('2012-10-17') and Statement; a statement has Effect ('Allow' or 'Deny'), "
        "Principal, Action ('service:action') and Resource. Names are case-sensitive."
    )


def _lacks(statement: Mapping[str, Any], element: str) -> bool:
    return element not in statement and (element == "Effect" or f"Not{element}" not in statement)
