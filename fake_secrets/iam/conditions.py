"""Condition blocks of resource policies: pure functions that parse and evaluate them.

The rules come from IAM's policy language [B]. Where it leaves a question open, our answer is marked
[D].
"""

from __future__ import annotations

import datetime
import fnmatch
import functools
import ipaddress
import json
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fake_secrets.errors import ServiceError

__all__ = [
    "NEGATIONS",
    "OPERATORS",
    "Condition",
    "expect",
    "holds",
    "is_like",
    "is_operator",
    "malformed",
    "narrows",
    "read_conditions",
]

# The arguments are the request's value and the policy's value.
Predicate = Callable[[str, str], bool]

_SYNTAX_ERROR = "This resource policy contains a syntax error."
_ARN_FIELDS = 6


@dataclass(frozen=True, slots=True)
class Condition:
    """One key of a condition block, with its operator and values.

    The condition holds if one of the values matches. `key` is in lower case. `quantifier` is
    ForAnyValue, ForAllValues or empty. `is_optional` is true if the operator ends in IfExists.
    `written_key` is the key as the policy has it, for messages.
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


def is_like(found: str, pattern: str) -> bool:
    """Return whether text matches a pattern with IAM's wildcards, ``*`` and ``?``."""
    # fnmatch has the same wildcards, and brackets too.
    return fnmatch.fnmatchcase(found, pattern.replace("[", "[[]"))


def _is_same(found: str, wanted: str) -> bool:
    return found.lower() == wanted.lower()


def _is_arn_like(found: str, pattern: str) -> bool:
    fields, patterns = found.split(":", 5), pattern.split(":", 5)
    return len(fields) == len(patterns) == _ARN_FIELDS and all(map(is_like, fields, patterns))


def _moment(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        date = datetime.datetime.fromisoformat(text)
    return (date if date.tzinfo else date.replace(tzinfo=datetime.UTC)).timestamp()


def _compared(
    compare: Callable[[Any, Any], bool], read: Callable[[str], Any], read_wanted: Callable[[str], Any]
) -> Predicate:
    def is_match(found: str, wanted: str) -> bool:
        try:
            return compare(read(found), read_wanted(wanted))
        except ValueError:
            return False

    return is_match


_ORDERS: Mapping[str, Callable[[Any, Any], bool]] = {
    "Equals": operator.eq,
    "LessThan": operator.lt,
    "LessThanEquals": operator.le,
    "GreaterThan": operator.gt,
    "GreaterThanEquals": operator.ge,
}
_PREDICATES: Mapping[str, Predicate] = {
    "StringEquals": operator.eq,
    "StringEqualsIgnoreCase": _is_same,
    "StringLike": is_like,
    "ArnEquals": _is_arn_like,
    "ArnLike": _is_arn_like,
    "BinaryEquals": operator.eq,
    "Bool": _is_same,
    "IpAddress": _compared(
        lambda address, network: address in network,
        ipaddress.ip_address,
        functools.partial(ipaddress.ip_network, strict=False),
    ),
    **{f"Numeric{name}": _compared(order, float, float) for name, order in _ORDERS.items()},
    **{f"Date{name}": _compared(order, _moment, _moment) for name, order in _ORDERS.items()},
}
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
OPERATORS = (*_PREDICATES, *NEGATIONS, "Null")
# Groups: quantifier, operator, IfExists. Null doesn't take IfExists.
_OPERATOR = re.compile(
    rf"(?:(ForAnyValue|ForAllValues):)?({'|'.join([*_PREDICATES, *NEGATIONS])}|Null(?!IfExists))(IfExists)?"
)

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


def holds(condition: Condition, context: Mapping[str, str | Sequence[str]]) -> bool:
    """Return whether a condition holds for a request.

    Args:
        condition: the condition.
        context: the request's context, lower-case condition key to value or values.
    """
    stated = context.get(condition.key, ())
    found = [stated] if isinstance(stated, str) else stated
    if condition.operator == "Null":
        return any(_is_same(str(not found), wanted) for wanted in condition.values)
    is_negated = condition.operator in NEGATIONS
    is_match = _PREDICATES[NEGATIONS.get(condition.operator, condition.operator)]
    matches = (any(is_match(one, wanted) for wanted in condition.values) is not is_negated for one in found)
    # For an absent key, `all` returns True and `any` returns False, as IAM's rules require.
    needs_every = condition.quantifier == "ForAllValues" or (is_negated and not condition.quantifier)
    return all(matches) if needs_every or (condition.is_optional and not found) else any(matches)


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
