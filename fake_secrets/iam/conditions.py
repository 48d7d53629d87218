"""Condition blocks of policies: pure functions that parse them. `comparisons` evaluates them.

The rules come from IAM's policy language [B]. Where it leaves a question open, our answer is marked
[D].
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from fake_secrets.errors import ServiceError

__all__ = [
    "NEGATIONS",
    "OPERATORS",
    "Condition",
    "expect",
    "is_operator",
    "malformed",
    "narrows",
    "read_conditions",
]

_SYNTAX_ERROR = "This resource policy contains a syntax error."


@dataclass(frozen=True, slots=True)
class Condition:
    """One key of a condition block, with its operator and values.

    `key` is in lower case. `quantifier` is ForAnyValue, ForAllValues or empty. `is_optional` is true if the
    operator ends in IfExists. `written_key` is the key as the policy has it, for messages.
    """

    quantifier: str
    operator: str
    is_optional: bool
    key: str
    values: tuple[str, ...]
    written_key: str = field(default="", compare=False, repr=False)


def malformed(message: str = _SYNTAX_ERROR) -> ServiceError:
    """Return the error M38, by default with the message for a syntax error."""
    return ServiceError("MalformedPolicyDocumentException", message)


def expect(is_right: bool) -> None:
    """Raise M38, a syntax error, unless `is_right` is true."""
    if not is_right:
        raise malformed()


_ORDERS = ("Equals", "LessThan", "LessThanEquals", "GreaterThan", "GreaterThanEquals")
# Each negated operator, and the operator that it negates.
NEGATIONS: Mapping[str, str] = {
    "StringNotEquals": "StringEquals",
    "StringNotEqualsIgnoreCase": "StringEqualsIgnoreCase",
    "StringNotLike": "StringLike",
    "ArnNotEquals": "ArnEquals",
    "ArnNotLike": "ArnLike",
    "NotIpAddress": "IpAddress",
    "NumericNotEquals": "NumericEquals",
    "DateNotEquals": "DateEquals",
}
# The operators without quantifier and IfExists.
OPERATORS = (
    "StringEquals",
    "StringEqualsIgnoreCase",
    "StringLike",
    "ArnEquals",
    "ArnLike",
    "BinaryEquals",
    "Bool",
    "IpAddress",
    *(f"Numeric{order}" for order in _ORDERS),
    *(f"Date{order}" for order in _ORDERS),
    *NEGATIONS,
    "Null",
)
# Groups: quantifier, operator, IfExists. Null doesn't take IfExists.
_OPERATOR = re.compile(rf"(?:(ForAnyValue|ForAllValues):)?((?!NullIfExists)(?:{'|'.join(OPERATORS)}))(IfExists)?")

_NARROWING_OPERATORS = frozenset({"StringEquals", "StringLike", "ArnEquals", "ArnLike"})
_NARROWING_KEYS = frozenset(
    {"aws:sourcearn", "aws:sourcevpc", "aws:sourcevpce", "aws:sourceaccount", "aws:principalaccount"}
    | {"aws:principalarn", "aws:principalorgid", "aws:userid"}
)


def is_operator(name: str) -> bool:
    """Return whether a name is an operator, which may have a quantifier and IfExists."""
    return _OPERATOR.fullmatch(name) is not None


def read_conditions(stated: Any) -> tuple[Condition, ...]:
    """Parse the Condition element of a statement.

    Raises:
        MalformedPolicyDocumentException (400): M38, a syntax error, which includes an unknown
            operator.
    """
    expect(isinstance(stated, dict))
    return tuple(condition for name, keys in stated.items() for condition in _of_operator(name, keys))


def narrows(condition: Condition) -> bool:
    """Return whether a condition keeps an Allow for everybody from being public."""
    return (
        condition.key in _NARROWING_KEYS
        and condition.operator in _NARROWING_OPERATORS
        and not condition.is_optional
        and condition.quantifier != "ForAllValues"
        and all(map(_is_fixed, condition.values))
    )


def _of_operator(name: str, keys: Any) -> list[Condition]:
    match = _OPERATOR.fullmatch(name)
    if match is None or not isinstance(keys, dict):
        raise malformed()
    quantifier, base, suffix = match.groups()
    return [
        Condition(quantifier or "", base, suffix is not None, key.lower(), _scalars(values), key)
        for key, values in keys.items()
    ]


def _scalars(stated: Any) -> tuple[str, ...]:
    values = stated if isinstance(stated, list) else [stated]
    expect(all(isinstance(value, (str, bool, int, float)) for value in values))
    return tuple(value if isinstance(value, str) else json.dumps(value) for value in values)


def _is_fixed(value: str) -> bool:
    fields = value.split(":", 5)
    telling = next(filter(None, fields[4:]), "") if fields[0] == "arn" else value
    return "${" not in value and bool(telling.strip("*?"))
